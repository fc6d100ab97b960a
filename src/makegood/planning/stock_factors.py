"""The raw integer factors of a way out for an order whose goods are not there.

An order is reckoned in parts by their value: what comes, when, and what never comes. A part that
never comes is as late as the longest delay that policy still serves, and its promise surely breaks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from makegood.clock import MINUTE, SECOND
from makegood.domain.policy import BP, UNITS, FactorName, Policies
from makegood.planning.factors import late_bp

FACTORS: Final = (
    FactorName.LATENESS,
    FactorName.LATE_PROBABILITY,
    FactorName.TRAVEL,
    FactorName.VALUE_AT_RISK,
    FactorName.COST,
    FactorName.CO2E,
    FactorName.PROMISE_MOVED,
    FactorName.CHANGE,
)
"""What is looked at, in this order; a business that leaves one out of its factors drops it."""

Values = Mapping[FactorName, int]
_VEHICLE: Final = "e_bike"


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines' value in minor units, and when they arrive; None is never."""

    value_minor: int
    arrives_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one way out comes to: its parts and what it takes.

    `promised_us` is the first promise. `metres` is the way beside the one that was planned,
    `cost_minor` what the house pays for it, `moved_us` by how much the promise is moved and
    `changes` how many things the customer gets otherwise than agreed.
    """

    parts: tuple[Part, ...]
    promised_us: int
    metres: int = 0
    cost_minor: int = 0
    moved_us: int = 0
    changes: int = 0


def values_of(outcome: Outcome, now_us: int, policies: Policies) -> Values:
    """Return every factor's raw value, in the engine's units (see `UNITS`)."""
    never_s = policies.objectives.give_up_minutes * 60 + 1
    spread_bp = policies.detection.travel.spread_bp
    late_s = [_late_s(part, outcome.promised_us, never_s) for part in outcome.parts]
    likely = [_likely_bp(part, outcome.promised_us, now_us, spread_bp) for part in outcome.parts]
    weights = [max(1, part.value_minor) for part in outcome.parts]
    whole = sum(part.value_minor for part in outcome.parts)
    likely_bp = _mean(likely, weights)
    return {
        FactorName.LATENESS: _mean(late_s, weights),
        FactorName.LATE_PROBABILITY: likely_bp,
        FactorName.TRAVEL: outcome.metres,
        FactorName.VALUE_AT_RISK: whole * likely_bp // BP,
        FactorName.COST: outcome.cost_minor,
        FactorName.CO2E: policies.objectives.ways.grams(outcome.metres, _VEHICLE),
        FactorName.PROMISE_MOVED: outcome.moved_us // SECOND,
        FactorName.CHANGE: outcome.changes,
    }


def worst(all_of: Sequence[Values]) -> Values:
    """Return the worst of each factor among some ways out; there is at least one."""
    return {name: max(values[name] for values in all_of) for name in FACTORS}


def named(policies: Policies) -> tuple[FactorName, ...]:
    """Return the factors that this business looks at, in the order of `FACTORS`."""
    return tuple(name for name in FACTORS if name in policies.factors.factors)


def unit_and_weight(name: FactorName, policies: Policies) -> tuple[str, int]:
    """Return a factor's unit, and what policy says that it weighs (0 where it says nothing)."""
    return UNITS[name], policies.objectives.weights.get(name, 0)


def slot_after(arrives_us: int, now_us: int, policies: Policies) -> int:
    """Return the promise that a delivery keeps as surely as policy wants of a later slot.

    Arrival is logistic around its prediction (`factors.late_bp`), so that the promise which holds
    with likelihood s lies scale * ln(s / (1 - s)) after it; it is rounded up to policy's slots.
    """
    ways = policies.objectives.ways
    away_us = arrives_us - now_us
    scale_us = max(MINUTE, away_us * policies.detection.travel.spread_bp / BP)
    sure = ways.slot_sure_bp / BP
    safe_us = arrives_us + round(scale_us * float(np.log(sure / (1 - sure))))
    slot_us = ways.slot_minutes * MINUTE
    return -(-safe_us // slot_us) * slot_us


def _late_s(part: Part, promised_us: int, never_s: int) -> int:
    if part.arrives_us is None:
        return never_s
    return max(0, part.arrives_us - promised_us) // SECOND


def _likely_bp(part: Part, promised_us: int, now_us: int, spread_bp: int) -> int:
    if part.arrives_us is None:
        return BP
    late = np.array([part.arrives_us - promised_us], dtype=np.int64)
    away = np.array([max(0, part.arrives_us - now_us)], dtype=np.int64)
    return int(late_bp(late, away, spread_bp)[0])


def _mean(numbers: Sequence[int], weights: Sequence[int]) -> int:
    """Return the weighted mean, rounded up, so that no part of a trouble is rounded away."""
    total = sum(n * w for n, w in zip(numbers, weights, strict=True))
    return -(-total // sum(weights))
