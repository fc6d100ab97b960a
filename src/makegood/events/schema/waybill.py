"""What can happen to a waybill: a parcel's journey with a carrier."""

from __future__ import annotations

from typing import ClassVar, Final

from makegood.domain.entities import EntityKind, Waybill
from makegood.domain.statuses import WaybillStatus as S
from makegood.events.schema.base import NEW, Code, EventData, Id, Move, move

MOVING: Final = (S.CREATED, S.IN_TRANSIT, S.STUCK)


class _WaybillEvent(EventData[Waybill]):
    kind: ClassVar[EntityKind] = EntityKind.WAYBILL


class Created(_WaybillEvent):
    """A carrier was asked to take a parcel."""

    type: ClassVar[str] = "waybill.created"
    move: ClassVar[Move] = move(NEW, to=S.CREATED)

    order_id: Id
    fulfilment_id: Id | None = None
    carrier: Id

    def apply(self, was: Waybill, at_us: int) -> Waybill:  # noqa: ARG002
        """Take everything over."""
        return was.but(
            order_id=self.order_id,
            fulfilment_id=self.fulfilment_id or "",
            carrier=self.carrier,
        )


class Scanned(_WaybillEvent):
    """The carrier saw the parcel; `checkpoint` is the carrier's code of the place."""

    type: ClassVar[str] = "waybill.scanned"
    move: ClassVar[Move] = move(*MOVING, to=S.IN_TRANSIT)

    checkpoint: Id

    def apply(self, was: Waybill, at_us: int) -> Waybill:
        """Note when and where."""
        return was.but(last_scan_us=at_us, last_scan=self.checkpoint)


class Stuck(_WaybillEvent):
    """The carrier says that the parcel does not move."""

    type: ClassVar[str] = "waybill.stuck"
    move: ClassVar[Move] = move(S.CREATED, S.IN_TRANSIT, to=S.STUCK)

    reason: Code = "unknown"


class Delivered(_WaybillEvent):
    """The parcel arrived."""

    type: ClassVar[str] = "waybill.delivered"
    move: ClassVar[Move] = move(S.IN_TRANSIT, S.STUCK, to=S.DELIVERED)


class Returned(_WaybillEvent):
    """The parcel came back."""

    type: ClassVar[str] = "waybill.returned"
    move: ClassVar[Move] = move(*MOVING, to=S.RETURNED)


TYPES: Final = (Created, Scanned, Stuck, Delivered, Returned)
