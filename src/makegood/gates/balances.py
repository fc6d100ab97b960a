"""Money of an order: what is intended, unknown and confirmed never exceeds what was captured.

The row of `order_money` is locked while a refund is spent. What payments reported as refunded
includes our own confirmed refunds, so only what goes beyond them was refunded by others, besides
what payments say was: ours may not have been reported yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select

from makegood.state import query
from makegood.store.sql import among, bulk, table, update_each
from makegood.store.tables.authority import OrderMoney

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Row, Update

    from makegood.domain.entities import SalesOrder
    from makegood.domain.money import Money

MONEY = table(OrderMoney)
_SOME: Final = (
    select(MONEY).where(among(MONEY.c.order_id, "ids")).order_by(MONEY.c.order_id).with_for_update()
)
_ONE: Final = MONEY.update().where(MONEY.c.order_id == bindparam("b_order"))
_COMMIT: Final = _ONE.values(committed_minor=MONEY.c.committed_minor + bindparam("b_minor"))
_CONFIRM: Final = _ONE.values(confirmed_minor=MONEY.c.confirmed_minor + bindparam("b_minor"))
_FREE: Final = _ONE.values(committed_minor=MONEY.c.committed_minor - bindparam("b_minor"))


@dataclass(slots=True)
class Balances:
    """Some orders with their rows locked: what may still be paid back, and what is taken of it."""

    orders: dict[str, SalesOrder]
    rows: dict[str, Row[Any]]
    taken: dict[str, int] = field(default_factory=dict[str, int])

    def left(self, order_id: str, currency: str) -> int:
        """Return how much of an order may still be paid back, in minor units.

        In any other currency than the order's own that is nothing.
        """
        order, money = self.orders.get(order_id), self.rows.get(order_id)
        if order is None or order.currency != currency or money is None:
            return 0
        return _covered(order, money) - money.committed_minor - self.taken.get(order_id, 0)

    def take(self, order_id: str, money: Money) -> bool:
        """Commit money to a refund of an order; say whether what was captured still covers it."""
        if self.left(order_id, money.currency) < money.minor:
            return False
        self.taken[order_id] = self.taken.get(order_id, 0) + money.minor
        return True

    def save(self, tx: Connection) -> None:
        """Write what was taken."""
        _change(tx, _COMMIT, self.taken)


def locked(tx: Connection, order_ids: Iterable[str]) -> Balances:
    """Return the balances of some orders, whose rows are locked until this transaction ends."""
    wanted = sorted(set(order_ids))
    if not wanted:
        return Balances({}, {})
    new = [{"order_id": one, "committed_minor": 0, "confirmed_minor": 0} for one in wanted]
    bulk(tx, MONEY, new, "ignore")
    rows = {row.order_id: row for row in tx.execute(_SOME, {"ids": wanted})}
    return Balances(query.sales_orders(tx, wanted), rows)


@dataclass(frozen=True, slots=True)
class Standing:
    """An order's captured money in minor units: paid back, on its way back, and what is left.

    They sum to what was captured, unless more was refunded by others than that.
    """

    back_minor: int
    going_minor: int
    left_minor: int


def standing(tx: Connection, order: SalesOrder) -> Standing:
    """Return how an order's money stands at this moment; nothing is locked by looking."""
    row = tx.execute(select(MONEY).where(MONEY.c.order_id == order.id)).one_or_none()
    if row is None:
        back = order.refunded_minor
        return Standing(back, 0, max(0, order.captured_minor - back))
    back = order.captured_minor - _covered(order, row) + row.confirmed_minor
    going = row.committed_minor - row.confirmed_minor
    return Standing(back, going, max(0, order.captured_minor - back - going))


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
    known = order.others_refunded_minor
    unsaid = max(0, order.refunded_minor - known - money.confirmed_minor)
    return order.captured_minor - known - unsaid


def confirm(tx: Connection, refunds: Iterable[tuple[str, Money]]) -> None:
    """Note that committed money was paid, by order."""
    _change(tx, _CONFIRM, _sums(refunds))


def free(tx: Connection, refunds: Iterable[tuple[str, Money]]) -> None:
    """Give committed money back, by order: the refunds failed and nothing was paid."""
    _change(tx, _FREE, _sums(refunds))


def _sums(refunds: Iterable[tuple[str, Money]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for order_id, money in refunds:
        sums[order_id] = sums.get(order_id, 0) + money.minor
    return sums


def _change(tx: Connection, statement: Update, minor: dict[str, int]) -> None:
    rows = [{"b_order": order_id, "b_minor": minor[order_id]} for order_id in sorted(minor)]
    update_each(tx, statement, rows)
