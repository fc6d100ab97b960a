"""Holds that wait outlast a backup that is put back, and a change of the database's version."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from makegood.domain.actions import ActionKind
from makegood.events import audit
from makegood.store import backup, migrate
from makegood.store.session import Store, sqlite_url

if TYPE_CHECKING:
    from makegood.gates.reviews import ReviewItem
    from tests.runtime.stage import Setting, Stage

BEFORE_THE_DESK: Final = "0007"
_SHAPE: Final = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


def _held(setting: Setting) -> list[ReviewItem]:
    with setting.opened() as stage:
        stage.until(stage.holds)
        return stage.holds()


def _move_to(setting: Setting, store: Path) -> None:
    """Let the setting's next house live on another database, with no checkpoints."""
    folder = store.parent / "elsewhere"
    folder.mkdir()
    changed = {"store": sqlite_url(store), "data_dir": folder}
    setting.settings = setting.settings.model_copy(update=changed)


def _pay(stage: Stage, holds: list[ReviewItem]) -> None:
    """Approve what was held, as the page showed it then, and see that it is paid once."""
    assert [(h.id, h.digest) for h in stage.holds()] == [(h.id, h.digest) for h in holds]
    for hold in holds:
        assert stage.approve(hold).grant_id
    refund = next(h for h in holds if h.action.kind is ActionKind.REFUND)
    assert refund.action.money is not None
    stage.until(stage.refunded)
    for _ in range(3):
        stage.turn()
    assert stage.refunded()[refund.order_id] == refund.action.money.minor
    with stage.house.store.read() as tx:
        assert audit.everything(tx).sound


def test_what_is_held_is_held_after_a_backup_is_put_back(setting: Setting, tmp_path: Path) -> None:
    with setting.opened() as stage:
        stage.until(stage.holds)
        holds = stage.holds()
        backup.copy(stage.house.store, tmp_path / "copy.db")
        stage.turn()
    _move_to(setting, tmp_path / "copy.db")
    with setting.opened() as stage:
        _pay(stage, holds)


def test_what_is_held_is_held_after_the_database_was_brought_to_this_version(
    setting: Setting, tmp_path: Path
) -> None:
    holds = _held(setting)
    old = tmp_path / "old.db"
    store = Store.open(sqlite_url(old))
    try:
        migrate.upgrade(store, BEFORE_THE_DESK)
        _fill(old, Path(setting.settings.store_url.removeprefix("sqlite:///")))
        migrate.upgrade(store)
    finally:
        store.close()
    _move_to(setting, old)
    with setting.opened() as stage:
        _pay(stage, holds)


def _fill(old: Path, new: Path) -> None:
    """Copy into an older database what it has a place for."""
    with closing(sqlite3.connect(old, isolation_level=None)) as database:
        database.execute("ATTACH ? AS new", (str(new),))
        tables = [row[0] for row in database.execute(_SHAPE) if row[0] != "alembic_version"]
        for table in tables:
            columns = ", ".join(
                f'"{row[1]}"' for row in database.execute(f'PRAGMA table_info("{table}")')
            )
            database.execute(
                f'INSERT INTO main."{table}" ({columns}) SELECT {columns} FROM new."{table}"'  # noqa: S608 -- names of our own tables
            )
