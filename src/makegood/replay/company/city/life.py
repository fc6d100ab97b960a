"""What happens in a district by itself: orders, queues, couriers, drones, rain and impatience.

The company's own dispatcher is plain, as elsewhere: each new delivery goes to the least loaded
courier of its store, up to the usual load, and stays there. It starts no drones. What a storm
undoes nobody puts right but whoever dispatches on top of it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from makegood.clock import HOUR, MINUTE, SECOND, Clock
from makegood.domain.geo import Point, distance_m
from makegood.replay.company.city.draw import DRONE, Coming, DistrictScript, Rider
from makegood.replay.company.city.hired import engage
from makegood.replay.company.city.stores import Line
from makegood.replay.company.city.ways import DistrictWays
from makegood.replay.company.company import Company
from makegood.replay.company.life.agenda import Agenda
from makegood.replay.company.life.riding import Riding
from makegood.replay.company.model import (
    Courier,
    CourierStatus,
    Fulfilment,
    FulfilmentStatus,
    OrderStatus,
)
from makegood.replay.company.partners import PARTNER

_TICK_US: Final = MINUTE
_WEATHER_TICKS: Final = 5
_POSITION_TICKS: Final = 4
AT_HUB: Final = (FulfilmentStatus.CREATED, FulfilmentStatus.READY)
# Nobody gives these anything but by a decision of their own, and they decline nothing.
_BY_DECISION: Final = (DRONE, PARTNER)
AWAY: Final = (CourierStatus.OFF, CourierStatus.SHELTERING)
# A courier is told of a delivery this long before it is packed, at most.
_SOON_US: Final = 15 * MINUTE
_LINGERS_US: Final = 2 * HOUR


class DistrictLife:
    """The life of a district; `overtime_us` is how long each courier worked past their shift."""

    def __init__(
        self, company: Company, clock: Clock, agenda: Agenda, script: DistrictScript
    ) -> None:
        """Put the whole script on the agenda."""
        self.script = script
        self.agenda = agenda
        self.ways = DistrictWays(script, clock)
        self.overtime_us: dict[str, int] = {}
        self._company = company
        self._clock = clock
        self._records = company.records
        self._tape = company.tape
        self._fleet = company.fleet
        self.riding = Riding(
            clock,
            company.records,
            company.tape,
            company.fleet,
            script.sky,
            agenda,
            ways=self.ways,
        )
        self._lines = {
            store.id: Line(store, script.params.packing, script.luck, script.starts_us)
            for store in script.params.stores
        }
        self._ready_us: dict[str, int] = {}
        self._answered: set[tuple[str, int]] = set()
        self._ticks = 0
        self._at_hub: dict[str, None] = {}
        company.rain = script.sky
        company.oms.on_release = self._carry_on
        company.fleet.on_change = self._changed
        company.fleet.check = self.ways.check
        self._begin()

    def follow(self) -> None:
        """Put everyone who rides where they are now."""
        self.riding.follow()

    def waiting(self) -> list[Fulfilment]:
        """Return the deliveries that still lie at a store, oldest first."""
        found: list[Fulfilment] = []
        for each in list(self._at_hub):
            delivery = self._records.fulfilments[each]
            if delivery.status in AT_HUB:
                found.append(delivery)
            else:
                del self._at_hub[each]
        return found

    def is_away(self, courier_id: str) -> bool:
        """Say whether a courier is off shift, in shelter, or past the end of their shift."""
        courier = self._records.courier(courier_id)
        return courier.status in AWAY or courier.shift_ends_us <= self._clock.now_us()

    def riders(self) -> list[Courier]:
        """Return the own couriers who can be given something, drones left out."""
        now_us = self._clock.now_us()
        return [
            each
            for each in self._records.couriers.values()
            if each.vehicle not in _BY_DECISION
            and each.status not in AWAY
            and each.shift_ends_us > now_us
        ]

    def place_of(self, courier: Courier) -> Point:
        """Return where a courier is now."""
        return self.riding.place_of(courier)

    def _begin(self) -> None:
        script = self.script
        for customer in script.customers:
            self._records.put(customer)
        for store in (script.district, *script.stores):
            self._records.put(store)
            self._tape.under[store.id] = script.district.id
        begins_us = script.starts_us
        self.agenda.at(begins_us, partial(self._tape.hub_registered, script.district))
        for rider in (*script.riders, *script.drones, *script.partners):
            self._expect(rider)
        engage(self._company.partners, script.params, [p.courier for p in script.partners])
        for coming in script.orders:
            self.agenda.at(coming.order.placed_us, partial(self._place, coming))
        self.agenda.at(begins_us, self._tick)

    def _expect(self, rider: Rider) -> None:
        courier = rider.courier
        self._records.put(courier)
        self.agenda.at(self.script.starts_us, partial(self._tape.courier_registered, courier))
        self.agenda.at(courier.shift_starts_us, partial(self.riding.start_shift, courier.id))
        self.agenda.at(courier.shift_ends_us, partial(self._end_shift, courier.id))
        if rider.shelters_us is not None and rider.returns_us is not None:
            shelter = partial(self.riding.shelter, courier.id, rider.returns_us)
            self.agenda.at(rider.shelters_us, shelter)

    def _end_shift(self, courier_id: str) -> None:
        """Send a courier home as soon as what they carry is delivered; what waits is taken away."""
        courier = self._records.courier(courier_id)
        for each in courier.waiting:
            self._fleet.take(self._records.fulfilment(each))
        courier = self._records.courier(courier_id)
        now_us = self._clock.now_us()
        if courier.carried:
            self.agenda.at(now_us + MINUTE, partial(self._end_shift, courier_id))
            return
        self.overtime_us[courier_id] = now_us - courier.shift_ends_us
        if courier.status is not CourierStatus.OFF:
            self._records.put(replace(courier, status=CourierStatus.OFF))
            self._tape.shift_ended(courier)

    def _place(self, coming: Coming) -> None:
        order = coming.order
        if not self._records.hub(order.hub_id).serving:
            return
        self._records.put(order)
        customer = self._records.customer(order.customer_id)
        self._records.put(replace(customer, orders=customer.orders + 1))
        self._tape.placed(order, customer)
        self._company.payments.capture(order.id, order.customer_id, order.total, order.hub_id)
        now_us = self._clock.now_us()
        line = self._lines[coming.store_id]
        said_us, ready_us = line.enter(order.id, len(order.lines), now_us)
        delivery = Fulfilment(
            id=f"{order.id}-f1",
            order_id=order.id,
            hub_id=coming.store_id,
            line_ids=tuple(each.line_id for each in order.lines),
            load=coming.load,
            drop_off=order.drop_off,
            created_us=now_us,
            promised_us=order.promised_us,
            ready_us=said_us,
        )
        self._ready_us[delivery.id] = ready_us
        self._records.put(delivery)
        self._records.put(replace(order, fulfilment_ids=(delivery.id,)))
        self._at_hub[delivery.id] = None
        self._tape.fulfilment_created(delivery, order, self._records.hub(delivery.hub_id))
        self._dispatch(delivery)
        self.agenda.at(ready_us, partial(self._packed, delivery.id))
        patience_us = self.script.params.demand.patience_minutes * MINUTE
        self.agenda.at(order.promised_us + patience_us, partial(self._call_off, order.id))

    def _packed(self, fulfilment_id: str) -> None:
        delivery = self._records.fulfilment(fulfilment_id)
        if delivery.status is not FulfilmentStatus.CREATED:
            return
        ready = replace(delivery, status=FulfilmentStatus.READY, ready_us=self._clock.now_us())
        self._records.put(ready)
        self._tape.ready(ready)
        if ready.courier_id is not None:
            self.riding.wake(ready.courier_id)

    def _call_off(self, order_id: str) -> None:
        """Let a customer whose patience is over call off what has not left yet."""
        order = self._records.order(order_id)
        if order.status in (OrderStatus.CANCELLED, OrderStatus.COMPLETED):
            return
        deliveries = [self._records.fulfilment(each) for each in order.fulfilment_ids]
        if all(each.status in AT_HUB for each in deliveries):
            self._company.oms.cancel(f"patience-{order_id}", order_id, "customer_gave_up")

    def _carry_on(self, delivery: Fulfilment) -> None:
        self._at_hub[delivery.id] = None
        ready_us = self._ready_us.setdefault(delivery.id, delivery.ready_us)
        if delivery.status is FulfilmentStatus.CREATED:
            self.agenda.at(ready_us, partial(self._packed, delivery.id))
        if delivery.courier_id is not None:
            self.riding.wake(delivery.courier_id)
        elif delivery.status in AT_HUB:
            self._dispatch(delivery)

    def _changed(self, courier_id: str) -> None:
        """Let a courier answer what is new to them, then go on."""
        couriers = self.script.params.couriers
        courier = self._records.courier(courier_id)
        for each in courier.waiting:
            delivery = self._records.fulfilment(each)
            offer = (each, delivery.assignment)
            if offer in self._answered:
                continue
            self._answered.add(offer)
            self._company.partners.given(courier, delivery)
            if not self._accepts(courier_id, each):
                later_us = self._clock.now_us() + couriers.answers_seconds * SECOND
                self.agenda.at(later_us, partial(self._decline, courier_id, *offer))
        self.riding.wake(courier_id)

    def _decline(self, courier_id: str, fulfilment_id: str, assignment: int) -> None:
        courier = self._records.courier(courier_id)
        delivery = self._records.fulfilment(fulfilment_id)
        if courier.vehicle in _BY_DECISION or fulfilment_id not in courier.waiting:
            return
        if delivery.assignment == assignment:
            self._fleet.take(delivery)

    def _dispatch(self, delivery: Fulfilment) -> bool:
        """Give a delivery to its store's least loaded courier; say whether all there are full."""
        if delivery.ready_us - self._clock.now_us() > _SOON_US:
            return False
        usual = self.script.params.couriers.usual_load
        roomy = [
            courier
            for courier in self.riders()
            if self.ways.homes[courier.id] == delivery.hub_id
            and courier.load + delivery.load <= min(usual, courier.capacity)
        ]
        if not roomy:
            return True
        asked_before = (delivery.id, delivery.assignment) in self._answered
        willing = [c for c in roomy if not asked_before or self._accepts(c.id, delivery.id)]
        if willing:
            least = min(courier.load for courier in willing)
            place = self._records.hub(delivery.hub_id).position
            nearest = min(
                (distance_m(self.place_of(courier), place), courier.id)
                for courier in willing
                if courier.load == least
            )
            self._fleet.give(delivery, nearest[1])
        return False

    def _accepts(self, courier_id: str, fulfilment_id: str) -> bool:
        drawn = self.script.luck.share("accepts", courier_id, fulfilment_id)
        return drawn < self.script.params.couriers.acceptance

    def _tick(self) -> None:
        if self._ticks % _POSITION_TICKS == 0:
            for courier in (*self.riding.follow(), *self.riding.standing()):
                self._tape.position(courier)
        self._dispatch_all()
        for courier in tuple(self._records.couriers.values()):
            if courier.status is CourierStatus.IDLE and courier.waiting:
                self.riding.wake(courier.id)
        if self._ticks % _WEATHER_TICKS == 0:
            self._tape.rain(self.script.district, self.script.sky)
        self._ticks += 1
        now_us, ends_us = self._clock.now_us(), self.script.ends_us
        if now_us < ends_us or (self._is_busy() and now_us < ends_us + _LINGERS_US):
            self.agenda.at(now_us + _TICK_US, self._tick)

    def _dispatch_all(self) -> None:
        """Give out what has no courier, the oldest first, until nobody has room for any load."""
        full: set[str] = set()
        for delivery in self.waiting():
            waits = delivery.courier_id is None and delivery.hub_id not in full
            if waits and self._dispatch(delivery):
                full.add(delivery.hub_id)

    def _is_busy(self) -> bool:
        loads = (courier.load for courier in self._records.couriers.values())
        return bool(self.waiting()) or any(loads)
