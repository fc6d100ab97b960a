"""Verification names the place of every edit, insertion, deletion and reordering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select, text, update
from sqlmodel import SQLModel

from makegood.ledger.entries import ENTRY, GENESIS, HEAD, Draft, append, leaf_hash
from makegood.ledger.kinds import EntryKind
from makegood.ledger.verify import MOST_PROBLEMS, Problem, verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from makegood.store.session import Store

COUNT = 6
MINE = ENTRY.c.part == "h1"


def fill(tx: Connection, count: int = COUNT) -> None:
    append(tx, [Draft("h1", EntryKind.STARTED, n, "system", {"n": n}) for n in range(count)])
    append(tx, [Draft("h2", EntryKind.STARTED, 0, "system", {})])


def disarm(tx: Connection) -> None:
    """Take the triggers away, as whoever may write the file can."""
    if tx.dialect.name == "sqlite":
        for verb in ("update", "delete"):
            tx.execute(text(f"DROP TRIGGER ledger_entry_no_{verb}"))
    else:
        tx.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))


def change(tx: Connection, place: int, **values: Any) -> None:  # noqa: ANN401
    tx.execute(update(ENTRY).where(MINE, ENTRY.c.seq == place).values(**values))


def bytes_of(tx: Connection, seq: int) -> bytes:
    return bytes(tx.execute(select(ENTRY.c.entry).where(MINE, ENTRY.c.seq == seq)).scalar_one())


def edited(tx: Connection, place: int, **fields: object) -> bytes:
    return orjson.dumps(orjson.loads(bytes_of(tx, place)) | fields)


def edit(tx: Connection) -> None:
    change(tx, 3, entry=edited(tx, 3, actor="someone"))


def edit_and_hash(tx: Connection) -> None:
    entry = edited(tx, 3, actor="someone")
    change(tx, 3, entry=entry, hash=leaf_hash(entry))


def edit_the_last_and_hash(tx: Connection) -> None:
    entry = edited(tx, COUNT, actor="someone")
    change(tx, COUNT, entry=entry, hash=leaf_hash(entry))


def edit_a_column(tx: Connection) -> None:
    change(tx, 3, at_us=99)


def edit_the_kind(tx: Connection) -> None:
    change(tx, 3, kind=EntryKind.KILL_SET)


def break_it(tx: Connection) -> None:
    change(tx, 3, entry=b"{", hash=leaf_hash(b"{"))


def delete(tx: Connection) -> None:
    tx.execute(ENTRY.delete().where(MINE, ENTRY.c.seq == 3))


def delete_the_first(tx: Connection) -> None:
    tx.execute(ENTRY.delete().where(MINE, ENTRY.c.seq == 1))


def delete_the_last(tx: Connection) -> None:
    tx.execute(ENTRY.delete().where(MINE, ENTRY.c.seq == COUNT))


def delete_all(tx: Connection) -> None:
    tx.execute(ENTRY.delete().where(MINE))


def delete_and_close_the_gap(tx: Connection) -> None:
    delete(tx)
    for seq in range(4, COUNT + 1):
        entry = edited(tx, seq, seq=seq - 1)
        change(tx, seq, seq=seq - 1, entry=entry, hash=leaf_hash(entry))


def insert(tx: Connection) -> None:
    entry = edited(tx, COUNT, seq=COUNT + 1)
    tx.execute(
        ENTRY.insert().values(
            part="h1", seq=COUNT + 1, kind="started", at_us=5, hash=leaf_hash(entry), entry=entry
        )
    )


def reorder(tx: Connection) -> None:
    two, three = bytes_of(tx, 2), bytes_of(tx, 3)
    change(tx, 2, entry=three, hash=leaf_hash(three), at_us=2)
    change(tx, 3, entry=two, hash=leaf_hash(two), at_us=1)


def move_to_another_part(tx: Connection) -> None:
    change(tx, COUNT, part="h3")


def behead(tx: Connection) -> None:
    tx.execute(HEAD.delete().where(HEAD.c.part == "h1"))


def move_the_head(tx: Connection) -> None:
    tx.execute(HEAD.update().where(HEAD.c.part == "h1").values(hash=GENESIS))


def another_format(tx: Connection) -> None:
    entry = edited(tx, COUNT, v=2)
    change(tx, COUNT, entry=entry, hash=leaf_hash(entry))
    tx.execute(HEAD.update().where(HEAD.c.part == "h1").values(hash=leaf_hash(entry)))


TAMPERINGS = (
    edit,
    edit_and_hash,
    edit_the_last_and_hash,
    edit_a_column,
    edit_the_kind,
    break_it,
    delete,
    delete_the_first,
    delete_the_last,
    delete_all,
    delete_and_close_the_gap,
    insert,
    reorder,
    move_to_another_part,
    behead,
    move_the_head,
    another_format,
)


def test_an_untouched_ledger_is_sound(store: Store) -> None:
    with store.write() as tx:
        fill(tx)
        report = verify(tx)
    assert (report.sound, report.entries, report.partitions) == (True, COUNT + 1, 2)


def test_an_empty_ledger_is_sound(store: Store) -> None:
    with store.read() as tx:
        assert verify(tx).sound


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda t: t.__name__)
def test_tampering_is_found_and_its_partition_named(
    store: Store, tamper: Callable[[Connection], None]
) -> None:
    with store.write() as tx:
        fill(tx)
        disarm(tx)
        tamper(tx)
        report = verify(tx)
    assert not report.sound
    assert {problem.part for problem in report.problems} <= {"h1", "h3"}


@pytest.mark.parametrize(
    ("tamper", "problem"),
    [
        (edit, Problem("h1", 3, "the entry was edited: its hash differs")),
        (edit_a_column, Problem("h1", 3, "the columns say otherwise than the entry")),
        (edit_and_hash, Problem("h1", 4, "the entry does not follow the one before it")),
        (delete, Problem("h1", 4, "entry 3 is missing or out of place")),
        (delete_the_last, Problem("h1", 5, "the head is not the last entry")),
        (delete_all, Problem("h1", 6, "the head names entries, but there is none")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_problem_says_where_and_what(
    store: Store, tamper: Callable[[Connection], None], problem: Problem
) -> None:
    with store.write() as tx:
        fill(tx)
        disarm(tx)
        tamper(tx)
        assert problem in verify(tx).problems


@pytest.mark.parametrize("entry", [b"{", b"", b"[]", b"null", b"\xff"])
def test_an_entry_that_is_no_json_object_is_named(store: Store, entry: bytes) -> None:
    with store.write() as tx:
        fill(tx)
        disarm(tx)
        change(tx, 3, entry=entry, hash=leaf_hash(entry))
        problems = verify(tx).problems
    assert any((p.part, p.seq) == ("h1", 3) and "JSON" in p.what for p in problems)


def test_problems_stop_at_the_first_hundred(store: Store) -> None:
    with store.write() as tx:
        fill(tx, 300)
        disarm(tx)
        tx.execute(update(ENTRY).where(MINE).values(at_us=-1))
        assert len(verify(tx).problems) == MOST_PROBLEMS


def test_progress_is_told_as_it_goes(store: Store) -> None:
    told: list[int] = []
    with store.write() as tx:
        fill(tx, 5_000)
        verify(tx, told.append)
    assert told == [5_000]


@given(at=st.integers(0, 10_000), value=st.integers(0, 255), seq=st.integers(1, COUNT))
def test_any_changed_byte_of_any_entry_is_found(at: int, value: int, seq: int) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as tx:
        SQLModel.metadata.create_all(
            tx, tables=[ENTRY, HEAD, SQLModel.metadata.tables["ledger_ref"]]
        )
        fill(tx)
        entry = bytearray(bytes_of(tx, seq))
        at %= len(entry)
        was, entry[at] = entry[at], value
        change(tx, seq, entry=bytes(entry))
        assert verify(tx).sound is (was == value)
    engine.dispose()
