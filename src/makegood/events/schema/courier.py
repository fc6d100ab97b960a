"""What can happen to a courier; name, phone and whereabouts are the courier's own data."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import Field

from makegood.domain.entities import Courier, EntityKind
from makegood.domain.statuses import CourierStatus as S
from makegood.events.schema.base import (
    NEW,
    PERSONAL,
    SUBJECT,
    Code,
    Count,
    EventData,
    Instant,
    Move,
    PersonalText,
    Place,
    move,
    point,
)


class _CourierEvent(EventData[Courier]):
    kind: ClassVar[EntityKind] = EntityKind.COURIER


class Registered(_CourierEvent):
    """A courier joined the fleet; `capacity` is how much load they can carry at once."""

    type: ClassVar[str] = "courier.registered"
    move: ClassVar[Move] = move(NEW, to=S.OFF)
    person: ClassVar[str] = SUBJECT

    vehicle: Code
    capacity: Count = 1
    position: Annotated[Place | None, PERSONAL] = None
    name: PersonalText = ""
    phone: PersonalText = ""

    def apply(self, was: Courier, at_us: int) -> Courier:
        """Take everything over."""
        return was.but(
            vehicle=self.vehicle,
            capacity=self.capacity,
            position=point(self.position),
            position_us=None if self.position is None else at_us,
            name=self.name,
            phone=self.phone,
        )


class ShiftStarted(_CourierEvent):
    """The courier is at work, until `ends_at` where that is known."""

    type: ClassVar[str] = "courier.shift_started"
    move: ClassVar[Move] = move(S.OFF, to=S.ON)

    ends_us: Instant | None = Field(default=None, alias="ends_at")

    def apply(self, was: Courier, at_us: int) -> Courier:  # noqa: ARG002
        """Note the end of the shift."""
        return was.but(shift_ends_us=self.ends_us)


class ShiftEnded(_CourierEvent):
    """The courier went home."""

    type: ClassVar[str] = "courier.shift_ended"
    move: ClassVar[Move] = move(S.ON, S.LOST, to=S.OFF)

    def apply(self, was: Courier, at_us: int) -> Courier:  # noqa: ARG002
        """Forget the end of the shift."""
        return was.but(shift_ends_us=None)


class Position(_CourierEvent):
    """Where the courier is."""

    type: ClassVar[str] = "courier.position"
    move: ClassVar[Move] = move(*S)
    person: ClassVar[str] = SUBJECT

    position: Annotated[Place | None, PERSONAL]

    def apply(self, was: Courier, at_us: int) -> Courier:
        """Replace the position."""
        return was.but(position=point(self.position), position_us=at_us)


class Lost(_CourierEvent):
    """Nobody can reach the courier."""

    type: ClassVar[str] = "courier.lost"
    move: ClassVar[Move] = move(S.ON, to=S.LOST)

    reason: Code = "unknown"


class Found(_CourierEvent):
    """The courier can be reached again."""

    type: ClassVar[str] = "courier.found"
    move: ClassVar[Move] = move(S.LOST, to=S.ON)


TYPES: Final = (Registered, ShiftStarted, ShiftEnded, Position, Lost, Found)
