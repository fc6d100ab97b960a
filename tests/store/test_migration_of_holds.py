"""An older database keeps its holds and their place in the queue, and what limits count on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from makegood.gates import terms
from makegood.gates.grants import GRANT
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


def test_what_an_older_database_reserved_and_refers_to_is_all_there(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'old.db'}")
    migrate.upgrade(store, "0011")
    rows = {
        "counter": [("coupons|c1|count", 2, 1), ("coupons|c2|count", 2, 2)],
        "counter_claim": [("act_1", "coupons|c1|count", 1, 5), ("act_2", "coupons|c2|count", 2, 6)],
        "ledger_ref": [("act_1", "h1", 1), ("act_1", "h1", 2), ("sales_order/o", "h1", 1)],
    }
    with store.write() as tx:
        for table, several in rows.items():
            places = ", ".join("?" * len(several[0]))
            tx.exec_driver_sql(f"INSERT INTO {table} VALUES ({places})", several)  # noqa: S608
    migrate.upgrade(store)
    with store.read() as tx:
        for table, several in rows.items():
            found = tx.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1, 2, 3")  # noqa: S608
            assert [tuple(row) for row in found] == several
            with pytest.raises(OperationalError, match="rowid"):
                tx.exec_driver_sql(f"SELECT rowid FROM {table}")  # noqa: S608
    store.close()


def test_a_grant_that_waited_through_the_upgrade_is_still_a_grant(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'old.db'}")
    migrate.upgrade(store, "0015")
    row = {
        "id": "grt_0123456789abcdef0123",
        "action_id": "act_1",
        "obligation_id": "obl_1",
        "digest": "d",
        "policy_digest": "p",
        "fingerprint": "f",
        "status": "unspent",
        "given_by": "per_supervisor",
        "granted_us": 5,
        "expires_us": 6,
    }
    with store.write() as tx:
        tx.execute(
            GRANT.insert(), [row, row | {"id": "grt_1", "action_id": "act_2", "status": "spent"}]
        )
    migrate.upgrade(store)
    with store.read() as tx:
        found = {each.status: each for each in tx.execute(GRANT.select())}
    assert terms.hold(found["unspent"])
    assert found["spent"].id == "grt_1", "effects name it"
    store.close()
