"""Deadlines: a hold warns, climbs the ladder, and expires; it never approves."""

from __future__ import annotations

from makegood.clock import MINUTE
from makegood.domain.authority import ReviewStatus
from makegood.ledger.kinds import EntryKind
from tests.gates import desk
from tests.gates.world import GRANT, World


def test_a_hold_warns_climbs_the_ladder_and_expires_each_once(world: World) -> None:
    review_id = desk.hold(world)
    opened = world.review(review_id)
    assert desk.deadlines(world, 19).steps == 0
    assert desk.deadlines(world, 1).warned == (review_id,)
    assert world.review(review_id).warned_us == world.clock.now_us()
    assert desk.deadlines(world, 9).steps == 0
    assert desk.deadlines(world, 1).escalated == (review_id,)
    assert world.review(review_id).level == 1
    assert desk.deadlines(world, 29).steps == 0
    assert desk.deadlines(world, 1).escalated == (review_id,)
    climbed = world.review(review_id)
    assert (climbed.level, climbed.priority) == (2, opened.priority - 60 * MINUTE)
    assert desk.deadlines(world, 59).steps == 0
    due = desk.deadlines(world, 1)
    assert (due.warned, due.escalated, due.expired) == ((), (), (review_id,))
    assert world.review(review_id).status is ReviewStatus.EXPIRED
    assert desk.deadlines(world, 60).steps == 0
    assert world.rows(GRANT) == []
    told = world.told(EntryKind.REVIEW_WARNED, EntryKind.REVIEW_ESCALATED, EntryKind.REVIEW_EXPIRED)
    assert [(e.kind, e.body.get("level"), e.body.get("tell")) for e in told] == [
        (EntryKind.REVIEW_WARNED, None, None),
        (EntryKind.REVIEW_ESCALATED, 1, ["supervisor"]),
        (EntryKind.REVIEW_ESCALATED, 2, ["supervisor", "operator"]),
        (EntryKind.REVIEW_EXPIRED, None, None),
    ]


def test_after_a_long_stand_still_a_hold_climbs_to_where_it_belongs_at_once(quick: World) -> None:
    review_id = desk.hold(quick)
    due = desk.deadlines(quick, 70)
    assert (due.warned, due.escalated) == ((review_id,), (review_id,))
    assert quick.review(review_id).level == 2


def test_what_a_person_passed_on_does_not_climb_the_same_rung_again(quick: World) -> None:
    review_id = desk.hold(quick)
    desk.escalate(quick, review_id)
    assert desk.deadlines(quick, 30).escalated == ()
    assert desk.deadlines(quick, 30).escalated == (review_id,)


def test_what_was_decided_neither_warns_nor_climbs(quick: World) -> None:
    ids = [desk.hold(quick, order) for order in "abc"]
    quick.approve(ids[0])
    quick.reject(ids[1])
    desk.approving(quick, ids[2])
    assert desk.deadlines(quick, 200).steps == 0


def test_a_stale_hold_warns_climbs_and_expires_too(quick: World) -> None:
    review_id = desk.hold(quick)
    quick.refund_reported("o", 1000)
    quick.approve(review_id)
    assert desk.deadlines(quick, 30).steps == 2
    assert desk.deadlines(quick, 90).expired == (review_id,)


def test_what_is_asked_again_has_its_warnings_before_it_again(quick: World) -> None:
    review_id = desk.hold(quick)
    desk.deadlines(quick, 25)
    quick.approve(review_id)
    quick.settle(minutes=11)
    asked = quick.review(review_id)
    assert (asked.status, asked.warned_us) == (ReviewStatus.OPEN, None)
    assert asked.deadline_us == quick.clock.now_us() + 120 * MINUTE
    assert desk.deadlines(quick, 19).steps == 0
    assert desk.deadlines(quick, 1).warned == (review_id,)


def test_a_claim_does_not_keep_a_hold_from_expiring(quick: World) -> None:
    review_id = desk.hold(quick)
    quick.pass_time(119)
    desk.claim(quick, review_id)
    assert desk.deadlines(quick, 1).expired == (review_id,)
    assert quick.review(review_id).claimed_by == ""
