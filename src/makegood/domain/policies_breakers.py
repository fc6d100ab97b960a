"""Policy of breakers: what holds for a person (`policies/breakers.yaml`).

The engine's own floor stands above all of it: nothing here lets pass what the engine holds, and
nothing here holds what keeps people safe.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, ValidationInfo, field_validator, model_validator

from makegood.domain import expressions
from makegood.domain.actions import FACTS, ActionKind, Floor
from makegood.domain.frozen import Frozen
from makegood.domain.policies_detection import BP
from makegood.domain.policies_planning import Amounts

Window = Annotated[int, Field(ge=1, le=366 * 24 * 60)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,60}$")]
Share = Annotated[int, Field(ge=1, le=BP)]
Kinds = Annotated[tuple[ActionKind, ...], Field(min_length=1)]

LONGEST_BYPASS_MINUTES: Final = 8 * 60
"""The engine's own limit; policy names a shorter one."""


class CounterScope(StrEnum):
    """What a counter counts by."""

    ORDER = "order"
    CUSTOMER = "customer"
    HUB = "hub"
    AGENT = "agent"
    CAUSE = "cause"


class Counter(Frozen):
    """A cap on how much may pass without a person, by scope and within a rolling window."""

    name: Name
    kinds: Kinds
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


class Condition(Frozen):
    """A CEL expression over the typed fields of some kinds of action: where it is true, it holds.

    `why` is what the reviewer reads.
    """

    name: Name
    kinds: Kinds
    when: str = Field(min_length=1, max_length=2000)
    why: str = Field(min_length=1, max_length=200)

    @field_validator("when")
    @classmethod
    def _is_an_expression(cls, when: str, info: ValidationInfo) -> str:
        kinds = info.data.get("kinds")
        if kinds:
            expressions.condition(kinds, when)
        return when


class Watched(StrEnum):
    """What makes a velocity breaker trip."""

    COUNT = "count"
    SUM = "sum"
    FAILURES = "failures"
    REJECTIONS = "rejections"
    NORM = "norm"


class VelocityScope(StrEnum):
    """What a velocity breaker watches, and stops, by itself."""

    EVERYTHING = "everything"
    HUB = "hub"
    AGENT = "agent"
    KIND = "kind"
    TOOL = "tool"
    CAUSE = "cause"


class Norm(Frozen):
    """How far above the norm of its hour of the day (UTC) a count may be.

    The norm is the mean over the last `days` days in that hour; `spreads` standard deviations
    above it are still fine, where a spread is never less than that of chance arrivals (the root
    of the mean). It says nothing before `known_days` days were seen.
    """

    days: Annotated[int, Field(ge=2, le=60)]
    known_days: Annotated[int, Field(ge=2, le=60)]
    spreads: Annotated[int, Field(ge=1, le=20)]

    @model_validator(mode="after")
    def _can_be_known(self) -> Norm:
        if self.known_days > self.days:
            message = "known_days must not be more than days"
            raise ValueError(message)
        return self


class Velocity(Frozen):
    """A circuit breaker: closed, open, half-open; a person resets it.

    It trips on exactly one thing: more than `max_count` actions or `max_amount` of money within
    the window; a share of failures of the tool (`max_failures_bp`) or of rejections by reviewers
    (`max_rejections_bp`) above so many basis points; or a count above the hour's `norm`. Shares
    and norms say nothing below `at_least` samples.

    Open, everything in its scope holds, and no approval goes out. After `open_minutes` it is
    half-open: `probes` approvals may go out, and a probe that fails or a hold that is rejected
    opens it again.
    """

    name: Name
    kinds: Kinds
    per: VelocityScope
    window_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)]
    max_count: Annotated[int, Field(ge=1)] | None = None
    max_amount: Amounts | None = None
    max_failures_bp: Share | None = None
    max_rejections_bp: Share | None = None
    norm: Norm | None = None
    at_least: Annotated[int, Field(ge=1)] = 1
    open_minutes: Window
    probes: Annotated[int, Field(ge=1, le=100)]

    @model_validator(mode="after")
    def _trips_on_one_thing(self) -> Velocity:
        limits = [name for name in _LIMITS if getattr(self, name) is not None]
        if len(limits) != 1:
            message = f"it needs exactly one of {', '.join(_LIMITS)}, not {len(limits)}"
            raise ValueError(message)
        if self.per is VelocityScope.TOOL and self.watched is not Watched.FAILURES:
            message = "per: tool goes with max_failures_bp alone"
            raise ValueError(message)
        if self.watched is Watched.NORM and self.window_minutes != 60:  # noqa: PLR2004 -- an hour
            message = "window_minutes: a norm is of an hour, so it must be 60"
            raise ValueError(message)
        return self

    @property
    def watched(self) -> Watched:
        """What makes it trip."""
        # Asked for every action that passes a breaker, so in the shortest way there is.
        if self.max_count is not None:
            return Watched.COUNT
        if self.max_amount is not None:
            return Watched.SUM
        if self.max_failures_bp is not None:
            return Watched.FAILURES
        return Watched.NORM if self.max_rejections_bp is None else Watched.REJECTIONS


_LIMITS: Final = ("max_count", "max_amount", "max_failures_bp", "max_rejections_bp", "norm")


class Confidence(Frozen):
    """When the gate itself does not trust what an action rests on.

    `fresh_weather_for`: with the cause weather, they hold while the hub's weather is stale or was
    never heard of. `fresh_couriers_for`: they hold while nothing is heard of the courier they name.
    `needs`: facts of the entity, by kind, that must be known. `score_margins`: the least by which
    the chosen option must beat the best other one, by kind, in points of the score; a joint plan
    is not asked, where orders displace each other.
    """

    fresh_weather_for: tuple[ActionKind, ...]
    fresh_couriers_for: tuple[ActionKind, ...]
    needs: dict[ActionKind, tuple[str, ...]]
    score_margins: dict[ActionKind, int]


class BypassPolicy(Frozen):
    """How long a bypass of breakers may last, and how long a request for one waits."""

    longest_minutes: Annotated[int, Field(ge=1, le=LONGEST_BYPASS_MINUTES)]
    confirm_minutes: Annotated[int, Field(ge=1, le=24 * 60)]


class Breakers(Frozen):
    """`policies/breakers.yaml`.

    `hold_kinds` always hold, beside those that the engine holds anyway. A coupon above
    `coupon_hold_above`, or in a currency it does not name, holds.
    """

    hold_kinds: tuple[ActionKind, ...]
    coupon_hold_above: Amounts
    counters: tuple[Counter, ...] = Field(min_length=1)
    conditions: tuple[Condition, ...]
    velocity: tuple[Velocity, ...]
    confidence: Confidence
    bypass: BypassPolicy

    @field_validator("counters")
    @classmethod
    def _coupons_are_counted(cls, counters: tuple[Counter, ...]) -> tuple[Counter, ...]:
        if not any(ActionKind.COUPON in counter.kinds for counter in counters):
            message = "none counts coupons, so nothing would limit them"
            raise ValueError(message)
        return counters

    @field_validator("counters", "conditions", "velocity")
    @classmethod
    def _names_differ(
        cls, named: tuple[Counter | Condition | Velocity, ...]
    ) -> tuple[Counter | Condition | Velocity, ...]:
        names = [one.name for one in named]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"the name {twice[0]!r} is used twice"
            raise ValueError(message)
        return named

    @model_validator(mode="after")
    def _leaves_safety_alone(self) -> Breakers:
        _never_held("hold_kinds", self.hold_kinds)
        for condition in self.conditions:
            _never_held(f"conditions {condition.name}", condition.kinds)
        for velocity in self.velocity:
            _never_held(f"velocity {velocity.name}", velocity.kinds)
        return self


def _never_held(where: str, kinds: Iterable[ActionKind]) -> None:
    for kind in kinds:
        if FACTS[kind].floor is Floor.NEVER_HELD:
            message = f"{where}: {kind} is never held, because it keeps people safe"
            raise ValueError(message)
