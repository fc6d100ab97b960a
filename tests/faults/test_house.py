"""The whole house killed: detection, LangGraph runs, gate and executor lose nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from makegood.clock import SECOND
from tests.faults.cases import housed, one_of_each, order, paid, refund, wish
from tests.faults.plan import Kill, Plan, Say, Where

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.harness import Bench

BOUNDARIES: Final = [where for where in Where if where not in {Where.STATEMENT, Where.BEGIN}]
EVERY_SO_MANY_STATEMENTS: Final = 7


def _die_and_recover(house: Bench, kill: Kill, orders: int = 2) -> bool:
    """Let a new plan's first life die there; say whether it came that far."""
    house.begin(housed(one_of_each(orders)))
    killed = house.live(kill).killed
    house.check()
    house.until_quiet()
    house.audit()
    return killed


def test_without_a_crash_a_house_pays_each_approved_obligation_once(house: Bench) -> None:
    house.begin(housed(one_of_each(orders=2)))
    ended = house.until_quiet()
    house.audit()
    assert {where for where in Where if ended.passages.get(where)} == set(Where)


def test_a_house_killed_after_dispatch_pays_each_approved_obligation_once(
    sqlite_house: Bench,
) -> None:
    assert _die_and_recover(sqlite_house, Kill(where=Where.AFTER_DISPATCH))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("where", BOUNDARIES)
def test_a_house_killed_at_any_boundary_pays_each_approved_obligation_once(
    house: Bench, where: Where
) -> None:
    assert _die_and_recover(house, Kill(where=where))
    assert _die_and_recover(house, Kill(where=where, passage=2))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_house_killed_all_along_its_statements_pays_each_approved_obligation_once(
    new_house: Callable[[], Bench],
) -> None:
    passage = 1
    while _die_and_recover(new_house(), Kill(where=Where.STATEMENT, passage=passage)):
        passage += EVERY_SO_MANY_STATEMENTS
    assert passage > 100


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("passage", [1, 2, 3])
def test_a_house_killed_between_a_yes_and_its_grant_pays_once_the_time_to_undo_is_over(
    house: Bench, passage: int
) -> None:
    house.begin(housed(one_of_each(2, undo_us=10 * SECOND)))
    house.live(Kill(where=Where.DECISION_TO_GRANT, passage=passage))
    house.check()
    house.until_quiet()
    house.audit()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_house_that_dies_at_every_start_still_pays_once(sqlite_house: Bench) -> None:
    """More deaths than a run has attempts: the run is given up, what was approved is not."""
    sqlite_house.begin(housed(one_of_each(orders=2)))
    for where in (Where.BEFORE_INTENT, Where.AFTER_DISPATCH, Where.BEFORE_CONFIRM) * 2:
        sqlite_house.live(Kill(where=where))
        sqlite_house.check()
    sqlite_house.until_quiet()
    sqlite_house.audit()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("where", [Where.DECISION_TO_GRANT, Where.AFTER_DISPATCH])
def test_two_incidents_of_a_house_that_owe_the_same_refund_pay_it_once(
    house: Bench, where: Where
) -> None:
    soaked = order()
    owed = wish(refund(soaked))
    again = wish(refund(soaked))
    plan = Plan(
        orders=(soaked,),
        wishes=(owed, again),
        says=(Say(wish=owed.id, approve=True),),
        payments=(paid(soaked),),
    )
    house.begin(housed(plan))
    assert house.live(Kill(where=where)).killed
    house.check()
    house.until_quiet()
    house.audit()
