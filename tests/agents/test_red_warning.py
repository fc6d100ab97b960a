"""A red warning: a hub stops where it rains so hard that nobody should ride, and only there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.red_warning import stops
from agents.storm import build
from makegood.domain.actions import ActionKind, StopService
from makegood.domain.incidents import IncidentKind
from makegood.domain.statuses import HubStatus
from makegood.planning import recompute
from tests.agents.shop import Driver, Shop, context, raining, sale
from tests.planning.city import city, policies

LIMIT_MM_H = policies().detection.weather.stop_service_mm_h


def _shop(rain_mm_h: float, status: HubStatus = HubStatus.OPEN) -> Shop:
    made, loads = city(1, orders=12, couriers=4, capacity=5, lost=1)
    hub = replace(raining(), rain_mm_h=rain_mm_h, status=status)
    return Shop(made, loads, {order.order_id: sale(order) for order in made}, hub_now=hub)


def test_in_a_red_warnings_rain_the_hub_is_stopped_and_the_decision_says_why() -> None:
    actions, decisions = stops(context(_shop(LIMIT_MM_H), IncidentKind.WEATHER), 3)
    (one,), (decision,) = actions, decisions
    assert isinstance(one.action, StopService)
    assert (one.action.hub_id, one.decision) == ("hub-1", 3)
    assert recompute(decision) == (0,)


@pytest.mark.parametrize("status", [HubStatus.STOPPED, HubStatus.CLOSED])
def test_a_hub_that_takes_no_orders_is_not_stopped_again(status: HubStatus) -> None:
    found = stops(context(_shop(LIMIT_MM_H + 30, status), IncidentKind.WEATHER), 0)
    assert found == ([], [])


def test_rain_below_the_limit_stops_nothing() -> None:
    assert stops(context(_shop(LIMIT_MM_H - 0.1), IncidentKind.WEATHER), 0) == ([], [])


def test_the_storm_agent_proposes_the_stop_beside_its_plan() -> None:
    shop = _shop(LIMIT_MM_H + 20)
    Driver(build, context(shop, IncidentKind.WEATHER)).start()
    (proposal,) = shop.submitted.values()
    kinds = [one.action.kind for one in proposal.actions]
    assert kinds.count(ActionKind.STOP_SERVICE) == 1
