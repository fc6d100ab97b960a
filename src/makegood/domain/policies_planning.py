"""Policy of planning: factors, objectives and compensation, one YAML file each."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Final

from pydantic import Field, RootModel, model_validator

from makegood.domain.frozen import Frozen
from makegood.domain.money import MAX_MINOR, Currency
from makegood.domain.policies_detection import BP, Minutes

Minor = Annotated[int, Field(ge=0, le=MAX_MINOR)]


class Amounts(RootModel[dict[Currency, Minor]]):
    """An amount for each currency it is known in, in minor units; others have none."""

    model_config = {"frozen": True}

    def of(self, currency: str) -> int | None:
        """Return the amount in one currency, or None where the policy names none."""
        return self.root.get(currency)


class FactorName(StrEnum):
    """Every factor that the engine can compute of an option."""

    LATENESS = "lateness"
    LATE_PROBABILITY = "late_probability"
    TRAVEL = "travel"
    VALUE_AT_RISK = "value_at_risk"
    CROWDING = "crowding"
    DISPLACEMENT = "displacement"
    WORKLOAD = "workload"
    CHANGE = "change"
    COST = "cost"
    CO2E = "co2e"
    PROMISE_MOVED = "promise_moved"


BEYOND_COURIERS: Final = frozenset({FactorName.COST, FactorName.CO2E, FactorName.PROMISE_MOVED})
"""Factors of ways out beside couriers of one's own, which have no part in plans for these."""

UNITS: Final[dict[FactorName, str]] = {
    FactorName.LATENESS: "s",
    FactorName.LATE_PROBABILITY: "bp",
    FactorName.TRAVEL: "m",
    FactorName.VALUE_AT_RISK: "minor",
    FactorName.CROWDING: "s",
    FactorName.DISPLACEMENT: "bp",
    FactorName.WORKLOAD: "load",
    FactorName.CHANGE: "changes",
    FactorName.COST: "minor",
    FactorName.CO2E: "g",
    FactorName.PROMISE_MOVED: "s",
}


class Factor(Frozen):
    """What a factor counts: its unit, which is the engine's, and its meaning in plain words."""

    unit: str
    meaning: str = Field(min_length=1)


class Factors(Frozen):
    """`policies/factors.yaml`: the factors that this business looks at, in their order."""

    factors: dict[FactorName, Factor] = Field(min_length=1)

    @model_validator(mode="after")
    def _units_are_the_engine_s(self) -> Factors:
        for name, factor in self.factors.items():
            if factor.unit != UNITS[name]:
                message = f"{name} is computed in {UNITS[name]!r}, not in {factor.unit!r}"
                raise ValueError(message)
        return self


class Ways(Frozen):
    """What may become of an order that the plan for couriers leaves late.

    A promise is moved only where it breaks with at least `promise_sure_bp` of likelihood, and the
    later slot is one that is kept with `slot_sure_bp`, on a multiple of `slot_minutes`. Another
    hub needs `repack_minutes` until it has packed. Couriers whose vehicle stands in `partner_fee`
    belong to another fleet, which asks that much for a delivery. `co2e_g_km` is by vehicle, and
    one that it does not name counts as its dirtiest.
    """

    promise_sure_bp: int = Field(default=9_900, ge=0, le=BP)
    slot_sure_bp: int = Field(default=9_000, ge=BP // 2, lt=BP)
    slot_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 15
    repack_minutes: Minutes = 12
    partner_fee: dict[str, Amounts] = Field(default_factory=dict[str, Amounts])
    co2e_g_km: dict[str, Annotated[int, Field(ge=0, le=10_000)]] = Field(
        default_factory=dict[str, int]
    )

    def grams(self, metres: int, vehicle: str) -> int:
        """Return the grams of CO2 equivalents for some metres of a vehicle's way."""
        dirtiest = max(self.co2e_g_km.values(), default=0)
        return metres * self.co2e_g_km.get(vehicle, dirtiest) // 1_000


class StockWays(Frozen):
    """What it costs to serve an order whose goods are not there, by currency in minor units.

    `transfer` is for taking them from another hub, `second_trip` for bringing an order in two
    deliveries. A way out whose cost is not known in the order's currency is not offered.
    """

    transfer: Amounts = Field(default_factory=lambda: Amounts({}))
    second_trip: Amounts = Field(default_factory=lambda: Amounts({}))


class Objectives(Frozen):
    """`policies/objectives.yaml`: what each factor weighs; the least weighted sum is the best.

    `nearest`: how many couriers are considered for each order.
    `give_up_minutes`: an order whose best option is later than this can no longer be served.
    `iterations`: how often a joint plan is taken apart in the neighbourhood of one order and put
    together again. `sure_bp`: how likely an order must be late, with the plan carried out, before
    its customer is compensated.
    """

    weights: dict[FactorName, Annotated[int, Field(ge=0, le=1_000_000)]] = Field(min_length=1)
    nearest: int = Field(ge=1, le=100)
    give_up_minutes: Annotated[int, Field(ge=1)]
    iterations: int = Field(default=100, ge=0, le=100_000)
    sure_bp: int = Field(default=BP // 2, ge=0, le=BP)
    ways: Ways = Field(default_factory=Ways)
    stock: StockWays = Field(default_factory=StockWays)


class Step(Frozen):
    """One rung: from this predicted delay on, a base amount and a share of the order's value."""

    from_minutes: Minutes
    base: Amounts
    value_bp: int = Field(ge=0, le=BP)


class History(Frozen):
    """What earlier broken promises add, in basis points each and at most."""

    late_order_bp: int = Field(ge=0, le=BP)
    max_bp: int = Field(ge=0, le=BP)


class Caps(Frozen):
    """The most that the ladder proposes: an order, a customer within a window, a hub an hour."""

    order: Amounts
    customer: Amounts
    customer_window_minutes: Annotated[int, Field(ge=1)]
    hub_hour: Amounts


class Compensation(Frozen):
    """`policies/compensation.yaml`: the ladder.

    A coupon is (base + share of the order's value) x tier, plus what history adds, rounded up to
    `round_to` and cut by the caps. A currency without an amount gets no coupon.
    """

    steps: tuple[Step, ...] = Field(min_length=1)
    tiers: dict[str, Annotated[int, Field(ge=0, le=10 * BP)]]
    history: History
    round_to: Amounts
    caps: Caps

    @model_validator(mode="after")
    def _rises_and_has_a_standard(self) -> Compensation:
        if any(a.from_minutes >= b.from_minutes for a, b in pairwise(self.steps)):
            message = "steps must rise in from_minutes from step to step"
            raise ValueError(message)
        if "standard" not in self.tiers:
            message = "tiers needs the key 'standard', for customers of no other tier"
            raise ValueError(message)
        return self
