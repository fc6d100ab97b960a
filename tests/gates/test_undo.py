"""The undo window: a yes that can be taken back is no grant yet, whatever the process does."""

from __future__ import annotations

import pytest

from makegood.clock import SECOND as ONE_SECOND
from makegood.domain.authority import ActionStatus, ReviewStatus
from makegood.domain.roles import Role
from makegood.errors import Conflict, NotAllowed
from makegood.gates import persons
from makegood.gates.reviews import Decider
from makegood.ledger.kinds import EntryKind
from tests.gates import desk
from tests.gates.world import GRANT, SECOND, SUPERVISOR, World, refund


def test_within_the_undo_window_there_is_no_grant(world: World) -> None:
    review_id = desk.hold(world)
    made = desk.approving(world, review_id)
    assert (made.status, made.grant_id) == (ReviewStatus.APPROVING, "")
    held = world.review(review_id)
    assert held.approving_until_us == world.clock.now_us() + desk.UNDO_US
    assert (held.decided_by, world.status(held.action_id)) == ("per_supervisor", "held")
    world.clock.advance(desk.UNDO_US - 1)
    assert desk.finish(world) == []
    assert world.settle() == 0
    assert world.rows(GRANT) == []
    world.clock.advance(1)
    (finished,) = desk.finish(world)
    assert finished.status is ReviewStatus.APPROVED
    assert world.row(GRANT).given_by == "per_supervisor"
    assert desk.finish(world) == []
    assert world.settle() == 1
    assert world.refunded() == 1990
    kinds = [e.kind for e in world.told(EntryKind.REVIEW_APPROVING, EntryKind.REVIEW_APPROVED)]
    assert kinds == [EntryKind.REVIEW_APPROVING, EntryKind.REVIEW_APPROVED]


def test_the_undo_window_outlives_the_process(world: World) -> None:
    review_id = desk.hold(world)
    desk.approving(world, review_id)
    world.restart()
    world.clock.advance(desk.UNDO_US)
    (finished,) = desk.finish(world)
    assert (finished.review_id, finished.status) == (review_id, ReviewStatus.APPROVED)


def test_what_is_undone_waits_as_before_and_pays_nothing(world: World) -> None:
    review_id = desk.hold(world)
    desk.approving(world, review_id)
    desk.undo(world, review_id)
    held = world.review(review_id)
    assert (held.status, held.decided_by, held.approving_until_us) == ("open", "", None)
    world.clock.advance(10 * desk.UNDO_US)
    assert desk.finish(world) == []
    assert world.settle() == 0
    assert world.counters_agree()
    (told,) = world.told(EntryKind.REVIEW_UNDONE)
    assert told.actor == "per_supervisor"
    assert world.approve(review_id, by=SECOND).status is ReviewStatus.APPROVED


def test_only_who_approved_undoes_it_and_only_in_time(quick: World) -> None:
    review_id = desk.hold(quick)
    with pytest.raises(Conflict, match="nothing to undo"):
        desk.undo(quick, review_id)
    desk.approving(quick, review_id)
    with pytest.raises(NotAllowed, match="another person approved it"):
        desk.undo(quick, review_id, SECOND)
    quick.clock.advance(desk.UNDO_US)
    with pytest.raises(Conflict, match="time to undo ended at 2026-07-14T10:00:08"):
        desk.undo(quick, review_id)
    desk.finish(quick)
    with pytest.raises(Conflict, match="was approved by per_supervisor"):
        desk.undo(quick, review_id)


def test_while_it_can_be_undone_nobody_else_decides_it(quick: World) -> None:
    review_id = desk.hold(quick)
    desk.approving(quick, review_id)
    for decide in (quick.approve, quick.reject):
        with pytest.raises(Conflict, match="is being approved by per_supervisor until 2026-07-14"):
            decide(review_id, by=SECOND)
    with pytest.raises(Conflict, match="is being approved"):
        desk.edit(quick, review_id, SECOND, amount=desk.eur(1))
    assert quick.waiting() == []


def test_facts_that_moved_within_the_window_ask_again(world: World) -> None:
    review_id = desk.hold(world)
    desk.approving(world, review_id)
    world.refund_reported("o", 1000)
    world.clock.advance(desk.UNDO_US)
    (finished,) = desk.finish(world)
    assert finished.status is ReviewStatus.STALE
    stale = world.review(review_id)
    assert (stale.status, stale.decided_by) == (ReviewStatus.STALE, "")
    assert stale.changed == (("sales_order/o", "refunded_minor", 0, 1000),)
    assert world.rows(GRANT) == []
    assert world.counters_agree()
    assert world.approve(review_id).status is ReviewStatus.APPROVED


def test_policies_that_changed_within_the_window_ask_again(quick: World) -> None:
    review_id = desk.hold(quick)
    desk.approving(quick, review_id)
    quick.policy("approvals", grant_minutes=11)
    quick.clock.advance(desk.UNDO_US)
    (finished,) = desk.finish(quick)
    assert finished.status is ReviewStatus.STALE
    assert quick.rows(GRANT) == []


def test_a_material_change_within_the_window_voids_it(quick: World) -> None:
    review_id = desk.hold(quick)
    desk.approving(quick, review_id)
    quick.refund_reported("o", 1990)
    quick.clock.advance(desk.UNDO_US)
    (finished,) = desk.finish(quick)
    assert finished.status is ReviewStatus.VOID
    assert quick.status(quick.review(review_id).action_id) == ActionStatus.VOID


def test_a_no_to_the_same_ends_an_approval_that_could_still_be_undone(quick: World) -> None:
    first = desk.hold(quick)
    other = quick.held(refund("o", 500, lines=("l1",))).id
    desk.approving(quick, first)
    quick.reject(other, by=SECOND)
    assert quick.review(first).status is ReviewStatus.SUPERSEDED
    quick.clock.advance(desk.UNDO_US)
    assert desk.finish(quick) == []
    assert quick.settle() == 0


def test_what_another_hold_settled_within_the_window_is_not_settled_twice(quick: World) -> None:
    first = desk.hold(quick)
    other = quick.held(refund("o", 500)).id
    desk.approving(quick, first)
    assert quick.approve(other, by=SECOND).status is ReviewStatus.APPROVED
    assert quick.settle() == 1
    assert quick.review(first).status is ReviewStatus.SUPERSEDED
    quick.clock.advance(desk.UNDO_US)
    assert desk.finish(quick) == []
    assert quick.refunded() == 500


def test_the_yes_of_somebody_who_left_within_the_window_is_no_yes(quick: World) -> None:
    at_us = quick.clock.now_us()
    with quick.store.write() as tx:
        operator = persons.bootstrap(tx, "Olga", at_us)
        person = persons.add_person(tx, operator, "Sue", [Role.SUPERVISOR], at_us=at_us)
    review_id = desk.hold(quick)
    desk.approving(quick, review_id, Decider(person.id, person.roles))
    with quick.store.write() as tx:
        persons.end_person(tx, operator, person.id, at_us)
    quick.clock.advance(desk.UNDO_US)
    (finished,) = desk.finish(quick)
    assert (finished.status, finished.detail) == ("open", "who approved it has left")
    assert quick.rows(GRANT) == []


def test_the_first_yes_of_somebody_who_left_is_none(quick: World) -> None:
    at_us = quick.clock.now_us()
    with quick.store.write() as tx:
        operator = persons.bootstrap(tx, "Olga", at_us)
        person = persons.add_person(tx, operator, "Sue", [Role.SUPERVISOR], at_us=at_us)
    review_id = desk.hold(quick, minor=50_000, captured=90_000)
    quick.approve(review_id, by=Decider(person.id, person.roles))
    with quick.store.write() as tx:
        persons.end_person(tx, operator, person.id, at_us)
    assert quick.approve(review_id).status is ReviewStatus.OPEN
    assert quick.approve(review_id, by=SECOND).status is ReviewStatus.APPROVED


def test_of_two_persons_only_the_seconds_yes_can_be_undone(quick: World) -> None:
    review_id = desk.hold(quick, minor=50_000, captured=90_000)
    assert desk.approving(quick, review_id).status is ReviewStatus.OPEN
    assert desk.approving(quick, review_id, SECOND).status is ReviewStatus.APPROVING
    desk.undo(quick, review_id, SECOND)
    assert quick.review(review_id).first_by == "per_supervisor"
    assert desk.approving(quick, review_id, SECOND).status is ReviewStatus.APPROVING
    quick.clock.advance(desk.UNDO_US)
    assert [one.status for one in desk.finish(quick)] == [ReviewStatus.APPROVED]
    (told,) = quick.told(EntryKind.REVIEW_APPROVED)
    assert (told.body["first_by"], told.actor) == ("per_supervisor", "per_second")


def test_an_approval_in_its_window_does_not_expire(quick: World) -> None:
    review_id = desk.hold(quick)
    quick.pass_time(119)
    quick.clock.advance(59 * ONE_SECOND)
    desk.approving(quick, review_id)
    quick.clock.advance(2 * ONE_SECOND)
    assert quick.expire() == []
    quick.clock.advance(desk.UNDO_US)
    assert [one.status for one in desk.finish(quick)] == [ReviewStatus.APPROVED]


def test_over_the_api_of_the_gate_there_is_no_window_unless_asked_for(quick: World) -> None:
    review_id = desk.hold(quick)
    made = desk.approving(quick, review_id, SUPERVISOR, undo_us=0)
    assert made.status is ReviewStatus.APPROVED
    assert made.grant_id


@pytest.mark.parametrize("orders", ["op", "po", "qr", "rq"])
def test_of_two_windows_over_the_same_that_end_at_once_one_is_granted_and_one_is_over(
    quick: World, orders: str
) -> None:
    for order in orders:
        quick.order(order)
    for order in orders:
        owner = quick.held(refund(order, 1000)).id
        other = quick.held(refund(order, 1200)).id
        desk.approving(quick, owner)
        desk.approving(quick, other)
        quick.clock.advance(desk.UNDO_US)
        desk.finish(quick)
        ends = {each: quick.review(each) for each in (owner, other)}
        assert ReviewStatus.APPROVED in {each.status for each in ends.values()}
        for each in ends.values():
            if each.status is ReviewStatus.SUPERSEDED:
                assert each.decided_us is not None
                assert quick.status(each.action_id) == ActionStatus.SUPERSEDED
        assert ends[owner].status in {ReviewStatus.APPROVED, ReviewStatus.SUPERSEDED}
        reopened = [e for e in quick.told(EntryKind.REVIEW_REOPENED) if owner in e.refs]
        assert reopened == []
        assert quick.settle() == 1
