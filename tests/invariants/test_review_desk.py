"""The invariants of the review desk: what is seen, what can be undone, and who decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.domain.authority import ActionStatus, ReviewStatus
from makegood.errors import Conflict, NotAllowed
from tests.gates import desk
from tests.gates.world import AGENT, GRANT, SECOND, SUPERVISOR, coupon, refund

if TYPE_CHECKING:
    from tests.gates.world import World


def test_invariant_05_a_material_change_voids_and_an_edit_is_judged_again(world: World) -> None:
    gone = desk.hold(world, "gone")
    world.refund_reported("gone", 1990)
    assert world.approve(gone).status is ReviewStatus.VOID
    assert world.status(world.review(gone).action_id) == ActionStatus.VOID
    old = world.review(desk.hold(world, "o", captured=90_000))
    for beyond in (90_001, 50_000):
        with pytest.raises(NotAllowed):
            desk.edit(world, old.id, amount=desk.eur(beyond))
    new = desk.edit(world, old.id, amount=desk.eur(1_000))
    with pytest.raises(Conflict):
        world.approve(old.id, by=SECOND, seen=old.seen)
    assert world.approve(new.id, by=SECOND, seen=old.seen).status is ReviewStatus.STALE
    assert world.rows(GRANT) == []
    assert world.approve(new.id, by=SECOND).status is ReviewStatus.APPROVED
    assert world.settle() == 1
    assert world.refunded() == 1_000


def test_invariant_06_an_undo_window_survives_restarts_and_looks_again_at_its_end(
    world: World,
) -> None:
    undone, moved, stays = (desk.hold(world, order) for order in ("undone", "moved", "stays"))
    for review_id in (undone, moved, stays):
        assert desk.approving(world, review_id).status is ReviewStatus.APPROVING
    desk.undo(world, undone)
    world.refund_reported("moved", 100)
    world.restart()
    assert (desk.finish(world), world.settle()) == ([], 0)
    world.clock.advance(desk.UNDO_US)
    ends = {one.review_id: one.status for one in desk.finish(world)}
    assert ends == {moved: ReviewStatus.STALE, stays: ReviewStatus.APPROVED}
    assert world.settle() == 1
    due = desk.deadlines(world, 200)
    assert set(due.expired) == {undone, moved}
    assert world.settle() == 0
    assert world.refunded() == 1990
    assert world.ledger_is_sound()


def test_invariant_07_who_asked_for_it_never_decides_and_splitting_is_no_way_past(
    world: World,
) -> None:
    world.order("o", 90_000)
    first = world.held(refund("o", 6_000, lines=("a",)))
    edited = desk.edit(world, world.held(refund("o", 7_000, lines=("b",))).id, amount=desk.eur(10))
    passed = desk.escalate(world, world.held(coupon("o", 6_000)).id)
    agent = type(SUPERVISOR)(AGENT, SUPERVISOR.roles)
    for review, by in ((edited, SUPERVISOR), (passed, SUPERVISOR), (first, agent)):
        with pytest.raises(NotAllowed):
            world.approve(review.id, by=by)
        assert not desk.batch(world, [review.id], by, fresh_only=True).done
        with pytest.raises(NotAllowed):
            desk.approving(world, review.id, by)
    assert world.rows(GRANT) == []
    assert world.approve(first.id).status is ReviewStatus.APPROVED
    assert world.approve(passed.id, by=SECOND).status is ReviewStatus.OPEN, "it takes two by now"
    with pytest.raises(NotAllowed):
        world.approve(passed.id, by=SECOND)
    with pytest.raises(NotAllowed):
        world.approve(passed.id)
    assert world.settle() == 1
