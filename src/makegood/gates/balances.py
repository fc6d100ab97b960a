"""Money of an order: what is intended, unknown and confirmed never exceeds what was captured.

The row of `order_money` is locked while a refund is spent. What payments reported as refunded
includes our own confirmed refunds, so only what goes beyond them was refunded by others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from makegood.state import query
from makegood.store.sql import among, insert_new, table
from makegood.store.tables.authority import OrderMoney

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Row

    from makegood.domain.entities import SalesOrder
    from makegood.domain.money import Money

MONEY = table(OrderMoney)
_SOME: Final = (
    select(MONEY).where(among(MONEY.c.order_id, "ids")).order_by(MONEY.c.order_id).with_for_update()
)


def left(tx: Connection, order_id: str, currency: str) -> int:
    """Return how much of an order may still be paid back, in minor units, with its row locked.

    In any other currency than the order's own that is nothing.
    """
    insert_new(tx, MONEY, {"order_id": order_id, "committed_minor": 0, "confirmed_minor": 0})
    locked = select(MONEY).where(MONEY.c.order_id == order_id).with_for_update()
    money = tx.execute(locked).one()
    order = query.sales_orders(tx, [order_id]).get(order_id)
    if order is None or order.currency != currency:
        return 0
    return _covered(order, money) - money.committed_minor


def overdrafts(tx: Connection, order_ids: Iterable[str]) -> dict[str, int]:
    """Return by how much more than an order covers is committed, in minor units, rows locked.

    Zero or less where what was captured, and not refunded by others, covers it. Orders to whose
    refunds nothing was ever committed are left out.
    """
    wanted = sorted(set(order_ids))
    if not wanted:
        return {}
    locked = list(tx.execute(_SOME, {"ids": wanted}))
    orders = query.sales_orders(tx, wanted)
    return {
        money.order_id: money.committed_minor - _covered(orders.get(money.order_id), money)
        for money in locked
    }


def _covered(order: SalesOrder | None, money: Row[Any]) -> int:
    if order is None:
        return 0
    by_others = max(0, order.refunded_minor - money.confirmed_minor)
    return order.captured_minor - by_others


def commit(tx: Connection, order_id: str, money: Money) -> bool:
    """Commit money to a refund of an order; say whether what was captured still covers it."""
    if left(tx, order_id, money.currency) < money.minor:
        return False
    own = MONEY.update().where(MONEY.c.order_id == order_id)
    tx.execute(own.values(committed_minor=MONEY.c.committed_minor + money.minor))
    return True


def confirm(tx: Connection, order_id: str, minor: int) -> None:
    """Note that committed money was paid."""
    own = MONEY.update().where(MONEY.c.order_id == order_id)
    tx.execute(own.values(confirmed_minor=MONEY.c.confirmed_minor + minor))


def free(tx: Connection, order_id: str, minor: int) -> None:
    """Give committed money back: the refund failed and nothing was paid."""
    own = MONEY.update().where(MONEY.c.order_id == order_id)
    tx.execute(own.values(committed_minor=MONEY.c.committed_minor - minor))
