"""The storm's arms share one city; the bound never loses to what it starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from makegood.clock import SECOND
from makegood.errors import InvalidInput
from makegood.replay.company.city import CityParams, draw, read_city
from makegood.replay.suites.base import Charge, SuiteOptions
from makegood.replay.suites.storm import arms
from makegood.replay.suites.storm.bound import best_known
from makegood.replay.suites.storm.result import SeedResult, on_time, summed
from makegood.replay.suites.storm.scoring import Scores, in_window
from makegood.replay.suites.storm.suite import SUITE, Piece, play
from makegood.replay.suites.storm.sweep import settings

HERE = Path(__file__).parents[3]


def small(**changes: object) -> CityParams:
    """A tenth of the storm's city with the same rain."""
    params = read_city("hangzhou_storm")
    demand = params.demand.model_copy(
        update={"per_minute": (1.0, 1.8, 1.0, 0.6), "stops_minutes": 120, "customers": 40}
    )
    couriers = params.couriers.model_copy(update={"count": 11})
    storm = params.storm.model_copy(update={"window_minutes": (60.0, 150.0)})
    small_one = params.model_copy(
        update={"demand": demand, "couriers": couriers, "storm": storm, "lasts_minutes": 160}
    )
    return small_one.model_copy(update=changes)


def test_every_pure_arm_is_measured_on_the_same_promises() -> None:
    played = {name: arms.pure(small(), 4, name).scores for name in ("none", "greedy", "human")}
    counted = len(in_window(draw(small(), 4, arms.STARTS_US)))
    assert {one.promised for one in played.values()} == {counted}
    assert played["none"].kept < counted
    assert played["none"] != played["human"]


def test_nobody_at_the_desk_is_the_same_as_no_desk() -> None:
    empty = small(humans=small().humans.model_copy(update={"dispatchers": 0}))
    assert arms.pure(empty, 4, "human").scores == arms.pure(empty, 4, "none").scores


def test_people_with_all_the_time_in_the_world_save_more_than_slow_ones() -> None:
    def kept(seconds: float, notice: float) -> int:
        desk = {"seconds_per_order": seconds, "notice_minutes": notice, "dispatchers": 1}
        city = small(humans=small().humans.model_copy(update=desk))
        return sum(arms.pure(city, seed, "human").scores.kept for seed in (1, 2))

    assert kept(5.0, 0.5) != kept(3600.0, 60.0)


def test_the_quarters_add_up_to_the_promises_of_the_window() -> None:
    played = arms.pure(small(), 2, "none")
    assert sum(due for due, _ in played.by_quarter) == played.scores.promised
    assert sum(kept for _, kept in played.by_quarter) == played.scores.kept


def test_an_order_that_was_never_taken_counts_as_broken() -> None:
    city = small()
    script = draw(city, 3, arms.STARTS_US)
    everyone = arms.pure(city, 3, "none").scores
    assert everyone.promised == len(in_window(script))


@pytest.mark.slow
def test_the_bound_is_never_below_what_it_starts_from_and_the_same_each_time() -> None:
    city = small()
    for seed in (1, 2):
        start = arms.pure(city, seed, "human")
        found = arms.bound(city, seed, start, 60)
        assert found.kept >= start.scores.kept
        assert found == arms.bound(city, seed, start, 60)


@pytest.mark.slow
def test_the_bound_does_not_beat_time_itself() -> None:
    """An order that is packed after its promise is late whatever anybody knows."""
    packing = small().packing.model_copy(update={"pack_seconds": 1500.0})
    city = small(packing=packing)
    script = draw(city, 1, arms.STARTS_US)
    kept = best_known(script, (), 20)
    company_of = arms.pure(city, 1, "none")
    late = [number for number in range(len(script.orders)) if not kept[number]]
    assert late
    assert sum(kept) >= company_of.scores.kept
    first = script.orders[0].order
    assert first.first_promised_us - first.placed_us >= 45 * 60 * SECOND


def test_a_sweep_changes_one_value_and_nothing_else() -> None:
    city = read_city("hangzhou_storm")
    for setting in settings():
        changed, same = setting.over(city).model_dump(), city.model_dump()
        differs = {key for key in same if same[key] != changed[key]}
        assert len(differs) == 1, str(setting)


def test_the_interval_holds_the_mean_and_narrows_to_it_where_all_are_alike() -> None:
    found = on_time([0.8, 0.9, 0.85, 0.95])
    assert found.ci95[0] < found.mean < found.ci95[1]
    assert on_time([0.9, 0.9]).ci95 == (0.9, 0.9)


def test_the_result_has_the_keys_that_machines_read() -> None:
    runs = [
        SeedResult(seed=7, arms={name: Scores(promised=4, kept=3, on_time=0.75)}, violations=("x",))
        for name in ("none",)
    ]
    told = summed(runs, "here", 1.0).model_dump(mode="json")
    assert told["suite"] == "storm"
    assert told["seeds"] == [7]
    assert told["arms"]["none"]["on_time"] == {"mean": 0.75, "ci95": [0.75, 0.75]}
    assert {"p50", "p95", "max"} <= told["decision_wall_s"].keys()
    assert told["invariants"]["checked"] == 0
    assert told["invariants"]["violations"] == 1


def test_an_arm_that_is_none_of_the_suite_s_is_named() -> None:
    options = SuiteOptions(workspace=HERE, arms=("oracle",))
    with pytest.raises(InvalidInput, match="oracle"):
        SUITE.run(options, _nobody_watches)


@pytest.mark.slow
def test_makegood_keeps_more_promises_than_nobody_and_breaks_no_invariant() -> None:
    piece = Piece(small(), 1, ("none", "agent", "bound"), HERE, Charge(500_000))
    made = play(piece)
    assert made.violations == ()
    assert made.checked > 100
    assert made.arms["agent"].kept > made.arms["none"].kept
    assert made.arms["bound"].kept >= made.arms["agent"].kept
    assert made.arms["agent"].caps_kept


def _nobody_watches(done: int, total: int, name: str) -> None:
    pass
