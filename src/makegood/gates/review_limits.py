"""What was approved already for an order or a customer: splitting an amount is no way past a limit.

Kept as counters that are locked while an approval is decided, so that two approvals at once do
not each see what was before them both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind
from makegood.domain.money import MAX_MINOR
from makegood.gates import counters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from makegood.domain.actions import Action
    from makegood.domain.policy import Limits, Policies
    from makegood.gates.review_items import ReviewItem


def used(tx: Connection, action: Action, limits: Limits, now_us: int) -> int:
    """Return what counts beside this action: the most of its order's and its customer's sums."""
    keys = sorted(_ends(action, limits, now_us))
    return max(counters.sums(tx, keys, now_us).values(), default=0) if keys else 0


@dataclass(slots=True)
class Tally:
    """What several holds count on, locked: what was approved before, and what is by now.

    That is what people approve for an order and a customer, and policy's own counters: what a
    person lets pass uses them up as well, past their caps, or agents would have them whole beside.
    """

    policies: Policies
    now_us: int
    sums: dict[str, int]
    caps: dict[str, int]
    taken: list[counters.Taken] = field(default_factory=list[counters.Taken])

    @classmethod
    def of(
        cls, tx: Connection, reviews: Iterable[ReviewItem], policies: Policies, now_us: int
    ) -> Tally:
        """Lock what these holds count on, always in the same order, and read it."""
        caps: dict[str, int] = {}
        for review in reviews:
            caps |= dict.fromkeys(
                _ends(review.action, policies.approvals.limits, now_us), MAX_MINOR
            )
            caps |= {take.key: take.cap for take in _takes(review, policies, now_us)}
        return cls(policies, now_us, counters.locked(tx, caps, now_us), caps)

    def beside(self, action: Action) -> int:
        """Return what counts beside an action: the most of its order's and its customer's sums."""
        keys = _ends(action, self.policies.approvals.limits, self.now_us)
        return max((self.sums[key] for key in keys), default=0)

    def count(self, review: ReviewItem) -> None:
        """Count what is approved; `save` writes it."""
        action_id, action = review.action_id, review.action
        minor = action.money.minor if action.money is not None else 0
        ends = _ends(action, self.policies.approvals.limits, self.now_us)
        mine = [counters.Taken(action_id, key, minor, ends[key]) for key in ends]
        mine += [
            counters.Taken(action_id, take.key, take.amount, take.expires_us)
            for take in _takes(review, self.policies, self.now_us)
        ]
        for one in mine:
            self.sums[one.key] += one.amount
        self.taken += mine

    def save(self, tx: Connection) -> None:
        """Write what was counted."""
        counters.note(
            tx, self.taken, {key: max(self.caps[key], self.sums[key]) for key in self.caps}
        )
        self.taken.clear()


def _takes(review: ReviewItem, policies: Policies, now_us: int) -> list[counters.Wanted]:
    takes, _ = counters.wanted(policies.breakers.counters, review.action, review.agent, now_us)
    return takes


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
