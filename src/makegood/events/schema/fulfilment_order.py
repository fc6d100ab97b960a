"""What can happen to a fulfilment order: one delivery of (part of) a sales order."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import Field

from makegood.domain.entities import EntityKind, FulfilmentOrder
from makegood.domain.statuses import FulfilmentStatus as S
from makegood.events.schema.base import (
    NEW,
    PERSONAL,
    Code,
    Count,
    EventData,
    HubId,
    Id,
    Instant,
    Move,
    Place,
    move,
    point,
)

BEFORE_PICK_UP: Final = (S.CREATED, S.ASSIGNED)
OPEN: Final = (*BEFORE_PICK_UP, S.PICKED_UP)


class _FulfilmentEvent(EventData[FulfilmentOrder]):
    kind: ClassVar[EntityKind] = EntityKind.FULFILMENT_ORDER


class Created(_FulfilmentEvent):
    """A delivery was planned; `load` is how much of a courier's capacity it takes."""

    type: ClassVar[str] = "fulfilment_order.created"
    move: ClassVar[Move] = move(NEW, to=S.CREATED)
    person: ClassVar[str] = "customer_id"

    order_id: Id
    customer_id: Id
    promised_us: Instant | None = Field(default=None, alias="promised_at")
    ready_us: Instant | None = Field(default=None, alias="ready_at")
    load: Count = 1
    pick_up: Place | None = None
    pick_up_id: Id | None = None
    drop_off: Annotated[Place | None, PERSONAL] = None

    def apply(self, was: FulfilmentOrder, at_us: int) -> FulfilmentOrder:
        """Take everything over; `ready_at` is when the goods are expected to be ready."""
        return was.but(
            order_id=self.order_id,
            customer_id=self.customer_id,
            promised_us=self.promised_us,
            ready_us=self.ready_us,
            load=self.load,
            pick_up=point(self.pick_up),
            pick_up_id=self.pick_up_id or "",
            drop_off=point(self.drop_off),
            created_us=at_us,
        )


class Accepted(_FulfilmentEvent):
    """The hub or kitchen took the work on."""

    type: ClassVar[str] = "fulfilment_order.accepted"
    move: ClassVar[Move] = move(*BEFORE_PICK_UP)

    def apply(self, was: FulfilmentOrder, at_us: int) -> FulfilmentOrder:
        """Note when."""
        return was.but(accepted_us=at_us)


class Ready(_FulfilmentEvent):
    """The goods wait to be picked up."""

    type: ClassVar[str] = "fulfilment_order.ready"
    move: ClassVar[Move] = move(*BEFORE_PICK_UP)

    def apply(self, was: FulfilmentOrder, at_us: int) -> FulfilmentOrder:
        """Note when; it replaces the expected time."""
        return was.but(ready_us=at_us)


class Assigned(_FulfilmentEvent):
    """A courier got the delivery; `assignment` numbers them from 1 where the fleet does."""

    type: ClassVar[str] = "fulfilment_order.assigned"
    move: ClassVar[Move] = move(*BEFORE_PICK_UP, to=S.ASSIGNED)

    courier_id: Id
    assignment: Count | None = None

    def apply(self, was: FulfilmentOrder, at_us: int) -> FulfilmentOrder:  # noqa: ARG002
        """Give it to the courier and number the assignment."""
        number = was.assignment + 1 if self.assignment is None else self.assignment
        return was.but(courier_id=self.courier_id, assignment=number)


class Unassigned(_FulfilmentEvent):
    """The delivery was taken away from its courier."""

    type: ClassVar[str] = "fulfilment_order.unassigned"
    move: ClassVar[Move] = move(S.ASSIGNED, to=S.CREATED)

    def apply(self, was: FulfilmentOrder, at_us: int) -> FulfilmentOrder:  # noqa: ARG002
        """Take the courier off; the number of the assignment stays."""
        return was.but(courier_id=None)


class PickedUp(_FulfilmentEvent):
    """The courier has the goods."""

    type: ClassVar[str] = "fulfilment_order.picked_up"
    move: ClassVar[Move] = move(S.ASSIGNED, to=S.PICKED_UP)

    courier_id: Id | None = None

    def apply(self, was: FulfilmentOrder, at_us: int) -> FulfilmentOrder:
        """Note when, and who, should it be another than was assigned."""
        return was.but(picked_up_us=at_us, courier_id=self.courier_id or was.courier_id)


class Delivered(_FulfilmentEvent):
    """The customer has the goods."""

    type: ClassVar[str] = "fulfilment_order.delivered"
    move: ClassVar[Move] = move(S.PICKED_UP, to=S.DELIVERED)

    def apply(self, was: FulfilmentOrder, at_us: int) -> FulfilmentOrder:
        """Note when."""
        return was.but(delivered_us=at_us)


class Failed(_FulfilmentEvent):
    """The delivery did not come about."""

    type: ClassVar[str] = "fulfilment_order.failed"
    move: ClassVar[Move] = move(*OPEN, to=S.FAILED)

    reason: Code = "unknown"

    def apply(self, was: FulfilmentOrder, at_us: int) -> FulfilmentOrder:  # noqa: ARG002
        """Note why."""
        return was.but(failure=self.reason)


class Cancelled(_FulfilmentEvent):
    """The delivery is not wanted any more."""

    type: ClassVar[str] = "fulfilment_order.cancelled"
    move: ClassVar[Move] = move(*BEFORE_PICK_UP, to=S.CANCELLED)


class Expected(_FulfilmentEvent):
    """The fleet's own estimate of the delivery time."""

    type: ClassVar[str] = "fulfilment_order.expected"
    move: ClassVar[Move] = move(*OPEN)

    expected_us: Instant = Field(alias="expected_at")

    def apply(self, was: FulfilmentOrder, at_us: int) -> FulfilmentOrder:  # noqa: ARG002
        """Replace the estimate."""
        return was.but(expected_us=self.expected_us)


class Promised(_FulfilmentEvent):
    """This delivery was promised for a (new) time."""

    type: ClassVar[str] = "fulfilment_order.promised"
    move: ClassVar[Move] = move(*OPEN)

    promised_us: Instant = Field(alias="promised_at")

    def apply(self, was: FulfilmentOrder, at_us: int) -> FulfilmentOrder:  # noqa: ARG002
        """Replace the promise."""
        return was.but(promised_us=self.promised_us)


class Rerouted(_FulfilmentEvent):
    """Another hub serves the delivery."""

    type: ClassVar[str] = "fulfilment_order.rerouted"
    move: ClassVar[Move] = move(*BEFORE_PICK_UP, to=S.CREATED)

    to_hub: HubId
    pick_up: Place | None = None
    pick_up_id: Id | None = None

    def apply(self, was: FulfilmentOrder, at_us: int) -> FulfilmentOrder:  # noqa: ARG002
        """Move it, without a courier, and forget what the old hub had accepted."""
        return was.but(
            hub_id=self.to_hub,
            pick_up=point(self.pick_up),
            pick_up_id=self.pick_up_id or "",
            courier_id=None,
            accepted_us=None,
        )


TYPES: Final = (
    Created,
    Accepted,
    Ready,
    Assigned,
    Unassigned,
    PickedUp,
    Delivered,
    Failed,
    Cancelled,
    Expected,
    Promised,
    Rerouted,
)
