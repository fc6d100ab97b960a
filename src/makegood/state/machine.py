"""One step of any entity's state machine: what an event does to an entity as it stands.

The transitions stand beside the event types, in `makegood.events.schema`; here is only what all
of them have in common.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from makegood.domain.entities import ENTITY_CLASSES, Entity, EntityKind
from makegood.events.schema import CATALOGUE, NEW

if TYPE_CHECKING:
    from makegood.events.model import Event


class Fit(StrEnum):
    """How an event fits an entity as it stands."""

    APPLIED = "applied"
    REDUNDANT = "redundant"
    MISSING = "missing"
    CONTRADICTION = "contradiction"


class Step(NamedTuple):
    """The entity after the event (as it was, unless applied), and why not, if not."""

    fit: Fit
    entity: Entity | None
    problem: str = ""


def step(was: Entity | None, event: Event) -> Step:
    """Apply one event to an entity, or say why it has no effect.

    Redundant: the entity is where the event would bring it. Missing: something must happen to it
    before this can. Contradiction: nothing that can still happen to it makes this possible.
    """
    move = event.type.move
    status = NEW if was is None else was.status
    if status not in move.frm:
        if was is not None and status == move.to:
            return Step(Fit.REDUNDANT, was)
        return Step(_why_not(event.type.kind, status, move.frm), was, _problem(event, status))
    to = move.to or status
    before = was or ENTITY_CLASSES[event.type.kind](id=event.subject, hub_id=event.hub, status=NEW)
    if objection := event.value.objection(before):
        return Step(Fit.CONTRADICTION, was, objection)
    after: Entity = event.value.apply(before, event.occurred_us)
    if after is before:
        return Step(Fit.APPLIED, before.but(status=to, version=before.version + 1))
    # A record that nobody else has seen yet is finished in place: this is the hottest line of
    # the projection, and making a further copy costs as much as all the rest of the step.
    object.__setattr__(after, "status", to)
    object.__setattr__(after, "version", before.version + 1)
    return Step(Fit.APPLIED, after)


def _why_not(kind: EntityKind, status: str, wanted: frozenset[str]) -> Fit:
    return Fit.MISSING if wanted & reachable(kind)[status] else Fit.CONTRADICTION


def _problem(event: Event, status: str) -> str:
    wanted = " or ".join(sorted(status or "new" for status in event.type.move.frm))
    stands = f"is {status}" if status else "is not known"
    return f"{event.ref} {stands}; {event.type.name} is possible when it is {wanted}"


@cache
def reachable(kind: EntityKind) -> dict[str, frozenset[str]]:
    """Return, for each status of a class of entity, those that it can still come to."""
    edges: dict[str, set[str]] = {NEW: set()}
    for event_type in CATALOGUE:
        if event_type.kind is kind and event_type.move.to is not None:
            for status in event_type.move.frm:
                edges.setdefault(status, set()).add(event_type.move.to)
            edges.setdefault(event_type.move.to, set())
    return {status: frozenset(_closure(status, edges)) for status in edges}


def _closure(start: str, edges: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        for status in edges[todo.pop()] - seen:
            seen.add(status)
            todo.append(status)
    return seen


def transitions(kind: EntityKind) -> tuple[tuple[str, tuple[str, ...], str | None], ...]:
    """Return a class's transition table: (event type, from statuses, to status or None)."""
    return tuple(
        (t.name, tuple(sorted(t.move.frm)), t.move.to) for t in CATALOGUE if t.kind is kind
    )
