"""The suite from end to end: what it says of days, and that a breach of the rules fails it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from makegood.errors import InvalidInput
from makegood.replay.suites.base import Charge, Suite, SuiteOptions
from makegood.replay.suites.rappi.checks import MOST, violations
from makegood.replay.suites.rappi.greedy import greedy
from makegood.replay.suites.rappi.planner import Planner
from makegood.replay.suites.rappi.result import DayScore, RappiResult
from makegood.replay.suites.rappi.run import live
from makegood.replay.suites.rappi.suite import SUITE
from tests.conftest import ROOT
from tests.replay.rappi.place import courier, day, order

FREE = Charge(0)
ORDERS = [
    order(0, 0, 1_000, promised=2_000),
    order(1, 500, 3_000, placed=100, ready=900, promised=1_500),
    order(2, 4_000, 0, placed=130, ready=800, promised=700),
]
COURIERS = [courier(0, 0), courier(1, 2_000, "bicycle"), courier(2, 100, "walking")]


def _quiet(_done: int, _of: int, _name: str) -> None:
    pass


def test_it_is_a_suite() -> None:
    suite: Suite = SUITE
    assert suite.name == "rappi"


@pytest.mark.parametrize("dispatcher", [greedy, Planner(60)])
def test_what_is_done_keeps_the_rules(dispatcher: Planner) -> None:
    lived = day(ORDERS, COURIERS)
    done = live(lived, dispatcher, 60, Charge(1_000_000))
    assert len(done.trips) == 3
    assert violations(lived, done.trips, 60) == ()


def test_a_breach_is_found_in_what_was_done() -> None:
    lived = day(ORDERS, COURIERS)
    trips = live(lived, greedy, 60, FREE).trips
    first = trips[0]
    broken = {
        "it arrives too soon": replace(first, arrives_s=first.arrives_s - 1),
        "it is picked up before it is ready": replace(trips[1], picked_s=trips[1].picked_s - 400),
        "it is dropped too soon": replace(first, dropped_s=(first.dropped_s[0] - 1,)),
        "it is decided between looks": replace(first, decided_s=first.decided_s + 1),
        "it is somebody else's": replace(first, courier=2),
    }
    for which, trip in broken.items():
        others = [one for one in trips if one.orders != trip.orders]
        assert violations(lived, [*others, trip], 60), which
    assert any("twice" in one or "again" in one for one in violations(lived, [*trips, first], 60))
    assert any("could still serve" in one for one in violations(lived, trips[1:], 60))


def test_a_long_list_of_breaches_is_cut_and_says_so() -> None:
    lived = day([order(n, 0, 100) for n in range(MOST + 3)], COURIERS)
    found = violations(lived, (), 60)
    assert len(found) == MOST + 1
    assert found[-1] == "and 3 more"


def test_options_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    for options, field in (
        (SuiteOptions(workspace=ROOT, data=tmp_path, seeds=3), "--seeds"),
        (SuiteOptions(workspace=ROOT, data=tmp_path, arms=("agent",)), "--arms"),
        (SuiteOptions(workspace=ROOT, data=tmp_path, interval_min=0), "--interval"),
        (SuiteOptions(workspace=ROOT, data=tmp_path / "none"), "--data"),
        (SuiteOptions(workspace=ROOT, data=tmp_path), "--data"),
    ):
        with pytest.raises(InvalidInput) as failure:
            SUITE.run(options, _quiet)
        assert failure.value.field == field


@pytest.fixture(scope="module")
def tenth(data: Path) -> RappiResult:
    """What comes of the smallest day."""
    told = list[tuple[int, int, str]]()

    def watch(done: int, of: int, name: str) -> None:
        told.append((done, of, name))

    options = SuiteOptions(workspace=ROOT, data=data / "rappi" / "10", charge=Charge(1_000_000))
    result = SUITE.run(options, watch)
    assert told == [(1, 1, "day 10")]
    return result


def test_a_real_day_keeps_what_can_be_kept_and_more_than_greedy(tenth: RappiResult) -> None:
    [score] = tenth.days
    assert score.violations == ()
    assert (score.bound, score.capacity_bound, score.greedy.kept) == (456, 456, 449)
    assert score.planner.kept == 456
    assert score.met
    assert SUITE.passed(tenth)
    assert RappiResult.model_validate_json(tenth.model_dump_json()) == tenth
    [table] = SUITE.tables(tenth)
    assert table.rows[0][:4] == ("10", "735", "455", "456")
    [section] = SUITE.sections(tenth)
    assert section.pictures[0].startswith("<svg")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["3", "9", "11"])
def test_nine_in_ten_of_what_can_be_kept_is_kept(data: Path, name: str) -> None:
    options = SuiteOptions(workspace=ROOT, data=data / "rappi" / name, charge=Charge(1_000_000))
    [score] = SUITE.run(options, _quiet).days
    assert score.met
    assert score.violations == ()
    assert score.planner.kept <= score.capacity_bound <= score.bound


def test_a_violation_fails_the_suite_and_stands_in_the_report(tenth: RappiResult) -> None:
    broken: DayScore = tenth.days[0].model_copy(update={"violations": ("planner: k1: late",)})
    spoilt = tenth.model_copy(update={"days": (broken,)})
    assert not SUITE.passed(spoilt)
    assert SUITE.sections(spoilt)[0].tables[1].rows == (("10", "planner: k1: late"),)
    assert SUITE.tables(spoilt)[0].rows[0][-1] == "violated"
