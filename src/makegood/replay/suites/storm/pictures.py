"""The storm's report in pictures: arms, the course of the storm, seeds, decisions, maps, sweeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from makegood.replay.report import charts
from makegood.replay.scenarios.frames import Frame
from makegood.replay.suites.base import Section
from makegood.replay.suites.storm.result import OnTime, StormResult, SweepPoint
from makegood.replay.suites.storm.scoring import QUARTER_MIN

_PERCENT: Final = 100.0
_MARGIN: Final = 1.05


def arms(result: StormResult) -> str:
    """Return what each arm kept, with its interval over seeds."""
    rows = [(name, *_percent(arm.on_time)) for name, arm in result.arms.items()]
    return charts.intervals(rows, x="promises kept, percent (bar: 95 % interval of the mean)")


def course(result: StormResult) -> Section:
    """Return the share of promises kept by when they fell due, arm by arm."""
    names = [name for name in result.arms if any(name in run.by_quarter for run in result.runs)]
    series = {name: list(_by_quarter(result, name)) for name in names}
    text = (
        "Of the promises that fell due in each quarter of an hour, the share that was kept, over"
        " all seeds. The window of the storm begins at minute 0."
    )
    drawn = charts.lines(series, x="minutes into the storm's window", y="promises kept, percent")
    return Section("Through the storm", text, (), (drawn,) if series else ())


def _by_quarter(result: StormResult, name: str) -> Iterator[tuple[float, float]]:
    found = [run.by_quarter[name] for run in result.runs if name in run.by_quarter]
    for number in range(min(map(len, found), default=0)):
        due = sum(quarters[number][0] for quarters in found)
        kept = sum(quarters[number][1] for quarters in found)
        if due:
            yield (number + 0.5) * QUARTER_MIN, kept / due * _PERCENT


def seeds(result: StormResult) -> str:
    """Return how the seeds are spread, arm by arm."""
    shares = {
        name: [run.arms[name].on_time * _PERCENT for run in result.runs] for name in result.arms
    }
    return charts.strips(shares, x="promises kept on a seed, percent")


def decisions(result: StormResult) -> str:
    """Return how long rounds of work took, of the machine's time; empty where there were none."""
    took = [each for run in result.runs for each in run.decision_s]
    return charts.histogram({"agent": took}, x="seconds from seeing it to the last thing done")


def maps(result: StormResult) -> Section | None:
    """Return the map at the storm's moment and a quarter of an hour later, on one seed."""
    run = next((each for each in result.runs if each.frames), None)
    if run is None:
        return None
    reach_m = _reach_m(run.frames)
    drawn = tuple(
        charts.places(each.layers, title=f"minute {each.minute:g} of the evening", reach_m=reach_m)
        for each in run.frames
    )
    text = (
        f"Seed {run.seed} with the agent: at the storm's moment, and a quarter of an hour later."
        " Drones count as riders here, and the places that orders leave from as hubs."
    )
    return Section("On the map", text, (), drawn)


def sweeps(found: Sequence[SweepPoint]) -> tuple[str, ...]:
    """Return a picture for each value that is swept: what each arm keeps as it grows."""
    names = dict.fromkeys(point.sweep for point in found)
    return tuple(
        charts.bands(
            _swept([each for each in found if each.sweep == name]), x=name, y="kept, percent"
        )
        for name in names
    )


def _swept(points: Sequence[SweepPoint]) -> dict[str, list[tuple[float, float, float, float]]]:
    return {
        arm: [(point.value, *_percent(point.on_time[arm])) for point in points]
        for arm in points[0].on_time
    }


def _percent(found: OnTime) -> tuple[float, float, float]:
    low, high = found.ci95
    return round(found.mean * _PERCENT, 2), low * _PERCENT, high * _PERCENT


def _reach_m(frames: Sequence[Frame]) -> float:
    points = (point for each in frames for places in each.layers.values() for point in places)
    return max((abs(metres) for point in points for metres in point), default=1.0) * _MARGIN
