"""What makes sense in an action's money and lines, held against the order they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.domain.actions import (
    Action,
    Cancel,
    ChangeItems,
    Coupon,
    Exchange,
    Refund,
    Return,
    Split,
)
from makegood.domain.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makegood.domain.entities import SalesOrder

_PAID_BACK = (Refund, Return, Exchange, ChangeItems)
_OF_LINES = (*_PAID_BACK, Split)


def amount(action: Action, order: SalesOrder) -> Iterator[tuple[str, str]]:
    """Say what does not make sense in an action's money: the field and why."""
    money = action.money
    if money is None:
        return
    if money.currency != order.currency:
        yield "amount.currency", f"the order is in {order.currency or 'no currency'}"
    if isinstance(action, _PAID_BACK) and money.minor > order.captured_minor - order.refunded_minor:
        yield "amount.minor", "it is more than what was captured and not refunded"
    if isinstance(action, Refund | Coupon) and money.minor == 0:
        yield "amount.minor", "it must be more than 0"
    if isinstance(action, Cancel) and money.minor != order.worth_minor:
        yield "amount.minor", f"the order is worth {_in(order, order.worth_minor)}"
    elif money.minor > order.worth_minor:
        yield "amount.minor", "it is more than the order's value"


def _in(order: SalesOrder, minor: int) -> str:
    """Return an amount in an order's currency as people write it."""
    return str(Money(minor=minor, currency=order.currency)) if order.currency else str(minor)


def lines(action: Action, order: SalesOrder) -> Iterator[tuple[str, str]]:
    """Say what does not make sense in an action's lines, where those of the order are known."""
    if not isinstance(action, _OF_LINES) or not action.lines or not order.lines:
        return
    price = {line.line_id: line.price.minor for line in order.lines}
    unknown = [line for line in action.lines if line not in price]
    if unknown:
        yield "lines", f"the order has no line {', '.join(unknown)}"
    elif isinstance(action, _PAID_BACK) and action.amount is not None:
        most = sum(price[line] for line in set(action.lines))
        if action.amount.minor > most:
            yield "amount.minor", f"it is more than the {_in(order, most)} that its lines cost"
