"""An older database keeps its holds, and their place in the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from makegood.gates.review_items import REVIEW
from makegood.store import migrate
from makegood.store.session import Store

if TYPE_CHECKING:
    from pathlib import Path

_OLD = text(
    "INSERT INTO review (id, action_id, run_id, hub_id, order_id, digest, policy_digest,"
    " fingerprint, facts_then, facts_now, status, why, opened_us, deadline_us, first_by,"
    " decided_by, reason, version) VALUES (:id, :id, 'run', 'h1', 'o', 'd', 'p', 'f', '{}', '{}',"
    " 'open', 'why', 1, :deadline, '', '', '', 0)"
)


def test_open_holds_of_an_older_database_wait_on_in_the_order_of_their_deadlines(
    tmp_path: Path,
) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'old.db'}")
    migrate.upgrade(store, "0008")
    with store.write() as tx:
        for name, deadline in (("rev_b", 200), ("rev_a", 300)):
            tx.execute(_OLD, {"id": name, "deadline": deadline})
    migrate.upgrade(store)
    migrate.require_current(store)
    with store.read() as tx:
        rows = tx.execute(REVIEW.select().order_by(REVIEW.c.priority)).all()
    assert [(row.id, row.priority, row.level) for row in rows] == [
        ("rev_b", 200, 0),
        ("rev_a", 300, 0),
    ]
    assert {row.claimed_by for row in rows} == {""}
    assert {row.warned_us for row in rows} == {None}
    store.close()
