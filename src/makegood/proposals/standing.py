"""Which orders of an incident nothing stands for yet that would put them right.

An agent plans for these alone, and a round without any has nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from makegood.domain.actions import ActionKind
from makegood.domain.authority import UNDER_WAY, ActionStatus
from makegood.domain.entities import SalesOrder
from makegood.proposals.types import Earlier

ENDS: Final = (ActionKind.REFUND, ActionKind.CANCEL)
"""What ends an order; a person's no to it, or the gate's, is the last word."""
REMEDIES: Final = (
    ActionKind.REROUTE,
    ActionKind.SUBSTITUTE,
    ActionKind.SPLIT,
    ActionKind.RESCHEDULE,
    *ENDS,
)
"""What puts an order right that is paid and does not come."""
_PAYS_BACK: Final = (
    ActionKind.REFUND,
    ActionKind.RETURN,
    ActionKind.EXCHANGE,
    ActionKind.CHANGE_ITEMS,
    ActionKind.CHANGE_ADDRESS,
    ActionKind.CHANGE_PAYMENT,
)
_OVER: Final = (
    ActionStatus.FAILED,
    ActionStatus.EXPIRED,
    ActionStatus.SUPERSEDED,
    ActionStatus.VOID,
)
_REFUSED: Final = (ActionStatus.REJECTED, ActionStatus.DENIED)


def unsettled(order_ids: Iterable[str], earlier: Sequence[Earlier]) -> tuple[str, ...]:
    """Return the orders, in the order given, for which something may still be proposed.

    That is where no remedy waits, is under way or was carried out, and where one part of ending an
    order did not come about. `earlier` is oldest first; the last word on an obligation counts.
    """
    last: dict[str, dict[str, Earlier]] = {}
    for one in earlier:
        # What met another action's obligation stands or falls with that one.
        if one.kind in REMEDIES and one.status is not ActionStatus.MET:
            last.setdefault(one.order_id, {})[str(one.obligation)] = one
    return tuple(each for each in order_ids if not _stands(tuple(last.get(each, {}).values())))


def left_to_pay_back(order: SalesOrder, earlier: Sequence[Earlier]) -> int:
    """Return what may still be paid back of an order, in minor units, after all that was granted.

    A refund that was paid may not be reported yet, and one that is under way will be.
    """
    ours = sum(
        one.amount.minor
        for one in earlier
        if one.order_id == order.id and one.amount and one.kind in _PAYS_BACK
        if one.status in (*UNDER_WAY, ActionStatus.CONFIRMED)
    )
    paid = max(order.refunded_minor, ours + order.others_refunded_minor)
    return max(0, order.captured_minor - paid)


def _stands(actions: Sequence[Earlier]) -> bool:
    if any(one.kind in ENDS and one.status in _OVER for one in actions):
        return False
    return any(
        one.status not in _OVER and (one.kind in ENDS or one.status not in _REFUSED)
        for one in actions
    )
