"""A process killed at random moments, a hundred times."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

import pytest

from makegood.clock import stopwatch_s
from tests.faults.cases import housed, one_of_each
from tests.faults.company import Fault

if TYPE_CHECKING:
    from tests.faults.harness import Bench

SEED: Final = 20_260_714
SLOW_ANSWER_S: Final = 0.02
"""How long the provider keeps an answer back that it has acted on: a window to die in."""

ROUTES: Final = ("POST /payments/refunds", "POST /payments/coupons:batch")


def _begin(bench: Bench) -> None:
    plan = one_of_each(orders=2)
    bench.begin(housed(plan) if bench.house else plan)


def _undisturbed_s(bench: Bench) -> float:
    """How long a life with this much work takes, so that its every moment can be hit.

    The first life also waits for the nursery to start, and is not the one that is timed: moments
    drawn far beyond a life's end would kill nothing.
    """
    _begin(bench)
    bench.until_quiet()
    _begin(bench)
    began_s = stopwatch_s()
    bench.until_quiet()
    return stopwatch_s() - began_s


def _die_at_random(bench: Bench, deaths: int, seed: int) -> int:
    """Let lives die at random moments until so many have; return how many plans that took."""
    luck = random.Random(seed)
    for route in ROUTES:
        slow = Fault(route=route, kind="delay", times=None, seconds=SLOW_ANSWER_S)
        bench.company.lay(slow)
    longest_s = 1.1 * _undisturbed_s(bench)
    died = plans = 0
    while died < deaths:
        _begin(bench)
        plans += 1
        while died < deaths and bench.live(kill_after_s=luck.uniform(0.0, longest_s)).killed:
            died += 1
            bench.check()
        bench.until_quiet()
        bench.audit()
    return plans


def test_killed_at_a_few_random_moments_it_pays_each_approved_obligation_once(
    sqlite_bench: Bench,
) -> None:
    _die_at_random(sqlite_bench, deaths=5, seed=SEED)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_house_killed_at_a_hundred_random_moments_pays_each_approved_obligation_once(
    sqlite_house: Bench,
) -> None:
    plans = _die_at_random(sqlite_house, deaths=100, seed=SEED + 1)
    assert plans > 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_authority_killed_at_a_hundred_random_moments_pays_each_approved_obligation_once(
    bench: Bench,
) -> None:
    plans = _die_at_random(bench, deaths=100, seed=SEED + 2)
    assert plans > 1
