"""What can happen to a return ticket: a customer's wish to give something back."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import Field

from makegood.domain.entities import EntityKind, ReturnTicket
from makegood.domain.money import Money
from makegood.domain.statuses import ReturnStatus as S
from makegood.events.schema.base import NEW, Code, EventData, Id, Move, move


class _ReturnEvent(EventData[ReturnTicket]):
    kind: ClassVar[EntityKind] = EntityKind.RETURN_TICKET


class Opened(_ReturnEvent):
    """The customer wants to give lines back; `refund` is what they would get for them."""

    type: ClassVar[str] = "return_ticket.opened"
    move: ClassVar[Move] = move(NEW, to=S.OPENED)

    order_id: Id
    line_ids: Annotated[tuple[Id, ...], Field(max_length=500)] = ()
    reason: Code = "unknown"
    refund: Money

    def apply(self, was: ReturnTicket, at_us: int) -> ReturnTicket:  # noqa: ARG002
        """Take everything over."""
        return was.but(
            order_id=self.order_id,
            line_ids=self.line_ids,
            reason=self.reason,
            refund_minor=self.refund.minor,
            currency=self.refund.currency,
        )


class Approved(_ReturnEvent):
    """The customer may send it back."""

    type: ClassVar[str] = "return_ticket.approved"
    move: ClassVar[Move] = move(S.OPENED, to=S.APPROVED)


class Received(_ReturnEvent):
    """It came back."""

    type: ClassVar[str] = "return_ticket.received"
    move: ClassVar[Move] = move(S.APPROVED, to=S.RECEIVED)


class Refunded(_ReturnEvent):
    """The customer has the money."""

    type: ClassVar[str] = "return_ticket.refunded"
    move: ClassVar[Move] = move(S.APPROVED, S.RECEIVED, to=S.REFUNDED)


class Rejected(_ReturnEvent):
    """It will not be taken back."""

    type: ClassVar[str] = "return_ticket.rejected"
    move: ClassVar[Move] = move(S.OPENED, S.APPROVED, S.RECEIVED, to=S.REJECTED)

    reason: Code = "unknown"


TYPES: Final = (Opened, Approved, Received, Refunded, Rejected)
