"""Notes: transactions that nobody waits for the disk of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from makegood.store.sql import insert, table
from makegood.store.tables.ledger import LedgerHead

if TYPE_CHECKING:
    from makegood.store.session import Store

HEAD = table(LedgerHead)
FULL = 2


def heads(store: Store) -> list[str]:
    with store.read() as tx:
        return list(tx.execute(select(HEAD.c.part).order_by(HEAD.c.part)).scalars())


def note(store: Store, part: str, *, breaks: bool = False) -> None:
    with store.note() as tx:
        insert(tx, HEAD, [{"part": part, "seq": 1, "hash": b"h"}])
        if breaks:
            raise RuntimeError


def waits_for_the_disk(store: Store) -> bool:
    with store.write() as tx:
        if store.is_sqlite:
            return tx.exec_driver_sql("PRAGMA synchronous").scalar_one() == FULL
        return tx.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"


def test_what_a_note_says_is_seen_as_soon_as_it_ends(store: Store) -> None:
    note(store, "h1")
    assert heads(store) == ["h1"]


def test_only_a_note_does_not_wait_for_the_disk(store: Store) -> None:
    with store.note() as tx:
        asked = "PRAGMA synchronous" if store.is_sqlite else "SHOW synchronous_commit"
        assert tx.exec_driver_sql(asked).scalar_one() in {1, "off"}
    assert waits_for_the_disk(store)


def test_a_note_that_breaks_off_leaves_nothing_and_the_next_write_waits(store: Store) -> None:
    with pytest.raises(RuntimeError):
        note(store, "h1", breaks=True)
    assert heads(store) == []
    assert waits_for_the_disk(store)
