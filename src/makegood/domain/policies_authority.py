"""Policy of authority: breakers and autonomy, one YAML file each.

Nothing here has a default: a policy that does not say who may do what is an error, and a kind
of action that `autonomy.yaml` does not name is denied.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, model_validator

from makegood.domain.actions import FACTS, ActionKind, Floor
from makegood.domain.frozen import Frozen
from makegood.domain.policies_planning import Amounts

Window = Annotated[int, Field(ge=1, le=366 * 24 * 60)]


class CounterScope(StrEnum):
    """What a counter counts by."""

    ORDER = "order"
    CUSTOMER = "customer"
    HUB = "hub"
    AGENT = "agent"
    CAUSE = "cause"


class Counter(Frozen):
    """A cap on how much may pass without a person, by scope and within a rolling window."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,60}$")
    kinds: tuple[ActionKind, ...] = Field(min_length=1)
    per: CounterScope
    window_minutes: Window
    max_count: Annotated[int, Field(ge=0)] | None = None
    max_amount: Amounts | None = None

    @model_validator(mode="after")
    def _caps_something(self) -> Counter:
        if self.max_count is None and self.max_amount is None:
            message = "a counter needs max_count, max_amount or both"
            raise ValueError(message)
        return self


class Breakers(Frozen):
    """`policies/breakers.yaml`.

    `hold_kinds` always hold, beside those that the engine holds anyway. A coupon above
    `coupon_hold_above`, or in a currency it does not name, holds.
    """

    hold_kinds: tuple[ActionKind, ...]
    coupon_hold_above: Amounts
    counters: tuple[Counter, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Breakers:
        names = [counter.name for counter in self.counters]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"counters: the name {twice[0]!r} is used twice"
            raise ValueError(message)
        if not any(ActionKind.COUPON in counter.kinds for counter in self.counters):
            message = "counters: none counts coupons, so nothing would limit them"
            raise ValueError(message)
        safety = [k for k in self.hold_kinds if FACTS[k].floor is Floor.NEVER_HELD]
        if safety:
            message = f"hold_kinds: {safety[0]} is never held, because it keeps people safe"
            raise ValueError(message)
        return self


class Autonomy(StrEnum):
    """What agents may do with a kind of action."""

    ALLOW = "allow"
    HOLD = "hold"
    DENY = "deny"


_FLOOR_ALLOWS: Final[dict[Floor, tuple[Autonomy, ...]]] = {
    Floor.POLICY: tuple(Autonomy),
    Floor.COUNTERS: tuple(Autonomy),
    Floor.HOLDS_IF_MONEY: tuple(Autonomy),
    Floor.HOLDS: (Autonomy.HOLD, Autonomy.DENY),
    Floor.NEVER_HELD: (Autonomy.ALLOW,),
}


class AutonomyPolicy(Frozen):
    """`policies/autonomy.yaml`: allow, hold or deny by kind; what is not named is denied."""

    actions: dict[ActionKind, Autonomy] = Field(min_length=1)

    @model_validator(mode="after")
    def _keeps_the_floor(self) -> AutonomyPolicy:
        for kind, autonomy in self.actions.items():
            allowed = _FLOOR_ALLOWS[FACTS[kind].floor]
            if autonomy not in allowed:
                words = " or ".join(allowed)
                message = f"actions.{kind}: the engine's floor leaves {words}, not {autonomy}"
                raise ValueError(message)
        return self

    def of(self, kind: ActionKind) -> Autonomy:
        """Return what agents may do with this kind; deny where the policy does not name it."""
        return self.actions.get(kind, Autonomy.DENY)
