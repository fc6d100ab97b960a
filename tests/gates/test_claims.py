"""Claims: who takes a hold has it for a while, and who passes it on leaves it to others."""

from __future__ import annotations

import pytest

from makegood.clock import MINUTE
from makegood.domain.authority import ReviewStatus
from makegood.domain.roles import Role
from makegood.errors import Conflict, NotAllowed
from makegood.gates.reviews import Decider
from makegood.ledger.kinds import EntryKind
from tests.gates import desk
from tests.gates.world import AGENT, AUDITOR, GRANT, SECOND, SUPERVISOR, World


def test_who_claims_a_hold_keeps_others_from_deciding_it(world: World) -> None:
    review_id = desk.hold(world)
    taken = desk.claim(world, review_id)
    assert (taken.claimed_by, taken.claimed_until_us) == (
        "per_supervisor",
        world.clock.now_us() + 10 * MINUTE,
    )
    for decide in (world.approve, world.reject):
        with pytest.raises(Conflict, match=r"per_supervisor has taken .* until 2026-07-14T10:10"):
            decide(review_id, by=SECOND)
    for other in (desk.claim, desk.escalate):
        with pytest.raises(Conflict, match="per_supervisor has taken"):
            other(world, review_id, SECOND)
    with pytest.raises(Conflict, match="per_supervisor has taken"):
        desk.edit(world, review_id, SECOND, amount=desk.eur(100))
    assert world.rows(GRANT) == []
    assert world.approve(review_id).status is ReviewStatus.APPROVED


def test_a_claim_ends_by_itself_and_when_it_is_given_back(quick: World) -> None:
    review_id = desk.hold(quick)
    desk.claim(quick, review_id)
    with pytest.raises(Conflict, match="you have not taken"):
        desk.release(quick, review_id, SECOND)
    assert desk.release(quick, review_id).claimed_by == ""
    desk.claim(quick, review_id, SECOND)
    quick.pass_time(10)
    assert desk.claim(quick, review_id).claimed_by == "per_supervisor"


def test_a_claim_never_outlives_the_deadline(quick: World) -> None:
    review_id = desk.hold(quick)
    quick.pass_time(115)
    taken = desk.claim(quick, review_id)
    assert taken.claimed_until_us == taken.deadline_us


@pytest.mark.parametrize("by", [AUDITOR, Decider(AGENT, frozenset({Role.SUPERVISOR}))])
def test_who_may_not_decide_a_hold_may_not_keep_it_from_others(quick: World, by: Decider) -> None:
    review_id = desk.hold(quick)
    for take in (desk.claim, desk.escalate):
        with pytest.raises(NotAllowed):
            take(quick, review_id, by)


def test_the_first_of_two_persons_may_not_keep_it_from_the_second(quick: World) -> None:
    review_id = desk.hold(quick, minor=50_000, captured=90_000)
    desk.claim(quick, review_id)
    assert quick.approve(review_id).status is ReviewStatus.OPEN
    assert quick.review(review_id).claimed_by == ""
    with pytest.raises(NotAllowed, match="a second person"):
        desk.claim(quick, review_id)
    assert quick.approve(review_id, by=SECOND).status is ReviewStatus.APPROVED


def test_who_passes_a_hold_on_leaves_it_to_another_person(world: World) -> None:
    review_id = desk.hold(world)
    before = world.review(review_id)
    passed = desk.escalate(world, review_id)
    assert (passed.level, passed.delegated_by) == (1, "per_supervisor")
    assert passed.priority == before.priority - 30 * MINUTE
    for decide in (world.approve, world.reject):
        with pytest.raises(NotAllowed, match="you passed it on"):
            decide(review_id)
    assert world.approve(review_id, by=SECOND).status is ReviewStatus.APPROVED
    (told,) = world.told(EntryKind.REVIEW_ESCALATED)
    assert (told.actor, told.body["level"], told.body["tell"]) == (
        "per_supervisor",
        1,
        ["supervisor"],
    )


def test_the_first_of_two_who_then_passes_it_on_is_none_of_the_two(quick: World) -> None:
    review_id = desk.hold(quick, minor=50_000, captured=90_000)
    quick.approve(review_id)
    assert desk.escalate(quick, review_id).first_by == ""
    assert quick.approve(review_id, by=SECOND).status is ReviewStatus.OPEN
    third = Decider("per_third", frozenset({Role.SUPERVISOR}))
    assert quick.approve(review_id, by=third).status is ReviewStatus.APPROVED


def test_the_ladder_has_a_top(quick: World) -> None:
    review_id = desk.hold(quick)
    desk.escalate(quick, review_id)
    assert desk.escalate(quick, review_id, SECOND).level == 2
    third = Decider("per_third", frozenset({Role.SUPERVISOR}))
    with pytest.raises(Conflict, match="top of the ladder"):
        desk.escalate(quick, review_id, third)


def test_nothing_is_claimed_that_was_decided(quick: World) -> None:
    review_id = desk.hold(quick)
    desk.claim(quick, review_id)
    quick.approve(review_id)
    assert quick.review(review_id).claimed_by == ""
    for step in (desk.claim, desk.release, desk.escalate):
        with pytest.raises(Conflict, match="was approved by per_supervisor at 2026-07-14T10:00"):
            step(quick, review_id, SUPERVISOR)


def test_all_who_passed_a_hold_on_leave_it_to_others(quick: World) -> None:
    review_id = desk.hold(quick)
    third = Decider("per_third", frozenset({Role.SUPERVISOR}))
    desk.escalate(quick, review_id)
    passed = desk.escalate(quick, review_id, by=SECOND)
    assert passed.delegators == ("per_supervisor", "per_second")
    for by in (SUPERVISOR, SECOND):
        with pytest.raises(NotAllowed, match="you passed it on"):
            quick.approve(review_id, by=by)
    assert quick.approve(review_id, by=third).status is ReviewStatus.APPROVED
