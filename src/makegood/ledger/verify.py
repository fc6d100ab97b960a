"""Checking the ledger: every hash, every link, every head.

This finds an edited, inserted, deleted or reordered entry. Cutting off the newest entries
together with the head is found only against a published checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, cast

import orjson
from sqlalchemy import select, type_coerce
from sqlalchemy.types import NullType

from makegood.ledger.entries import ENTRY, FORMAT, GENESIS, HEAD, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Connection

MOST_PROBLEMS: Final = 100
_BATCH: Final = 5_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One place where the ledger does not hold together."""

    part: str
    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found; `problems` stops at the first hundred."""

    partitions: int
    entries: int
    problems: tuple[Problem, ...]

    @property
    def sound(self) -> bool:
        """Whether the ledger verifies."""
        return not self.problems


def verify(tx: Connection, progress: Callable[[int], None] | None = None) -> Report:
    """Check every partition; `progress` is told the number of entries checked so far."""
    heads = {row.part: (row.seq, row.hash) for row in tx.execute(select(HEAD))}
    problems: list[Problem] = []
    count = 0
    seen: set[str] = set()
    for part, rows in groupby(_rows(tx), key=itemgetter(0)):
        seen.add(part)
        chain = _Chain(part)
        for row in rows:
            count += 1
            if len(problems) < MOST_PROBLEMS:
                problems.extend(chain.check(row))
            if progress and count % _BATCH == 0:
                progress(count)
        problems.extend(chain.end(heads.get(part)))
    problems.extend(
        Problem(part, seq, "the head names entries, but there is none")
        for part, (seq, _) in sorted(heads.items())
        if seq and part not in seen
    )
    return Report(len(seen), count, tuple(problems[:MOST_PROBLEMS]))


def _rows(tx: Connection) -> Iterator[Any]:
    columns = (
        ENTRY.c.part,
        ENTRY.c.seq,
        ENTRY.c.kind,
        ENTRY.c.at_us,
        type_coerce(ENTRY.c.hash, NullType()).label("hash"),
        type_coerce(ENTRY.c.entry, NullType()).label("entry"),
    )
    query = select(*columns).order_by(ENTRY.c.part, ENTRY.c.seq)
    yield from tx.execute(query.execution_options(yield_per=_BATCH))


def _as_bytes(value: object) -> bytes:
    """Return a column as bytes; SQLite lets whoever tampers with it store text instead."""
    return value if isinstance(value, bytes) else str(value).encode()


def _read(entry: bytes) -> dict[str, Any]:
    try:
        value: object = orjson.loads(entry)
    except orjson.JSONDecodeError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


class _Chain:
    """One partition while it is walked."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.seq = 0
        self.prev = GENESIS

    def check(self, row: Any) -> list[Problem]:  # noqa: ANN401 -- a database row
        """Return what is wrong with the next entry; written flat, since there are millions."""
        _, seq, kind, at_us, stored, raw = row
        entry = _as_bytes(raw)
        own, value = leaf_hash(entry), _read(entry)
        say = value.get
        whats: list[str] = []
        if seq != self.seq + 1:
            whats.append(f"entry {self.seq + 1} is missing or out of place")
        if own != _as_bytes(stored):
            whats.append("the entry was edited: its hash differs")
        if not value:
            whats.append("the entry is not JSON")
        stands = (FORMAT, self.part, seq, kind, at_us)
        if stands != (say("v"), say("part"), say("seq"), say("kind"), say("at_us")):
            whats.append("the columns say otherwise than the entry")
        if say("prev") != self.prev.hex():
            whats.append("the entry does not follow the one before it")
        self.seq, self.prev = seq, own
        return [Problem(self.part, seq, what) for what in whats] if whats else []

    def end(self, head: tuple[int, bytes] | None) -> Iterable[Problem]:
        if head != (self.seq, self.prev):
            yield Problem(self.part, self.seq, "the head is not the last entry")
