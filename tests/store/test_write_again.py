"""Work done again where other writers got in its way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from makegood.errors import Conflict, Deadlocked, HeadMoved
from makegood.store.session import ATTEMPTS, Store
from makegood.store.sql import insert, table
from makegood.store.tables.ledger import LedgerHead

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sqlalchemy import Connection

HEAD = table(LedgerHead)
TWO = ("a", "b")


@pytest.fixture
def postgres(postgres_url: str) -> Generator[Store]:
    opened = Store.open(postgres_url)
    with opened.write() as tx:
        insert(tx, HEAD, [{"part": part, "seq": 0, "hash": b"h"} for part in TWO])
    try:
        yield opened
    finally:
        opened.close()


def seqs(store: Store) -> dict[str, int]:
    with store.read() as tx:
        return {row.part: row.seq for row in tx.execute(select(HEAD))}


def count_up(tx: Connection, part: str) -> None:
    tx.execute(HEAD.update().where(HEAD.c.part == part).values(seq=HEAD.c.seq + 1))


def crossing(tries: list[str]) -> tuple[Callable[[Connection], Any], Callable[[Connection], Any]]:
    """Return two works that lock the same two rows, each the other's first at first."""
    both = Barrier(2)

    def work(name: str, first: str, last: str) -> Callable[[Connection], None]:
        def do(tx: Connection) -> None:
            count_up(tx, first)
            tries.append(name)
            if tries.count(name) == 1:
                both.wait(10)
            count_up(tx, last)

        return do

    return work("one", *TWO), work("other", *reversed(TWO))


@pytest.mark.postgres
def test_one_of_two_that_wait_for_each_other_hears_that_it_was_given_up(postgres: Store) -> None:
    def once(work: Callable[[Connection], Any]) -> str:
        try:
            with postgres.write() as tx:
                work(tx)
        except Deadlocked as error:
            return error.detail
        return "done"

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(pool.map(once, crossing([])))
    assert ends == ["deadlock detected", "done"]
    assert seqs(postgres) == {"a": 1, "b": 1}


@pytest.mark.postgres
def test_two_that_wait_for_each_other_are_both_done_in_the_end(postgres: Store) -> None:
    tries: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(postgres.write_again, crossing(tries))) == [None, None]
    assert sorted(map(tries.count, ("one", "other"))) == [1, 2]
    assert seqs(postgres) == {"a": 2, "b": 2}


@pytest.mark.parametrize("how", ["write_again", "note_again"])
@pytest.mark.parametrize("error", [HeadMoved, Deadlocked])
def test_what_was_taken_back_is_done_anew_and_only_once(
    store: Store, how: str, error: type[Exception]
) -> None:
    tries: list[int] = []

    def work(tx: Connection) -> str:
        insert(tx, HEAD, [{"part": "a", "seq": len(tries), "hash": b"h"}])
        tries.append(1)
        if len(tries) < ATTEMPTS:
            raise error
        return "done"

    assert getattr(store, how)(work) == "done"
    assert seqs(store) == {"a": ATTEMPTS - 1}


def test_whoever_is_always_in_its_way_is_named_in_the_end(store: Store) -> None:
    tries: list[int] = []

    def work(tx: Connection) -> None:
        insert(tx, HEAD, [{"part": "a", "seq": 1, "hash": b"h"}])
        tries.append(1)
        raise HeadMoved("h1")

    with pytest.raises(HeadMoved, match="h1"):
        store.write_again(work)
    assert len(tries) == ATTEMPTS
    assert seqs(store) == {}


def test_a_refusal_is_not_tried_again(store: Store) -> None:
    tries: list[int] = []

    def work(tx: Connection) -> None:
        count_up(tx, "a")
        tries.append(1)
        raise Conflict("no")

    with pytest.raises(Conflict, match="no"):
        store.write_again(work)
    assert len(tries) == 1
