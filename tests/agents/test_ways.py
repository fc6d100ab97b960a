"""What the storm agent does with orders that its plan for couriers leaves late."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from langchain_core.tools import StructuredTool

from agents.storm import build
from makegood.clock import MINUTE, to_rfc3339
from makegood.domain.actions import ActionKind, Coupon, Notify, Reassign, Reroute, Reschedule
from makegood.domain.authority import ActionStatus
from makegood.domain.decisions import Method
from makegood.domain.entities import Courier, Hub
from makegood.domain.sourcing import LineSources, Sourcing, Spare
from makegood.errors import ReadFailed
from makegood.planning import CourierLoad
from makegood.proposals.types import Earlier, Proposal
from tests.agents.shop import Driver, Shop, context, faults, raining, sale
from tests.planning.city import HOME, NOW_US, city

KINDS = (ActionKind.REASSIGN, ActionKind.REROUTE, ActionKind.CANCEL)


def shop(*, partners: int = 0, late_minutes: int = 15) -> Shop:
    """Return a shop with one courier for a dozen orders, all promised soon, and other riders."""
    orders, loads = city(3, orders=12, couriers=1, capacity=12, lost=0)
    orders = [o.but(promised_us=NOW_US + late_minutes * MINUTE, courier_id=None) for o in orders]
    loads = [replace(load, held=(), reserved=0) for load in loads]
    riders = [CourierLoad(rider(n)) for n in range(partners)]
    sales = {order.order_id: sale(order) for order in orders}
    return Shop(orders, [*loads, *riders], sales, hub_now=raining())


def rider(number: int) -> Courier:
    return Courier(
        id=f"partner-{number}",
        hub_id="hub-1",
        status="on",
        vehicle="partner",
        capacity=1,
        position=HOME,
        position_us=NOW_US,
    )


def proposal(made: Shop, *, tools: dict[str, StructuredTool] | None = None) -> Proposal:
    Driver(build, context(made, tools=tools)).start()
    [digest] = made.submitted
    found = made.submitted[digest]
    assert faults(found, made) == ()
    return found


def hired(found: Proposal) -> list[Reassign]:
    actions = [one.action for one in found.actions]
    return [a for a in actions if isinstance(a, Reassign) and a.to_courier.startswith("partner")]


def test_riders_of_another_fleet_get_orders_by_a_decision_that_names_their_fee() -> None:
    found = proposal(shop(partners=3))
    moves = hired(found)
    assert moves
    for one in found.actions:
        if one.action not in moves:
            continue
        decision = found.decisions[one.decision]
        subject = decision.subject(one.subject)
        costs = [spec.name for spec in decision.factors].index("cost")
        assert decision.method is Method.LEAST_SCORE
        assert subject.options[subject.chosen].values[costs] == 1_800
    assert len({move.to_courier for move in moves}) == len(moves)
    plan = found.decisions[0]
    assert not any("partner" in o.key for s in plan.subjects for o in s.options)


def test_who_is_saved_by_another_fleet_gets_no_coupon_and_no_new_promise() -> None:
    found = proposal(shop(partners=3))
    saved = {move.order_id for move in hired(found)}
    others = [one.action for one in found.actions if one.action.order_id in saved]
    assert not [a for a in others if isinstance(a, Coupon | Reschedule | Notify)]


def test_no_order_is_moved_twice_in_one_round() -> None:
    found = proposal(shop(partners=3, late_minutes=-30))
    moved = Counter(a.action.order_id for a in found.actions if a.action.kind in KINDS)
    assert max(moved.values()) == 1


def test_what_another_fleet_carries_stays_with_it() -> None:
    made = shop(partners=2)
    given = made.orders[0].but(courier_id="partner-0", assignment=1, status="assigned")
    made.orders[0] = given
    made.loads = [
        replace(load, held=(given,)) if load.courier.id == "partner-0" else load
        for load in made.loads
    ]
    found = proposal(made)
    touched = [a.action for a in found.actions if a.action.kind is ActionKind.REASSIGN]
    assert given.order_id not in {action.order_id for action in touched}
    assert "partner-0" not in {move.to_courier for move in hired(found)}


def test_a_new_promise_is_told_in_the_same_round_and_given_once() -> None:
    made = shop(late_minutes=-20)
    found = proposal(made)
    slots = [one.action for one in found.actions if isinstance(one.action, Reschedule)]
    assert slots
    told = {a.order_id for one in found.actions if isinstance(a := one.action, Notify)}
    assert {slot.order_id for slot in slots} <= told
    for one in found.actions:
        if isinstance(one.action, Reschedule):
            subject = found.decisions[one.decision].subject(one.subject)
            key = subject.options[subject.chosen].key
            assert key == f"reschedule+to:{to_rfc3339(one.action.promised_us)}"
    again = shop(late_minutes=-20)
    again.before = [_earlier(slot) for slot in slots]
    later = [one.action for one in proposal(again).actions if isinstance(one.action, Reschedule)]
    assert not {a.order_id for a in later} & {slot.order_id for slot in slots}


def _earlier(action: Reschedule) -> Earlier:
    return Earlier(
        kind=action.kind,
        order_id=action.order_id,
        entity=action.entity,
        obligation=action.obligation_key,
        status=ActionStatus.CONFIRMED,
        at_us=NOW_US - 4 * MINUTE,
    )


class TwoHubs(Shop):
    """Beside the shop's own hub there is another, with two idle couriers."""

    def hub(self, hub_id: str) -> Hub | None:
        return None if self.hub_now is None else self.hub_now.but(id=hub_id)

    def couriers(self, hub_id: str) -> tuple[CourierLoad, ...]:
        if hub_id == "hub-1":
            return super().couriers(hub_id)
        idle = (replace(rider(n), id=f"idle-{n}", vehicle="e_bike", capacity=6) for n in (1, 2))
        return tuple(CourierLoad(each) for each in idle)


def sources(units: int) -> dict[str, StructuredTool]:
    """Say that hub-2 can spare so many of each order's only line, of which one is asked for."""

    def sources(order_ids: list[str]) -> list[Sourcing]:
        """Stock of another hub."""
        if units < 0:
            raise ReadFailed("orders")
        spare = Spare("hub-2", units, HOME)
        line = LineSources("1", "tea", 1, 800, short=False, spares=(spare,))
        return [Sourcing(each, (line,)) for each in order_ids]

    return {"sources": StructuredTool.from_function(sources)}


@pytest.mark.parametrize(("units", "moves"), [(5, True), (0, False), (-1, False)])
def test_another_hub_serves_what_it_has_the_goods_for(units: int, moves: bool) -> None:  # noqa: FBT001 -- a table
    known = shop()
    made = TwoHubs(known.orders, known.loads, known.sales, hub_now=known.hub_now)
    found = proposal(made, tools=sources(units))
    rerouted = [one.action for one in found.actions if isinstance(one.action, Reroute)]
    offered = [
        option.key
        for decision in found.decisions
        for subject in decision.subjects
        for option in subject.options
        if option.key.startswith("reroute")
    ]
    assert bool(offered) is moves
    # Two couriers there have room, so that at most two orders go.
    assert {action.to_hub for action in rerouted} <= {"hub-2"}
    assert (0 < len(rerouted) <= 2) is moves
