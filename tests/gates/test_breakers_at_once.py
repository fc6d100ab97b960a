"""Verdicts, approvals, spends, outcomes and resets at once: none blocks another for good."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest

from makegood.domain.actions import ActionKind, Cause
from makegood.domain.policy import Velocity, VelocityScope
from makegood.errors import Conflict, NotFound
from makegood.gates import breakers
from tests.gates.world import ACTION, EFFECT, SUPERVISOR, coupon, refund

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gates.world import World

TIMES = 25
MOST = 6


def rule(name: str, kind: ActionKind, **of: object) -> Velocity:
    values = {
        "name": name,
        "kinds": (kind,),
        "per": VelocityScope.HUB,
        "window_minutes": 60,
        "open_minutes": 30,
        "probes": 2,
    }
    return Velocity.model_validate(values | of)


@pytest.mark.slow
def test_all_that_moves_breakers_at_once_breaks_off_nothing(  # noqa: C901 -- it is many things
    world: World,
) -> None:
    rules = (
        rule("coupons", ActionKind.COUPON, max_count=MOST),
        rule("refunds", ActionKind.REFUND, max_count=MOST),
        rule("rejected", ActionKind.REFUND, max_rejections_bp=5000, at_least=4),
        rule("failing", ActionKind.REFUND, max_failures_bp=5000, at_least=4),
    )
    world.policy("breakers", velocity=rules)
    orders = [f"o{n}" for n in range(TIMES)]
    world.orders(*orders)
    holds = [world.held(refund(order)) for order in orders]
    broken: list[Exception] = []

    def judge() -> None:
        # The same obligations come again and again, as from a run that is driven anew.
        for order in orders:
            world.propose(coupon(order, 100), coupon(order, 100, cause=Cause.CAPACITY))

    def decide() -> None:
        for number, hold in enumerate(holds):
            try:
                world.reject(hold.id) if number % 3 == 0 else world.approve(hold.id)
            except Conflict:
                continue

    def settle() -> None:
        for _ in range(TIMES):
            world.executor.settle()

    def reset() -> None:
        for number in range(TIMES):
            name = ("coupons", "refunds", "rejected")[number % 3]
            try:
                with world.store.write() as tx:
                    now_us = world.clock.now_us()
                    who = SUPERVISOR.person_id
                    breakers.reset(tx, world.policies, name, "hub:h1", who, now_us)
            except NotFound:
                continue

    def noting(work: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 -- whatever it is, the test shows it
                broken.append(error)

        return run

    threads = [Thread(target=noting(work)) for work in (judge, decide, settle, reset, judge)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert broken == []
    world.executor.settle()
    assert world.counters_agree()
    assert world.ledger_is_sound()
    sent = {effect.action_id for effect in world.rows(EFFECT)}
    paid = {row.id for row in world.rows(ACTION) if row.status == "confirmed"}
    assert sent == paid
