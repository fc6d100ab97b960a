"""What goes out (again) is looked at once more: the world went on since it was approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.domain.actions import ActionKind
from makegood.domain.effects import EffectCall, EffectStatus, Outcome, Repeat
from makegood.domain.policy import Velocity, VelocityScope
from makegood.effects.boundary import Point
from makegood.gates import breakers, bypass
from makegood.ledger.kinds import EntryKind
from tests.effects.crashing import On
from tests.gates import desk
from tests.gates.test_vehicle_limits import NEAR, drone, parcel, weather
from tests.gates.world import (
    EFFECT,
    GRANT,
    MONEY,
    OBLIGATION,
    SECOND,
    SUPERVISOR,
    Books,
    cancel,
    coupon,
    facts_for,
    notify,
    reassign,
    refund,
)

if TYPE_CHECKING:
    from tests.gates.world import World

REFUND, CANCEL = ActionKind.REFUND, ActionKind.CANCEL
DAY_MINUTES = 24 * 60


def unheard(world: World, kind: ActionKind, repeat: Repeat, mood: str = "silent, undone") -> Books:
    """Let the tool of a kind fall silent, so that what it was sent is unknown."""
    tool = world.adapter(kind, repeat)
    tool.mood = mood
    return tool


def test_a_cancellation_that_was_not_done_is_not_done_after_the_order_arrived(world: World) -> None:
    tool = unheard(world, CANCEL, Repeat.QUERYABLE)
    world.approve(world.held(cancel(world.order("o"))).id)
    world.settle()
    world.happen("sales_order.delivered", "o")
    tool.mood = "well"
    world.settle(minutes=DAY_MINUTES)
    assert (tool.done, world.row(EFFECT).status) == ({}, "failed")
    assert world.row(OBLIGATION).status == "released"


def test_a_cancellation_that_was_done_is_confirmed_whatever_happened_since(world: World) -> None:
    tool = unheard(world, CANCEL, Repeat.QUERYABLE, "silent, done")
    world.approve(world.held(cancel(world.order("o"))).id)
    world.settle()
    world.happen("sales_order.cancelled", "o", reason="late")
    tool.mood = "well"
    world.settle(minutes=5)
    assert (world.row(EFFECT).status, tool.calls) == ("confirmed", 1)


def test_a_refund_that_staff_paid_by_hand_meanwhile_is_not_repeated(world: World) -> None:
    tool = unheard(world, REFUND, Repeat.IDEMPOTENT)
    world.approve(world.held(refund(world.order("o"), 5000)).id)
    world.settle()
    world.refund_reported("o", 5000)
    tool.mood = "well"
    world.settle(minutes=5)
    assert (tool.done, tool.calls) == ({}, 1)
    assert world.row(EFFECT).status == "failed"
    assert world.row(MONEY).committed_minor == 0


def test_a_refund_that_was_paid_and_reported_is_found_and_not_repeated(world: World) -> None:
    tool = unheard(world, REFUND, Repeat.IDEMPOTENT, "silent, done")
    world.approve(world.held(refund(world.order("o"), 5000)).id)
    world.settle()
    world.refund_reported("o", 5000)
    tool.mood = "well"
    world.settle(minutes=5)
    assert (world.row(EFFECT).status, tool.calls, tool.looks) == ("confirmed", 1, 1)
    assert world.row(MONEY).confirmed_minor == 5000


def test_what_may_be_under_way_yet_is_not_called_undone(world: World) -> None:
    tool = unheard(world, REFUND, Repeat.IDEMPOTENT)
    world.approve(world.held(refund(world.order("o"), 5000)).id)
    world.settle()
    world.refund_reported("o", 5000)
    tool.mood = "well"
    world.clock.advance(2_000_000)
    world.moved()
    assert world.row(EFFECT).status == "unknown"
    assert tool.calls == 1
    world.settle(minutes=2)
    assert world.row(EFFECT).status == "failed"


def test_what_is_not_wanted_any_more_and_cannot_be_looked_up_is_not_repeated(world: World) -> None:
    tool = unheard(world, REFUND, Repeat.IDEMPOTENT)
    world.approve(world.held(refund(world.order("o"), 5000)).id)
    world.settle()
    world.refund_reported("o", 5000)
    tool.mood = "blind"
    for _ in range(5):
        world.settle(minutes=10)
    assert (tool.calls, world.row(EFFECT).status) == (1, "unknown")


def test_what_is_unwanted_since_it_was_to_be_repeated_is_asked_about_before_it_has_failed(
    world: World,
) -> None:
    """It was harmless to repeat, so that nobody asked; by now it may have been done, or not."""
    tool = unheard(world, REFUND, Repeat.IDEMPOTENT, "silent, done")
    world.approve(world.held(refund(world.order("o"), 4000)).id)
    world.settle()
    tool.mood = "well"
    world.restart(On(Point.BEFORE_DISPATCH, lambda: world.refund_reported("o", 4000)))
    world.settle(minutes=2)
    assert (tool.calls, world.row(EFFECT).status) == (1, "unknown")
    world.settle(minutes=2)
    assert (tool.calls, world.row(EFFECT).status) == (1, "confirmed")


def test_what_nobody_could_speak_of_for_two_hours_is_not_done_then(world: World) -> None:
    tool = unheard(world, CANCEL, Repeat.QUERYABLE)
    world.approve(world.held(cancel(world.order("o"))).id)
    world.settle()
    tool.mood = "blind"
    world.settle(minutes=121)
    tool.mood = "well"
    world.settle(minutes=10)
    assert (tool.done, world.row(EFFECT).status) == ({}, "failed")


@pytest.mark.parametrize("repeated", [True, False])
def test_no_drone_is_sent_into_a_storm_that_came_meanwhile(world: World, *, repeated: bool) -> None:
    drone(world, "d")
    parcel(world, "o", NEAR)
    weather(world, 3.0, 4.0)
    tool = world.adapter(ActionKind.REASSIGN, Repeat.IDEMPOTENT)
    world.one(reassign("o", "d"))
    if repeated:
        tool.mood = "silent, undone"
        world.settle()
        tool.mood = "well"
    else:
        world.executor.intend()
    sent = tool.calls
    weather(world, 40.0, 20.0)
    world.settle(minutes=3)
    assert (tool.calls, world.row(EFFECT).status) == (sent, "failed")


def coupons_an_hour(world: World, most: int) -> Velocity:
    rule = Velocity(
        name="coupons",
        kinds=(ActionKind.COUPON,),
        per=VelocityScope.HUB,
        window_minutes=60,
        max_count=most,
        open_minutes=30,
        probes=1,
    )
    world.policy("breakers", velocity=(rule,))
    return rule


def tripped(world: World) -> None:
    """Intend two coupons, and let a third one trip the breaker over them."""
    coupons_an_hour(world, 2)
    world.orders("a", "b", "c")
    world.propose(coupon("a"), coupon("b"))
    assert world.executor.intend() == 2
    world.clock.advance(1)
    assert world.verdict(coupon("c")) == "hold"


def test_what_was_intended_waits_while_a_breaker_over_it_is_open(world: World) -> None:
    tripped(world)
    assert world.settle(minutes=1) == 0
    assert {row.status for row in world.rows(EFFECT)} == {"intended"}
    with world.store.write() as tx:
        now_us = world.clock.now_us()
        breakers.reset(tx, world.policies, "coupons", "hub:h1", SECOND.person_id, now_us)
    assert world.settle(minutes=1) == 2


def test_what_is_intended_with_what_trips_a_breaker_goes_out(world: World) -> None:
    """It was within what policy lets through."""
    world.policy("breakers", velocity=(), counters=())
    rule = coupons_an_hour(world, 2)
    world.policy("breakers", velocity=(rule.model_copy(update={"kinds": (REFUND,)}),))
    world.orders("a", "b", "c")
    for name in ("a", "b", "c"):
        world.approve(world.held(refund(name, 1000)).id)
    assert world.settle() == 2
    assert len(world.waiting()) == 1


def test_what_the_gate_let_pass_is_no_probe_of_a_half_open_breaker(world: World) -> None:
    world.policy("approvals", grant_minutes=60)
    tripped(world)
    assert world.settle(minutes=31) == 0
    assert world.books[ActionKind.COUPON].calls == 0
    assert {row.status for row in world.rows(EFFECT)} == {"intended"}


def test_what_waits_for_a_breaker_past_its_grant_is_called_off(world: World) -> None:
    tripped(world)
    world.settle(minutes=11)
    assert {row.status for row in world.rows(EFFECT)} == {"failed"}
    assert world.counters_agree()


def test_what_goes_out_past_a_breaker_under_a_bypass_is_marked(world: World) -> None:
    tripped(world)
    with world.store.write() as tx:
        now_us = world.clock.now_us()
        asked = bypass.request(
            tx, world.policies, "hub:h1", "the storm", 30, SUPERVISOR.person_id, now_us
        )
        bypass.confirm(tx, world.policies, asked.id, SECOND.person_id, now_us)
    assert world.settle() == 2
    told = world.told(EntryKind.BYPASS_USED)
    assert [entry.body["bypass_id"] for entry in told] == [asked.id] * 2


class Counting(Books):
    """A payment provider, while whose answers somebody may set a switch."""

    world: World
    stop_after: int = 0
    sizes: list[int]

    def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
        self.sizes.append(len(calls))
        outcomes = super().perform_many(calls)
        if len(self.done) == self.stop_after:
            self.world.stop("kind:refund")
        return outcomes


def test_a_switch_that_is_set_while_a_batch_goes_out_stops_the_rest_of_it(world: World) -> None:
    names = [f"o{n}" for n in range(8)]
    world.orders(*names)
    world.propose(*(refund(name, 1000) for name in names))
    for review in world.waiting():
        world.approve(review.id)
    tool = Counting(facts_for(REFUND, at_once=1))
    tool.world, tool.stop_after, tool.sizes = world, 3, []
    world.books[REFUND] = tool
    world.restart()
    world.settle()
    assert (len(tool.done), tool.sizes) == (3, [1, 1, 1])
    assert sorted(row.status for row in world.rows(EFFECT)) == ["confirmed"] * 3 + ["intended"] * 5
    world.go_on("kind:refund")
    world.settle(minutes=1)
    assert len(tool.done) == 8


def test_calls_that_make_up_one_request_go_out_together(world: World) -> None:
    names = [f"o{n}" for n in range(5)]
    world.orders(*names)
    world.propose(*(notify(name) for name in names))
    tool = Counting(facts_for(ActionKind.NOTIFY, at_once=2))
    tool.world, tool.sizes = world, []
    world.books[ActionKind.NOTIFY] = tool
    world.restart()
    assert world.settle() == 5
    assert tool.sizes == [2, 2, 1]


def test_what_was_approved_and_may_not_go_out_asks_again(world: World) -> None:
    review_id = desk.hold(world)
    world.approve(review_id)
    world.executor.intend()
    world.refund_reported("o", 4000)
    world.settle()
    assert [one.id for one in world.waiting()] == [review_id]
    assert world.row(GRANT).status == "void"
    assert world.row(EFFECT).status == EffectStatus.FAILED
