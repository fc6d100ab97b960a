"""The statements that both databases must answer alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import and_, or_, select

from makegood.store.session import Store
from makegood.store.sql import among, insert_new, table
from makegood.store.tables.authority import Action, KillSwitch

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

ACTION = table(Action)
IDS = among(ACTION.c.id, "ids")


def test_a_row_that_is_there_already_does_not_go_in_again(store: Store) -> None:
    row = {"scope": "everything", "set_by": "ada", "set_us": 1, "reason": "fire"}
    with store.write() as tx:
        assert insert_new(tx, table(KillSwitch), row) is True
        assert insert_new(tx, table(KillSwitch), row | {"set_by": "bob"}) is False
        assert tx.execute(table(KillSwitch).select()).one().set_by == "ada"


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(IDS, id="alone"),
        pytest.param(and_(IDS, ACTION.c.kind == "refund"), id="beside another"),
        pytest.param(or_(IDS, among(ACTION.c.order_id, "ids")), id="or another"),
    ],
)
def test_what_is_one_of_a_list_is_found_by_its_index_and_not_by_going_through_the_table(
    sqlite_url: str, condition: ColumnElement[bool]
) -> None:
    store = Store.open(sqlite_url)
    statement = select(ACTION.c.id).where(condition)
    with store.read() as tx:
        sql = str(statement.compile(dialect=tx.dialect))
        plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple(['["a"]'] * sql.count("?")))
        steps = [row.detail for row in plan]
    store.close()
    assert any(step.startswith("SEARCH action USING") for step in steps), steps
    assert not any(step == "SCAN action" for step in steps), steps


def test_what_is_not_one_of_a_list_is_the_rest(store: Store) -> None:
    switch = table(KillSwitch)
    with store.write() as tx:
        for scope in ("hub:a", "hub:b", "hub:c"):
            row = {"scope": scope, "set_by": "ada", "set_us": 1, "reason": "fire"}
            insert_new(tx, switch, row)
        wanted = {"scopes": ["hub:a", "hub:c", "hub:d"]}
        theirs = among(switch.c.scope, "scopes")
        found = tx.execute(select(switch.c.scope).where(theirs), wanted).scalars()
        assert sorted(found) == ["hub:a", "hub:c"]
        rest = tx.execute(select(switch.c.scope).where(~theirs), wanted).scalars()
        assert list(rest) == ["hub:b"]
