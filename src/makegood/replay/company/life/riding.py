"""What couriers do by themselves: fetch, carry, deliver, and look for shelter.

A courier takes everything that is ready for them at a hub, up to what they can carry, and
delivers the nearest first. Nobody turns round on the way to a customer.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from makegood.clock import MINUTE, SECOND, Clock
from makegood.domain.geo import Point, distance_m
from makegood.replay.company.fleet import Fleet
from makegood.replay.company.happenings import Tape
from makegood.replay.company.life.agenda import Agenda
from makegood.replay.company.life.travel import Leg, Streets, Ways
from makegood.replay.company.model import (
    Courier,
    CourierStatus,
    Fulfilment,
    FulfilmentStatus,
    OrderStatus,
)
from makegood.replay.company.records import Records
from makegood.replay.company.weather import RainField

# Assumptions.
_AT_DOOR_US: Final = 60 * SECOND
_SAME_PLACE_M: Final = 20
_AWAY: Final = (CourierStatus.OFF, CourierStatus.SHELTERING)


class Riding:
    """All couriers on their ways; `metres` is how far each of them went."""

    def __init__(
        self,
        clock: Clock,
        records: Records,
        tape: Tape,
        fleet: Fleet,
        rain: RainField,
        agenda: Agenda,
        *,
        ways: Ways | None = None,
    ) -> None:
        """Start with everyone standing where they are."""
        self._clock = clock
        self._records = records
        self._tape = tape
        self._fleet = fleet
        self._ways = ways or Streets(rain)
        self._agenda = agenda
        self.metres: dict[str, int] = {}
        self._legs: dict[str, Leg] = {}
        self._goals: dict[str, str] = {}
        self._numbers = 0
        fleet.on_change = self.wake

    def start_shift(self, courier_id: str) -> None:
        """Bring a courier on shift."""
        courier = replace(self._records.courier(courier_id), status=CourierStatus.IDLE)
        self._records.put(courier)
        self._tape.shift_started(courier)
        self.wake(courier_id)

    def shelter(self, courier_id: str, until_us: int) -> None:
        """Send a courier into shelter, once nothing is on board; what waits for them waits."""
        courier = self._records.courier(courier_id)
        now_us = self._clock.now_us()
        if now_us >= until_us or courier.status in _AWAY:
            return
        if courier.carried:
            self._agenda.at(now_us + 2 * MINUTE, partial(self.shelter, courier_id, until_us))
            return
        courier = replace(self._stand_still(courier), status=CourierStatus.SHELTERING)
        self._records.put(courier)
        self._tape.lost(courier)
        self._agenda.at(until_us, partial(self._come_out, courier_id))

    def wake(self, courier_id: str) -> None:
        """Let a courier look for something to do, unless they are on the way to a customer."""
        courier = self._records.courier(courier_id)
        if courier.status in _AWAY or self._goals.get(courier_id) in courier.carried:
            return
        if courier.carried:
            self._ride_to_customer(self._stand_still(courier))
            return
        hub_id = self._next_hub(courier) or self._ways.home_of(courier)
        if hub_id is None:
            self._records.put(replace(self._stand_still(courier), status=CourierStatus.IDLE))
        elif self._goals.get(courier_id) != hub_id:
            self._fetch(self._stand_still(courier), hub_id)

    def place_of(self, courier: Courier) -> Point:
        """Return where a courier is now; their record says where they were last looked for."""
        leg = self._legs.get(courier.id)
        return courier.position if leg is None else leg.at(self._clock.now_us())

    def follow(self) -> tuple[Courier, ...]:
        """Put everyone who can be reached where they are now, and return those who ride.

        Whoever stands still is heard of all the same: their place is as fresh as a rider's.
        """
        now_us = self._clock.now_us()
        riding: list[Courier] = []
        for courier in tuple(self._records.couriers.values()):
            if courier.status in _AWAY:
                continue
            leg = self._legs.get(courier.id)
            place = courier.position if leg is None else leg.at(now_us)
            there = replace(courier, position=place, position_us=now_us)
            self._records.put(there)
            if leg is not None:
                riding.append(there)
        return tuple(riding)

    def standing(self) -> tuple[Courier, ...]:
        """Return those who can be reached and do not ride."""
        everyone = self._records.couriers.values()
        return tuple(c for c in everyone if c.status not in _AWAY and c.id not in self._legs)

    def _come_out(self, courier_id: str) -> None:
        courier = self._records.courier(courier_id)
        if courier.status is not CourierStatus.SHELTERING:
            return
        courier = replace(courier, status=CourierStatus.IDLE)
        self._records.put(courier)
        self._tape.found(courier)
        self.wake(courier_id)

    def _next_hub(self, courier: Courier) -> str | None:
        """Return the hub to go to: where something is ready, else where something will be."""
        waiting = [
            each
            for each in (self._records.fulfilment(i) for i in courier.waiting)
            if not self._is_held(each)
        ]
        ready = [each for each in waiting if self._is_ready(each)]
        chosen = min(ready or waiting, key=_by_promise, default=None)
        return chosen.hub_id if chosen else None

    def _fetch(self, courier: Courier, hub_id: str) -> None:
        place = self._records.hub(hub_id).position
        if distance_m(courier.position, place) > _SAME_PLACE_M:
            self._ride(replace(courier, status=CourierStatus.TO_HUB), hub_id, place, 0)
        else:
            self._pick_up(courier, hub_id)

    def _pick_up(self, courier: Courier, hub_id: str) -> None:
        """Take all that is ready here; with nothing ready, wait until `wake`."""
        ready = [
            each
            for each in map(self._records.fulfilment, courier.waiting)
            if each.hub_id == hub_id and self._is_ready(each) and not self._is_held(each)
        ]
        if not ready or not self._ways.may_leave(courier):
            self._records.put(replace(courier, status=CourierStatus.IDLE))
            return
        now_us = self._clock.now_us()
        for each in sorted(ready, key=_by_promise):
            on_board = replace(each, status=FulfilmentStatus.PICKED_UP, picked_up_us=now_us)
            self._records.put(on_board)
            self._tape.picked_up(on_board)
        taken = frozenset(each.id for each in ready)
        loaded = replace(
            courier,
            waiting=tuple(each for each in courier.waiting if each not in taken),
            carried=tuple(each.id for each in ready),
        )
        self._ride_to_customer(loaded, wait_us=self._ways.counter_us(courier))

    def _ride_to_customer(self, courier: Courier, wait_us: int = 0) -> None:
        nearest = min(
            map(self._records.fulfilment, courier.carried),
            key=lambda each: (distance_m(courier.position, each.drop_off), each.id),
        )
        riding = replace(courier, status=CourierStatus.TO_CUSTOMER)
        arrives_us = self._ride(riding, nearest.id, nearest.drop_off, wait_us)
        self._tape.expected(nearest, arrives_us + _AT_DOOR_US)

    def _ride(self, courier: Courier, goal: str, place: Point, wait_us: int) -> int:
        leaves_us = self._clock.now_us() + wait_us
        lasts_us = self._ways.travel_us(courier, goal, courier.position, place, leaves_us)
        self._numbers += 1
        leg = Leg(self._numbers, courier.position, place, leaves_us, leaves_us + lasts_us)
        self._legs[courier.id] = leg
        self._goals[courier.id] = goal
        self._records.put(courier)
        self._agenda.at(leg.arrives_us, partial(self._arrive, courier.id, leg.number))
        return leg.arrives_us

    def _arrive(self, courier_id: str, number: int) -> None:
        leg = self._legs.get(courier_id)
        if leg is None or leg.number != number:
            return
        goal = self._goals[courier_id]
        courier = self._records.courier(courier_id)
        if courier.status in _AWAY:
            self._records.put(self._stand_still(courier))
        elif goal in courier.carried:
            now_us = self._clock.now_us()
            self._agenda.at(now_us + _AT_DOOR_US, partial(self._deliver, courier_id, goal))
            self._note_way(courier, leg)
            del self._legs[courier_id]
            self._records.put(replace(courier, position=leg.end, position_us=now_us))
        else:
            self._pick_up(self._stand_still(courier), goal)

    def _deliver(self, courier_id: str, fulfilment_id: str) -> None:
        delivery = self._records.fulfilment(fulfilment_id)
        if fulfilment_id not in self._records.courier(courier_id).carried:
            return
        now_us = self._clock.now_us()
        done = replace(delivery, status=FulfilmentStatus.DELIVERED, delivered_us=now_us)
        self._records.put(done)
        self._tape.delivered(done)
        self.complete(done.order_id)
        self._fleet.strike(done)

    def complete(self, order_id: str) -> None:
        """Complete an order once everything that is still wanted was delivered."""
        order = self._records.order(order_id)
        deliveries = [self._records.fulfilment(each) for each in order.fulfilment_ids]
        wanted = [each for each in deliveries if each.status is not FulfilmentStatus.CANCELLED]
        if wanted and all(each.status is FulfilmentStatus.DELIVERED for each in wanted):
            self._records.put(replace(order, status=OrderStatus.COMPLETED))
            self._tape.completed(order)

    def _stand_still(self, courier: Courier) -> Courier:
        """Take a courier off their way, where they are now."""
        self._goals.pop(courier.id, None)
        leg = self._legs.pop(courier.id, None)
        if leg is None:
            return courier
        self._note_way(courier, leg)
        now_us = self._clock.now_us()
        return replace(courier, position=leg.at(now_us), position_us=now_us)

    def _note_way(self, courier: Courier, leg: Leg) -> None:
        """Add up how far a courier came on a way that is over or broken off."""
        went_m = self._ways.road_m(courier, leg.start, leg.at(self._clock.now_us()))
        self.metres[courier.id] = self.metres.get(courier.id, 0) + went_m

    def _is_ready(self, delivery: Fulfilment) -> bool:
        return (
            delivery.status is FulfilmentStatus.READY and delivery.ready_us <= self._clock.now_us()
        )

    def _is_held(self, delivery: Fulfilment) -> bool:
        return self._records.order(delivery.order_id).status is OrderStatus.HELD


def _by_promise(delivery: Fulfilment) -> tuple[int, str]:
    return delivery.promised_us, delivery.id
