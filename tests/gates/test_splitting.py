"""Limits count per order and customer over a window, so that splitting an amount is no way past."""

from __future__ import annotations

import pytest

from makegood.domain.actions import Cause
from makegood.domain.authority import ReviewStatus
from makegood.domain.money import Money
from makegood.domain.roles import Role
from makegood.errors import NotAllowed
from makegood.gates.reviews import Decider
from tests.gates import desk
from tests.gates.world import SECOND, SUPERVISOR, World, cancel, coupon, refund

OPERATORS = tuple(Decider(f"per_operator_{n}", frozenset({Role.OPERATOR})) for n in (1, 2))
HALF = 6_000
"""More than half of what one supervisor decides alone (100 EUR)."""


def test_two_halves_on_one_order_take_two_persons_as_the_whole_does(world: World) -> None:
    world.order("o", 90_000)
    first = world.held(refund("o", HALF, lines=("a",)))
    second = world.held(refund("o", HALF, lines=("b",)))
    assert world.approve(first.id).status is ReviewStatus.APPROVED
    assert world.approve(second.id).status is ReviewStatus.OPEN
    with pytest.raises(NotAllowed, match="a second person"):
        world.approve(second.id)
    assert world.approve(second.id, by=SECOND).status is ReviewStatus.APPROVED
    assert world.settle() == 2
    assert world.counters_agree()


def test_two_persons_cannot_split_it_between_them_either(quick: World) -> None:
    quick.order("o", 90_000)
    first = quick.held(refund("o", HALF, lines=("a",)))
    second = quick.held(refund("o", HALF, lines=("b",)))
    quick.approve(first.id)
    assert quick.approve(second.id, by=SECOND).status is ReviewStatus.OPEN


def test_another_kind_or_cause_of_the_same_order_counts_with_it(quick: World) -> None:
    quick.order("o", 90_000)
    first = quick.held(refund("o", HALF))
    second = quick.held(coupon("o", HALF))
    third = quick.held(refund("o", HALF, cause=Cause.LATE))
    quick.approve(first.id)
    assert quick.approve(second.id).status is ReviewStatus.OPEN
    assert quick.approve(third.id).status is ReviewStatus.OPEN


def test_another_order_of_the_same_customer_counts_with_it(quick: World) -> None:
    quick.order("o", 90_000)
    quick.happen(
        "sales_order.placed",
        "p",
        customer_id="c-o",
        total={"minor": 90_000, "currency": "EUR"},
        promised_at="2026-07-14T11:00:00Z",
    )
    quick.happen("sales_order.payment_captured", "p", amount={"minor": 90_000, "currency": "EUR"})
    first = quick.held(refund("o", HALF))
    second = quick.held(refund("p", HALF, customer_id="c-o"))
    quick.approve(first.id)
    assert quick.approve(second.id).status is ReviewStatus.OPEN


def test_other_customers_do_not_count(quick: World) -> None:
    for order in ("o", "p"):
        assert quick.approve(desk.hold(quick, order, HALF, 90_000)).status == "approved"


def test_what_lies_behind_the_window_no_longer_counts(quick: World) -> None:
    quick.order("o", 90_000)
    first = quick.held(refund("o", HALF, lines=("a",)))
    quick.approve(first.id)
    quick.settle()
    quick.pass_time(10_079)
    within = quick.held(refund("o", HALF, lines=("b",)))
    assert quick.approve(within.id).status is ReviewStatus.OPEN
    quick.pass_time(1)
    behind = quick.held(refund("o", HALF, lines=("c",)))
    assert quick.approve(behind.id).status is ReviewStatus.APPROVED


def test_beyond_what_supervisors_decide_the_parts_take_two_operators(quick: World) -> None:
    quick.order("o", 990_000)
    first = quick.held(refund("o", 90_000, lines=("a",)))
    second = quick.held(refund("o", 20_000, lines=("b",)))
    quick.approve(first.id)
    quick.approve(first.id, by=SECOND)
    said = r"200\.00 EUR after 900\.00 EUR for the same order or customer is decided by an operator"
    with pytest.raises(NotAllowed, match=said):
        quick.approve(second.id)
    assert quick.approve(second.id, by=OPERATORS[0]).status is ReviewStatus.OPEN
    assert quick.approve(second.id, by=OPERATORS[1]).status is ReviewStatus.APPROVED


def test_beyond_everybodys_limit_nobody_decides_and_hears_why(quick: World) -> None:
    quick.order("o", 2_000_000)
    first = quick.held(refund("o", 950_000, lines=("a",)))
    second = quick.held(refund("o", 60_000, lines=("b",)))
    for operator in OPERATORS:
        quick.approve(first.id, by=operator)
    said = r"nobody decide a refund of 600\.00 EUR after 9500\.00 EUR for the same order"
    for somebody in (SUPERVISOR, *OPERATORS):
        with pytest.raises(NotAllowed, match=said):
            quick.approve(second.id, by=somebody)


def test_what_was_not_paid_after_all_no_longer_counts(quick: World) -> None:
    quick.order("o", 90_000)
    first = quick.held(refund("o", HALF, lines=("a",)))
    second = quick.held(refund("o", HALF, lines=("b",)))
    quick.approve(first.id)
    quick.stop("everything")
    quick.settle()
    quick.go_on("everything")
    assert quick.review(first.id).status is ReviewStatus.OPEN, "asked again"
    assert quick.approve(second.id).status is ReviewStatus.APPROVED
    assert quick.counters_agree()


def test_an_approval_that_can_be_undone_counts_already(quick: World) -> None:
    quick.order("o", 90_000)
    first = quick.held(refund("o", HALF, lines=("a",)))
    second = quick.held(refund("o", HALF, lines=("b",)))
    desk.approving(quick, first.id)
    assert quick.approve(second.id).status is ReviewStatus.OPEN
    desk.undo(quick, first.id)
    third = quick.held(refund("o", HALF, lines=("c",)))
    assert quick.approve(third.id).status is ReviewStatus.APPROVED


def test_cancelling_beside_a_refund_does_not_count_the_order_twice(quick: World) -> None:
    quick.order("o", HALF)
    end = [quick.held(action) for action in (refund("o", HALF), cancel("o", HALF))]
    for review in end:
        assert quick.approve(review.id).status is ReviewStatus.APPROVED


def test_an_editor_cannot_slip_under_their_limit_by_parts(quick: World) -> None:
    quick.order("o", 90_000)
    first = quick.held(refund("o", HALF, lines=("a",)))
    second = quick.held(refund("o", 1_000, lines=("b",)))
    quick.approve(first.id)
    with pytest.raises(NotAllowed, match="more than you may decide alone"):
        desk.edit(quick, second.id, amount=desk.eur(HALF))


def test_a_sum_in_another_currency_is_another_sum(quick: World) -> None:
    quick.order("o", 90_000)
    quick.approve(quick.held(refund("o", HALF)).id)
    yuan = Money(minor=5_000, currency="CNY")
    other = quick.held(coupon("o", amount=yuan))
    assert quick.approve(other.id).status is ReviewStatus.APPROVED


def test_a_first_yes_counts_by_the_rule_that_the_whole_falls_under(quick: World) -> None:
    """What else was approved meanwhile lifts it past those who may decide on so much."""
    quick.order("o", captured=200_000)
    first = quick.held(refund("o", 90_000, lines=("a",)))
    assert quick.approve(first.id).status is ReviewStatus.OPEN
    other = quick.held(refund("o", 50_000, lines=("b",)))
    third = Decider("per_third", frozenset({Role.SUPERVISOR}))
    made = None
    for by in (SECOND, third):
        made = quick.approve(other.id, by=by)
    assert made is not None
    assert made.status is ReviewStatus.APPROVED
    # By now it is operators who decide on 1,400, and there were none.
    with pytest.raises(NotAllowed):
        quick.approve(first.id, by=third)
    one, two = (Decider(f"per_operator_{n}", frozenset({Role.OPERATOR})) for n in (1, 2))
    assert quick.approve(first.id, by=one).status is ReviewStatus.OPEN
    assert quick.approve(first.id, by=two).status is ReviewStatus.APPROVED
