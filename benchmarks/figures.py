"""What a measurement is: a figure, the limit beside it, and the mark it is held against."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from makegood.clock import stopwatch_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is measured; every figure is the best of `rounds`."""

    rounds: int = 3
    orders: int = 1_600
    plan: int = 278
    plans: int = 4
    single_spends: int = 200
    entries: int = 50_000
    approvals: int = 150
    storms: int = 20
    runs: int = 60
    holds: int = 10_000
    pages: int = 30
    consoles: int = 200
    words: int = 20
    split_storms: int = 100
    sizes: int = 3
    day: int = 6_000
    city_orders: int = 0


FULL = Scale()
QUICK = Scale(
    rounds=1,
    orders=400,
    plans=1,
    single_spends=50,
    entries=10_000,
    approvals=40,
    storms=5,
    runs=20,
    holds=2_000,
    words=5,
    split_storms=5,
    sizes=2,
    day=1_000,
    city_orders=150,
)


class Better(StrEnum):
    """Whether more or less of a figure is better."""

    MORE = "more"
    LESS = "less"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure: the best of its rounds, its limit in the same unit, and its mark.

    The mark is on the ratio of the figure to its limit where `of_limit`, and on the figure itself
    otherwise.
    """

    name: str
    value: float
    unit: str
    mark: float
    better: Better
    limit: float | None = None
    limit_name: str = ""
    of_limit: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The figure as a share of its limit."""
        return None if not self.limit else self.value / self.limit

    @property
    def met(self) -> bool:
        """Whether the figure keeps its mark."""
        held = self.ratio if self.of_limit else self.value
        if held is None:
            return False
        return held >= self.mark if self.better is Better.MORE else held <= self.mark


def best(measure: Callable[[], float], better: Better, rounds: int) -> float:
    """Return the best of some rounds of a measurement."""
    taken = [measure() for _ in range(rounds)]
    return max(taken) if better is Better.MORE else min(taken)


def seconds(work: Callable[[], object]) -> float:
    """Return how many seconds `work` took."""
    began = stopwatch_s()
    work()
    return stopwatch_s() - began


def rate(work: Callable[[], int]) -> float:
    """Return how many things a second `work` did; it returns how many there were."""
    began = stopwatch_s()
    count = work()
    return count / (stopwatch_s() - began)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
