"""Appending to the ledger: bytes that are hashed once, chained by partition."""

from __future__ import annotations

import hashlib
from threading import Thread
from typing import TYPE_CHECKING

import orjson
import pytest
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from makegood.domain.money import Money
from makegood.errors import HeadMoved
from makegood.ledger import entries
from makegood.ledger.entries import (
    ENTRY,
    FORMAT,
    GENESIS,
    HEAD,
    REF,
    Draft,
    about,
    append,
    latest,
    leaf_hash,
    partition,
)
from makegood.ledger.kinds import EntryKind
from makegood.ledger.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from makegood.store.session import Store


def draft(
    part: str = "h1", at_us: int = 1, refs: tuple[str, ...] = (), body: Money | None = None
) -> Draft:
    return Draft(part, EntryKind.STARTED, at_us, "system", body or {"n": at_us}, refs)


def write(store: Store, *drafts: Draft) -> None:
    with store.write() as tx:
        append(tx, drafts)


def test_a_leaf_hash_is_that_of_rfc_6962() -> None:
    empty = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"").hex() == empty
    assert leaf_hash(b"a") == hashlib.sha256(b"\x00a").digest()


def test_what_is_stored_is_what_is_hashed(store: Store) -> None:
    write(store, draft(refs=("x/1",)))
    with store.read() as tx:
        row = tx.execute(select(ENTRY)).one()
    assert row.hash == leaf_hash(row.entry)
    assert orjson.loads(row.entry) == {
        "v": FORMAT,
        "part": "h1",
        "seq": 1,
        "kind": "started",
        "at_us": 1,
        "actor": "system",
        "refs": ["x/1"],
        "body": {"n": 1},
        "prev": GENESIS.hex(),
    }


def test_each_entry_names_the_hash_before_it(store: Store) -> None:
    write(store, draft(at_us=1), draft(at_us=2))
    write(store, draft(at_us=3))
    with store.read() as tx:
        first, second, third = partition(tx, "h1")
        head = tx.execute(select(HEAD)).one()
    assert first.prev == GENESIS.hex()
    assert (second.prev, third.prev) == (first.hash, second.hash)
    assert (head.seq, head.hash.hex()) == (3, third.hash)
    assert [entry.body["n"] for entry in (first, second, third)] == [1, 2, 3]


def test_each_partition_has_a_chain_of_its_own(store: Store) -> None:
    write(store, draft("h2"), draft("h1"), draft("h2", 2))
    with store.read() as tx:
        assert [entry.seq for entry in partition(tx, "h1")] == [1]
        assert [(entry.seq, entry.at_us) for entry in partition(tx, "h2")] == [(1, 1), (2, 2)]
        assert list(partition(tx, "h3")) == []
        assert verify(tx).partitions == 2


def test_a_body_may_be_a_model(store: Store) -> None:
    write(store, draft(body=Money(minor=5, currency="EUR")))
    with store.read() as tx:
        (entry,) = partition(tx, "h1")
    assert entry.body == {"minor": 5, "currency": "EUR"}


def test_nothing_to_append_changes_nothing(store: Store) -> None:
    write(store)
    with store.read() as tx:
        assert tx.execute(select(HEAD)).all() == []


def test_entries_are_found_by_what_they_speak_of(store: Store) -> None:
    write(store, draft("h1", 2, ("o/1", "o/1", "p/1")), draft("h2", 1, ("o/1",)), draft("h1", 3))
    with store.read() as tx:
        assert [(e.part, e.at_us) for e in about(tx, "o/1")] == [("h2", 1), ("h1", 2)]
        assert [e.at_us for e in about(tx, "p/1")] == [2]
        assert [e.at_us for e in about(tx, "o/1", limit=1)] == [2], "the last one"
        assert about(tx, "nothing") == []
        assert len(tx.execute(select(REF)).all()) == 3


def test_the_newest_entries_come_first_and_can_be_chosen_by_kind(store: Store) -> None:
    switched = Draft("h1", EntryKind.KILL_SET, 5, "per_1", {})
    write(store, draft("h1", 1), draft("h2", 9), switched)
    with store.read() as tx:
        assert [e.at_us for e in latest(tx)] == [9, 5, 1]
        assert [e.at_us for e in latest(tx, limit=1)] == [9]
        assert [e.actor for e in latest(tx, kinds=(EntryKind.KILL_SET,))] == ["per_1"]


def _reads(seq: int, prev: bytes) -> Callable[[Connection, str], tuple[int, bytes]]:
    """Read the head as another writer had left it before."""

    def locked_head(_tx: Connection, _part: str) -> tuple[int, bytes]:
        return seq, prev

    return locked_head


def test_a_head_that_moved_in_between_rolls_everything_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store, draft())
    monkeypatch.setattr(entries, "_locked_head", _reads(1, bytes(32)))
    with pytest.raises(HeadMoved, match="h1"):
        write(store, draft(at_us=2))
    monkeypatch.undo()
    with store.read() as tx:
        assert [entry.at_us for entry in partition(tx, "h1")] == [1]
        assert verify(tx).sound


def test_two_entries_cannot_have_the_same_place(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store, draft())
    monkeypatch.setattr(entries, "_locked_head", _reads(0, GENESIS))
    with pytest.raises(DatabaseError):
        write(store, draft(at_us=2))


def test_many_writers_make_one_chain(store: Store) -> None:
    def work(number: int) -> None:
        for n in range(5):
            write(store, draft("h1", number * 100 + n), draft("h2", number * 100 + n))

    threads = [Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        report = verify(tx)
        assert [entry.seq for entry in partition(tx, "h1")] == list(range(1, 21))
    assert (report.sound, report.entries, report.partitions) == (True, 40, 2)
