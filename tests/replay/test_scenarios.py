"""Scenarios: files are read strictly, feeds have whims, and ten situations need agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from makegood.clock import MINUTE
from makegood.errors import InvalidInput
from makegood.replay.scenarios import model
from makegood.replay.scenarios.feeds import Held, Lying, Muddled
from makegood.replay.scenarios.run import Options, Outcome, play
from makegood.replay.suites.base import SuiteOptions
from makegood.replay.suites.scenarios.suite import SUITE
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from makegood.replay.stage import CloudEvent

NAMES = model.names(ROOT)
SHARP = (
    "hangzhou-storm",
    "storm-that-does-not-come",
    "red-warning",
    "courier-app-outage",
    "flash-sale",
    "stock-mismatch-wave",
    "weather-feed-lies",
    "payments-failing",
    "killed-in-the-storm",
    "racing-reviewers",
)
# Those in which most could go wrong with money; the suite plays all of them.
PLAYED = ("stock-mismatch-wave", "payments-failing", "racing-reviewers")


def _play(name: str, *, agents: bool) -> Outcome:
    scenario = model.load(model.find(name, ROOT))
    return play(name, scenario, Options(workspace=ROOT, agents=agents))


def test_the_sharp_scenarios_are_there_and_each_can_be_read() -> None:
    assert set(SHARP) <= set(NAMES)
    for name in NAMES:
        scenario = model.load(model.find(name, ROOT))
        assert all(one.why for one in scenario.expect)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_without_agents_something_that_is_expected_fails_and_every_invariant_holds(
    name: str,
) -> None:
    outcome = _play(name, agents=False)
    assert outcome.violations == ()
    assert not outcome.passed
    assert any(not one.met for one in outcome.expectations)


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAYED)
def test_with_agents_everything_is_as_expected_and_every_invariant_holds(name: str) -> None:
    outcome = _play(name, agents=True)
    assert outcome.violations == ()
    assert [one.expected for one in outcome.expectations if not one.met] == []
    assert outcome.checked == 13


LEAST = """
title: T
about: A
begins: 2026-07-14T17:30:00+08:00
city: {orders: 10}
expect: [{what: promises.kept, at_least: 1, why: because}]
"""


def _file(folder: Path, text: str) -> Path:
    path = folder / "one.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LEAST + "hapens: []\n", r"one\.yaml:7 hapens"),
        (LEAST.replace("orders: 10", "orders: many"), r"city\.orders"),
        (LEAST.replace("promises.kept", "promises.made"), "'promises.made' is not measured"),
        (LEAST.replace(", at_least: 1", ""), "say at_least, at_most or both"),
        (LEAST + "happens: [{do: earthquake}]\n", "happens"),
        (LEAST + "happens: [{do: kill, at_minutes: 3}]\n", "back_after_minutes"),
        (LEAST.replace("{orders: 10}", "{rain_peak_minutes: 90}"), "must rise"),
        ("title: [\n", r"one\.yaml:"),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_the_place_and_the_mend(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(InvalidInput, match=says):
        model.load(_file(tmp_path, text))


def test_what_is_left_out_is_as_the_model_says(tmp_path: Path) -> None:
    scenario = model.load(_file(tmp_path, LEAST))
    plan = scenario.city.plan(seed=4)
    assert (plan.seed, plan.orders, plan.promise_us) == (4, 10, 45 * MINUTE)
    assert str(scenario.cost) == "fixed:1"


def test_an_unknown_scenario_is_answered_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match="hangzhou-storm"):
        model.find("nonsense", ROOT)


def _told(count: int, kind: str = "courier.position") -> list[CloudEvent]:
    return [{"id": str(n), "source": "s", "type": kind, "data": {"n": n}} for n in range(count)]


def test_a_muted_feed_gives_everything_at_the_end_or_nothing_at_all() -> None:
    for lost in (False, True):
        held = Held(("courier.*",), 10, lost=lost)
        others = _told(2, "sales_order.placed")
        assert held([*_told(3), *others], 5) == others
        assert held([], 10) == ([] if lost else _told(3))


def test_a_muddled_feed_loses_nothing_and_is_the_same_for_a_seed() -> None:
    runs: list[list[str]] = []
    for _ in range(2):
        muddled = Muddled(again=0.3, late=0.3, by_us=50, until_us=100, seed=3)
        through = [e for at in range(0, 130, 10) for e in muddled(_told(20) if at == 0 else [], at)]
        runs.append([str(each["id"]) for each in through])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {str(n) for n in range(20)}
    assert len(runs[0]) > 20
    assert runs[0] != sorted(runs[0], key=int)


def test_a_lying_feed_changes_the_weather_alone_and_only_for_its_time() -> None:
    data: dict[str, Any] = {"rain_mm_h": 1.0, "wind_m_s": 3.0}
    told: list[CloudEvent] = [{"type": "hub.weather_observed", "data": data}, *_told(1)]
    lying = Lying(lambda _at: (30.0, 40.0), until_us=10)
    weather, other = lying(told, 5)
    assert (weather["data"]["rain_mm_h"], weather["data"]["wind_m_s"]) == (30.0, 3.0)
    assert other == told[1]
    assert lying(told, 10) == told


def test_the_suite_refuses_options_that_do_not_fit(tmp_path: Path) -> None:
    def run(**given: Any) -> None:  # noqa: ANN401 -- any option
        SUITE.run(SuiteOptions(workspace=ROOT, **given), lambda _d, _t, _n: None)

    with pytest.raises(InvalidInput, match="--interval"):
        run(interval_min=5)
    with pytest.raises(InvalidInput, match="no such arm: human"):
        run(arms=("human",))
    with pytest.raises(InvalidInput, match="there are no scenarios"):
        run(data=tmp_path)
