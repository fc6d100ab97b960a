"""Confidence: what the gate does not know, or not well enough, holds with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.domain.actions import ActionKind, Cause, Reschedule
from makegood.domain.authority import Verdict
from makegood.domain.decisions import Decision, FactorSpec, Method, Option, Subject
from makegood.domain.policy import Autonomy
from makegood.gates.candidates import Intention, Origin
from makegood.gates.judge import judge
from tests.gates.world import coupon, notify, reassign

if TYPE_CHECKING:
    from makegood.gates.judge import Judged
    from tests.gates.world import World

RAIN = {"rain_mm_h": 12.0, "rain_forecast_mm_h": 15.0}


def for_weather(world: World) -> str:
    return world.verdict(coupon(world.order("o"), cause=Cause.WEATHER))


def test_what_the_weather_is_the_cause_of_holds_while_the_feed_is_stale(world: World) -> None:
    world.happen("hub.weather_observed", "h1", **RAIN)
    world.pass_time(21)
    assert for_weather(world) == "hold"
    (review,) = world.waiting()
    assert (review.rules, review.why) == (
        ("confidence.stale",),
        "the weather of h1 is 21 min old",
    )


def test_a_fresh_feed_or_another_cause_is_not_held_for_the_weather(world: World) -> None:
    world.happen("hub.weather_observed", "h1", **RAIN)
    world.pass_time(20)
    assert for_weather(world) == "allow"
    world.pass_time(60)
    assert world.verdict(coupon(world.order("p"), cause=Cause.LATE)) == "allow"


def test_the_weather_is_no_cause_where_nobody_has_heard_of_it(world: World) -> None:
    assert for_weather(world) == "hold"
    (review,) = world.waiting()
    assert review.why == "nobody has heard of the weather of h1"


@pytest.mark.parametrize(("minutes", "verdict"), [(10, "allow"), (11, "hold")])
def test_nothing_is_given_to_a_courier_of_whom_nothing_is_heard(
    world: World, minutes: int, verdict: str
) -> None:
    world.order("o")
    world.courier("k")
    world.happen("courier.position", "k", position={"lat": 30.0, "lon": 120.0})
    world.pass_time(minutes)
    judged = world.one(reassign("o", "k"))
    assert judged.verdict.value == verdict
    if verdict == "hold":
        (review,) = world.waiting()
        assert review.why == "nobody has heard of courier k for 11 min"


def test_a_courier_who_never_says_where_they_are_is_no_silent_one(world: World) -> None:
    world.order("o")
    world.courier("k")
    world.pass_time(60)
    assert world.verdict(reassign("o", "k")) == "allow"


def test_a_fact_that_policy_needs_and_nobody_knows_holds(world: World) -> None:
    actions = dict(world.policies.autonomy.actions)
    world.policy("autonomy", actions={**actions, ActionKind.RESCHEDULE: Autonomy.ALLOW})
    world.happen(
        "sales_order.placed",
        "unpromised",
        customer_id="c",
        total={"minor": 5000, "currency": "EUR"},
    )
    later = Reschedule(
        hub_id="h1", order_id="unpromised", customer_id="c", cause=Cause.LATE, promised_us=1
    )
    assert world.held(later).why == "nobody knows of sales_order/unpromised: promised"


def with_margin(world: World, margin: int | None) -> Judged:
    confidence = world.policies.breakers.confidence.model_copy(
        update={"score_margins": {ActionKind.NOTIFY: 500}}
    )
    world.policy("breakers", confidence=confidence)
    intention = Intention(notify(world.order("o")), margin=margin)
    with world.store.write() as tx:
        origin = Origin("pro_m", "run_m", "inc_1", "storm")
        (judged,) = judge(tx, world.rulebook, origin, (intention,), world.clock.now_us())
    return judged


@pytest.mark.parametrize(
    ("margin", "why"),
    [
        (499, "the best other option is only 499 points worse, 500 are asked for"),
        (-3, "another option is 3 points better than the one that was chosen"),
    ],
)
def test_a_choice_that_hardly_beats_the_next_best_holds(
    world: World, margin: int, why: str
) -> None:
    judged = with_margin(world, margin)
    assert judged.rules == ("confidence.margin",)
    assert world.waiting()[0].why == why


@pytest.mark.parametrize("margin", [500, None])
def test_a_clear_choice_and_one_without_alternative_pass(world: World, margin: int | None) -> None:
    assert with_margin(world, margin).verdict is Verdict.ALLOW


def decision(method: Method, *values: int, chosen: int = 0) -> Decision:
    options = tuple(Option(key=str(n), values=(value,)) for n, value in enumerate(values))
    return Decision(
        method=method,
        factors=(FactorSpec(name="lateness", unit="s", weight=10),),
        subjects=(Subject(id="s", options=options, chosen=chosen),),
        policy_digest="p",
        workspace_digest="w",
    )


@pytest.mark.parametrize(
    ("made", "margin"),
    [
        (decision(Method.LEAST_SCORE, 3, 7, 5), 20),
        (decision(Method.MODEL, 3, 7, chosen=1), -40),
        (decision(Method.LEAST_SCORE, 3), None),
        (decision(Method.MIN_COST_FLOW, 3, 7), None),
    ],
)
def test_the_margin_of_a_decision_is_to_its_best_other_option(
    made: Decision, margin: int | None
) -> None:
    assert made.margin("s") == margin
    assert made.margin("another") is None
