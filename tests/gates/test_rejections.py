"""A person's no: final for (kind, entity, cause), and one other thing of no more money."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind, Cause, Reschedule
from makegood.domain.authority import Verdict
from makegood.domain.policy import Autonomy
from makegood.errors import Conflict
from makegood.gates import rejections
from makegood.gates.candidates import obligation_id
from makegood.ledger.kinds import EntryKind
from makegood.store import tables
from makegood.store.sql import table
from tests.gates.world import OBLIGATION, about, cancel, coupon, eur, notify, reassign, refund

if TYPE_CHECKING:
    from makegood.domain.actions import Action
    from tests.gates.world import World

REJECTION = table(tables.authority.Rejection)
LATE = Cause.LATE


def rejected(world: World, minor: int = 1000, captured: int = 5000) -> None:
    """Let a person say no to a refund for lateness."""
    world.held(refund(world.order("o", captured=captured), minor, cause=LATE))
    world.reject()


def test_a_rejected_refund_cannot_be_revived_by_asking_again(world: World) -> None:
    rejected(world)
    judged = world.one(refund("o", 1000, cause=LATE))
    assert judged.verdict is Verdict.DENY
    assert "rejection.final" in judged.rules


@pytest.mark.parametrize("minor", [1, 999, 1001])
def test_a_rejected_refund_cannot_be_revived_by_a_changed_cent(world: World, minor: int) -> None:
    rejected(world)
    assert "rejection.final" in world.one(refund("o", minor, cause=LATE)).rules


@pytest.mark.parametrize(
    "revived",
    [
        refund("o", 1000, cause=LATE, lines=("1",)),
        refund("o", 1000, cause=LATE, occurrence=2),
        refund(
            "o",
            1000,
            cause=LATE,
            occurrence=2,
            follows=obligation_id(refund("o", cause=LATE).obligation_key),
        ),
    ],
)
def test_a_rejected_refund_cannot_be_revived_under_another_key(
    world: World, revived: Action
) -> None:
    rejected(world)
    judged = world.one(revived)
    assert judged.verdict is Verdict.DENY
    assert "rejection.final" in judged.rules


def test_a_rejected_refund_cannot_be_revived_by_a_changed_policy(world: World) -> None:
    rejected(world)
    world.policy("breakers", hold_kinds=())
    world.policy("autonomy", actions=dict.fromkeys(ActionKind, Autonomy.ALLOW))
    assert world.verdict(refund("o", 1000, cause=LATE)) == "deny"


def test_a_rejected_refund_for_another_cause_is_another_question(world: World) -> None:
    rejected(world)
    assert world.verdict(refund("o", 1000, cause=Cause.OUT_OF_STOCK)) == "hold"


def test_a_rejection_does_not_reach_other_orders(world: World) -> None:
    rejected(world)
    assert world.verdict(refund(world.order("p"), 1000, cause=LATE)) == "hold"


@pytest.mark.parametrize(("minor", "verdict"), [(200, "allow"), (201, "deny")])
def test_one_other_thing_may_follow_of_no_more_money(
    world: World, minor: int, verdict: str
) -> None:
    rejected(world, 200)
    judged = world.one(coupon("o", minor))
    assert judged.verdict == verdict
    assert ("rejection.more_money" in judged.rules) is (verdict == "deny")


def test_one_other_thing_in_another_currency_is_more_money(world: World) -> None:
    rejected(world)
    dear = coupon("o", amount=eur(100).model_copy(update={"currency": "COP"}))
    assert "rejection.more_money" in world.one(dear).rules


def test_a_second_other_thing_is_denied(world: World) -> None:
    rejected(world, captured=1000)
    assert world.verdict(coupon("o")) == "allow"
    judged = world.one(cancel("o", 1000, cause=LATE))
    assert (judged.verdict, judged.rules) == (Verdict.DENY, ("rejection.used_up",))


def test_two_other_things_in_one_proposal_are_one_too_many(world: World) -> None:
    rejected(world, captured=1000)
    judged = world.propose(coupon("o"), cancel("o", 1000, cause=LATE))
    assert [one.verdict for one in judged] == [Verdict.ALLOW, Verdict.DENY]
    assert world.row(REJECTION).left == 0


@pytest.mark.parametrize("cancel_first", [True, False])
def test_an_end_of_an_order_and_its_refund_are_one_other_thing(
    world: World, *, cancel_first: bool
) -> None:
    world.held(coupon(world.order("o", captured=1000), 1000))
    world.reject()
    pair = [cancel("o", 1000, cause=LATE), refund("o", 1000, cause=LATE)]
    judged = world.propose(*(pair if cancel_first else reversed(pair)))
    assert [one.verdict for one in judged] == [Verdict.HOLD, Verdict.HOLD]
    assert world.row(REJECTION).left == 0


def test_a_second_refund_beside_an_end_of_an_order_is_a_second_thing(world: World) -> None:
    world.held(coupon(world.order("o", captured=1000), 1000))
    world.reject()
    refunds = [refund("o", 500, cause=LATE, lines=(line,)) for line in ("1", "2")]
    judged = world.propose(refunds[0], cancel("o", 1000, cause=LATE), refunds[1])
    assert [one.verdict for one in judged] == [Verdict.HOLD, Verdict.HOLD, Verdict.DENY]


def test_an_end_of_an_order_after_its_refund_was_proposed_apart_is_a_second_thing(
    world: World,
) -> None:
    world.held(coupon(world.order("o", captured=1000), 1000))
    world.reject()
    assert world.verdict(refund("o", 1000, cause=LATE)) == "hold"
    assert world.one(cancel("o", 1000, cause=LATE)).rules == ("rejection.used_up",)


def test_what_is_denied_otherwise_does_not_use_up_the_other_thing(world: World) -> None:
    rejected(world)
    assert world.verdict(coupon("o", 1001)) == "deny"
    world.policy("autonomy", actions=world.policies.autonomy.actions | {"coupon": Autonomy.DENY})
    assert world.verdict(coupon("o")) == "deny"
    assert world.row(REJECTION).left == 1


def test_two_noes_leave_no_more_money_than_the_lesser(world: World) -> None:
    rejected(world, 300, captured=300)
    world.stop("kind:coupon")
    world.held(coupon("o", 100))
    world.reject()
    judged = world.one(cancel("o", 300, cause=LATE))
    assert judged.verdict is Verdict.DENY
    assert set(judged.rules) == {"rejection.more_money", "rejection.used_up"}


def test_what_pays_nothing_may_still_be_done(world: World) -> None:
    rejected(world)
    assert world.verdict(notify("o")) == "allow"
    assert world.row(REJECTION).left == 1


def test_other_open_holds_of_the_same_are_superseded(world: World) -> None:
    world.order("o")
    one = world.held(refund("o", 1000, cause=LATE))
    other_amount = world.held(refund("o", 1100, cause=LATE))
    other_lines = world.held(refund("o", 300, cause=LATE, lines=("1",)))
    other_cause = world.held(refund("o", 300, cause=Cause.WEATHER))
    world.reject(one.id)
    assert world.review(one.id).status == "rejected"
    for review in (other_amount, other_lines):
        assert world.review(review.id).status == "superseded"
        assert world.status(review.action_id) == "superseded"
        with pytest.raises(Conflict, match="was superseded"):
            world.approve(review.id)
    assert world.review(other_cause.id).status == "open"
    assert {row.status for row in world.rows(OBLIGATION)} == {"rejected", "open"}


def test_the_hold_of_another_delivery_is_not_superseded(world: World) -> None:
    world.orders("o")
    world.courier("k")
    world.happen(
        "fulfilment_order.created", "f-o2", order_id="o", customer_id="c-o", promised_at=None
    )
    actions = world.policies.autonomy.actions | {ActionKind.REASSIGN: Autonomy.HOLD}
    world.policy("autonomy", actions=actions)
    one = world.held(reassign("o", "k"))
    other = world.held(reassign("o", "k", fulfilment_id="f-o2"))
    world.reject(one.id)
    assert world.review(other.id).status == "open"


def test_a_hold_that_slipped_past_a_rejection_cannot_be_approved(world: World) -> None:
    """Two proposals may be judged while the rejection of the one is being written."""
    review = world.held(refund(world.order("o"), 300, cause=LATE, lines=("1",)))
    whole = replace(review, action_id="act_x", action=refund("o", 1000, cause=LATE))
    with world.store.write() as tx:
        rejections.record(tx, [whole], world.clock.now_us())
    with pytest.raises(Conflict, match="a person said no"):
        world.approve(review.id)
    assert world.settle() == 0


def test_a_rejection_is_told_with_its_reason_and_without_the_comment(world: World) -> None:
    review = world.held(refund(world.order("o"), 1000, cause=LATE))
    world.reject()
    (told,) = world.told(EntryKind.REVIEW_REJECTED)
    assert (told.actor, told.body["reason"]) == ("per_supervisor", "not_owed")
    assert told.body["comment_sealed"] is False
    assert world.status(review.action_id) == "rejected"


def test_a_no_to_what_costs_nothing_leaves_nothing_that_pays(world: World) -> None:
    world.order("o")
    world.courier("k")
    later_us = world.clock.now_us() + 90 * MINUTE
    promise = Reschedule.model_validate(about("o") | {"promised_us": later_us})
    world.one(promise, doubts=("an old picture",))
    world.reject()
    assert world.one(coupon("o", 1, cause=LATE)).rules == ("rejection.more_money",)
    assert world.verdict(notify("o", cause=LATE)) == "allow"


def test_another_cause_in_the_same_incident_waits_for_a_person(world: World) -> None:
    world.stop("kind:coupon")
    world.held(coupon(world.order("o"), 200, cause=Cause.WEATHER))
    world.reject()
    world.go_on("kind:coupon")
    judged = world.one(coupon("o", 100, cause=LATE))
    assert (judged.verdict, judged.rules) == (Verdict.HOLD, ("rejection.incident",))
    (held,) = world.waiting()
    assert held.why == "a person said no to a coupon for this order in this incident (weather)"


def test_another_cause_in_another_incident_is_another_question(world: World) -> None:
    world.stop("kind:coupon")
    world.held(coupon(world.order("o"), 200, cause=Cause.WEATHER))
    world.reject()
    world.go_on("kind:coupon")
    (judged,) = world.propose(coupon("o", 100, cause=LATE), incident="inc_2")
    assert judged.verdict is Verdict.ALLOW
