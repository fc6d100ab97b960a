"""Priority: the queue goes by deadline, and money at risk brings a hold forward."""

from __future__ import annotations

from makegood.clock import MINUTE
from makegood.domain.money import Money
from makegood.gates import reviews
from tests.gates import desk
from tests.gates.world import World, coupon, refund


def queue(world: World) -> list[str]:
    with world.store.read() as tx:
        return [review.id for review in reviews.queue(tx)]


def test_money_at_risk_brings_a_hold_forward_but_never_for_ever(world: World) -> None:
    early = desk.hold(world, "a", 1_000)
    world.pass_time(10)
    dear = desk.hold(world, "b", 4_000)
    cheap = desk.hold(world, "c", 1_000)
    assert queue(world) == [dear, early, cheap]
    world.pass_time(50)
    dearest = desk.hold(world, "d", 400_000, 900_000)
    assert queue(world) == [dear, early, dearest, cheap], "sixty minutes at the most"
    top = world.review(dearest)
    assert top.priority == top.deadline_us - 60 * MINUTE


def test_what_climbed_the_ladder_is_looked_at_before_what_did_not(quick: World) -> None:
    first, then = (desk.hold(quick, order) for order in "ab")
    order = queue(quick)
    assert set(order) == {first, then}
    desk.escalate(quick, order[1])
    assert queue(quick) == [order[1], order[0]]


def test_a_currency_that_policy_has_no_unit_for_is_the_most_urgent(quick: World) -> None:
    quick.order("o")
    pounds = quick.held(coupon("o", amount=Money(minor=1, currency="GBP")))
    assert pounds.priority == pounds.deadline_us - 60 * MINUTE


def test_an_edit_takes_the_place_that_its_money_gives_it(quick: World) -> None:
    review = quick.held(refund(quick.order("o"), 4_000))
    new = desk.edit(quick, review.id, amount=desk.eur(1_000))
    assert new.priority == review.priority + 15 * MINUTE
