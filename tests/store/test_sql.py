"""The statements that both databases must answer alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.store.sql import insert_new, table
from makegood.store.tables.authority import KillSwitch

if TYPE_CHECKING:
    from makegood.store.session import Store


def test_a_row_that_is_there_already_does_not_go_in_again(store: Store) -> None:
    row = {"scope": "everything", "set_by": "ada", "set_us": 1, "reason": "fire"}
    with store.write() as tx:
        assert insert_new(tx, table(KillSwitch), row) is True
        assert insert_new(tx, table(KillSwitch), row | {"set_by": "bob"}) is False
        assert tx.execute(table(KillSwitch).select()).one().set_by == "ada"
