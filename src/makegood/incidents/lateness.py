"""When each open delivery of a hub will arrive, as things stand, without changing any plan.

A courier carries on with what they picked up, in the order in which it was picked up, then with
what they were given, by ready time; each delivery is a way to the pick-up place, a wait until it
is ready, a handing over and the way to the customer. Orders without a courier are taken up in
the order of their promises: one at once for each place that couriers have free, and from then on
one each time a courier becomes free. Rain slows every way by policy's steps. Where a customer's
place is not known, the arrival that the fleet expects stands in for the last way.

The prediction is a point, made for 10,000 deliveries in some 30 ms so that every pass can afford
it; the planner weighs each option with its own distribution.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import cos, hypot, radians
from typing import TYPE_CHECKING, Final

from makegood.clock import DAY, HOUR, MINUTE, SECOND
from makegood.domain.geo import EARTH_RADIUS_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makegood.domain.entities import Courier, FulfilmentOrder
    from makegood.domain.geo import Point
    from makegood.domain.policy import CapacityDetection, Detection, Travel
    from makegood.incidents.view import HubView

NEVER_US: Final = DAY
"""How far off a delivery is taken to be that nobody is there to make."""

_M_A_DEGREE: Final = radians(1) * EARTH_RADIUS_M


@dataclass(frozen=True, slots=True)
class Outlook:
    """The predicted arrival of each open delivery, in the order of the view's `fulfilments`."""

    rain_mm_h: float
    arrives_us: tuple[int, ...]

    def late_by_us(self, fulfilments: Sequence[FulfilmentOrder]) -> list[int | None]:
        """Return predicted arrival less promise for each, negative when early, None if unpromised.

        `fulfilments` are those of the view that the outlook was made from.
        """
        return [
            None if order.promised_us is None else arrives_us - order.promised_us
            for order, arrives_us in zip(fulfilments, self.arrives_us, strict=True)
        ]


def predict(view: HubView, policy: Detection, now_us: int, rain_mm_h: float) -> Outlook:
    """Predict every open delivery of a hub, in this much rain."""
    ways = _Ways(view, policy.travel, rain_mm_h)
    mine, waiting = _shared_out(view)
    arrives = [0] * len(view.fulfilments)
    for courier in view.couriers:
        for index, at_us in ways.in_turn(courier, mine[courier.id], now_us):
            arrives[index] = at_us
    starts = _starts(view, policy.capacity, now_us, len(waiting))
    for index, start_us in zip(waiting, starts, strict=True):
        arrives[index] = ways.alone(view.fulfilments[index], start_us)
    return Outlook(rain_mm_h, tuple(arrives))


def endangered(view: HubView, outlook: Outlook, margin_us: int) -> tuple[str, ...]:
    """Return the deliveries predicted later than their promise less the margin, sorted."""
    return tuple(
        sorted(
            order.id
            for order, arrives_us in zip(view.fulfilments, outlook.arrives_us, strict=True)
            if order.promised_us is not None and arrives_us > order.promised_us - margin_us
        )
    )


Turn = tuple[bool, int, str, int, "FulfilmentOrder"]
"""A courier's delivery: whether it waits at the shop; since when it is picked up or from when it
is ready; its id, so that ties have an order; its index; itself."""


def _shared_out(view: HubView) -> tuple[dict[str, list[Turn]], list[int]]:
    """Split deliveries into those of each courier on shift and those that wait for one."""
    mine: dict[str, list[Turn]] = {courier.id: [] for courier in view.couriers}
    waiting: list[tuple[int, str, int]] = []
    for index, order in enumerate(view.fulfilments):
        turns = mine.get(order.courier_id or "")
        if turns is None:
            waiting.append((_due_us(order), order.id, index))
        elif order.picked_up_us is not None:
            turns.append((False, order.picked_up_us, order.id, index, order))
        else:
            turns.append((True, order.ready_us or 0, order.id, index, order))
    waiting.sort()
    for turns in mine.values():
        turns.sort()
    return mine, [index for _, _, index in waiting]


def _due_us(order: FulfilmentOrder) -> int:
    if order.promised_us is not None:
        return order.promised_us
    return (order.created_us or 0) + NEVER_US


def _starts(view: HubView, policy: CapacityDetection, now_us: int, count: int) -> list[int]:
    """Return when each of `count` waiting deliveries is taken up."""
    if not view.couriers:
        return [now_us + NEVER_US] * count
    held: Counter[str | None] = Counter()
    for order in view.fulfilments:
        held[order.courier_id] += order.load
    free = sum(max(0, courier.capacity - held[courier.id]) for courier in view.couriers)
    per_hour_bp = policy.orders_per_courier_hour_bp * len(view.couriers)
    gap_us = HOUR * 10_000 // per_hour_bp
    return [now_us + max(0, place - free + 1) * gap_us for place in range(count)]


class _Ways:
    """Distances and durations around one hub.

    Lengths are taken on the plane that touches the earth at the hub: within 50 km of it they are
    within half a percent of `domain.geo.distance_m` up to 60 degrees of latitude, and cost a
    fifth, which is what lets a pass look at every delivery.
    """

    def __init__(self, view: HubView, travel: Travel, rain_mm_h: float) -> None:
        self._travel = travel
        self._rain_mm_h = rain_mm_h
        self._us_per_m: dict[str, float] = {}
        self._home = view.hub.position
        middle = self._home or _any_place(view)
        self._shrink = cos(radians(middle.lat)) if middle else 1.0
        self._pick_up_us = travel.pick_up_seconds * SECOND
        self._drop_off_us = travel.drop_off_seconds * SECOND

    def _pace(self, vehicle: str) -> float:
        """Return microseconds for a metre as the crow flies."""
        pace = self._us_per_m.get(vehicle)
        if pace is None:
            road = self._travel.detour_bp / 10_000
            pace = road * MINUTE / self._travel.speed(vehicle, self._rain_mm_h)
            self._us_per_m[vehicle] = pace
        return pace

    def _crow_m(self, a: Point | None, b: Point | None) -> float:
        """Return metres between two places; 0 where one of them is not known."""
        if a is None or b is None:
            return 0.0
        return _M_A_DEGREE * hypot(a.lat - b.lat, (a.lon - b.lon) * self._shrink)

    def in_turn(
        self, courier: Courier, turns: Sequence[Turn], now_us: int
    ) -> list[tuple[int, int]]:
        """Return (index, arrival) of what one courier carries, one after the other."""
        # Written out rather than through `_crow_m`: this loop is what every pass pays for.
        us_per_degree, shrink = _M_A_DEGREE * self._pace(courier.vehicle), self._shrink
        pick_up_us, drop_off_us = self._pick_up_us, self._drop_off_us
        place, at_us = courier.position or self._home, now_us
        arrivals: list[tuple[int, int]] = []
        for waits, since_us, _, index, order in turns:
            if waits:
                shop = order.pick_up
                if shop is not None:
                    if place is not None and place is not shop:
                        north, east = shop.lat - place.lat, (shop.lon - place.lon) * shrink
                        at_us += int(hypot(north, east) * us_per_degree)
                    place = shop
                at_us = (max(since_us, at_us)) + pick_up_us
            customer = order.drop_off
            if customer is None:
                at_us = max(at_us, order.expected_us or 0)
            else:
                if place is not None:
                    north, east = customer.lat - place.lat, (customer.lon - place.lon) * shrink
                    at_us += int(hypot(north, east) * us_per_degree)
                at_us += drop_off_us
                place = customer
            arrivals.append((index, at_us))
        return arrivals

    def alone(self, order: FulfilmentOrder, start_us: int) -> int:
        """Return the arrival of a delivery that some courier takes up from the hub."""
        pace = self._pace("other")
        at_us = start_us
        if order.picked_up_us is None:
            at_us += int(self._crow_m(self._home, order.pick_up) * pace)
            at_us = max(at_us, order.ready_us or 0) + self._pick_up_us
        if order.drop_off is None:
            return max(at_us, order.expected_us or 0)
        from_place = order.pick_up or self._home
        return at_us + int(self._crow_m(from_place, order.drop_off) * pace) + self._drop_off_us


def _any_place(view: HubView) -> Point | None:
    places = (order.pick_up or order.drop_off for order in view.fulfilments)
    return next((place for place in places if place is not None), None)
