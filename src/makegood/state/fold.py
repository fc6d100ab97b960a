"""State as a fold over the set of an entity's events: any order of arrival gives the same.

Order. An event's effective time is its own `time`, or, where its source numbers the events of
this entity with `sequence`, the latest time among it and those numbered before it: a source's own
numbering is stronger than its clock. Events are folded by (effective time, source, sequence, id),
which is total and depends on nothing but the events.

Clocks differ. An event that cannot be applied at its place waits, and is tried again, oldest
first, after each event that was applied at most `SKEW_US` later, or after the one that created
the entity however late that is. What waits at the end has no effect: those are the parked events.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from makegood.clock import MINUTE
from makegood.events.model import Logged, Waiting
from makegood.state.machine import Fit, step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from makegood.domain.entities import Entity
    from makegood.events.model import Event

SKEW_US: Final = 5 * MINUTE
_NO_SEQUENCE: Final = -1

Key = tuple[int, str, int, str]
"""(effective time, source, sequence or -1, event id)."""


class Ordered(NamedTuple):
    """An event with its place in the order."""

    key: Key
    logged: Logged


class Numbered(NamedTuple):
    """How far a source has counted at an entity: its last sequence, and the effective time."""

    sequence: int
    effective_us: int


def order(events: Iterable[Logged], counted: Mapping[str, Numbered]) -> list[Ordered]:
    """Return events in the order of the fold, going on from where their sources had counted."""
    ordered: list[Ordered] = []
    numbered: list[Logged] = []
    for logged in events:
        event = logged.event
        if event.sequence is None:
            key = (event.occurred_us, event.source, _NO_SEQUENCE, event.id)
            ordered.append(Ordered(key, logged))
        else:
            numbered.append(logged)
    if numbered:
        latest = {source: n.effective_us for source, n in counted.items()}
        for logged in sorted(numbered, key=_by_number):
            event = logged.event
            effective_us = max(event.occurred_us, latest.get(event.source, event.occurred_us))
            latest[event.source] = effective_us
            key = (effective_us, event.source, event.sequence or 0, event.id)
            ordered.append(Ordered(key, logged))
    if len(ordered) > 1:
        ordered.sort(key=itemgetter(0))
    return ordered


def _by_number(logged: Logged) -> tuple[str, int, str]:
    event = logged.event
    return event.source, event.sequence or 0, event.id


class Fold:
    """The fold over one entity's events, as far as it has come."""

    __slots__ = ("counted", "entity", "key", "waiting")

    def __init__(self) -> None:
        """Begin before the first event."""
        self.entity: Entity | None = None
        self.key: Key | None = None
        self.counted: dict[str, Numbered] = {}
        self.waiting: list[Ordered] = []

    def mark(self) -> str:
        """Return how far the fold has come, as it is kept beside the entity."""
        counted = {source: tuple(n) for source, n in self.counted.items()}
        return orjson.dumps([self.key, counted], option=orjson.OPT_SORT_KEYS).decode()

    @classmethod
    def resume(cls, entity: Entity, mark: str) -> Fold:
        """Go on from a kept mark; what waits is not part of it."""
        key, counted = orjson.loads(mark)
        fold = cls()
        fold.entity = entity
        fold.key = tuple(key)
        fold.counted = {source: Numbered(*n) for source, n in counted.items()}
        return fold

    def is_late(self, event: Event) -> bool:
        """Say whether its source has counted past this event already."""
        counted = self.counted.get(event.source)
        return (
            counted is not None
            and event.sequence is not None
            and (event.sequence <= counted.sequence)
        )

    def add(self, ordered: Iterable[Ordered]) -> None:
        """Fold further events, which come in order and after all before them."""
        for place in ordered:
            event = place.logged.event
            self.key = place.key
            if event.sequence is not None:
                self.counted[event.source] = Numbered(event.sequence, place.key[0])
            began = self.entity is None
            fit, self.entity, _ = step(self.entity, event)
            if fit is Fit.APPLIED:
                if self.waiting:
                    self._retry(place.key[0], began=began)
            elif fit is not Fit.REDUNDANT:
                self.waiting.append(place)

    def _retry(self, now_us: int, *, began: bool) -> None:
        again = True
        while again:
            again = False
            for n, place in enumerate(self.waiting):
                if not began and place.key[0] < now_us - SKEW_US:
                    continue
                fit, self.entity, _ = step(self.entity, place.logged.event)
                if fit in {Fit.APPLIED, Fit.REDUNDANT}:
                    del self.waiting[n]
                    again = True
                    break

    def parked(self) -> list[Waiting]:
        """Return what waits, and for what."""
        found: list[Waiting] = []
        for (effective_us, *_), (seq, event) in self.waiting:
            fit, _, problem = step(self.entity, event)
            hopeless = fit is Fit.CONTRADICTION
            kind, subject = event.type.kind, event.subject
            found.append(Waiting(seq, kind, subject, effective_us, hopeless, problem))
        return found
