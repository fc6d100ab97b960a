"""Events on their way in, and what became of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from makegood.clock import MINUTE, Clock
from makegood.domain.entities import EntityKind, EntityRef
from makegood.events.schema import EventData, EventType
from makegood.ledger.privacy import Vault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

Raw = bytes | dict[str, Any]
"""One CloudEvent as JSON bytes, or as the object that was read from JSON."""


class Event(NamedTuple):
    """An event whose form has been checked; `data` is its JSON, `value` the same, typed."""

    type: EventType
    source: str
    id: str
    subject: str
    hub: str
    occurred_us: int
    sequence: int | None
    data: dict[str, Any]
    value: EventData[Any]

    @property
    def ref(self) -> EntityRef:
        """The entity that it is about."""
        return EntityRef(self.type.kind, self.subject)


class Logged(NamedTuple):
    """An event with its number in the log."""

    seq: int
    event: Event


class Outcome(StrEnum):
    """What became of an event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    PARKED = "parked"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOutcome:
    """What became of the event at `index` of a batch.

    Parked: it is in the log and waits for its predecessor. Conflict and quarantined: set aside
    under `quarantine_id`, for the reason that `field`, `problem` and `mend` give; with a `seq`
    it is in the log but contradicts what is known. Refused: the caller may not speak for that
    source, and nothing was kept.
    """

    index: int
    outcome: Outcome
    source: str = ""
    event_id: str = ""
    seq: int | None = None
    field: str = ""
    problem: str = ""
    mend: str = ""
    quarantine_id: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch, event by event, and which entities and hubs it touched."""

    outcomes: tuple[EventOutcome, ...]
    touched: frozenset[EntityRef] = frozenset()
    hubs: frozenset[str] = frozenset()

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many events had each outcome."""
        return dict(Counter(outcome.outcome for outcome in self.outcomes))

    @property
    def problems(self) -> tuple[EventOutcome, ...]:
        """The events that were not taken in: conflicts, quarantined and refused ones."""
        fine = (Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.PARKED)
        return tuple(outcome for outcome in self.outcomes if outcome.outcome not in fine)


class Waiting(NamedTuple):
    """An event of the log that has no effect; `hopeless` when nothing later can change that."""

    seq: int
    kind: EntityKind
    entity_id: str
    effective_us: int
    hopeless: bool
    problem: str


@dataclass(frozen=True, slots=True)
class Projected:
    """What a projection did: which entities changed, of which hubs, and who waits.

    `waiting` are the events that began to wait, `released` those that do so no longer.
    """

    changed: frozenset[EntityRef]
    hubs: frozenset[str]
    waiting: tuple[Waiting, ...]
    released: tuple[int, ...]


class Projector(Protocol):
    """Brings the entities up to date with events that were just added to the log."""

    def __call__(self, tx: Connection, events: Sequence[Logged], vault: Vault) -> Projected:
        """Apply the events."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How big an event may be, how far in the future, and how long one may be parked."""

    event_bytes: int = 1_048_576
    future_us: int = 5 * MINUTE
    park_us: int = 15 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestContext:
    """What taking events in needs; `allowed_sources` are the caller's, with `*` as wildcard."""

    clock: Clock
    vault: Vault
    project: Projector
    actor: str = "system"
    allowed_sources: tuple[str, ...] = ("*",)
    limits: Limits = Limits()
