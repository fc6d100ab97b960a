"""Who decides on the end of an order is told when its money would stay with the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.domain.actions import ActionKind
from makegood.domain.effects import Repeat
from makegood.incidents import load_orders
from tests.gates.world import ACTION, cancel, refund

if TYPE_CHECKING:
    from tests.gates.world import World

RULE = "cancel.keeps_money"


def _told(world: World, order_id: str = "o") -> str:
    """Return what the hold of an order's end says of its money; empty when it says nothing."""
    (hold,) = [
        h for h in world.waiting() if h.order_id == order_id and h.action.kind is ActionKind.CANCEL
    ]
    return hold.why if RULE in hold.rules else ""


def test_an_end_without_a_refund_says_how_much_would_be_kept(world: World) -> None:
    world.propose(cancel(world.order("o")))
    assert "50.00 EUR of it would be kept: nothing pays it back" in _told(world)


def test_an_end_with_its_refund_says_nothing(world: World) -> None:
    world.propose(refund(world.order("o"), 5000), cancel("o"))
    assert _told(world) == ""


@pytest.mark.parametrize("approved", [False, True])
def test_a_refund_that_waits_or_was_granted_before_counts(world: World, *, approved: bool) -> None:
    hold = world.held(refund(world.order("o"), 5000))
    if approved:
        world.approve(hold.id)
    world.propose(cancel("o"))
    assert _told(world) == ""


def test_what_a_smaller_refund_leaves_is_told(world: World) -> None:
    world.propose(refund(world.order("o"), 1990), cancel("o"))
    assert "30.10 EUR of it would be kept" in _told(world)


def test_what_others_paid_back_is_not_kept(world: World) -> None:
    world.order("o")
    world.refund_reported("o", 5000)
    world.propose(cancel("o"))
    assert _told(world) == ""


def test_a_refund_that_was_refused_beside_it_pays_nothing_back(world: World) -> None:
    world.propose(refund(world.order("o"), 9000), cancel("o"))
    assert "50.00 EUR of it would be kept" in _told(world)


def _kept(world: World) -> list[str]:
    with world.store.read() as tx:
        found = load_orders.kept(tx, {"h1"}, world.clock.now_us())
    return [order.id for order in found["h1"]]


def _ended(world: World) -> None:
    """End an order and leave its refund waiting."""
    world.propose(refund(world.order("o"), 5000), cancel("o"))
    (end,) = [h for h in world.waiting() if h.action.kind is ActionKind.CANCEL]
    world.approve(end.id)
    world.settle()


def test_money_is_kept_where_the_refund_expired_and_not_while_it_waits(world: World) -> None:
    _ended(world)
    assert _kept(world) == []
    world.pass_time(180)
    world.expire()
    assert _kept(world) == ["o"]


def test_money_is_kept_where_the_refund_failed(world: World) -> None:
    _ended(world)
    world.books[ActionKind.REFUND].mood = "refuses"
    (hold,) = world.waiting()
    world.approve(hold.id)
    world.settle()
    assert _kept(world) == ["o"]


def test_a_refund_that_nobody_knows_of_may_have_paid(world: World) -> None:
    _ended(world)
    books = world.adapter(ActionKind.REFUND, Repeat.NEITHER)
    books.mood = "silent, done"
    (hold,) = world.waiting()
    world.approve(hold.id)
    world.settle()
    assert world.row(ACTION, kind="refund").status == "unknown"
    assert _kept(world) == []


def test_a_refund_that_was_paid_and_not_reported_yet_is_paid(world: World) -> None:
    _ended(world)
    (hold,) = world.waiting()
    world.approve(hold.id)
    world.settle()
    assert world.refunded() == 5000
    assert _kept(world) == []


def test_an_order_that_others_ended_is_theirs(world: World) -> None:
    world.order("o")
    world.happen("sales_order.cancelled", "o")
    assert _kept(world) == []
