"""A process killed at any boundary of an effect duplicates nothing and loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from makegood.clock import SECOND
from tests.faults.cases import one_of_each
from tests.faults.plan import Kill, Where

if TYPE_CHECKING:
    from tests.faults.harness import Bench

BOUNDARIES: Final = [where for where in Where if where not in {Where.STATEMENT, Where.BEGIN}]


def _die_and_recover(bench: Bench, kill: Kill, orders: int = 2, undo_us: int = 0) -> bool:
    """Let a new plan's first life die there; say whether it came that far."""
    bench.begin(one_of_each(orders, undo_us))
    killed = bench.live(kill).killed
    bench.check()
    bench.until_quiet()
    bench.audit()
    return killed


def test_without_a_crash_each_approved_obligation_is_paid_once(bench: Bench) -> None:
    bench.begin(one_of_each())
    ended = bench.until_quiet()
    bench.audit()
    assert ended.conflicts == ()
    assert {where for where in Where if ended.passages.get(where)} == set(Where)


@pytest.mark.parametrize("where", BOUNDARIES)
def test_killed_at_a_boundary_it_pays_each_approved_obligation_once(
    bench: Bench, where: Where
) -> None:
    assert _die_and_recover(bench, Kill(where=where))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("where", BOUNDARIES)
def test_killed_at_any_passage_of_a_boundary_it_pays_each_approved_obligation_once(
    bench: Bench, where: Where
) -> None:
    passage = 1
    while _die_and_recover(bench, Kill(where=where, passage=passage)):
        passage += 1
    assert passage > 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_all_along_its_statements_it_pays_each_approved_obligation_once(
    sqlite_bench: Bench,
) -> None:
    passage = 1
    while _die_and_recover(sqlite_bench, Kill(where=Where.STATEMENT, passage=passage), orders=1):
        passage += 1
    assert passage > len(Where)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_any_commit_around_an_undo_window_it_pays_each_approved_obligation_once(
    bench: Bench,
) -> None:
    passage = 1
    while _die_and_recover(
        bench, Kill(where=Where.COMMIT, passage=passage), orders=1, undo_us=4 * SECOND
    ):
        passage += 1
    assert passage > 6


def test_killed_again_and_again_at_the_same_boundary_it_still_pays_once(
    sqlite_bench: Bench,
) -> None:
    sqlite_bench.begin(one_of_each(orders=2))
    kill = Kill(where=Where.AFTER_DISPATCH)
    deaths = sum(sqlite_bench.live(kill).killed for _ in range(4))
    assert deaths == 4
    sqlite_bench.check()
    sqlite_bench.until_quiet()
    sqlite_bench.audit()
