"""A house whose database is upgraded while holds are open loses none, and decides them then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import MetaData, inspect, text
from sqlmodel import SQLModel

from makegood.domain.authority import GrantStatus, ReviewStatus
from makegood.ledger.verify import verify
from makegood.store import migrate
from makegood.store.session import Store
from tests.gates.world import ACTION, GRANT, SECOND, World, cancel, coupon, refund

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from sqlalchemy import Column, Table

    from makegood.clock import VirtualClock
    from tests.databases import PostgresServer

FOUR_EYES = 30_000
ROLES_KEPT = "0013"
OLD = ("0008", "0012", "0015")
"""Before the desk had claims and levels, before answers were kept, and the last one."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Store]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        store = Store.open(f"sqlite:///{tmp_path / 'old.db'}")
        yield store
        store.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database() as url:
        store = Store.open(url)
        with store.write() as tx:
            tx.execute(text("DROP SCHEMA public CASCADE"))
            tx.execute(text("CREATE SCHEMA public"))
        yield store
        store.close()


@pytest.fixture
def world(sqlite_url: str, clock: VirtualClock) -> Generator[World]:
    """A house with holds of every sort that can wait, and grants that are not spent yet."""
    store = Store.open(sqlite_url)
    made = World(store, clock)
    made.orders("o1", "o2", "o3", "o4", "o5", "o6", captured=90_000)
    for order, action in (
        ("o1", refund("o1")),
        ("o2", refund("o2", FOUR_EYES)),
        ("o3", cancel("o3", 90_000)),
        ("o4", coupon("o4", 900)),
        ("o5", refund("o5", 2_500)),
        ("o6", refund("o6", 2_600)),
    ):
        assert made.held(action).order_id == order
    # One person of two has approved this one, the next is granted and not spent yet.
    of = {review.order_id: review.id for review in made.waiting()}
    assert made.approve(of["o2"]).status is ReviewStatus.OPEN
    assert made.approve(of["o5"]).status is ReviewStatus.APPROVED
    yield made
    store.close()


def _copy(ours: Store, theirs: Store) -> None:
    """Put everything into a database of an older version, as that would have written it."""
    then = MetaData()
    with theirs.write() as old, ours.read() as tx:
        then.reflect(old)
        for table in SQLModel.metadata.sorted_tables:
            if table.name in inspect(old).get_table_names():
                older = then.tables[table.name]
                rows = [_older(row, older) for row in tx.execute(table.select()).mappings()]
                if rows:
                    old.execute(older.insert(), rows)


def _older(row: Any, older: Table) -> dict[str, Any]:  # noqa: ANN401 -- a database row
    made: dict[str, Any] = {
        column.name: row[column.name] if column.name in row else _nothing(column)
        for column in older.columns
        if column.name in row or not (column.nullable or column.server_default)
    }
    if older.name == "grant":
        # Their ids said nothing of what they were given on.
        made["id"] = made["id"].rpartition("_")[0]
    return made


def _nothing(column: Column[Any]) -> object:
    return column.type.python_type()


@pytest.mark.parametrize("version", OLD)
def test_holds_that_are_open_while_the_database_is_upgraded_are_all_decided(
    world: World, empty: Store, version: str
) -> None:
    before = {review.order_id: review for review in world.waiting()}
    assert set(before) == {"o1", "o2", "o3", "o4", "o6"}
    migrate.upgrade(empty, version)
    _copy(world.store, empty)
    assert migrate.revision(empty) == version
    migrate.upgrade(empty)
    migrate.require_current(empty)
    world.store = empty
    world.restart()
    after = {review.order_id: review for review in world.waiting()}
    assert set(after) == set(before)
    for order, review in after.items():
        was = before[order]
        assert (review.id, review.seen, review.action) == (was.id, was.seen, was.action)
        assert (review.deadline_us, review.first_by) == (was.deadline_us, was.first_by)
    _decided(world, after, version)


def _decided(world: World, after: dict[str, Any], version: str) -> None:
    # What was granted before is spent, once; nothing else goes out by itself.
    world.settle()
    assert {row.order_id: row.amount_minor for row in _paid(world)} == {"o5": 2_500}
    for order in ("o1", "o4"):
        assert world.approve(after[order].id).status is ReviewStatus.APPROVED
    second = world.approve(after["o2"].id, SECOND).status
    if version < ROLES_KEPT:
        # In what role the first one approved nobody wrote down then, so that two are asked anew.
        assert second is ReviewStatus.OPEN
        second = world.approve(after["o2"].id).status
    assert second is ReviewStatus.APPROVED
    world.approve(after["o3"].id)
    assert world.approve(after["o3"].id, SECOND).status is ReviewStatus.APPROVED
    world.reject(after["o6"].id)
    world.settle()
    assert world.waiting() == []
    assert {row.order_id: row.amount_minor for row in _paid(world)} == {
        "o1": 1_990,
        "o2": FOUR_EYES,
        "o3": 90_000,
        "o4": 900,
        "o5": 2_500,
    }
    assert len(world.rows(GRANT, status=GrantStatus.SPENT)) == 5
    assert world.verdict(refund("o6", 2_600)) == "deny"
    with world.store.read() as tx:
        assert verify(tx).sound


def _paid(world: World) -> list[Any]:
    rows = world.rows(ACTION, status="confirmed")
    keys = {key for books in world.books.values() for key in books.done}
    assert len(keys) == len(rows)
    return rows
