"""A recorded day as events that were read: each as it stands, and as it was understood."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from makegood.events.schema import CATALOGUE, Envelope

CloudEvent = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event of the record: as it stands, and as it was understood."""

    raw: CloudEvent
    envelope: Envelope
    data: Any


def read(events: Iterable[CloudEvent]) -> list[Recorded]:
    """Return the record in order of time.

    Raises:
        InvalidInput: an event is not one of the catalogue's.

    """
    found: list[Recorded] = []
    for raw in events:
        envelope = Envelope.model_validate(raw)
        found.append(Recorded(raw, envelope, CATALOGUE[envelope.type].read(envelope.data)))
    return sorted(found, key=lambda each: each.envelope.time)
