"""What came of the recorded days, and which marks they are held against."""

from __future__ import annotations

from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from makegood.replay.suites.base import SuiteResult
from makegood.replay.suites.rappi.days import Day
from makegood.replay.suites.rappi.run import Lived

MARK: Final = 0.9
"""The share of the bound that has to be kept, where the couriers on shift allow it."""

MARK_S: Final = 5.0
"""The longest that a decision may take."""


class Wall(BaseModel):
    """How long decisions took, in seconds."""

    model_config = ConfigDict(frozen=True)

    p50: float
    p95: float
    max: float


class Arm(BaseModel):
    """What one way to decide made of a day; lateness in minutes, over all that was served."""

    model_config = ConfigDict(frozen=True)

    kept: int
    served: int
    late_min_mean: float
    decision_wall_s: Wall


class DayScore(BaseModel):
    """One day: what there was, what could be kept at most, what was done, what was violated.

    `late_min_least` is how late orders are on average with a courier waiting at every shop.
    """

    model_config = ConfigDict(frozen=True)

    day: str
    orders: int
    couriers: int
    bound: int
    capacity_bound: int
    late_min_least: float
    planner: Arm
    greedy: Arm
    violations: tuple[str, ...]

    @property
    def of_bound(self) -> float:
        """The kept share of what couriers waiting at every shop would keep."""
        return self.planner.kept / self.bound if self.bound else 1.0

    @property
    def met(self) -> bool:
        """Whether the marks are met: against the bound, against greedy, and in time."""
        enough = self.planner.kept >= MARK * min(self.bound, self.capacity_bound)
        above = self.planner.kept > self.greedy.kept or self.greedy.kept >= self.capacity_bound
        return enough and above and self.planner.decision_wall_s.max < MARK_S


class RappiResult(SuiteResult):
    """All days; `interval_min` is the time between decisions in minutes."""

    interval_min: float
    charge: str
    days: tuple[DayScore, ...]


def arm(day: Day, lived: Lived) -> Arm:
    """Count what was kept and served, and how late that was."""
    drops = [
        at_s - day.orders[order].promised_s
        for trip in lived.trips
        for order, at_s in zip(trip.orders, trip.dropped_s, strict=True)
    ]
    late_s = np.maximum(0, np.array(drops, dtype=np.int64))
    walls = np.array(lived.decisions_s or (0.0,))
    p50, p95 = np.percentile(walls, (50, 95))
    return Arm(
        kept=int((late_s == 0).sum()),
        served=len(drops),
        late_min_mean=float(late_s.mean()) / 60 if drops else 0.0,
        decision_wall_s=Wall(p50=float(p50), p95=float(p95), max=float(walls.max())),
    )
