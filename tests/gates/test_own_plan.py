"""What a plan has changed itself does not call off the messages that are about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.clock import MINUTE, to_rfc3339
from makegood.domain.actions import Action, ActionKind, Cause, Reschedule
from makegood.domain.effects import EffectStatus
from makegood.domain.policy import Autonomy
from tests.gates.world import ACTION, EFFECT, GRANT, coupon, notify

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gates.world import World

LATER = 90 * MINUTE
_FREE = {ActionKind.RESCHEDULE: Autonomy.ALLOW}


def later(world: World, order_id: str, by_us: int = LATER) -> Reschedule:
    """Return a new promise for an order, which policy lets agents give."""
    world.policy("autonomy", actions=world.policies.autonomy.actions | _FREE)
    return Reschedule(
        hub_id="h1",
        order_id=order_id,
        customer_id=f"c-{order_id}",
        cause=Cause.LATE,
        promised_us=world.clock.now_us() + by_us,
    )


def report(world: World, promise: Reschedule) -> None:
    """Let the order system report the promise that it was given."""
    at = to_rfc3339(promise.promised_us)
    world.happen("sales_order.promised", promise.order_id, promised_at=at)


def intended(world: World, *actions: Action) -> None:
    judged = world.propose(*actions)
    assert {one.verdict.value for one in judged} == {"allow"}, judged
    assert world.executor.intend() == len(actions)


def _dispatch_only(world: World, kind: ActionKind) -> None:
    """Let one tool answer, while the switch keeps the other kinds back."""
    for other in {ActionKind.NOTIFY, ActionKind.COUPON, ActionKind.RESCHEDULE} - {kind}:
        world.stop(f"kind:{other}")
    world.executor.dispatch()
    for other in {ActionKind.NOTIFY, ActionKind.COUPON, ActionKind.RESCHEDULE} - {kind}:
        world.go_on(f"kind:{other}")


@pytest.mark.parametrize("about", [notify, coupon])
def test_the_promise_that_a_plan_gave_does_not_call_off_its_own_message(
    world: World, about: Callable[[str], Action]
) -> None:
    world.order("o")
    promise = later(world, "o")
    intended(world, promise, about("o"))
    _dispatch_only(world, ActionKind.RESCHEDULE)
    report(world, promise)
    assert world.executor.dispatch() == 1
    assert {row.status for row in world.rows(EFFECT)} == {EffectStatus.CONFIRMED}


def test_a_promise_of_somebody_else_calls_a_message_off(world: World) -> None:
    world.order("o")
    intended(world, later(world, "o"), notify("o"))
    _dispatch_only(world, ActionKind.RESCHEDULE)
    report(world, later(world, "o", 5 * MINUTE))
    world.executor.dispatch()
    assert len(world.books[ActionKind.NOTIFY].done) == 0
    assert sorted(row.status for row in world.rows(EFFECT)) == ["confirmed", "failed"]


def test_the_promise_of_another_plan_calls_a_message_off(world: World) -> None:
    world.order("o")
    intended(world, notify("o"))
    promise = later(world, "o")
    world.propose(promise)
    assert world.executor.intend() == 1
    _dispatch_only(world, ActionKind.RESCHEDULE)
    report(world, promise)
    world.executor.dispatch()
    assert len(world.books[ActionKind.NOTIFY].done) == 0


def test_a_grant_outlives_what_its_own_plan_changed_before_it_was_spent(world: World) -> None:
    world.order("o")
    promise = later(world, "o")
    world.propose(promise, notify("o"))
    mine = {row.id: row.action_id for row in world.rows(GRANT)}
    assert len(mine) == 2
    # The promise went out; a crash came before the message's grant was spent.
    with world.store.write() as tx:
        keep = GRANT.update().where(GRANT.c.action_id == _of(world, ActionKind.NOTIFY))
        tx.execute(keep.values(status="void"))
    world.executor.settle()
    with world.store.write() as tx:
        again = GRANT.update().where(GRANT.c.action_id == _of(world, ActionKind.NOTIFY))
        tx.execute(again.values(status="unspent"))
    report(world, promise)
    assert world.settle() == 1
    assert len(world.books[ActionKind.NOTIFY].done) == 1


def _of(world: World, kind: ActionKind) -> str:
    (row,) = world.rows(ACTION, kind=kind.value)
    return str(row.id)
