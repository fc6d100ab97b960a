"""The storm's report shows arms, course, seeds, decisions, the map and sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from makegood.replay.report import page
from makegood.replay.scenarios.frames import Frame
from makegood.replay.suites.base import SuiteOptions
from makegood.replay.suites.storm.result import SeedResult, StormResult, SweepPoint, on_time, summed
from makegood.replay.suites.storm.scoring import Scores
from makegood.replay.suites.storm.suite import SUITE
from tests.conftest import ROOT

if TYPE_CHECKING:
    from makegood.replay.suites.base import Suite

LAYERS: Final = {"rider": ((100.0, 200.0), (-900.0, 40.0)), "hub": ((0.0, 0.0),)}


def _result(*, frames: bool = True, sweep: bool = True) -> StormResult:
    runs = [
        SeedResult(
            seed=seed,
            arms={
                name: Scores(promised=40, kept=kept + seed, on_time=(kept + seed) / 40)
                for name, kept in (("none", 28), ("agent", 36))
            },
            by_quarter={"none": ((20, 16), (20, 12)), "agent": ((20, 19), (20, 18))},
            decision_s=(0.2, 0.3, 0.4),
            frames=tuple(Frame(minute=m, layers=LAYERS) for m in (60, 75)) if frames else (),
        )
        for seed in (1, 2, 3)
    ]
    kept = {"none": on_time([0.7, 0.8]), "agent": on_time([0.9, 0.95])}
    points = tuple(
        SweepPoint(sweep="severity", value=value, seeds=(1, 2), on_time=kept)
        for value in (0.2, 0.4)
    )
    made = summed(runs, "town", 0.3)
    return made.model_copy(update={"sweeps": points}) if sweep else made


def test_every_section_of_the_report_has_its_picture() -> None:
    found = {each.title: each for each in SUITE.sections(_result())}
    assert list(found) == [
        "Kept",
        "Through the storm",
        "The moment",
        "On the map",
        "Seeds",
        "Decisions",
        "Sweeps",
    ]
    drawn = {title: len(each.pictures) for title, each in found.items()}
    assert drawn == dict.fromkeys(found, 1) | {"The moment": 0, "On the map": 2}
    text = found["Through the storm"].pictures[0]
    assert "none" in text
    assert "agent" in text


def test_without_maps_decisions_or_sweeps_the_report_leaves_them_out() -> None:
    result = _result(frames=False, sweep=False)
    quiet = result.model_copy(
        update={"decision_wall_s": result.decision_wall_s.model_copy(update={"count": 0})}
    )
    titles = [each.title for each in SUITE.sections(quiet)]
    assert titles == ["Kept", "Through the storm", "The moment", "Seeds"]


def test_the_page_is_one_file_that_says_what_each_arm_is() -> None:
    suite = cast("Suite", SUITE)
    html = page.render(suite, _result(), SuiteOptions(workspace=ROOT, seeds=3))
    assert html.count("<svg") == 7
    assert "bound: the best plan found with everything known" in html
    assert "<script" not in html
