"""What couriers have before them: when each held delivery arrives, and when they are free.

The planner's own prediction, in whole microseconds: a courier delivers what is on board, then
fetches and delivers what was given to them, by ready time. Orders without a courier are taken
up in the order of their promises, each by the courier who is free first, who takes as many from
one place along as there is room for.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from makegood.clock import SECOND
from makegood.domain.entities import Courier, FulfilmentOrder
from makegood.domain.geo import Point, distance_m
from makegood.domain.policy import Travel


@dataclass(frozen=True, slots=True)
class CourierLoad:
    """A courier on shift, the deliveries they hold, and load promised to them but not yet given.

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
class Conditions:
    """What ways depend on: the hub's place, the rain now in mm an hour, the policy, the instant."""

    home: Point
    rain_mm_h: float
    travel: Travel
    now_us: int

    def way_us(self, a: Point, b: Point, vehicle: str) -> int:
        """Return how long a vehicle takes from one place to another."""
        return self.travel.duration_us(distance_m(a, b), vehicle, self.rain_mm_h)

    @property
    def pick_up_us(self) -> int:
        """Handing over at the pick-up place."""
        return self.travel.pick_up_seconds * SECOND

    @property
    def drop_off_us(self) -> int:
        """Handing over to the customer."""
        return self.travel.drop_off_seconds * SECOND


@dataclass(frozen=True, slots=True)
class Queue:
    """One courier's queue: when and where it ends, and a pick-up place still to be visited.

    An order from that place can join without a way back; `joins` is None where there is none.
    """

    courier_id: str
    ends_us: int
    place: Point
    joins: Point | None
    arrives_us: tuple[tuple[str, int], ...]


def queue_of(load: CourierLoad, conditions: Conditions) -> Queue:
    """Return one courier's queue; a courier whose position is not known starts at the hub."""
    vehicle = load.courier.vehicle
    place = load.courier.position or conditions.home
    at_us = conditions.now_us
    joins: Point | None = None
    arrives: list[tuple[str, int]] = []
    for order in sorted(load.held, key=_turn):
        pick_up = order.pick_up or conditions.home
        if order.picked_up_us is None and pick_up != joins:
            at_us += conditions.way_us(place, pick_up, vehicle)
            at_us = max(at_us, order.ready_us or 0) + conditions.pick_up_us
            place = joins = pick_up
        drop_off = order.drop_off or place
        at_us += conditions.way_us(place, drop_off, vehicle) + conditions.drop_off_us
        place = drop_off
        arrives.append((order.id, at_us))
    return Queue(load.courier.id, at_us, place, joins, tuple(arrives))


def foresee(
    couriers: Sequence[CourierLoad], waiting: Sequence[FulfilmentOrder], conditions: Conditions
) -> tuple[tuple[Queue, ...], dict[str, int]]:
    """Return every courier's queue, and the arrival of each delivery held or waiting.

    A waiting delivery is missing where there is no courier to take it.
    """
    queues = tuple(queue_of(load, conditions) for load in couriers)
    arrives = {order_id: at_us for queue in queues for order_id, at_us in queue.arrives_us}
    trips = [
        _Trip(queue.ends_us, index, queue.place)
        for index, queue in enumerate(queues)
        if couriers[index].courier.capacity > 0
    ]
    heapq.heapify(trips)
    for order in sorted(waiting, key=lambda one: (one.promised_us or 0, one.id)) if trips else ():
        trip = _taken(trips[0], order, couriers[trips[0].index].courier, conditions)
        arrives[order.id] = trip.at_us
        heapq.heapreplace(trips, trip)
    return queues, arrives


@dataclass(frozen=True, slots=True, order=True)
class _Trip:
    """A courier's way with waiting orders: when and where it stands, and what room is left."""

    at_us: int
    index: int
    place: Point = field(compare=False)
    pick_up: Point | None = field(default=None, compare=False)
    fetched_us: int = field(default=0, compare=False)
    room: int = field(default=0, compare=False)


def _taken(trip: _Trip, order: FulfilmentOrder, courier: Courier, conditions: Conditions) -> _Trip:
    """Return the trip with one more order: taken along, or fetched once all others are there."""
    pick_up = order.pick_up or conditions.home
    drop_off = order.drop_off or pick_up
    at_us, place, fetched_us, room = trip.at_us, trip.place, trip.fetched_us, trip.room
    along = room >= order.load and pick_up == trip.pick_up and (order.ready_us or 0) <= fetched_us
    if not along:
        at_us += conditions.way_us(place, pick_up, courier.vehicle)
        at_us = fetched_us = max(at_us, order.ready_us or 0) + conditions.pick_up_us
        place, room = pick_up, courier.capacity
    at_us += conditions.way_us(place, drop_off, courier.vehicle) + conditions.drop_off_us
    return _Trip(at_us, trip.index, drop_off, pick_up, fetched_us, room - order.load)


def _turn(order: FulfilmentOrder) -> tuple[int, int, str]:
    if order.picked_up_us is not None:
        return 0, order.picked_up_us, order.id
    return 1, order.ready_us or 0, order.id
