"""When each open delivery of a hub will arrive, and when its couriers are free, as things stand.

A courier delivers what is on board, the nearest customer first. Then they fetch, in one round,
everything of theirs that is ready at one pick-up place, and deliver that the same way; and so on
until nothing is left. Orders without a courier go to whoever is free first, a round at a time.
Whoever cannot be reached is taken to begin again after policy's `lost_minutes`, with what they
hold.

The prediction is a point, made for 10,000 deliveries in some 50 ms, so that every detection pass
can afford it. Lengths are taken on the plane that touches the earth at the hub: within 50 km of
it they are within half a percent of `domain.geo.distance_m` up to 60 degrees of latitude, and
cost a fifth.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from math import cos, hypot, inf, radians
from typing import Final

from makegood.clock import DAY, MINUTE
from makegood.domain.conditions import QUARTER_US, Conditions
from makegood.domain.entities import Courier, FulfilmentOrder
from makegood.domain.geo import EARTH_RADIUS_M, Point
from makegood.domain.statuses import CourierStatus

NEVER_US: Final = DAY
"""How far off a delivery is taken to be that nobody is there to make."""

_M_A_DEGREE: Final = radians(1) * EARTH_RADIUS_M
# What is packed later than this has a courier by then, whoever is busy now.
_SOON_US: Final = 30 * MINUTE


@dataclass(frozen=True, slots=True)
class CourierLoad:
    """A courier, the deliveries they hold, and load promised to them but not yet given.

    `reserved` counts the load of reassignments to this courier that are under way.
    """

    courier: Courier
    held: tuple[FulfilmentOrder, ...] = ()
    reserved: int = 0

    @property
    def load(self) -> int:
        """Units held and promised."""
        return sum(order.load for order in self.held) + self.reserved

    @property
    def free(self) -> int:
        """Units of room left; never negative."""
        return max(0, self.courier.capacity - self.load)


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


@dataclass(frozen=True, slots=True)
class Forecast:
    """The queue of each courier, in the order given, and when each delivery arrives, by id."""

    queues: tuple[Queue, ...]
    arrives_us: Mapping[str, int]


def foresee(
    couriers: Sequence[CourierLoad],
    waiting: Sequence[FulfilmentOrder],
    conditions: Conditions,
    lost: Sequence[CourierLoad] = (),
) -> Forecast:
    """Predict what couriers on shift and lost ones hold, and the orders that nobody there holds.

    A `waiting` order that names a courier is theirs once they are back, though nothing else is
    known of them. One without arrives `NEVER_US` after now where there are no couriers at all.
    """
    ways = _Ways(conditions)
    gone, nobodys = _apart(waiting, lost)
    queues = tuple(
        ways.ride(load.courier, load.held, conditions.now_us, load.courier.position)
        for load in couriers
    )
    back_us = conditions.now_us + conditions.travel.lost_minutes * MINUTE
    absent = [ways.ride(one.courier, one.held, back_us, one.courier.position) for one in gone]
    arrives = {each: at_us for queue in (*queues, *absent) for each, at_us in queue.arrives_us}
    everyone = zip((*couriers, *gone), (*queues, *absent), strict=True)
    riders = [(load.courier, queue) for load, queue in everyone if load.courier.capacity > 0]
    arrives.update(_in_rounds(ways, nobodys, riders))
    return Forecast(queues, arrives)


def _apart(
    waiting: Sequence[FulfilmentOrder], lost: Sequence[CourierLoad]
) -> tuple[list[CourierLoad], list[FulfilmentOrder]]:
    """Return the couriers who are gone with what they hold, and what is nobody's."""
    held: dict[str, list[FulfilmentOrder]] = defaultdict(list)
    nobodys: list[FulfilmentOrder] = []
    for order in waiting:
        if order.courier_id is None:
            nobodys.append(order)
        else:
            held[order.courier_id].append(order)
    gone = [_with(load, held.pop(load.courier.id, ())) for load in lost]
    gone += [_unknown(courier_id, orders) for courier_id, orders in sorted(held.items())]
    return gone, nobodys


def _with(load: CourierLoad, orders: Sequence[FulfilmentOrder]) -> CourierLoad:
    known = {order.id for order in load.held}
    more = (order for order in orders if order.id not in known)
    return replace(load, held=(*load.held, *more))


def _unknown(courier_id: str, orders: Sequence[FulfilmentOrder]) -> CourierLoad:
    """Return a courier of whom nothing is known but what they hold."""
    room = sum(order.load for order in orders)
    courier = Courier(id=courier_id, status=CourierStatus.LOST, vehicle="other", capacity=room)
    return CourierLoad(courier, tuple(orders))


def _urgency(at_us: int) -> Callable[[FulfilmentOrder], tuple[int, int, str]]:
    """Return a key that sorts by when an order can be fetched from `at_us` on, then by promise."""

    def key(order: FulfilmentOrder) -> tuple[int, int, str]:
        ready_us = order.ready_us or 0
        return (max(at_us, ready_us), *_due(order))

    return key


def _due(order: FulfilmentOrder) -> tuple[int, str]:
    promised_us = order.promised_us
    return (order.created_us or 0) + NEVER_US if promised_us is None else promised_us, order.id


def _in_rounds(
    ways: _Ways,
    waiting: Sequence[FulfilmentOrder],
    riders: Sequence[tuple[Courier, Queue]],
) -> Iterator[tuple[str, int]]:
    """Yield arrivals of orders that wait for whoever is free first, who takes a fair share."""
    now_us = ways.conditions.now_us
    if not riders:
        for order in waiting:
            yield order.id, max(now_us, order.ready_us or 0) + NEVER_US
        return
    number = count()
    free = [(queue.free_us, next(number), queue.place, courier) for courier, queue in riders]
    heapq.heapify(free)
    soon = [order for order in waiting if (order.ready_us or 0) <= now_us + _SOON_US]
    for order in waiting:
        if (order.ready_us or 0) > now_us + _SOON_US:
            # Nobody goes there before it is packed, and by then somebody is free.
            yield from ways.ride(ways.anybody, (order,), now_us, None).arrives_us
    for batch in _batches(soon, [courier.capacity for courier, _ in riders], now_us):
        starts_us, _, place, courier = free[0]
        queue = ways.ride(courier, batch, starts_us, place)
        yield from queue.arrives_us
        heapq.heapreplace(free, (queue.free_us, next(number), queue.place, courier))


def _batches(
    waiting: Sequence[FulfilmentOrder], rooms: Sequence[int], now_us: int
) -> list[list[FulfilmentOrder]]:
    """Cut what waits into rounds from one place each, in the order of their first."""
    size = max(1, min(sum(rooms) // len(rooms), -(-len(waiting) // len(rooms))))
    key = _urgency(now_us)
    by_place: dict[Point | None, list[FulfilmentOrder]] = defaultdict(list)
    for order in sorted(waiting, key=key):
        by_place[order.pick_up].append(order)
    made = [
        orders[start : start + size]
        for orders in by_place.values()
        for start in range(0, len(orders), size)
    ]
    return sorted(made, key=lambda batch: key(batch[0]))


class _Ways:
    """Rides around one hub in its conditions."""

    def __init__(self, conditions: Conditions) -> None:
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
            leaves_us = at_us + self.conditions.pick_up_us
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
    """Return what `_urgency` puts first, at a third of its cost."""
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
        taken.sort(key=_urgency(at_us))
        while load > capacity and len(taken) > 1:
            rest.append(taken.pop())
            load -= rest[-1].load
    return taken, rest
