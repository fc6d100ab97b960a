"""Obligations: what is owed once is settled once, whoever proposes it and however often."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest

from makegood.domain.actions import ActionKind, Cause, Refund
from makegood.domain.authority import Verdict
from makegood.errors import Conflict, NotAllowed
from makegood.gates.candidates import obligation_id
from makegood.ledger.kinds import EntryKind
from tests.gates import desk
from tests.gates.world import ACTION, EFFECT, OBLIGATION, coupon, notify, reassign, refund

if TYPE_CHECKING:
    from tests.gates.world import World

FIRST = obligation_id(refund("o").obligation_key)


def second(minor: int = 500, follows: str = FIRST, occurrence: int = 2) -> Refund:
    return refund("o", minor, occurrence=occurrence, follows=follows)


def paid_first(world: World) -> None:
    """Let the first refund be approved, paid and reported."""
    world.held(refund(world.order("o"), 1000))
    world.approve()
    world.settle()
    world.refund_reported("o", 1000)


def test_two_incidents_that_owe_the_same_refund_meet_in_one_obligation(world: World) -> None:
    world.order("o")
    first, again = world.one(refund("o")), world.one(refund("o"))
    assert (first.verdict, again.verdict) == (Verdict.HOLD, Verdict.MET)
    assert again.rules == ("obligation.met",)
    assert len(world.waiting()) == 1
    world.approve()
    world.settle()
    assert world.one(refund("o")).verdict is Verdict.MET
    assert world.settle() == 0
    assert world.refunded() == 1990


def test_one_proposal_that_owes_the_same_twice_owes_it_once(world: World) -> None:
    world.order("o")
    judged = world.propose(coupon("o"), coupon("o"))
    assert [one.verdict for one in judged] == [Verdict.ALLOW, Verdict.MET]
    assert world.settle() == 1


def test_an_allowed_action_that_was_carried_out_is_met_for_ever(world: World) -> None:
    world.order("o")
    world.one(notify("o"))
    world.settle()
    world.pass_time(100_000)
    assert world.verdict(notify("o")) == "met"


def test_another_amount_for_the_same_is_a_conflict_and_holds(world: World) -> None:
    world.held(refund(world.order("o"), 1990))
    judged = world.one(refund("o", 2000))
    assert judged.verdict is Verdict.HOLD
    assert "obligation.conflict" in judged.rules
    assert len(world.rows(OBLIGATION)) == 1


@pytest.mark.parametrize("chosen", [1990, 2000])
def test_of_two_amounts_for_the_same_one_is_paid(world: World, chosen: int) -> None:
    world.order("o")
    holds = {minor: world.held(refund("o", minor)) for minor in (1990, 2000)}
    other = holds[3990 - chosen]
    world.approve(holds[chosen].id)
    world.settle()
    assert world.refunded() == chosen
    with pytest.raises(Conflict):
        world.approve(other.id)
    assert world.settle() == 0
    assert world.refunded() == chosen


def test_an_approved_other_amount_supersedes_the_hold_it_takes_over_from(world: World) -> None:
    world.order("o")
    first, other = world.held(refund("o", 1990)), world.held(refund("o", 2000))
    world.approve(other.id)
    assert world.review(first.id).status == "superseded"
    assert world.status(first.action_id) == "superseded"
    owed = world.row(OBLIGATION)
    assert (owed.action_id, owed.amount_minor, owed.status) == (other.action_id, 2000, "open")


def test_another_amount_can_be_approved_once_the_first_came_to_nothing(world: World) -> None:
    world.order("o")
    first, other = world.held(refund("o", 1990)), world.held(refund("o", 2000))
    world.approve(first.id)
    world.books[ActionKind.REFUND].mood = "refuses"
    world.settle()
    world.books[ActionKind.REFUND].mood = "well"
    world.approve(other.id)
    world.settle()
    assert world.refunded() == 2000
    keys = [row.key for row in world.rows(EFFECT)]
    assert len(set(keys)) == 2


def test_another_way_to_settle_what_pays_nothing_is_denied(world: World) -> None:
    world.order("o")
    world.courier("k")
    world.courier("l")
    assert world.verdict(reassign("o", "k")) == "allow"
    judged = world.one(reassign("o", "l"))
    assert (judged.verdict, judged.rules) == (Verdict.DENY, ("obligation.taken",))


def test_a_second_refund_that_names_the_first_holds_and_is_paid(world: World) -> None:
    paid_first(world)
    review = world.held(second())
    assert "obligation.second" in review.rules
    world.approve()
    world.settle()
    assert world.refunded() == 1500


def test_a_second_coupon_that_names_the_first_holds_though_policy_would_allow_it(
    world: World,
) -> None:
    world.order("o")
    world.policy("breakers", counters=())
    world.one(coupon("o"))
    world.settle()
    first = obligation_id(coupon("o").obligation_key)
    judged = world.one(coupon("o", occurrence=2, follows=first))
    assert (judged.verdict, judged.rules) == (Verdict.HOLD, ("obligation.second",))


@pytest.mark.parametrize("follows", ["", "obl_00000000000000000000"])
def test_a_second_refund_that_names_nothing_or_nobody_is_denied(world: World, follows: str) -> None:
    paid_first(world)
    assert world.one(second(follows=follows)).rules == ("obligation.follows",)


def test_a_second_refund_that_names_another_obligation_is_denied(world: World) -> None:
    paid_first(world)
    world.held(refund("o", 100, cause=Cause.LATE))
    world.approve()
    world.settle()
    another = obligation_id(refund("o", cause=Cause.LATE).obligation_key)
    assert world.verdict(second(follows=another)) == "deny"


def test_a_third_refund_that_names_the_first_is_denied(world: World) -> None:
    paid_first(world)
    assert world.verdict(second(occurrence=3)) == "deny"


def test_a_second_refund_while_the_first_is_open_is_denied(world: World) -> None:
    world.held(refund(world.order("o"), 1000))
    judged = world.one(second())
    assert (judged.verdict, judged.rules) == (Verdict.DENY, ("obligation.follows",))


def test_a_released_obligation_is_taken_up_again_under_a_new_key(world: World) -> None:
    world.order("o")
    world.books[ActionKind.COUPON].mood = "refuses"
    world.one(coupon("o"))
    world.settle()
    assert world.row(OBLIGATION).status == "released"
    world.books[ActionKind.COUPON].mood = "well"
    assert world.verdict(coupon("o")) == "allow"
    world.settle()
    owed = world.row(OBLIGATION)
    assert (owed.status, owed.generation) == ("settled", 2)
    assert [row.key for row in world.rows(EFFECT)] == [f"{owed.id}-1", f"{owed.id}-2"]


def test_one_proposal_takes_a_released_obligation_up_once(world: World) -> None:
    world.order("o")
    world.books[ActionKind.COUPON].mood = "refuses"
    world.one(coupon("o"))
    world.settle()
    judged = world.propose(coupon("o"), coupon("o"))
    assert [one.verdict for one in judged] == [Verdict.ALLOW, Verdict.MET]


def test_an_expired_hold_releases_its_obligation(world: World) -> None:
    world.held(refund(world.order("o")))
    world.pass_time(120)
    world.expire()
    assert world.row(OBLIGATION).status == "released"
    assert world.one(refund("o", 2000)).verdict is Verdict.HOLD
    assert world.row(OBLIGATION).amount_minor == 2000


def test_a_refund_of_the_same_lines_in_any_sequence_is_the_same(world: World) -> None:
    world.order("o")
    world.held(refund("o", 500, lines=("b", "a")))
    assert world.verdict(refund("o", 500, lines=("a", "b"))) == "met"
    assert world.verdict(refund("o", 500, lines=("a", "b", "a"))) == "met"
    assert world.verdict(refund("o", 500, lines=("a",))) == "hold"


def test_a_refund_of_what_another_is_for_says_so(world: World) -> None:
    world.order("o")
    world.approve(world.held(refund("o", 2000)).id)
    world.settle()
    (owed,) = world.rows(OBLIGATION)
    told = world.held(refund("o", 500, lines=("a",))).why
    assert told == (
        "every refund waits for a person; "
        f"20.00 EUR for the whole order was paid already ({owed.action_id})"
    )
    beside = world.held(refund("o", 400, lines=("a", "b")))
    assert "5.00 EUR for line a of the order is asked for already" in beside.why
    assert "obligation.overlap" in beside.rules
    alone = world.held(refund("o", 300, lines=("c",)))
    assert "line" not in alone.why


def test_refunds_of_one_proposal_that_are_for_the_same_say_so(world: World) -> None:
    world.order("o")
    lines = (("a",), ("b",), ("a", "c"), ())
    judged = world.propose(*(refund("o", 100, lines=each) for each in lines))
    overlapping = ["obligation.overlap" in one.rules for one in judged]
    assert overlapping == [False, False, True, True]


def test_refunds_of_other_orders_or_that_came_to_nothing_are_no_overlap(world: World) -> None:
    world.orders("o", "q")
    world.held(refund("o", 100))
    assert "obligation.overlap" not in world.one(refund("q", 100, lines=("a",))).rules
    world.pass_time(120)
    world.expire()
    assert "obligation.overlap" not in world.one(refund("o", 100, lines=("a",))).rules


def with_lines(world: World) -> None:
    """Place an order of two lines, and pay it."""
    price = {name: {"minor": minor, "currency": "EUR"} for name, minor in (("a", 300), ("b", 700))}
    lines = [
        {"line_id": name, "sku": name, "quantity": 1, "price": each} for name, each in price.items()
    ]
    total = {"minor": 1000, "currency": "EUR"}
    world.happen("sales_order.placed", "o", customer_id="c-o", total=total, lines=lines)
    world.happen("sales_order.payment_captured", "o", amount=total)


@pytest.mark.parametrize(
    ("lines", "minor", "rule"),
    [
        (("x",), 100, "names.lines"),
        (("a", "x"), 100, "names.lines"),
        (("a",), 301, "names.amount"),
        (("a", "a"), 301, "names.amount"),
        (("a", "b"), 1000, ""),
        (("b",), 700, ""),
    ],
)
def test_a_refund_is_for_lines_of_the_order_and_of_no_more_than_they_cost(
    world: World, lines: tuple[str, ...], minor: int, rule: str
) -> None:
    with_lines(world)
    judged = world.one(refund("o", minor, lines=lines))
    assert judged.verdict is (Verdict.DENY if rule else Verdict.HOLD)
    assert (rule in judged.rules) is bool(rule)


def test_a_conflict_is_not_edited_into_a_refund_of_something_else(world: World) -> None:
    with_lines(world)
    world.approve(world.held(refund("o", 500)).id)
    world.settle()
    conflict = world.held(refund("o", 400))
    assert "obligation.conflict" in conflict.rules
    with pytest.raises(NotAllowed, match="no line x"):
        desk.edit(world, conflict.id, lines=("x",))
    edited = desk.edit(world, conflict.id, lines=("b",))
    assert "5.00 EUR for the whole order was paid already" in edited.why


def test_two_threads_that_owe_the_same_refund_meet(world: World) -> None:
    world.order("o")
    threads = [Thread(target=world.propose, args=(refund("o"),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row.verdict for row in world.rows(ACTION)) == ["hold", "met", "met", "met"]
    assert len(world.rows(OBLIGATION)) == 1
    assert len(world.waiting()) == 1


def test_each_verdict_is_on_the_ledger_with_its_obligation(world: World) -> None:
    world.order("o")
    world.propose(refund("o"), coupon("o"))
    told = world.told(EntryKind.ACTION_JUDGED)
    assert [e.body["verdict"] for e in told] == ["hold", "allow"]
    assert [e.body["obligation_id"] for e in told] == [
        FIRST,
        obligation_id(coupon("o").obligation_key),
    ]
