"""The suite `rappi`: promises kept on whole recorded days, beside greedy and what is possible."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from makegood.errors import InvalidInput
from makegood.replay.suites import archives
from makegood.replay.suites.base import (
    Charge,
    Section,
    SuiteOptions,
    SuiteResult,
    Table,
    Watch,
)
from makegood.replay.suites.parallel import each
from makegood.replay.suites.rappi import tell
from makegood.replay.suites.rappi.bounds import capacity_bound, least_late_s
from makegood.replay.suites.rappi.checks import violations
from makegood.replay.suites.rappi.days import folders, read
from makegood.replay.suites.rappi.fleet import Orders
from makegood.replay.suites.rappi.greedy import greedy
from makegood.replay.suites.rappi.planner import Planner, warm
from makegood.replay.suites.rappi.result import DayScore, RappiResult, arm
from makegood.replay.suites.rappi.rules import EVERY_S
from makegood.replay.suites.rappi.run import live

_MOST_MIN: Final = 60


@dataclass(frozen=True, slots=True)
class Task:
    """One day to live through."""

    folder: Path
    every_s: int
    charge: Charge

    def __str__(self) -> str:
        return f"day {self.folder.name}"


class RappiSuite:
    """Whole days of a delivery platform."""

    name = "rappi"
    about = "promises kept on recorded days of up to 24,700 orders"

    def run(self, options: SuiteOptions, watch: Watch) -> RappiResult:
        """Live through every day with the planner and with greedy.

        Raises:
            InvalidInput: an option does not fit, or the days cannot be read.

        """
        if options.seeds is not None:
            raise InvalidInput("--seeds", "nothing is drawn on recorded days", "leave it out")
        if options.arms:
            raise InvalidInput("--arms", "planner and greedy always run", "leave it out")
        every_s = _every_s(options.interval_min)
        found = folders(archives.folder(options, self.name))
        tasks = [Task(path, every_s, options.charge) for path in found]
        days = each(score, tasks, options.jobs, watch)
        charge = str(options.charge)
        return RappiResult(
            suite=self.name, interval_min=every_s / 60, charge=charge, days=tuple(days)
        )

    def tables(self, result: SuiteResult) -> tuple[Table, ...]:
        """Return a row a day."""
        return (tell.headline(_own(result)),)

    def sections(self, result: SuiteResult) -> tuple[Section, ...]:
        """Return what was served, how late, and a picture of the days."""
        return (tell.section(_own(result)),)

    def passed(self, result: SuiteResult) -> bool:
        """Say whether every solution is feasible."""
        return not any(day.violations for day in _own(result).days)


SUITE: Final = RappiSuite()


def score(task: Task) -> DayScore:
    """Live through one day with both arms, and have what they did checked."""
    day = read(task.folder)
    orders = Orders(day)
    least_s = least_late_s(day, orders)
    warm()
    planned = live(day, Planner(task.every_s), task.every_s, task.charge)
    simple = live(day, greedy, task.every_s, task.charge)
    return DayScore(
        day=day.name,
        orders=len(day.orders),
        couriers=len(day.couriers),
        bound=int((least_s == 0).sum()),
        capacity_bound=capacity_bound(day, orders),
        late_min_least=float(least_s.mean()) / 60 if len(least_s) else 0.0,
        planner=arm(day, planned),
        greedy=arm(day, simple),
        violations=(
            *(f"planner: {one}" for one in violations(day, planned.trips, task.every_s)),
            *(f"greedy: {one}" for one in violations(day, simple.trips, task.every_s)),
        ),
    )


def _own(result: SuiteResult) -> RappiResult:
    if not isinstance(result, RappiResult):
        raise InvalidInput("suite", f"{result.suite!r} is not rappi", "give a result of rappi")
    return result


def _every_s(interval_min: float | None) -> int:
    if interval_min is None:
        return EVERY_S
    every_s = round(interval_min * 60)
    if not 1 <= every_s <= _MOST_MIN * 60:
        raise InvalidInput("--interval", f"{interval_min:g} is not 1 s to {_MOST_MIN} minutes")
    return every_s
