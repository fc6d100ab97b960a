"""Policy of approvals: who may decide what, how long a hold waits, and what ends it.

Nothing here has a default: a policy that does not say who may do what is an error.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from makegood.domain.actions import ActionKind
from makegood.domain.frozen import Frozen
from makegood.domain.policies_planning import Amounts
from makegood.domain.roles import Role

if TYPE_CHECKING:
    from makegood.domain.money import Money

Window = Annotated[int, Field(ge=1, le=366 * 24 * 60)]
Lead = Annotated[int, Field(ge=0, le=7 * 24 * 60)]
Change = tuple[str, str, str | int | None, str | int | None]
"""A fact that moved: entity, fact, before, now."""


class ApprovalRule(Frozen):
    """Who may decide actions of these kinds up to an amount, and how many of them it takes.

    An action without money needs only its kind to be named; one in a currency that `up_to` does
    not name is not covered by the rule.
    """

    kinds: tuple[ActionKind, ...] = Field(min_length=1)
    roles: tuple[Role, ...] = Field(min_length=1)
    up_to: Amounts
    deciders: int = Field(ge=1, le=2)


class Limits(Frozen):
    """How far back money that was approved counts towards `up_to`, so that splitting is no way.

    What was approved for the same order, or for the same customer, within its window is added to
    what is decided now. A cancellation counts alone: it pays nothing by itself.
    """

    order_window_minutes: Window
    customer_window_minutes: Window


@cache
def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        message = f"{name!r} is not an IANA time zone; use one such as Asia/Shanghai"
        raise ValueError(message) from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]


class Rung(Frozen):
    """One step of the escalation ladder: when a hold climbs to it, and who is told then."""

    after_minutes: Window
    tell: tuple[Role, ...] = Field(min_length=1)


class Deadline(Frozen):
    """How long a hold waits: it warns, climbs the ladder, and expires; it never approves."""

    warn_minutes: Window
    ladder: tuple[Rung, ...] = Field(min_length=1)
    expire_minutes: Window

    @model_validator(mode="after")
    def _in_order(self) -> Deadline:
        rungs = (rung.after_minutes for rung in self.ladder)
        moments = (self.warn_minutes, *rungs, self.expire_minutes)
        if any(a > b for a, b in pairwise(moments)):
            message = (
                "warn_minutes, the after_minutes of the ladder and expire_minutes must not fall"
            )
            raise ValueError(message)
        return self


class Priority(Frozen):
    """How money and escalation bring a hold forward in the queue, which else goes by deadline.

    Every `unit` of money at risk is `lead_minutes` nearer to the deadline, `most_minutes` in all;
    a currency that `unit` does not name counts as the most. Every rung is `rung_minutes` more.
    """

    unit: Amounts
    lead_minutes: Lead
    most_minutes: Lead
    rung_minutes: Lead

    def lead_of(self, money: Money | None) -> int:
        """Return by how many minutes money at risk brings a hold forward."""
        if money is None:
            return 0
        unit = self.unit.of(money.currency)
        if not unit:
            return self.most_minutes
        return min(self.most_minutes, money.minor * self.lead_minutes // unit)


Fact = Literal[
    "status",
    "promised_us",
    "delivered_us",
    "captured_minor",
    "refunded_minor",
    "courier_id",
    "assignment",
    "capacity",
]


class MaterialChange(Frozen):
    """A change that voids a hold of these kinds; any other change makes it stale.

    `becomes` narrows it to what the fact is now. `by_bp` narrows it to an amount that moved by at
    least that share (basis points) of the money that the action would send out.
    """

    kinds: tuple[ActionKind, ...] = Field(min_length=1)
    fact: Fact
    becomes: tuple[str, ...] | None = Field(default=None, min_length=1)
    by_bp: Annotated[int, Field(ge=1, le=100 * 10_000)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> MaterialChange:
        if self.by_bp is not None and not self.fact.endswith("_minor"):
            message = f"by_bp needs an amount, such as refunded_minor; {self.fact} is none"
            raise ValueError(message)
        return self

    def covers(self, kind: ActionKind, money: Money | None, change: Change) -> bool:
        """Say whether a change of a fact that an action stands on is of this sort."""
        _, fact, before, now = change
        if kind not in self.kinds or fact != self.fact:
            return False
        if self.becomes is not None and str(now) not in self.becomes:
            return False
        if self.by_bp is None:
            return True
        if not isinstance(before, int) or not isinstance(now, int):
            return True
        return money is None or abs(now - before) * 10_000 >= money.minor * self.by_bp


class Approvals(Frozen):
    """`policies/approvals.yaml`; rules are tried in order, and the first that covers decides.

    `claim_minutes` is how long a hold that somebody took stays theirs, `undo_seconds` how long
    the console lets them take an approval back, and `grant_minutes` how long a grant may stay
    unspent. `hub_zones` is for showing times; a hub that it does not name shows the zone that its
    own events gave.
    """

    rules: tuple[ApprovalRule, ...] = Field(min_length=1)
    limits: Limits
    deadline: Deadline
    priority: Priority
    materiality: tuple[MaterialChange, ...]
    claim_minutes: Annotated[int, Field(ge=1, le=24 * 60)]
    undo_seconds: Annotated[int, Field(ge=0, le=60)]
    grant_minutes: Window
    hub_zones: dict[str, Zone]

    def rule_for(self, kind: ActionKind, minor: int | None, currency: str) -> ApprovalRule | None:
        """Return the first rule that covers an action, or None: then nobody may decide it."""
        for rule in self.rules:
            if kind not in rule.kinds:
                continue
            if minor is None:
                return rule
            limit = rule.up_to.of(currency)
            if limit is not None and minor <= limit:
                return rule
        return None

    def material(
        self, kind: ActionKind, money: Money | None, changes: tuple[Change, ...]
    ) -> tuple[Change, ...]:
        """Return those of the changes that void a hold of an action of this kind and amount."""
        return tuple(
            change
            for change in changes
            if any(rule.covers(kind, money, change) for rule in self.materiality)
        )
