"""Why something is held: one plain reason each, never the same in other words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.domain.actions import Cause, Exchange
from tests.gates.world import cancel, coupon, eur, refund

if TYPE_CHECKING:
    from makegood.domain.actions import Action
    from tests.gates.world import World

EXCHANGE = Exchange(
    hub_id="h1",
    order_id="o",
    customer_id="c-o",
    cause=Cause.RETURNED,
    lines=("1",),
    skus=("tea",),
    amount=eur(10),
)


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (refund("o"), "every refund waits for a person"),
        (
            cancel("o"),
            (
                "every cancellation waits for a person; "
                "50.00 EUR of it would be kept: nothing pays it back"
            ),
        ),
        (EXCHANGE, "every exchange waits for a person; money would go out to the customer"),
        (coupon("o", 301), "3.01 EUR is more than the 3.00 EUR that may go out without a person"),
    ],
)
def test_a_reviewer_reads_each_reason_once(world: World, action: Action, why: str) -> None:
    world.order("o")
    assert world.held(action).why == why


def test_a_full_counter_says_how_full_in_money(world: World) -> None:
    world.orders("o")
    counters = [c for c in world.policies.breakers.counters if c.name == "coupons-per-customer"]
    world.policy("breakers", counters=(counters[0].model_copy(update={"max_count": None}),))
    for cause in (Cause.LATE, Cause.CAPACITY):
        world.one(coupon("o", 300, cause=cause))
    held = world.held(coupon("o", 1, cause=Cause.OUT_OF_STOCK))
    assert held.why == (
        "the limit coupons-per-customer leaves no room for it: 6.00 EUR of 6.00 EUR is used"
    )
