"""The live mark: a hold whose facts move is stale before anybody decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.domain.authority import ReviewStatus
from makegood.domain.policy import Autonomy
from makegood.gates import desk_watch
from tests.gates import desk
from tests.gates.world import World, reassign

if TYPE_CHECKING:
    from collections.abc import Sequence


def newest(world: World) -> int:
    with world.store.read() as tx:
        return desk_watch.newest_event(tx)


def touched(world: World, since: int) -> tuple[int, list[str]]:
    with world.store.read() as tx:
        return desk_watch.touched_since(tx, since)


def mark(world: World, ids: Sequence[str]) -> list[str]:
    with world.store.write() as tx:
        return desk_watch.mark(tx, ids, world.clock.now_us(), world.policies)


def test_an_event_touches_the_holds_that_stand_on_its_entity_and_no_other(world: World) -> None:
    mine, other = (desk.hold(world, order) for order in "op")
    since = newest(world)
    assert touched(world, since) == (since, [])
    world.refund_reported("o", 1000)
    assert touched(world, since) == (newest(world), [mine])
    assert mark(world, [mine]) == [mine]
    assert mark(world, [mine]) == [], "once"
    stale = world.review(mine)
    assert stale.status is ReviewStatus.STALE
    assert stale.changed == (("sales_order/o", "refunded_minor", 0, 1000),)
    assert world.review(other).status is ReviewStatus.OPEN


def test_a_courier_who_ends_their_shift_touches_what_would_be_given_to_them(quick: World) -> None:
    quick.order("o")
    quick.courier("k")
    actions = quick.policies.autonomy.actions | {reassign("o", "k").kind: Autonomy.HOLD}
    quick.policy("autonomy", actions=actions)
    review = quick.held(reassign("o", "k"))
    since = newest(quick)
    quick.happen("courier.shift_ended", "k")
    _, ids = touched(quick, since)
    assert mark(quick, ids) == [review.id]


def test_a_material_move_is_marked_void_at_once(quick: World) -> None:
    review_id = desk.hold(quick)
    quick.refund_reported("o", 1990)
    assert mark(quick, [review_id]) == [review_id]
    assert quick.review(review_id).status is ReviewStatus.VOID


def test_after_a_start_every_hold_that_waits_is_looked_at(quick: World) -> None:
    waits, decided = (desk.hold(quick, order) for order in "op")
    quick.approve(decided)
    quick.policy("approvals", grant_minutes=11)
    with quick.store.read() as tx:
        ids = desk_watch.waiting(tx)
    assert ids == [waits]
    assert mark(quick, [*ids, decided]) == [waits]
    assert quick.review(decided).status is ReviewStatus.APPROVED
