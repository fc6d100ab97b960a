"""Safety limits: nobody carries more than they can, whoever proposed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.domain.actions import ActionKind
from makegood.domain.authority import Verdict
from makegood.domain.policy import Autonomy
from tests.gates.world import ACTION, GRANT, reassign

if TYPE_CHECKING:
    from tests.gates.world import World

ALLOW, DENY = Verdict.ALLOW, Verdict.DENY


def carried(world: World, courier_id: str, *order_ids: str, capacity: int = 1) -> None:
    """Register a courier who carries these orders."""
    world.courier(courier_id, capacity)
    for order_id in order_ids:
        world.order(order_id)
        world.assigned(order_id, courier_id)


def verdicts(world: World, *moves: tuple[str, str]) -> list[Verdict]:
    judged = world.propose(*(reassign(o, c, 1 if o.isupper() else 0) for o, c in moves))
    return [one.verdict for one in judged]


def test_a_courier_is_not_given_more_than_they_can_carry(world: World) -> None:
    world.orders("o", "p", "q")
    world.courier("k", 2)
    judged = world.propose(*(reassign(o, "k") for o in "opq"))
    assert [one.verdict for one in judged] == [ALLOW, ALLOW, DENY]
    assert judged[2].rules == ("safety.capacity",)


def test_what_is_on_its_way_to_a_courier_counts(world: World) -> None:
    world.orders("o", "p")
    world.courier("k", 1)
    assert verdicts(world, ("o", "k")) == [ALLOW]
    assert verdicts(world, ("p", "k")) == [DENY]


@pytest.mark.parametrize("reported", [False, True])
def test_what_was_carried_out_counts_once_whether_or_not_it_is_reported(
    world: World, *, reported: bool
) -> None:
    world.orders("o", "p", "q")
    world.courier("k", 2)
    world.one(reassign("o", "k"))
    world.settle()
    if reported:
        world.assigned("o", "k")
    assert verdicts(world, ("p", "k"), ("q", "k")) == [ALLOW, DENY]


def test_what_has_moved_on_since_does_not_count(world: World) -> None:
    world.orders("o", "p")
    world.courier("k", 1)
    world.courier("l", 1)
    world.one(reassign("o", "k"))
    world.settle()
    world.assigned("o", "k")
    world.assigned("o", "l")
    assert verdicts(world, ("p", "k")) == [ALLOW]


def test_what_was_delivered_does_not_count(world: World) -> None:
    world.orders("o", "p")
    world.courier("k", 1)
    world.one(reassign("o", "k"))
    world.settle()
    world.assigned("o", "k")
    world.happen("fulfilment_order.picked_up", "f-o")
    world.happen("fulfilment_order.delivered", "f-o")
    assert verdicts(world, ("p", "k")) == [ALLOW]


def test_what_failed_does_not_count(world: World) -> None:
    world.orders("o", "p")
    world.courier("k", 1)
    world.books[ActionKind.REASSIGN].mood = "refuses"
    world.one(reassign("o", "k"))
    world.settle()
    assert verdicts(world, ("p", "k")) == [ALLOW]


def test_two_full_couriers_may_swap_in_one_plan(world: World) -> None:
    carried(world, "k", "O")
    carried(world, "l", "P")
    assert verdicts(world, ("O", "l"), ("P", "k")) == [ALLOW, ALLOW]
    assert world.settle() == 2


def test_one_side_of_a_swap_alone_is_denied(world: World) -> None:
    carried(world, "k", "O")
    carried(world, "l", "P")
    assert verdicts(world, ("O", "l")) == [DENY]


def test_what_may_not_leave_makes_no_room(world: World) -> None:
    """O may not go to the full courier l, so it stays with k, and k has no room for P."""
    carried(world, "k", "O")
    carried(world, "l", "Q")
    world.order("p")
    assert verdicts(world, ("O", "l"), ("p", "k")) == [DENY, DENY]


def test_a_chain_stands_or_falls_with_its_end(world: World) -> None:
    carried(world, "k", "O")
    carried(world, "l", "P")
    carried(world, "m", "Q")
    assert verdicts(world, ("O", "l"), ("P", "m")) == [DENY, DENY]
    assert verdicts(world, ("O", "l"), ("P", "m"), ("Q", "k")) == [ALLOW, ALLOW, ALLOW]


def test_a_plan_whose_one_half_was_void_at_the_spend_does_not_overload(world: World) -> None:
    carried(world, "k", "O")
    carried(world, "l", "P")
    verdicts(world, ("O", "l"), ("P", "k"))
    world.courier("n", 1)
    world.assigned("P", "n")
    assert world.settle() == 1, "P has gone elsewhere, and O has the room that it left"


def test_a_grant_is_looked_at_again_when_it_is_spent(world: World) -> None:
    world.orders("o", "p")
    world.courier("k", 1)
    judged = world.one(reassign("o", "k"))
    world.assigned("p", "k")
    assert world.settle() == 0
    grant = world.row(GRANT, action_id=judged.action_id)
    assert (grant.status, grant.detail) == ("void", "courier k would carry 2, room is for 1")


def test_what_a_person_approved_is_denied_past_capacity_too(world: World) -> None:
    world.orders("o", "p")
    world.courier("k", 1)
    actions = world.policies.autonomy.actions | {ActionKind.REASSIGN: Autonomy.HOLD}
    world.policy("autonomy", actions=actions)
    review = world.held(reassign("o", "k"))
    world.approve(review.id)
    world.assigned("p", "k")
    assert world.settle() == 0
    assert world.review(review.id).status == "open"


def test_a_courier_whose_capacity_shrank_turns_the_grant_void(world: World) -> None:
    world.order("o")
    world.courier("k", 1)
    judged = world.one(reassign("o", "k"))
    world.happen("courier.shift_ended", "k")
    assert world.settle() == 0
    assert world.row(ACTION, id=judged.action_id).status == "superseded"
