"""Taking events in: each once, each checked, and none lost.

The form of every event is checked before the transaction begins; then one transaction adds the
good ones to the log, brings the entities up to date, sets the bad ones aside, and writes one
ledger entry over the batch.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from makegood.domain.entities import EntityKind, EntityRef
from makegood.errors import Conflict, InvalidInput
from makegood.events import log, parking, quarantine
from makegood.events.check import Checked, check
from makegood.events.hints import hints
from makegood.events.model import (
    Event,
    EventOutcome,
    IngestContext,
    Logged,
    Outcome,
    Raw,
    Receipt,
    Waiting,
)
from makegood.events.read import as_bytes, size_of
from makegood.ledger.entries import EVENTS, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.store.sql import table
from makegood.store.tables.entities import Hub

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from sqlalchemy import Connection

    from makegood.ledger.privacy import PersonKey
    from makegood.store.session import Store

HUB: Final = table(Hub)


def ingest(store: Store, batch: Sequence[Raw], context: IngestContext) -> Receipt:
    """Take a batch of CloudEvents in and say what became of each, in the order of the batch."""
    with _collector_paused():
        checked = check(batch, context)
        with store.write() as tx:
            return take(tx, checked, context)


@contextmanager
def _collector_paused() -> Generator[None]:
    """Keep Python's cycle collector from looking through a batch again and again.

    A batch makes tens of thousands of small objects and no cycles; looking for some cost a fifth
    of the whole. What a batch holds is bounded by its size.
    """
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def take(tx: Connection, checked: Checked, context: IngestContext) -> Receipt:
    """Do what `ingest` does, inside the caller's transaction."""
    return _Batch(tx, checked, context).take()


class _Batch:
    """One batch while it is taken in."""

    def __init__(self, tx: Connection, checked: Checked, context: IngestContext) -> None:
        self.tx = tx
        self.checked = checked
        self.context = context
        self.now_us = context.clock.now_us()
        self.outcomes: dict[int, EventOutcome] = dict(checked.refused)
        self.aside: dict[int, quarantine.Item] = {}
        self.touched: frozenset[EntityRef] = frozenset()
        self.hubs: frozenset[str] = frozenset()

    def take(self) -> Receipt:
        last_seq = log.lock(self.tx)
        self._check_hubs()
        for index, problem in self.checked.problems.items():
            self.aside[index] = self._item(index, quarantine.INVALID, problem)
        fresh = self._fresh(self._pack())
        if fresh:
            logged = log.write(self.tx, list(fresh.values()), last_seq, self.now_us)
            self._project(dict(zip(fresh, logged, strict=True)))
            self._record(last_seq, list(fresh.values()))
        self._set_aside()
        ordered = (self.outcomes[index] for index in range(len(self.checked.raw)))
        return Receipt(tuple(ordered), self.touched, self.hubs)

    def _check_hubs(self) -> None:
        """Set aside the events that name a hub nobody has registered, before or with them."""
        events = self.checked.events
        known = set(self.tx.execute(select(HUB.c.id)).scalars())
        known.update(e.subject for e in events.values() if _registers_hub(e))
        strange = [i for i, e in events.items() if e.hub not in known or e.type.hubs]
        for index in strange:
            for name, hub in _hubs_of(events[index]):
                if hub not in known:
                    problem = InvalidInput(name, "is not a known hub", "register the hub first")
                    self.aside[index] = self._item(index, quarantine.INVALID, problem)
                    del events[index]
                    break

    def _pack(self) -> dict[int, log.Packed]:
        """Return the events as the log keeps them, but those of persons who were erased."""
        events = self.checked.events
        owners = {
            index: event.type.person_of(event.subject, event.data)
            for index, event in events.items()
            if event.type.personal and any(name in event.data for name in event.type.personal)
        }
        keys = self.context.vault.ensure(self.tx, owners.values(), self.now_us)
        packed: dict[int, log.Packed] = {}
        for index, event in events.items():
            key: PersonKey | None = None
            if index in owners:
                key = keys[owners[index]]
                if key is None:
                    self._erased(index, event)
                    continue
            packed[index] = log.pack(event, key)
        return packed

    def _erased(self, index: int, event: Event) -> None:
        """Keep nothing of what still comes in about an erased person."""
        if log.known_digests(self.tx, [event]):
            self._set(index, event, Outcome.DUPLICATE)
            return
        name = event.type.person
        problem = InvalidInput(
            name if name == "subject" else f"data.{name}",
            "names a person whose data were erased",
            "leave the personal fields out, or use a new id",
        )
        self.aside[index] = self._item(index, quarantine.INVALID, problem, keep=False)

    def _fresh(self, packed: dict[int, log.Packed]) -> dict[int, log.Packed]:
        """Return the events that are new; settle duplicates and conflicts."""
        known = log.known_digests(self.tx, (p.event for p in packed.values()))
        fresh: dict[int, log.Packed] = {}
        for index, pack in packed.items():
            event = pack.event
            identity = (event.source, event.id)
            if identity not in known:
                known[identity] = pack.digest
                fresh[index] = pack
            elif known[identity] == pack.digest:
                self._set(index, event, Outcome.DUPLICATE)
            else:
                problem = InvalidInput(
                    "id",
                    "was used by this source for an event of other content",
                    "send a correction as a new event with an id of its own",
                )
                self.aside[index] = self._item(index, quarantine.CONFLICT, problem)
        return fresh

    def _project(self, logged: dict[int, Logged]) -> None:
        context = self.context
        done = context.project(self.tx, list(logged.values()), context.vault)
        self.touched = done.changed
        # A delivery that was rerouted concerns the hub that it left too.
        self.hubs = done.hubs | {hub for _, e in logged.values() for hub in (e.hub,) if hub}
        parking.release(self.tx, done.released, context)
        told = parking.park(self.tx, done.waiting, context)
        waiting = {w.seq: w for w in done.waiting}
        for index, (seq, event) in logged.items():
            if seq in waiting:
                self._waits(index, event, waiting[seq], told.get(seq, ""))
            else:
                self._set(index, event, Outcome.ACCEPTED, seq)

    def _waits(self, index: int, event: Event, waiting: Waiting, quarantine_id: str) -> None:
        self.outcomes[index] = EventOutcome(
            index=index,
            outcome=Outcome.QUARANTINED if quarantine_id else Outcome.PARKED,
            source=event.source,
            event_id=event.id,
            seq=waiting.seq,
            field="type",
            problem=waiting.problem,
            mend="send the missing event" if not quarantine_id else "check what is known of it",
            quarantine_id=quarantine_id,
        )

    def _record(self, last_seq: int, packed: list[log.Packed]) -> None:
        body = {
            "first_seq": last_seq + 1,
            "last_seq": last_seq + len(packed),
            "count": len(packed),
            "sha256": log.batch_digest(p.digest for p in packed),
        }
        actor = self.context.actor
        append(self.tx, [Draft(EVENTS, EntryKind.EVENTS_RECEIVED, self.now_us, actor, body)])

    def _item(
        self, index: int, reason: str, problem: InvalidInput, *, keep: bool = True
    ) -> quarantine.Item:
        raw = self.checked.raw[index]
        size = len(raw) if isinstance(raw, bytes) else size_of(raw)
        known = hints(raw, self.context.limits.event_bytes)
        small = size <= self.context.limits.event_bytes
        return quarantine.Item(
            reason=reason,
            field=problem.field,
            problem=problem.problem,
            mend=problem.mend,
            source=known.get("source", ""),
            event_id=known.get("id", ""),
            type=known.get("type", ""),
            entity=known.get("entity", ""),
            person_id=known.get("person", ""),
            raw=as_bytes(raw) if keep and small else None,
            size=size,
        )

    def _set_aside(self) -> None:
        ids = quarantine.add(self.tx, list(self.aside.values()), self.context)
        for (index, item), quarantine_id in zip(self.aside.items(), ids, strict=True):
            is_conflict = item.reason == quarantine.CONFLICT
            self.outcomes[index] = EventOutcome(
                index=index,
                outcome=Outcome.CONFLICT if is_conflict else Outcome.QUARANTINED,
                source=item.source,
                event_id=item.event_id,
                field=item.field,
                problem=item.problem,
                mend=item.mend,
                quarantine_id=quarantine_id,
            )

    def _set(self, index: int, event: Event, outcome: Outcome, seq: int | None = None) -> None:
        self.outcomes[index] = EventOutcome(
            index=index, outcome=outcome, source=event.source, event_id=event.id, seq=seq
        )


def _registers_hub(event: Event) -> bool:
    return event.type.kind is EntityKind.HUB and event.type.move.creates


def _hubs_of(event: Event) -> list[tuple[str, str]]:
    named = [("hub", event.hub)] if event.hub and event.type.kind is not EntityKind.HUB else []
    return named + [(f"data.{name}", event.data[name]) for name in event.type.hubs]


def requeue(store: Store, quarantine_id: str, context: IngestContext) -> EventOutcome:
    """Try a quarantined event again, after what was wrong has been put right.

    Raises:
        NotFound: there is no such item, or what came in was not kept.
        Conflict: it has ended already.
        KeyDestroyed: it was erased.

    """
    with store.write() as tx:
        log.lock(tx)
        item = quarantine.get(tx, quarantine_id)
        if item.end:
            raise Conflict(f"quarantine item {quarantine_id} has ended already")
        if item.event_seq is not None:
            return _park_again(tx, item, item.event_seq, context)
        raw = quarantine.payload(tx, context.vault, quarantine_id)
        outcome = take(tx, check([raw], context), context).outcomes[0]
        if outcome.quarantine_id != quarantine_id and outcome.outcome is not Outcome.REFUSED:
            quarantine.end(tx, quarantine_id, quarantine.End.REQUEUED, context)
        return outcome


def _park_again(
    tx: Connection, item: quarantine.Quarantined, seq: int, context: IngestContext
) -> EventOutcome:
    waits = parking.park_again(tx, seq, context)
    quarantine.end(tx, item.id, quarantine.End.REQUEUED, context)
    return EventOutcome(
        index=0,
        outcome=Outcome.PARKED if waits else Outcome.ACCEPTED,
        source=item.source,
        event_id=item.event_id,
        seq=seq,
    )
