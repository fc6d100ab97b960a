"""What can happen to a sales order."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from makegood.domain.entities import EntityKind, OrderLine, SalesOrder
from makegood.domain.frozen import Frozen
from makegood.domain.ids import IdOrNone
from makegood.domain.money import Money
from makegood.domain.statuses import SalesOrderStatus as S
from makegood.events.schema.base import (
    NEW,
    PERSONAL,
    Code,
    Count,
    EventData,
    Id,
    Instant,
    Move,
    PersonalText,
    Place,
    move,
    point,
)
from makegood.events.schema.problems import FIELD_ERROR

ANY: Final = tuple(S)
OURS: Final = "obl_"
"""What every key begins with that the house itself asks under: it is an obligation's."""
WORKING: Final = (S.PLACED, S.HELD)


class LineData(Frozen):
    """One line of an order; `price` is for the whole quantity."""

    line_id: Id
    sku: Id
    quantity: Count
    price: Money


Lines = Annotated[tuple[LineData, ...], Field(max_length=500)]


def _lines(lines: Lines) -> tuple[OrderLine, ...]:
    return tuple(OrderLine(x.line_id, x.sku, x.quantity, x.price) for x in lines)


def _one_currency(total: Money, lines: Lines) -> None:
    for n, line in enumerate(lines):
        if line.price.currency != total.currency:
            raise PydanticCustomError(
                FIELD_ERROR,
                "is not the currency of the total; an order has one currency",
                {"field": f"lines.{n}.price.currency"},
            )


class _OrderEvent(EventData[SalesOrder]):
    kind: ClassVar[EntityKind] = EntityKind.SALES_ORDER


class _MoneyEvent(_OrderEvent):
    amount: Money

    def objection(self, was: SalesOrder) -> str:
        """Money of another currency is not this order's."""
        if self.amount.currency == was.currency:
            return ""
        return f"data.amount.currency is {self.amount.currency}, the order is in {was.currency}"


class Placed(_OrderEvent):
    """A customer placed an order; `note` is the customer's own text and never an instruction."""

    type: ClassVar[str] = "sales_order.placed"
    move: ClassVar[Move] = move(NEW, to=S.PLACED)
    person: ClassVar[str] = "customer_id"

    customer_id: Id
    total: Money
    lines: Lines = ()
    promised_us: Instant | None = Field(default=None, alias="promised_at")
    drop_off: Annotated[Place | None, PERSONAL] = None
    customer_name: PersonalText = ""
    customer_phone: PersonalText = ""
    address: PersonalText = ""
    note: PersonalText = ""

    @model_validator(mode="after")
    def _money_agrees(self) -> Placed:
        _one_currency(self.total, self.lines)
        return self

    def apply(self, was: SalesOrder, at_us: int) -> SalesOrder:
        """Take everything over."""
        return was.but(
            customer_id=self.customer_id,
            currency=self.total.currency,
            total_minor=self.total.minor,
            lines=_lines(self.lines),
            placed_us=at_us,
            promised_us=self.promised_us,
            drop_off=point(self.drop_off),
            customer_name=self.customer_name,
            customer_phone=self.customer_phone,
            address=self.address,
            note=self.note,
        )


class Promised(_OrderEvent):
    """The customer was promised a (new) time."""

    type: ClassVar[str] = "sales_order.promised"
    move: ClassVar[Move] = move(*WORKING)

    promised_us: Instant = Field(alias="promised_at")

    def apply(self, was: SalesOrder, at_us: int) -> SalesOrder:  # noqa: ARG002
        """Replace the promise."""
        return was.but(promised_us=self.promised_us)


class PaymentCaptured(_MoneyEvent):
    """Payments took money; the order's captured balance grows by it."""

    type: ClassVar[str] = "sales_order.payment_captured"
    move: ClassVar[Move] = move(*ANY)

    def apply(self, was: SalesOrder, at_us: int) -> SalesOrder:
        """Add to the captured balance, and note when there first was one."""
        return was.but(
            captured_minor=was.captured_minor + self.amount.minor,
            paid_us=at_us if was.paid_us is None else was.paid_us,
        )


class PaymentFailed(_OrderEvent):
    """Payments could not take the money."""

    type: ClassVar[str] = "sales_order.payment_failed"
    move: ClassVar[Move] = move(*ANY)

    reason: Code


class PaymentRefunded(_MoneyEvent):
    """Payments gave money back; the order's refunded balance grows by it.

    `key` is the idempotency key under which it was asked for, empty where there was none, as
    when staff do it by hand. Without the field nobody can tell the house's own refunds from
    those of others: then what is reported counts as its own, up to what it has paid.
    """

    type: ClassVar[str] = "sales_order.payment_refunded"
    move: ClassVar[Move] = move(*ANY)

    key: IdOrNone | None = None

    def apply(self, was: SalesOrder, at_us: int) -> SalesOrder:  # noqa: ARG002
        """Add to the refunded balance, and to what others paid back."""
        others = 0 if self.key is None or self.key.startswith(OURS) else self.amount.minor
        return was.but(
            refunded_minor=was.refunded_minor + self.amount.minor,
            others_refunded_minor=was.others_refunded_minor + others,
        )


class CouponIssued(_MoneyEvent):
    """The customer got a coupon for this order."""

    type: ClassVar[str] = "sales_order.coupon_issued"
    move: ClassVar[Move] = move(*ANY)

    def apply(self, was: SalesOrder, at_us: int) -> SalesOrder:  # noqa: ARG002
        """Add to the sum of coupons."""
        return was.but(coupon_minor=was.coupon_minor + self.amount.minor)


class AddressChanged(_OrderEvent):
    """The customer wants it delivered elsewhere."""

    type: ClassVar[str] = "sales_order.address_changed"
    move: ClassVar[Move] = move(*WORKING)
    person: ClassVar[str] = "customer_id"

    customer_id: Id
    drop_off: Annotated[Place | None, PERSONAL] = None
    address: PersonalText = ""

    def objection(self, was: SalesOrder) -> str:
        """Only the customer's own address can change, and under the customer's own key."""
        return "" if self.customer_id == was.customer_id else "data.customer_id is another customer"

    def apply(self, was: SalesOrder, at_us: int) -> SalesOrder:  # noqa: ARG002
        """Replace address and place."""
        return was.but(drop_off=point(self.drop_off), address=self.address)


class ItemsChanged(_OrderEvent):
    """The lines of an order changed, and with them its total."""

    type: ClassVar[str] = "sales_order.items_changed"
    move: ClassVar[Move] = move(*WORKING)

    total: Money
    lines: Lines

    @model_validator(mode="after")
    def _money_agrees(self) -> ItemsChanged:
        _one_currency(self.total, self.lines)
        return self

    def objection(self, was: SalesOrder) -> str:
        """Refuse another currency: an order keeps its own."""
        if self.total.currency == was.currency:
            return ""
        return f"data.total.currency is {self.total.currency}, the order is in {was.currency}"

    def apply(self, was: SalesOrder, at_us: int) -> SalesOrder:  # noqa: ARG002
        """Replace lines and total."""
        return was.but(total_minor=self.total.minor, lines=_lines(self.lines))


class PutOnHold(_OrderEvent):
    """Nobody works on the order until it is released."""

    type: ClassVar[str] = "sales_order.put_on_hold"
    move: ClassVar[Move] = move(S.PLACED, to=S.HELD)


class Released(_OrderEvent):
    """Work on a held order goes on."""

    type: ClassVar[str] = "sales_order.released"
    move: ClassVar[Move] = move(S.HELD, to=S.PLACED)


class Delivered(_OrderEvent):
    """Everything the customer ordered has arrived."""

    type: ClassVar[str] = "sales_order.delivered"
    move: ClassVar[Move] = move(*WORKING, to=S.DELIVERED)

    def apply(self, was: SalesOrder, at_us: int) -> SalesOrder:
        """Note when."""
        return was.but(delivered_us=at_us)


class Cancelled(_OrderEvent):
    """The order will not be delivered."""

    type: ClassVar[str] = "sales_order.cancelled"
    move: ClassVar[Move] = move(*WORKING, to=S.CANCELLED)

    reason: Code = "unknown"

    def apply(self, was: SalesOrder, at_us: int) -> SalesOrder:  # noqa: ARG002
        """Note why."""
        return was.but(cancel_reason=self.reason)


class Closed(_OrderEvent):
    """Nothing more is expected of the order."""

    type: ClassVar[str] = "sales_order.closed"
    move: ClassVar[Move] = move(S.DELIVERED, S.CANCELLED, to=S.CLOSED)


TYPES: Final = (
    Placed,
    Promised,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    CouponIssued,
    AddressChanged,
    ItemsChanged,
    PutOnHold,
    Released,
    Delivered,
    Cancelled,
    Closed,
)
