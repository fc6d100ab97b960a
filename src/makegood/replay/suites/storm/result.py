"""The storm's result: what `--json` prints, with means and intervals over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from makegood.replay.scenarios.frames import Frame
from makegood.replay.scores import times
from makegood.replay.suites.base import SuiteResult
from makegood.replay.suites.storm.moment import Glance
from makegood.replay.suites.storm.scoring import Scores

_RESAMPLES: Final = 10_000
_PERCENTILES: Final = (2.5, 97.5)
_FIELDS: Final = (
    "coupons",
    "coupon_minor",
    "metres",
    "drones_flown",
    "overtime_min",
    "holds",
    "kg_co2e",
    "cancelled",
    "undelivered",
)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class OnTime(_Part):
    """The share of promises kept: its mean over seeds and a 95 % bootstrap interval of it."""

    mean: float
    ci95: tuple[float, float]


class Arm(_Part):
    """One arm over all seeds: means of everything but `caps_kept`, which holds for every seed."""

    on_time: OnTime
    coupons: float
    coupon_minor: float
    caps_kept: bool
    metres: float
    drones_flown: float
    overtime_min: float
    holds: float
    kg_co2e: float
    cancelled: float
    undelivered: float


class Wall(_Part):
    """What a round of work took, in wall seconds: incident opened to last effect intended."""

    p50: float
    p95: float
    max: float
    count: int


class Checked(_Part):
    """How many facts were held against the invariants, how many did not hold, and which."""

    checked: int
    violations: int
    broken: tuple[str, ...] = ()


class SeedResult(_Part):
    """One seed: its moment, and the scores of each arm that was played."""

    seed: int
    moment: Glance | None = None
    arms: dict[str, Scores]
    by_quarter: dict[str, tuple[tuple[int, int], ...]] = {}
    decision_s: tuple[float, ...] = ()
    frames: tuple[Frame, ...] = ()
    checked: int = 0
    violations: tuple[str, ...] = ()


class SweepPoint(_Part):
    """One setting of a sweep: its name, its value, and the share kept by each arm over seeds."""

    sweep: str
    value: float
    seeds: tuple[int, ...]
    on_time: dict[str, OnTime]


class StormResult(SuiteResult):
    """What came of the storm on every seed."""

    city: str
    severity: float
    seeds: tuple[int, ...]
    arms: dict[str, Arm]
    decision_wall_s: Wall
    invariants: Checked
    moment: dict[str, float]
    runs: tuple[SeedResult, ...]
    sweeps: tuple[SweepPoint, ...] = ()


def on_time(shares: Sequence[float]) -> OnTime:
    """Return the mean with the interval of a percentile bootstrap, drawn from a fixed seed."""
    values = np.array(shares, dtype=np.float64)
    drawn = np.random.default_rng(1).integers(0, len(values), (_RESAMPLES, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), _PERCENTILES)
    return OnTime(
        mean=round(float(values.mean()), 5), ci95=(round(float(low), 5), round(float(high), 5))
    )


def summed(runs: Sequence[SeedResult], city: str, severity: float) -> StormResult:
    """Return the result over all seeds (at least one)."""
    names = list(runs[0].arms)
    spent = times([each for run in runs for each in run.decision_s])
    return StormResult(
        suite="storm",
        city=city,
        severity=severity,
        seeds=tuple(run.seed for run in runs),
        arms={name: _arm([run.arms[name] for run in runs]) for name in names},
        decision_wall_s=Wall(
            p50=round(spent.p50_s, 4),
            p95=round(spent.p95_s, 4),
            max=round(spent.max_s, 4),
            count=spent.count,
        ),
        invariants=Checked(
            checked=sum(run.checked for run in runs),
            violations=sum(len(run.violations) for run in runs),
            broken=tuple(f"seed {run.seed}: {each}" for run in runs for each in run.violations),
        ),
        moment=_moment([run.moment for run in runs if run.moment is not None]),
        runs=tuple(runs),
    )


def _arm(scores: Sequence[Scores]) -> Arm:
    def mean(name: str) -> float:
        return round(sum(getattr(each, name) for each in scores) / len(scores), 3)

    return Arm(
        on_time=on_time([each.on_time for each in scores]),
        caps_kept=all(each.caps_kept for each in scores),
        **{name: mean(name) for name in _FIELDS},
    )


def _moment(found: Sequence[Glance]) -> dict[str, float]:
    return {
        name: round(sum(getattr(each, name) for each in found) / len(found), 2)
        for name in (Glance.model_fields if found else ())
    }
