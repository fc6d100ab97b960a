"""The two halves of an order's end: who cancels is told where nothing pays the money back.

Both wait for people, and each can be decided by itself. Who decides on the end of an order is told
when its money would stay, for that is not what anybody expects who cancels a paid order.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from makegood.domain.actions import ActionKind, Cancel
from makegood.domain.authority import ActionStatus, Verdict
from makegood.domain.money import Money
from makegood.store import tables
from makegood.store.sql import among, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from makegood.gates.balances import Balances
    from makegood.gates.candidates import Candidate

ACTION = table(tables.authority.Action)
# What is granted is in the balance already.
_ASKED_FOR: Final = (
    select(ACTION.c.order_id, func.sum(ACTION.c.amount_minor).label("minor"))
    .where(
        among(ACTION.c.order_id, "orders"),
        ACTION.c.kind == ActionKind.REFUND,
        ACTION.c.status.in_([ActionStatus.HELD, ActionStatus.GRANTED]),
    )
    .group_by(ACTION.c.order_id)
)


def orders_of(judged: Iterable[Candidate]) -> set[str]:
    """Return the orders that some actions would end."""
    return {c.action.order_id for c in judged if isinstance(c.action, Cancel)}


def check(tx: Connection, judged: Sequence[Candidate], balance: Balances) -> None:
    """Say of the end of an order how much of its money nothing would pay back."""
    ends = [(c, c.action) for c in judged if isinstance(c.action, Cancel) and c.may_still_pass]
    if not ends:
        return
    paid = _paid_beside(judged)
    orders = sorted(action.order_id for _, action in ends)
    for row in tx.execute(_ASKED_FOR, {"orders": orders}):
        paid[row.order_id] += int(row.minor)
    for candidate, action in ends:
        currency = action.amount.currency
        kept = balance.left(action.order_id, currency) - paid[action.order_id]
        if kept > 0:
            why = (
                f"{Money(minor=kept, currency=currency)} of it would be kept: nothing pays it back"
            )
            candidate.say("cancel.keeps_money", Verdict.HOLD, why)


def _paid_beside(judged: Iterable[Candidate]) -> dict[str, int]:
    paid: dict[str, int] = defaultdict(int)
    for candidate in judged:
        money = candidate.action.pays_back
        if money is not None and candidate.may_still_pass:
            paid[candidate.action.order_id] += money.minor
    return paid
