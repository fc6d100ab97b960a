"""What people do at the desk, each step in a transaction of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from makegood.clock import SECOND
from makegood.errors import Stale
from makegood.gates import reviews
from makegood.gates.reviews import Choice, Decider
from tests.gates.world import SUPERVISOR, refund

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.gates.world import World

UNDO_US = 8 * SECOND


def hold(world: World, order: str = "o", minor: int = 1990, captured: int = 5000) -> str:
    """Hold the refund of a new order, and return its review's id."""
    return world.held(refund(world.order(order, captured), minor)).id


def claim(world: World, review_id: str, by: Decider = SUPERVISOR) -> reviews.ReviewItem:
    with world.store.write() as tx:
        return reviews.claim(tx, review_id, by, world.clock.now_us(), world.policies)


def release(world: World, review_id: str, by: Decider = SUPERVISOR) -> reviews.ReviewItem:
    with world.store.write() as tx:
        return reviews.release(tx, review_id, by, world.clock.now_us())


def escalate(world: World, review_id: str, by: Decider = SUPERVISOR) -> reviews.ReviewItem:
    with world.store.write() as tx:
        return reviews.escalate(tx, review_id, by, world.clock.now_us(), world.policies)


def edit(
    world: World, review_id: str, by: Decider = SUPERVISOR, seen: str = "", **changes: object
) -> reviews.ReviewItem:
    seen = seen or world.review(review_id).seen
    with world.store.write() as tx:
        now_us = world.clock.now_us()
        made = reviews.edit(
            tx, world.rulebook, review_id, by, seen, changes, now_us, world.policies
        )
    if made.id == review_id:
        raise Stale(review_id)
    return made


def eur(minor: int) -> dict[str, Any]:
    """Return an amount as a form or a program sends it."""
    return {"minor": minor, "currency": "EUR"}


def approving(
    world: World, review_id: str, by: Decider = SUPERVISOR, undo_us: int = UNDO_US
) -> reviews.Approval:
    """Approve with time to undo, as the console does."""
    seen = world.review(review_id).seen
    with world.store.write() as tx:
        now_us = world.clock.now_us()
        return reviews.approve(tx, review_id, by, seen, now_us, world.rulebook, undo_us)


def undo(world: World, review_id: str, by: Decider = SUPERVISOR) -> None:
    with world.store.write() as tx:
        reviews.undo(tx, review_id, by, world.clock.now_us())


def finish(world: World) -> list[reviews.Approval]:
    with world.store.write() as tx:
        return reviews.finish_due(tx, world.clock.now_us(), world.rulebook)


def batch(
    world: World,
    review_ids: Sequence[str],
    by: Decider = SUPERVISOR,
    *,
    fresh_only: bool = False,
    undo_us: int = 0,
    seen: Mapping[str, str] | None = None,
) -> reviews.Batch:
    """Approve holds as they stand now, or as `seen` says."""
    shown = seen or {one: world.review(one).seen for one in review_ids}
    choices = [Choice(one, shown[one]) for one in review_ids]
    with world.store.write() as tx:
        return reviews.batch(
            tx,
            by,
            choices,
            world.clock.now_us(),
            world.rulebook,
            fresh_only=fresh_only,
            undo_us=undo_us,
        )


def no_to(
    world: World,
    review_ids: Sequence[str],
    by: Decider = SUPERVISOR,
    *,
    fresh_only: bool = False,
    seen: Mapping[str, str] | None = None,
) -> reviews.Batch:
    """Say no to holds as they stand now, or as `seen` says."""
    shown = seen or {one: world.review(one).seen for one in review_ids}
    choices = [Choice(one, shown[one]) for one in review_ids]
    no = reviews.No(by, reviews.Reason.NOT_OWED)
    with world.store.write() as tx:
        now_us = world.clock.now_us()
        return reviews.reject_batch(
            tx, no, choices, {}, now_us, world.rulebook, fresh_only=fresh_only
        )


def deadlines(world: World, minutes: int = 0) -> reviews.Due:
    """Let time pass and look at the deadlines."""
    world.pass_time(minutes)
    with world.store.write() as tx:
        return reviews.look_at_deadlines(tx, world.clock.now_us(), world.policies)
