"""What every event type is made of: fields, the transition it causes, and whose data it is.

An event type is one small pydantic class: its fields are the `data` of the CloudEvent, its class
variables say which entity it is about, from which statuses it moves it to which, and which field
names the person under whose key the fields marked `Personal` are sealed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Generic, TypeVar

from pydantic import BeforeValidator, Field

from makegood.clock import from_rfc3339
from makegood.domain.entities import Entity, EntityKind
from makegood.domain.frozen import Frozen
from makegood.domain.geo import Point
from makegood.domain.ids import Id

NEW: Final = ""
"""The status of an entity that no event has created yet."""
SUBJECT: Final = "subject"
"""As `EventData.person`: the person is the event's own subject."""
_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?P<zone>[Zz]|[+-]\d\d:\d\d)?"
)
_LAST_US: Final = 2**53 - 1
"""The last instant that every JSON reader holds exactly."""


def instant(value: Any) -> int:  # noqa: ANN401 -- whatever stood in the JSON
    """Return an RFC 3339 time with its zone as microseconds since the epoch; else ValueError."""
    shape = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if shape is None:
        message = "is not a time; write it as 2026-03-01T18:30:00Z"
        raise ValueError(message)
    if shape["zone"] is None:
        message = "has no zone; end it with Z or an offset such as +08:00"
        raise ValueError(message)
    try:
        at_us = from_rfc3339(shape[0].upper())
    except (ValueError, OverflowError):
        message = "is not a date and time that exist; check day, hour, minute and second"
        raise ValueError(message) from None
    if not 0 <= at_us <= _LAST_US:
        message = "is before 1970 or after 2255; check the year"
        raise ValueError(message)
    return at_us


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str


PERSONAL: Final = _Mark("personal")
KNOWN_HUB: Final = _Mark("known hub")

Instant = Annotated[int, BeforeValidator(instant, json_schema_input_type=str)]
HubId = Annotated[Id, KNOWN_HUB]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text = Annotated[str, Field(max_length=2_000)]
Count = Annotated[int, Field(strict=True, ge=0, le=2**53 - 1)]
Delta = Annotated[int, Field(strict=True, ge=-(2**53 - 1), le=2**53 - 1)]
Rate = Annotated[float, Field(strict=True, ge=0, le=10_000)]

PersonalText = Annotated[Text, PERSONAL]


class Place(Frozen):
    """A place in degrees, WGS 84."""

    lat: float = Field(strict=True, ge=-90, le=90)
    lon: float = Field(strict=True, ge=-180, le=180)


def point(place: Place | None) -> Point | None:
    """Return the place as the domain knows it."""
    return None if place is None else Point(place.lat, place.lon)


@dataclass(frozen=True, slots=True)
class Move:
    """A transition: from which statuses it is possible, and to which it leads.

    `to` is None where the status stays and only facts change.
    """

    frm: frozenset[str]
    to: str | None

    @property
    def creates(self) -> bool:
        """Whether this is how an entity begins."""
        return NEW in self.frm


def move(*frm: str, to: str | None = None) -> Move:
    """Return the transition from any of `frm` to `to`, or one that stays."""
    return Move(frozenset(str(status) for status in frm), None if to is None else str(to))


E = TypeVar("E", bound=Entity)


class EventData(Frozen, Generic[E]):
    """The data of one event type; subclasses fill in the class variables."""

    type: ClassVar[str]
    kind: ClassVar[EntityKind]
    move: ClassVar[Move]
    person: ClassVar[str] = ""

    def objection(self, was: E) -> str:  # noqa: ARG002 -- for subclasses
        """Say why this cannot be true of the entity as it stands, though its status allows it."""
        return ""

    def apply(self, was: E, at_us: int) -> E:  # noqa: ARG002 -- for subclasses
        """Return the entity with this event's facts; status and version are not its business."""
        return was
