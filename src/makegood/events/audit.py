"""Checking the event log offline: every row against its digest, every batch against the ledger.

No key is needed, so this works as well after persons were erased. What it stands on is the
ledger; that one is checked by `makegood.ledger.verify`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import and_, select

from makegood.events.log import LOG, batch_digest
from makegood.ledger.entries import ENTRY, EVENTS
from makegood.ledger.kinds import EntryKind
from makegood.ledger.verify import Problem, Report
from makegood.ledger.verify import verify as verify_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import ColumnElement, Connection, Select

MOST_PROBLEMS: Final = 100
EVENT_LOG: Final = "event log"
_BATCH: Final = 2_000


@dataclass(frozen=True, slots=True)
class LogProblem:
    """One place where the event log is not what the ledger says came in."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a check found; `problems` stops at the first hundred."""

    events: int
    batches: int
    problems: tuple[LogProblem, ...]

    @property
    def sound(self) -> bool:
        """Whether the log is what came in."""
        return not self.problems


def everything(tx: Connection, progress: Callable[[int], None] | None = None) -> Report:
    """Check the ledger and the event log, and report both as one; the log is a partition too."""
    ledger, log = verify_ledger(tx, progress), verify(tx)
    found = tuple(Problem(EVENT_LOG, each.seq, each.what) for each in log.problems)
    return replace(ledger, problems=(*ledger.problems, *found)[:MOST_PROBLEMS])


def verify(tx: Connection) -> LogReport:
    """Check the whole event log against itself and against the ledger."""
    problems: list[LogProblem] = []
    batches, rows = _batches(tx), _paged(tx, select(LOG), LOG.c.seq)
    events = count = 0
    for batch in batches:
        count += 1
        digests: list[str] = []
        for seq in range(batch["first_seq"], batch["last_seq"] + 1):
            row = next(rows, None)
            if row is None or row.seq != seq:
                problems.append(LogProblem(seq, "this event is missing or out of place"))
                return LogReport(events, count, tuple(problems))
            events += 1
            digests.append(row.digest)
            if len(problems) < MOST_PROBLEMS:
                problems.extend(LogProblem(seq, what) for what in _wrong(row))
        if batch_digest(digests) != batch["sha256"]:
            what = "the events of this batch are not those that the ledger recorded"
            problems.append(LogProblem(batch["first_seq"], what))
    problems.extend(LogProblem(row.seq, "no batch in the ledger has this event") for row in rows)
    return LogReport(events, count, tuple(problems[:MOST_PROBLEMS]))


def _batches(tx: Connection) -> Iterator[dict[str, Any]]:
    received = and_(ENTRY.c.part == EVENTS, ENTRY.c.kind == EntryKind.EVENTS_RECEIVED.value)
    for row in _paged(tx, select(ENTRY.c.seq, ENTRY.c.entry).where(received), ENTRY.c.seq):
        yield orjson.loads(row.entry)["body"]


def _paged(
    tx: Connection, query: Select[*tuple[Any, ...]], seq: ColumnElement[int]
) -> Iterator[Any]:
    """Yield rows by number, some thousands at a time and without an open cursor."""
    last = 0
    while rows := tx.execute(query.where(seq > last).order_by(seq).limit(_BATCH)).all():
        yield from rows
        last = rows[-1].seq


def _wrong(row: Any) -> Iterator[str]:  # noqa: ANN401 -- a database row
    if hashlib.sha256(row.body).hexdigest() != row.digest:
        yield "the event was edited: its digest differs"
        return
    body = orjson.loads(row.body)
    stands = {
        "type": row.type,
        "source": row.source,
        "id": row.event_id,
        "subject": row.entity_id,
        "hub": row.hub_id,
        "time_us": row.occurred_us,
        "sequence": row.sequence,
    }
    for name, value in stands.items():
        if body[name] != value:
            yield f"the column for {name} says otherwise than the event"
    if (body["personal"] is None) != (row.sealed is None):
        yield "what was sealed with the event is missing, or was added"
