"""Reviews: an approval is for what the reviewer saw, and the first decision stands."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest

from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind
from makegood.domain.authority import ActionStatus, GrantStatus, ReviewStatus
from makegood.domain.policy import Autonomy
from makegood.domain.roles import Role
from makegood.errors import Conflict, NotAllowed, NotFound
from makegood.gates import reviews
from makegood.gates.reviews import Decider
from makegood.ledger.kinds import EntryKind
from makegood.outbox import endpoints, messages
from makegood.outbox.endpoints import Endpoint
from tests.gates.world import (
    ACTION,
    AGENT,
    AUDITOR,
    GRANT,
    OBLIGATION,
    SECOND,
    SUPERVISOR,
    cancel,
    reassign,
    refund,
)

if TYPE_CHECKING:
    from tests.gates.world import World

DEAR = 50_000


def dear(world: World) -> reviews.ReviewItem:
    """Hold a refund that two persons must decide."""
    return world.held(refund(world.order("o", 90_000), DEAR))


def test_an_approval_gives_one_grant_for_exactly_what_was_seen(world: World) -> None:
    review = world.held(refund(world.order("o")))
    approval = world.approve()
    grant = world.row(GRANT)
    assert approval == reviews.Approval(review.id, ReviewStatus.APPROVED, grant.id, "")
    assert (grant.digest, grant.fingerprint) == (review.digest, review.fingerprint)
    assert (grant.given_by, grant.status) == ("per_supervisor", "unspent")
    assert world.status(review.action_id) == "granted"


def test_a_second_decision_is_told_what_happened_first(world: World) -> None:
    review = world.held(refund(world.order("o")))
    world.approve()
    for again in (world.approve, world.reject):
        with pytest.raises(Conflict, match=r"was approved by per_supervisor at 2026-07-14T10:00"):
            again(review.id, by=SECOND)
    assert world.review(review.id).decided_by == "per_supervisor"


def test_what_was_rejected_cannot_be_approved_after(world: World) -> None:
    review = world.held(refund(world.order("o")))
    world.reject()
    with pytest.raises(Conflict, match="was rejected by per_supervisor"):
        world.approve(review.id, by=SECOND)
    assert world.rows(GRANT) == []


def test_of_two_reviewers_who_race_one_wins(world: World) -> None:
    review = world.held(refund(world.order("o")))
    start = Barrier(4)
    ends: list[str] = []

    def decide(by: Decider, yes: bool) -> None:  # noqa: FBT001
        start.wait()
        try:
            if yes:
                world.approve(review.id, by=by)
            else:
                world.reject(review.id, by=by)
        except Conflict:
            ends.append("conflict")
        else:
            ends.append("approved" if yes else "rejected")

    args = [(SUPERVISOR, True), (SECOND, False), (SECOND, True), (SUPERVISOR, False)]
    threads = [Thread(target=decide, args=each) for each in args]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends.count("conflict") == 3
    (outcome,) = set(ends) - {"conflict"}
    assert world.review(review.id).status == outcome
    assert len(world.rows(GRANT)) == (outcome == "approved")


def test_a_review_whose_facts_moved_is_not_approved_and_keeps_the_difference(world: World) -> None:
    review = world.held(refund(world.order("o")))
    world.refund_reported("o", 1000)
    approval = world.approve()
    assert approval.status is ReviewStatus.STALE
    assert approval.grant_id == ""
    assert approval.detail == "refunded_minor of sales_order/o was 0, is 1000"
    stale = world.review(review.id)
    assert stale.status is ReviewStatus.STALE
    assert stale.changed == (("sales_order/o", "refunded_minor", 0, 1000),)
    assert world.rows(GRANT) == []
    assert world.settle() == 0


def test_a_stale_review_is_approved_with_what_is_true_now(world: World) -> None:
    review = world.held(refund(world.order("o")))
    world.refund_reported("o", 1000)
    world.approve()
    assert world.approve(seen=review.seen).status is ReviewStatus.STALE, "the old page"
    assert world.approve().status is ReviewStatus.APPROVED
    assert world.settle() == 1
    told = world.told(EntryKind.REVIEW_STALE)
    assert [entry.body["review_id"] for entry in told] == [review.id]


def test_a_review_held_under_other_policies_asks_again(world: World) -> None:
    review = world.held(refund(world.order("o")))
    approvals = world.policies.approvals.model_copy(update={"grant_minutes": 11})
    world.policies = world.policies.model_copy(update={"approvals": approvals})
    approval = world.approve()
    assert (approval.status, approval.grant_id) == (ReviewStatus.STALE, "")
    assert approval.detail == "the policies are others than when it was held"
    assert world.approve(seen=review.seen).status is ReviewStatus.STALE, "the old page"
    assert world.approve().status is ReviewStatus.APPROVED


def test_facts_that_move_back_are_asked_about_once_more(world: World) -> None:
    review = world.held(cancel(world.order("o")))
    world.happen("sales_order.put_on_hold", "o")
    assert world.approve().status is ReviewStatus.STALE
    world.happen("sales_order.released", "o")
    assert world.approve().status is ReviewStatus.STALE
    assert world.review(review.id).changed == ()
    assert world.approve().status is ReviewStatus.APPROVED


def test_a_page_that_showed_something_else_approves_nothing(world: World) -> None:
    review = world.held(refund(world.order("o")))
    assert world.approve(seen="0" * 32).status is ReviewStatus.STALE
    assert world.review(review.id).status is ReviewStatus.OPEN
    assert world.rows(GRANT) == []


def test_a_stale_review_can_be_rejected(world: World) -> None:
    review = world.held(refund(world.order("o")))
    world.refund_reported("o", 1000)
    world.approve()
    world.reject()
    assert world.status(review.action_id) == ActionStatus.REJECTED


def test_facts_it_does_not_stand_on_do_not_make_it_stale(world: World) -> None:
    world.held(refund(world.order("o")))
    world.happen("sales_order.cancelled", "o", reason="late")
    assert world.approve().status is ReviewStatus.APPROVED


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OPERATOR, Role.SOURCE])
def test_only_a_role_that_policy_names_decides(world: World, role: Role) -> None:
    world.held(refund(world.order("o")))
    someone = Decider("per_x", frozenset({role}))
    for decide in (world.approve, world.reject):
        with pytest.raises(NotAllowed, match="is decided by a supervisor"):
            decide(by=someone)
    assert len(world.waiting()) == 1


def test_someone_without_a_role_decides_nothing(world: World) -> None:
    world.held(refund(world.order("o")))
    with pytest.raises(NotAllowed):
        world.approve(by=Decider("per_x", frozenset()))


def test_an_operator_decides_what_policy_leaves_to_operators(world: World) -> None:
    world.order("o")
    world.courier("k")
    actions = world.policies.autonomy.actions | {ActionKind.REASSIGN: Autonomy.HOLD}
    world.policy("autonomy", actions=actions)
    world.held(reassign("o", "k"))
    operator = Decider("per_operator", frozenset({Role.OPERATOR}))
    assert world.approve(by=operator).status is ReviewStatus.APPROVED


def test_what_no_rule_of_policy_covers_nobody_decides(world: World) -> None:
    world.held(refund(world.order("o", 9_000_000), 1_000_001))
    for decide in (world.approve, world.reject):
        with pytest.raises(NotAllowed, match="lets nobody decide"):
            decide()


def test_an_agent_does_not_approve_its_own_request(world: World) -> None:
    world.held(refund(world.order("o")))
    agent = Decider(AGENT, frozenset({Role.SUPERVISOR}))
    with pytest.raises(NotAllowed, match="own request"):
        world.approve(by=agent)
    assert world.rows(GRANT) == []


def test_above_policys_limit_it_takes_two_persons(world: World) -> None:
    review = dear(world)
    first = world.approve()
    assert (first.status, first.grant_id) == (ReviewStatus.OPEN, "")
    assert world.rows(GRANT) == []
    with pytest.raises(NotAllowed, match="a second person"):
        world.approve()
    second = world.approve(by=SECOND)
    assert second.status is ReviewStatus.APPROVED
    (told,) = world.told(EntryKind.REVIEW_APPROVED)
    assert (told.body["first_by"], told.actor) == ("per_supervisor", "per_second")
    assert world.review(review.id).first_by == "per_supervisor"
    world.settle()
    assert world.refunded() == DEAR


def test_the_second_of_two_persons_may_say_no(world: World) -> None:
    review = dear(world)
    world.approve()
    world.reject(by=SECOND)
    assert world.review(review.id).status is ReviewStatus.REJECTED


def test_what_the_first_of_two_saw_must_still_be_true_for_the_second(world: World) -> None:
    dear(world)
    world.approve()
    world.refund_reported("o", 1000)
    assert world.approve(by=SECOND).status is ReviewStatus.STALE
    assert world.approve(by=SECOND).status is ReviewStatus.OPEN, "theirs is the first again"
    with pytest.raises(NotAllowed, match="a second person"):
        world.approve(by=SECOND)
    assert world.approve().status is ReviewStatus.APPROVED


def test_after_the_deadline_nobody_decides(world: World) -> None:
    world.held(refund(world.order("o")))
    world.pass_time(120)
    for decide in (world.approve, world.reject):
        with pytest.raises(Conflict, match="expired at 2026-07-14T12:00"):
            decide()
    assert world.rows(GRANT) == []


def test_a_review_expires_without_being_approved(world: World) -> None:
    review = world.held(refund(world.order("o")))
    world.pass_time(119)
    assert world.expire() == []
    world.pass_time(1)
    assert world.expire() == [review.id]
    assert world.expire() == []
    assert world.review(review.id).status is ReviewStatus.EXPIRED
    assert world.status(review.action_id) == ActionStatus.EXPIRED
    assert world.row(OBLIGATION).status == "released"
    assert world.rows(GRANT) == []
    assert world.settle() == 0
    with pytest.raises(Conflict, match="was expired"):
        world.approve(review.id)


def test_what_was_decided_does_not_expire(world: World) -> None:
    one, other = (world.held(refund(world.order(order))) for order in "op")
    world.approve(one.id)
    world.reject(other.id)
    world.pass_time(200)
    assert world.expire() == []


def test_a_stale_review_expires_too(world: World) -> None:
    world.held(refund(world.order("o")))
    world.refund_reported("o", 1000)
    world.approve()
    world.pass_time(120)
    assert len(world.expire()) == 1


def test_there_is_no_review_of_that_id(world: World) -> None:
    with pytest.raises(NotFound, match="no review rev_x"), world.store.write() as tx:
        reviews.approve(tx, "rev_x", SUPERVISOR, "", world.clock.now_us(), world.rulebook)


def test_a_void_grant_of_an_approved_action_asks_again(world: World) -> None:
    review = world.held(refund(world.order("o")))
    world.approve()
    world.refund_reported("o", 1000)
    assert world.settle() == 0
    asked = world.review(review.id)
    assert asked.status is ReviewStatus.STALE
    assert asked.why == "approved, but not carried out: what it stands on has changed"
    assert asked.changed == (("sales_order/o", "refunded_minor", 0, 1000),)
    assert world.status(review.action_id) == ActionStatus.HELD
    assert world.row(GRANT).status == GrantStatus.VOID


def test_what_is_asked_again_at_once_may_be_approved_at_once(world: World) -> None:
    world.held(refund(world.order("o")))
    world.approve()
    world.stop("everything")
    world.settle()
    world.go_on("everything")
    assert world.approve().status is ReviewStatus.APPROVED
    assert world.settle() == 1
    assert sorted(row.status for row in world.rows(GRANT)) == ["spent", "void"]


def test_what_is_asked_again_has_a_whole_deadline_before_it(world: World) -> None:
    review = world.held(refund(world.order("o")))
    world.pass_time(119)
    world.approve()
    world.settle(minutes=11)
    asked = world.review(review.id)
    assert asked.status is ReviewStatus.OPEN
    assert asked.why == "approved, but not carried out: the grant has expired"
    assert world.row(GRANT).status == GrantStatus.EXPIRED
    assert asked.deadline_us == world.clock.now_us() + (review.deadline_us - review.opened_us)


def test_the_queue_is_by_deadline_and_can_be_narrowed(world: World) -> None:
    first = world.held(refund(world.order("o")))
    world.pass_time(1)
    then = world.held(refund(world.order("p")))
    with world.store.read() as tx:
        assert [r.id for r in reviews.queue(tx)] == [first.id, then.id]
        assert [r.id for r in reviews.queue(tx, limit=1)] == [first.id]
        assert reviews.queue(tx, hub="h2") == []
        assert [r.id for r in reviews.of_run(tx, then.run_id)] == [then.id]
        assert reviews.decided(tx) == []
    world.approve(first.id)
    with world.store.read() as tx:
        assert [r.id for r in reviews.decided(tx)] == [first.id]


def test_each_step_of_a_review_is_on_the_ledger(world: World) -> None:
    one, other, third = (world.held(refund(world.order(order))) for order in "opq")
    world.approve(one.id)
    world.reject(other.id)
    world.pass_time(120)
    world.expire()
    kinds = (
        EntryKind.REVIEW_OPENED,
        EntryKind.REVIEW_APPROVED,
        EntryKind.REVIEW_REJECTED,
        EntryKind.REVIEW_EXPIRED,
    )
    told = [(e.kind, e.body["review_id"], e.actor) for e in world.told(*kinds)]
    assert told == [
        (EntryKind.REVIEW_OPENED, one.id, "system"),
        (EntryKind.REVIEW_OPENED, other.id, "system"),
        (EntryKind.REVIEW_OPENED, third.id, "system"),
        (EntryKind.REVIEW_APPROVED, one.id, "per_supervisor"),
        (EntryKind.REVIEW_REJECTED, other.id, "per_supervisor"),
        (EntryKind.REVIEW_EXPIRED, third.id, "system"),
    ]
    assert world.ledger_is_sound()
    assert {row.status for row in world.rows(ACTION)} == {"granted", "rejected", "expired"}


def test_an_auditor_decides_nothing(world: World) -> None:
    world.held(refund(world.order("o")))
    with pytest.raises(NotAllowed):
        world.approve(by=AUDITOR)


def test_who_was_told_of_an_approval_is_told_that_the_hold_is_back(quick: World) -> None:
    with quick.store.write() as tx:
        endpoints.sync(tx, [Endpoint("x", "http://x", ("whsec_x",))], 0)
    review = quick.held(refund(quick.order("o")))
    quick.approve()
    quick.stop("everything")
    quick.settle()
    assert quick.review(review.id).status is ReviewStatus.OPEN
    (told,) = quick.told(EntryKind.REVIEW_REOPENED)
    assert told.body["approved_by"] == SUPERVISOR.person_id
    assert review.id in told.refs
    types = [row.type for row in quick.rows(messages.MESSAGE, subject=review.id)]
    assert types == ["review.opened", "review.approved", "review.reopened"]


def test_a_hold_that_is_back_again_and_again_has_never_more_time_than_a_new_one(
    quick: World,
) -> None:
    minutes = quick.policies.approvals.deadline.expire_minutes
    review = quick.held(refund(quick.order("o")))
    for _ in range(4):
        quick.pass_time(minutes - 1)
        quick.approve(review.id)
        quick.stop("everything")
        quick.settle()
        quick.go_on("everything")
        left_us = quick.review(review.id).deadline_us - quick.clock.now_us()
        assert left_us == minutes * MINUTE
