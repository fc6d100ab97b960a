"""What the sandbox company keeps: frozen records, replaced in dictionaries when they change.

They are the outside's own books and on purpose not the types of `makegood.domain`: the company
knows things that Makegood must not (a customer's phone) or cannot know (where a courier really
is), and Makegood learns of the rest through events and HTTP only. Instants are microseconds
since the epoch; money is `Money` in minor units.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from makegood.domain.canonical import digest
from makegood.domain.geo import Point
from makegood.domain.money import Money


class OrderStatus(StrEnum):
    """The life of an order in the order management system."""

    OPEN = "open"
    HELD = "held"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


class FulfilmentStatus(StrEnum):
    """The life of one delivery."""

    CREATED = "created"
    READY = "ready"
    PICKED_UP = "picked_up"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CourierStatus(StrEnum):
    """What a courier is doing."""

    OFF = "off"
    IDLE = "idle"
    TO_HUB = "to_hub"
    TO_CUSTOMER = "to_customer"
    SHELTERING = "sheltering"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order; `price` is for the whole quantity."""

    line_id: str
    sku: str
    quantity: int
    price: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a customer bought; `note` is the customer's own text, and never an instruction.

    `promised_us` is the promise as it stands, `first_promised_us` the one given at the start.
    `delivered_us` is set where a carrier brought all of it, without a delivery of our own.
    """

    id: str
    customer_id: str
    hub_id: str
    lines: tuple[Line, ...]
    total: Money
    placed_us: int
    promised_us: int
    first_promised_us: int
    drop_off: Point
    status: OrderStatus = OrderStatus.OPEN
    fulfilment_ids: tuple[str, ...] = ()
    note: str = ""
    delivered_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer with their history; name and phone are personal data."""

    id: str
    name: str
    phone: str
    tier: str
    orders: int = 0
    late_orders: int = 0
    refunds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A place orders leave from; a hub that is not `serving` takes no new orders."""

    id: str
    name: str
    zone: str
    position: Point
    serving: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfilment:
    """One delivery; `assignment` counts its couriers and names the one that a change replaces."""

    id: str
    order_id: str
    hub_id: str
    line_ids: tuple[str, ...]
    load: int
    drop_off: Point
    created_us: int
    promised_us: int
    ready_us: int
    status: FulfilmentStatus = FulfilmentStatus.CREATED
    courier_id: str | None = None
    assignment: int = 0
    picked_up_us: int | None = None
    delivered_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Someone who carries; `waiting` are deliveries to fetch, `carried` those on board, in order.

    `capacity` and `load` are counted in units of `Fulfilment.load`.
    """

    id: str
    hub_id: str
    vehicle: str
    capacity: int
    position: Point
    position_us: int
    shift_starts_us: int
    shift_ends_us: int
    status: CourierStatus = CourierStatus.OFF
    waiting: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    load: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """A delivery for a courier, under a key, in place of the assignment number that it replaces."""

    key: str
    fulfilment_id: str
    courier_id: str
    expected: int

    @property
    def fingerprint(self) -> str:
        """What the key stands for."""
        return digest(["assign", self.fulfilment_id, self.courier_id, self.expected])


@dataclass(frozen=True, slots=True)
class Command:
    """One change that somebody asked for and got, under the key they gave it."""

    key: str
    name: str
    subject: str
    reference: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Capture:
    """Money taken from a customer for an order."""

    order_id: str
    customer_id: str
    amount: Money
    at_us: int
    hub_id: str = ""


@dataclass(frozen=True, slots=True)
class PayOut:
    """What is to be given to an order's customer, and why."""

    order_id: str
    amount: Money
    reason: str

    def fingerprint(self) -> str:
        """Return a digest that tells this body from another under the same key."""
        return digest([self.order_id, self.amount.minor, self.amount.currency, self.reason])


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back, as it stands in the books."""

    id: str
    key: str
    paid: PayOut
    at_us: int


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon given to an order's customer, as it stands in the books."""

    id: str
    key: str
    paid: PayOut
    at_us: int


@dataclass(frozen=True, slots=True)
class Balance:
    """What was taken for an order and what was given back, in minor units."""

    order_id: str
    currency: str
    captured_minor: int
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class Message:
    """What to tell an order's customer: a template and the delay that fills it in."""

    order_id: str
    template: str
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A message as sent."""

    id: str
    key: str
    sent: Message
    at_us: int
