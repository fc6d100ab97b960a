"""The rides of one courier: what is on board, then round after round, and when each order arrives.

Lengths are taken on the plane that touches the earth at the hub: within 50 km of it they are
within half a percent of `domain.geo.distance_m` up to 60 degrees of latitude, and cost a fifth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, hypot, inf, radians
from typing import Final

from makegood.clock import DAY
from makegood.domain.conditions import QUARTER_US, Conditions
from makegood.domain.entities import Courier, FulfilmentOrder
from makegood.domain.geo import EARTH_RADIUS_M, Point
from makegood.domain.statuses import CourierStatus

NEVER_US: Final = DAY
"""How far off a delivery is taken to be that nobody is there to make."""

_M_A_DEGREE: Final = radians(1) * EARTH_RADIUS_M


@dataclass(frozen=True, slots=True)
class Round:
    """What a courier will fetch together at one place: when they leave it, and each stop."""

    pick_up: Point
    leaves_us: int
    stops: tuple[tuple[Point, int], ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """What one courier has before them.

    `arrives_us` pairs each delivery with its arrival. `joins` is the first round that has not
    begun, None where there is none: an order that is ready then can come along. Another round can
    begin at `free_us` from `place`, when that one is over.
    """

    courier_id: str
    arrives_us: tuple[tuple[str, int], ...]
    free_us: int
    place: Point
    joins: Round | None


def urgency(at_us: int) -> Callable[[FulfilmentOrder], tuple[int, int, str]]:
    """Return a key that sorts by when an order can be fetched from `at_us` on, then by promise."""

    def key(order: FulfilmentOrder) -> tuple[int, int, str]:
        ready_us = order.ready_us or 0
        return (max(at_us, ready_us), *_due(order))

    return key


def _due(order: FulfilmentOrder) -> tuple[int, str]:
    promised_us = order.promised_us
    return (order.created_us or 0) + NEVER_US if promised_us is None else promised_us, order.id


class Ways:
    """Rides around one hub in its conditions."""

    def __init__(self, conditions: Conditions) -> None:
        """Ride in these conditions; `anybody` is a courier of whom nothing is known."""
        self.conditions = conditions
        self.anybody = Courier(id="", status=CourierStatus.ON, vehicle="other")
        self._shrink = cos(radians(conditions.home.lat))
        self._paces: dict[str, list[float]] = {}
        self._from_us = conditions.rain.from_us
        self._last = len(conditions.rain.mm_h) - 1
        self._drop_off_us = conditions.drop_off_us

    def _pace_of(self, vehicle: str) -> list[float]:
        """Return microseconds for a degree of latitude, by quarter of an hour."""
        paces = self._paces.get(vehicle)
        if paces is None:
            steps = self.conditions.us_per_m(vehicle)
            paces = self._paces[vehicle] = [_M_A_DEGREE * each for each in steps]
        return paces

    def ride(
        self, courier: Courier, held: Sequence[FulfilmentOrder], at_us: int, place: Point | None
    ) -> Queue:
        """Return a courier's queue: what is on board, then round after round."""
        home = self.conditions.home
        paces = self._pace_of(courier.vehicle)
        place = place or home
        arrives: list[tuple[str, int]] = []
        aboard = [order for order in held if order.picked_up_us is not None]
        left = [order for order in held if order.picked_up_us is None]
        if aboard:
            at_us, place, _ = self._deliver(aboard, place, at_us, paces, arrives)
        free_us, free_place, joins = at_us, place, None
        while left:
            first = left[0] if len(left) == 1 else _first(left, at_us)
            shop = first.pick_up or home
            at_us = max(at_us + self._way_us(place, shop, at_us, paces), first.ready_us or 0)
            taken, left = _ready(left, shop, at_us, home, courier.capacity)
            leaves_us = at_us + self.conditions.pick_up_us(courier.vehicle)
            at_us, place, stops = self._deliver(taken, shop, leaves_us, paces, arrives)
            if joins is None:
                free_us, free_place, joins = at_us, place, Round(shop, leaves_us, tuple(stops))
        return Queue(courier.id, tuple(arrives), free_us, free_place, joins)

    def _way_us(self, a: Point, b: Point, at_us: int, paces: list[float]) -> int:
        degrees = hypot(b.lat - a.lat, (b.lon - a.lon) * self._shrink)
        return int(degrees * paces[min((at_us - self._from_us) // QUARTER_US, self._last)])

    def _deliver(
        self,
        orders: Sequence[FulfilmentOrder],
        place: Point,
        at_us: int,
        paces: list[float],
        arrives: list[tuple[str, int]],
    ) -> tuple[int, Point, list[tuple[Point, int]]]:
        """Note when each order arrives, the nearest customer first; return when and where it ends.

        Where a customer's place is not known, the arrival that the fleet expects stands in.
        """
        todo: list[tuple[str, Point]] = []
        for order in orders:
            if order.drop_off is None:
                arrives.append((order.id, max(at_us, order.expected_us or 0)))
            else:
                todo.append((order.id, order.drop_off))
        stops: list[tuple[Point, int]] = []
        while todo:
            order_id, customer = self._nearest(todo, place) if len(todo) > 1 else todo.pop()
            at_us += self._way_us(place, customer, at_us, paces) + self._drop_off_us
            place = customer
            arrives.append((order_id, at_us))
            stops.append((place, at_us))
        return at_us, place, stops

    def _nearest(self, todo: list[tuple[str, Point]], place: Point) -> tuple[str, Point]:
        """Take the nearest out of what is to be done; of two as near, the smaller id."""
        # Plain arithmetic rather than small functions: this loop is what every pass pays for.
        lat, lon, shrink = place.lat, place.lon, self._shrink
        found, best, best_id = 0, inf, ""
        for index, (order_id, point) in enumerate(todo):
            north, east = point.lat - lat, (point.lon - lon) * shrink
            square = north * north + east * east
            if square < best or (square == best and order_id < best_id):
                found, best, best_id = index, square, order_id
        return todo.pop(found)


def _first(left: Sequence[FulfilmentOrder], at_us: int) -> FulfilmentOrder:
    """Return what `urgency` puts first, at a third of its cost."""
    found, since_us = left[0], max(left[0].ready_us or 0, at_us)
    for order in left:
        ready_us = order.ready_us or 0
        ready_us = max(ready_us, at_us)
        if ready_us < since_us or (ready_us == since_us and _due(order) < _due(found)):
            found, since_us = order, ready_us
    return found


def _ready(
    left: list[FulfilmentOrder], shop: Point, at_us: int, home: Point, capacity: int
) -> tuple[list[FulfilmentOrder], list[FulfilmentOrder]]:
    """Split what is left into what is taken along from a shop now, as far as it fits, and the rest.

    Whatever is ready first is always taken, so that nothing waits for ever.
    """
    lat, lon = shop.lat, shop.lon
    taken: list[FulfilmentOrder] = []
    rest: list[FulfilmentOrder] = []
    load = 0
    for order in left:
        place = order.pick_up or home
        if place.lat == lat and place.lon == lon and (order.ready_us or 0) <= at_us:
            taken.append(order)
            load += order.load
        else:
            rest.append(order)
    if load > capacity and len(taken) > 1:
        taken.sort(key=urgency(at_us))
        while load > capacity and len(taken) > 1:
            rest.append(taken.pop())
            load -= rest[-1].load
    return taken, rest
