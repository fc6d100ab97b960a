"""What can happen to a reservation: stock set aside for one order line."""

from __future__ import annotations

from typing import ClassVar, Final

from makegood.domain.entities import EntityKind, Reservation
from makegood.domain.statuses import ReservationStatus as S
from makegood.events.schema.base import NEW, Code, Count, EventData, Id, Move, move


class _ReservationEvent(EventData[Reservation]):
    kind: ClassVar[EntityKind] = EntityKind.RESERVATION


class Requested(_ReservationEvent):
    """Stock was asked for; after a failure it may be asked for again."""

    type: ClassVar[str] = "reservation.requested"
    move: ClassVar[Move] = move(NEW, S.FAILED, to=S.REQUESTED)

    order_id: Id
    line_id: Id
    sku: Id
    quantity: Count

    def apply(self, was: Reservation, at_us: int) -> Reservation:  # noqa: ARG002
        """Take everything over."""
        return was.but(
            order_id=self.order_id,
            line_id=self.line_id,
            sku=self.sku,
            quantity=self.quantity,
            reason="",
            failed_us=None,
        )


class Confirmed(_ReservationEvent):
    """The stock is set aside."""

    type: ClassVar[str] = "reservation.confirmed"
    move: ClassVar[Move] = move(S.REQUESTED, to=S.CONFIRMED)


class Failed(_ReservationEvent):
    """There is no stock for it, at once or found out later."""

    type: ClassVar[str] = "reservation.failed"
    move: ClassVar[Move] = move(S.REQUESTED, S.CONFIRMED, to=S.FAILED)

    reason: Code = "out_of_stock"

    def apply(self, was: Reservation, at_us: int) -> Reservation:
        """Note why and when."""
        return was.but(reason=self.reason, failed_us=at_us)


class Released(_ReservationEvent):
    """The stock is free again."""

    type: ClassVar[str] = "reservation.released"
    move: ClassVar[Move] = move(S.REQUESTED, S.CONFIRMED, S.FAILED, to=S.RELEASED)


TYPES: Final = (Requested, Confirmed, Failed, Released)
