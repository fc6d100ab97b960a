"""What was approved already for an order or a customer: splitting an amount is no way past a limit.

Kept as counters that are locked while an approval is decided, so that two approvals at once do
not each see what was before them both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind
from makegood.gates import counters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from makegood.domain.actions import Action
    from makegood.domain.policy import Limits


def used(tx: Connection, action: Action, limits: Limits, now_us: int) -> int:
    """Return what counts beside this action: the most of its order's and its customer's sums."""
    keys = sorted(_ends(action, limits, now_us))
    return max(counters.sums(tx, keys, now_us).values(), default=0) if keys else 0


@dataclass(slots=True)
class Tally:
    """What several actions count on, locked: what was approved before, and what is by now."""

    limits: Limits
    now_us: int
    sums: dict[str, int]
    taken: list[counters.Taken] = field(default_factory=list[counters.Taken])

    @classmethod
    def of(cls, tx: Connection, actions: Iterable[Action], limits: Limits, now_us: int) -> Tally:
        """Lock what these actions count on, always in the same order, and read it."""
        keys = sorted({key for action in actions for key in _ends(action, limits, now_us)})
        return cls(limits, now_us, counters.sums(tx, keys, now_us))

    def beside(self, action: Action) -> int:
        """Return what counts beside an action: the most of its order's and its customer's sums."""
        keys = _ends(action, self.limits, self.now_us)
        return max((self.sums[key] for key in keys), default=0)

    def count(self, action_id: str, action: Action) -> None:
        """Count money that is approved; `save` writes it."""
        minor = action.money.minor if action.money is not None else 0
        for key, ends_us in _ends(action, self.limits, self.now_us).items():
            self.sums[key] += minor
            self.taken.append(counters.Taken(action_id, key, minor, ends_us))

    def save(self, tx: Connection) -> None:
        """Write what was counted."""
        counters.note(tx, self.taken)
        self.taken.clear()


def _ends(action: Action, limits: Limits, now_us: int) -> dict[str, int]:
    """Return until when the action's money counts, by key."""
    money = action.money
    # A cancellation's amount is the order's value: what is paid back is a refund of its own.
    if money is None or not money.minor or action.kind is ActionKind.CANCEL:
        return {}
    order = f"approved-per-order|{action.order_id}|{money.currency}"
    ends = {order: now_us + limits.order_window_minutes * MINUTE}
    if action.customer_id:
        customer = f"approved-per-customer|{action.customer_id}|{money.currency}"
        ends[customer] = now_us + limits.customer_window_minutes * MINUTE
    return ends
