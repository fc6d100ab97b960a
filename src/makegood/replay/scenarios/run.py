"""Playing a scenario: a stage is set, what happens is laid on it, what came of it is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

from makegood.clock import MINUTE, SECOND
from makegood.replay.company import Company, Credentials
from makegood.replay.scenarios.decided import Decided, behind
from makegood.replay.scenarios.examples import Example, example
from makegood.replay.scenarios.frames import Frame, frame
from makegood.replay.scenarios.measures import broken_orders, measure
from makegood.replay.scenarios.people import Desk
from makegood.replay.stage import Moment, StageOptions, staged

if TYPE_CHECKING:
    from makegood.clock import VirtualClock
    from makegood.replay.invariants import Report, Violation
    from makegood.replay.scenarios.model import Expectation, Scenario
    from makegood.replay.stage import Stage
    from makegood.replay.suites.base import Charge

Watch = Callable[[float, Moment], None]
"""Told which share of the scenario is over, and how things stand."""

_MOST_POINTS: Final = 240
_MOST_BROKEN: Final = 12
_FRAMES_AFTER: Final = (0, 15)


class Judged(BaseModel):
    """One expectation, what was measured, and whether it was as expected.

    Where it was not, `order_id` is the worst example and `action_id` the action whose decision is
    behind it, empty where no agent decided anything.
    """

    model_config = ConfigDict(frozen=True)

    expected: str
    why: str
    measured: float
    met: bool
    order_id: str = ""
    action_id: str = ""


class Breach(BaseModel):
    """An invariant that did not hold, and the action or order that it is about."""

    model_config = ConfigDict(frozen=True)

    invariant: int
    what: str
    order_id: str = ""
    action_id: str = ""


class Point(BaseModel):
    """How things stood at a minute of the scenario."""

    model_config = ConfigDict(frozen=True)

    minute: float
    kept: int
    late: int
    open: int
    done: int
    waiting: int


class Outcome(BaseModel):
    """What came of one scenario; `measures` are by name, those that are missing are zero.

    `decided` are the decisions behind violations, unmet expectations and broken promises, `frames`
    the map where the rain is heaviest and a quarter of an hour later.
    """

    model_config = ConfigDict(frozen=True)

    scenario: str
    title: str
    agents: bool
    seed: int
    expectations: tuple[Judged, ...]
    checked: int
    looked_at: int
    violations: tuple[Breach, ...]
    measures: dict[str, float]
    course: tuple[Point, ...]
    decided: tuple[Decided, ...] = ()
    frames: tuple[Frame, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every expectation was met and every invariant held."""
        return not self.violations and all(each.met for each in self.expectations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a scenario is played; None leaves seed and charge to the scenario."""

    workspace: Path
    agents: bool = True
    seed: int | None = None
    charge: Charge | None = None
    keep: Path | None = None


def play(name: str, scenario: Scenario, options: Options, watch: Watch | None = None) -> Outcome:
    """Play a scenario and judge what came of it.

    Raises:
        WorkspaceBroken: the workspace has errors.
        Conflict: the folder to keep the database in is not new or empty.

    """
    seed = scenario.seed if options.seed is None else options.seed
    course: list[Point] = []

    def seen(moment: Moment) -> None:
        course.append(_point(scenario, moment))
        if watch is not None:
            whole_us = scenario.ends_minutes * MINUTE
            watch(min(1.0, (moment.at_us - scenario.starts_us) / whole_us), moment)

    with staged(_stage(scenario, options, seed)) as stage:
        desk = Desk(stage, scenario.people)
        for each in scenario.happens:
            each.lay(stage, scenario.starts_us)
        frames: list[Frame] = []
        for after in _FRAMES_AFTER:
            at_us = scenario.starts_us + round((scenario.city.rain_peak_minutes + after) * MINUTE)
            stage.at(at_us, lambda: frames.append(frame(stage)))
        stage.run(seen)
        made = _judge(name, scenario, stage, desk, seed)
        return made.model_copy(update={"course": _thinned(course), "frames": tuple(frames)})


def _stage(scenario: Scenario, options: Options, seed: int) -> StageOptions:
    def company(clock: VirtualClock) -> Company:
        return Company(clock, plan=scenario.city.plan(seed), credentials=Credentials.fresh())

    return StageOptions(
        workspace=options.workspace,
        starts_us=scenario.starts_us,
        company=company,
        agents=options.agents,
        charge=options.charge or scenario.cost,
        step_us=scenario.step_seconds * SECOND,
        longest_us=round(scenario.ends_minutes * MINUTE),
        folder=options.keep,
    )


def _point(scenario: Scenario, moment: Moment) -> Point:
    return Point(
        minute=round((moment.at_us - scenario.starts_us) / MINUTE, 1),
        kept=moment.promises.kept,
        late=moment.promises.late,
        open=moment.promises.open,
        done=moment.done,
        waiting=moment.waiting,
    )


def _thinned(course: list[Point]) -> tuple[Point, ...]:
    return tuple(course[:: max(1, len(course) // _MOST_POINTS)])


def _judge(name: str, scenario: Scenario, stage: Stage, desk: Desk, seed: int) -> Outcome:
    found, report = measure(stage, desk), stage.check()
    broken = broken_orders(stage)[:_MOST_BROKEN]
    judged = tuple(_judged(stage, one, found.get(one.what, 0.0)) for one in scenario.expect)
    shown = [each.action_id for each in (*judged, *report.violations) if each.action_id]
    return Outcome(
        scenario=name,
        title=scenario.title,
        agents=stage.options.agents,
        seed=seed,
        expectations=judged,
        checked=report.checked,
        looked_at=_all(report),
        violations=tuple(_breach(each) for each in report.violations),
        measures=found,
        course=(),
        decided=behind(stage, shown, broken),
    )


def _judged(stage: Stage, one: Expectation, value: float) -> Judged:
    met = one.holds(value)
    worst = Example() if met else example(stage, one, value)
    return Judged(
        expected=str(one),
        why=one.why,
        measured=value,
        met=met,
        order_id=worst.order_id,
        action_id=worst.action_id,
    )


def _all(report: Report) -> int:
    return sum(report.looked_at.values())


def _breach(one: Violation) -> Breach:
    return Breach(
        invariant=one.invariant, what=one.what, order_id=one.order_id, action_id=one.action_id
    )
