"""Edits: what a person makes of a proposal is judged again, and another person decides it."""

from __future__ import annotations

from typing import Any

import pytest

from makegood.domain.actions import ActionKind, Cause, Return
from makegood.domain.authority import ReviewStatus
from makegood.domain.roles import Role
from makegood.errors import Conflict, InvalidInput, NotAllowed, Stale
from makegood.gates.candidates import Intention, Origin
from makegood.gates.judge import judge
from makegood.gates.reviews import Decider
from makegood.ledger.kinds import EntryKind
from tests.gates import desk
from tests.gates.world import (
    ACTION,
    AGENT,
    GRANT,
    OBLIGATION,
    SECOND,
    SUPERVISOR,
    World,
    coupon,
    eur,
    refund,
)


def test_an_edited_action_is_another_action_with_a_verdict_of_its_own(world: World) -> None:
    old = world.review(desk.hold(world))
    new = desk.edit(world, old.id, amount=desk.eur(1000))
    was = world.review(old.id)
    assert (was.status, was.replaced_by) == (ReviewStatus.SUPERSEDED, new.id)
    assert world.status(old.action_id) == "superseded"
    assert (new.status, new.edited_by) == (ReviewStatus.OPEN, "per_supervisor")
    assert new.action.money is not None
    assert new.action.money.minor == 1000
    assert new.digest != old.digest
    assert "review.edited" in new.rules
    assert (new.opened_us, new.deadline_us) == (old.opened_us, old.deadline_us)
    assert (new.proposal_id, new.run_id, new.agent) == (old.proposal_id, old.run_id, old.agent)
    rows = {row.id: row for row in world.rows(ACTION)}
    assert rows[old.action_id].verdict == "hold", "a verdict is frozen"
    assert world.row(OBLIGATION).action_id == new.action_id
    with pytest.raises(Conflict, match=f"was superseded by {new.id} at"):
        world.approve(old.id, by=SECOND)
    world.approve(new.id, by=SECOND)
    world.settle()
    assert world.refunded() == 1000
    assert world.ledger_is_sound()


def test_the_editor_has_asked_for_it_and_cannot_decide_it(world: World) -> None:
    new = desk.edit(world, desk.hold(world), amount=desk.eur(1000))
    for decide in (world.approve, world.reject):
        with pytest.raises(NotAllowed, match="you edited it"):
            decide(new.id)
    for step in (desk.claim, desk.escalate):
        with pytest.raises(NotAllowed, match="you edited it"):
            step(world, new.id)
    assert world.rows(GRANT) == []
    assert world.approve(new.id, by=SECOND).status is ReviewStatus.APPROVED


def test_the_last_editor_is_the_one_who_cannot_decide(quick: World) -> None:
    first = desk.edit(quick, desk.hold(quick), amount=desk.eur(1000))
    then = desk.edit(quick, first.id, SECOND, amount=desk.eur(900))
    with pytest.raises(NotAllowed, match="you edited it"):
        quick.approve(then.id, by=SECOND)
    assert quick.approve(then.id).status is ReviewStatus.APPROVED


def test_an_edit_beyond_the_editors_own_authority_is_refused(quick: World) -> None:
    review_id = desk.hold(quick, minor=9_000, captured=90_000)
    with pytest.raises(NotAllowed, match=r"500\.00 EUR is more than you may decide alone"):
        desk.edit(quick, review_id, amount=desk.eur(50_000))
    with pytest.raises(NotAllowed, match="lets nobody decide"):
        desk.edit(quick, review_id, amount=desk.eur(1_000_001))
    auditor = Decider("per_a", frozenset({Role.AUDITOR, Role.OPERATOR}))
    with pytest.raises(NotAllowed, match="is decided by a supervisor"):
        desk.edit(quick, review_id, auditor, amount=desk.eur(100))
    assert quick.review(review_id).status is ReviewStatus.OPEN
    assert len(quick.rows(ACTION)) == 1


def test_one_of_two_may_lower_what_both_would_decide(quick: World) -> None:
    review_id = desk.hold(quick, minor=50_000, captured=90_000)
    new = desk.edit(quick, review_id, amount=desk.eur(40_000))
    assert quick.approve(new.id, by=SECOND).status is ReviewStatus.OPEN
    third = Decider("per_third", frozenset({Role.SUPERVISOR}))
    with pytest.raises(NotAllowed, match="you edited it"):
        quick.approve(new.id)
    assert quick.approve(new.id, by=third).status is ReviewStatus.APPROVED


def test_an_edit_that_the_gate_denies_changes_nothing(quick: World) -> None:
    review_id = desk.hold(quick, captured=5000)
    with pytest.raises(NotAllowed, match=r"the gate says deny: .* is more than"):
        desk.edit(quick, review_id, amount=desk.eur(5001))
    assert quick.review(review_id).status is ReviewStatus.OPEN
    assert quick.row(OBLIGATION).status == "open"
    assert quick.approve(review_id).status is ReviewStatus.APPROVED


def test_an_edited_action_holds_even_where_policy_would_let_it_pass(quick: World) -> None:
    held = quick.held(coupon(quick.order("o"), 400))
    new = desk.edit(quick, held.id, amount=desk.eur(100))
    assert new.status is ReviewStatus.OPEN
    assert quick.rows(GRANT) == []
    assert quick.counters_agree()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"order_id": "p"}, "changes.order_id"),
        ({"cause": "late"}, "changes.cause"),
        ({"occurrence": 2}, "changes.occurrence"),
        ({"kind": "coupon"}, "changes.kind"),
        ({"nonsense": 1}, "changes.nonsense"),
        ({"amount": {"minor": -1, "currency": "EUR"}}, "changes.amount.minor"),
        ({"amount": {"minor": 1.5, "currency": "EUR"}}, "changes.amount.minor"),
        ({"amount": {"minor": 1, "currency": "XXQ"}}, "changes.amount.currency"),
        ({"amount": {"minor": 1990, "currency": "CNY"}}, "changes.amount.currency"),
        ({"amount": None}, "changes.amount"),
        ({"amount": {"minor": 1990, "currency": "EUR"}}, "changes"),
    ],
)
def test_an_edit_names_the_field_that_cannot_be_so(
    quick: World, changes: dict[str, Any], field: str
) -> None:
    review_id = desk.hold(quick)
    with pytest.raises(InvalidInput) as refused:
        desk.edit(quick, review_id, **changes)
    assert refused.value.field == field
    assert quick.review(review_id).editable == ("amount", "lines")


def test_only_what_the_page_showed_is_edited(quick: World) -> None:
    review_id = desk.hold(quick)
    seen = quick.review(review_id).seen
    with pytest.raises(Stale):
        desk.edit(quick, review_id, seen="0" * 32, amount=desk.eur(100))
    quick.refund_reported("o", 1)
    with pytest.raises(Stale):
        desk.edit(quick, review_id, seen=seen, amount=desk.eur(100))


def test_what_was_decided_is_not_edited(quick: World) -> None:
    review_id = desk.hold(quick)
    quick.reject(review_id)
    with pytest.raises(Conflict, match="was rejected by per_supervisor"):
        desk.edit(quick, review_id, SECOND, amount=desk.eur(100))


def test_editing_does_not_revive_what_a_person_said_no_to(quick: World) -> None:
    quick.order("o")
    first = quick.held(refund("o", 1000, cause=Cause.LATE))
    second = quick.held(refund("o", 500))
    quick.reject(first.id)
    new = desk.edit(quick, second.id, amount=desk.eur(400))
    quick.reject(new.id, by=SECOND)
    assert quick.verdict(refund("o", 300)) == "deny"
    assert quick.verdict(refund("o", 300, cause=Cause.LATE)) == "deny"


def test_the_one_further_proposal_may_be_edited_but_never_to_more_money(quick: World) -> None:
    quick.order("o")
    quick.held(refund("o", 1000, cause=Cause.LATE))
    quick.reject()
    other = quick.held(coupon("o", 900))
    with pytest.raises(NotAllowed, match="more money"):
        desk.edit(quick, other.id, amount=desk.eur(1001))
    new = desk.edit(quick, other.id, amount=desk.eur(800))
    assert quick.approve(new.id, by=SECOND).status is ReviewStatus.APPROVED


def test_an_edit_is_on_the_ledger_with_both_digests(quick: World) -> None:
    old = quick.review(desk.hold(quick))
    new = desk.edit(quick, old.id, amount=desk.eur(1000))
    (told,) = quick.told(EntryKind.REVIEW_EDITED)
    assert told.actor == "per_supervisor"
    assert told.body["from_digest"] == old.digest
    assert told.body["digest"] == new.digest
    assert told.body["fields"] == ["amount"]
    judged = quick.told(EntryKind.ACTION_JUDGED)[-1]
    assert (judged.actor, judged.body["action_id"]) == ("per_supervisor", new.action_id)
    assert quick.ledger_is_sound()


def test_an_edit_neither_drops_money_nor_adds_it(quick: World) -> None:
    quick.order("o", 90_000)
    back = {"hub_id": "h1", "order_id": "o", "customer_id": "c-o", "cause": Cause.RETURNED}
    paid = Return.model_validate(back | {"lines": ("a",), "amount": eur(500)})
    free = Return.model_validate(back | {"lines": ("b",)})
    for action, amount, why in (
        (paid, None, "cannot be taken away"),
        (free, {"minor": 40_000, "currency": "CNY"}, "there was none"),
    ):
        review = quick.held(action)
        with pytest.raises(InvalidInput, match=why) as refused:
            desk.edit(quick, review.id, amount=amount)
        assert refused.value.field == "changes.amount"
        assert quick.review(review.id).status is ReviewStatus.OPEN


def test_an_edited_amount_is_held_against_the_order_as_a_proposed_one_is(quick: World) -> None:
    held = quick.held(coupon(quick.order("o", 2_000), 900))
    for minor, why in ((9_900, "more than the order's value"), (0, "more than 0")):
        with pytest.raises(InvalidInput, match=why) as refused:
            desk.edit(quick, held.id, amount=desk.eur(minor))
        assert refused.value.field == "changes.amount.minor"
    assert quick.review(held.id).status is ReviewStatus.OPEN
    assert quick.counters_agree()
    assert desk.edit(quick, held.id, amount=desk.eur(2_000)).status is ReviewStatus.OPEN


def test_what_an_agent_doubted_is_still_doubted_after_edits(quick: World) -> None:
    doubts = ("the customer's note asks for it in three accounts", "no feed; no photo")
    quick.one(coupon(quick.order("o"), 900), doubts=doubts)
    (held,) = quick.waiting()
    for by, minor in ((SUPERVISOR, 899), (SECOND, 400), (SUPERVISOR, 300)):
        held = desk.edit(quick, held.id, by, amount=desk.eur(minor))
        assert "confidence.doubt" in held.rules
        parts = held.why.split("; ")
        assert set("; ".join(doubts).split("; ")) < set(parts)
        assert len(parts) == len(set(parts)), "each is said once"
    assert "breaker.coupon_amount" not in held.rules, "what is mended is not carried on"
    (last,) = quick.told(EntryKind.ACTION_JUDGED)[-1:]
    assert "three accounts" not in str(last.body), "the ledger keeps nobody's words"


def test_too_thin_a_margin_is_still_too_thin_after_an_edit(quick: World) -> None:
    confidence = quick.policies.breakers.confidence
    thin = confidence.model_copy(update={"score_margins": {ActionKind.COUPON: 10}})
    quick.policy("breakers", confidence=thin)
    quick.order("o")
    origin = Origin("pro_thin", "run_thin", "inc_1", AGENT)
    with quick.store.write() as tx:
        chosen = (Intention(coupon("o", 200), margin=3),)
        judge(tx, quick.rulebook, origin, chosen, quick.clock.now_us())
    (held,) = quick.waiting()
    new = desk.edit(quick, held.id, amount=desk.eur(100))
    assert "confidence.margin" in new.rules
    assert "the best other option is only 3 points worse" in new.why


def test_an_edit_that_comes_too_late_keeps_what_has_moved(world: World) -> None:
    review_id = desk.hold(world)
    seen = world.review(review_id).seen
    world.refund_reported("o", 100)
    with pytest.raises(Stale):
        desk.edit(world, review_id, seen=seen, amount=desk.eur(100))
    review = world.review(review_id)
    assert review.status is ReviewStatus.STALE
    assert review.changed == (("sales_order/o", "refunded_minor", 0, 100),)
