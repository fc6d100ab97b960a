"""The city's life: orders come, are packed, get a courier; the rain does the rest.

The company's own dispatcher is plain on purpose: each new delivery goes to the least loaded
courier of its hub, up to the usual load, and stays there. What a storm undoes (couriers in
shelter, hubs swamped while their neighbours have room) nobody puts right but the agent.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from makegood.clock import HOUR, MINUTE, Clock
from makegood.domain.geo import distance_m
from makegood.replay.company.fleet import Fleet
from makegood.replay.company.happenings import Tape
from makegood.replay.company.life.agenda import Agenda
from makegood.replay.company.life.plan import SHELF, PlannedCourier, PlannedOrder, Script
from makegood.replay.company.life.riding import Riding
from makegood.replay.company.life.shortage import draw_shortage
from makegood.replay.company.life.stockroom import Stockroom
from makegood.replay.company.model import (
    Courier,
    CourierStatus,
    Fulfilment,
    FulfilmentStatus,
    Hub,
)
from makegood.replay.company.oms import Oms
from makegood.replay.company.payments import Payments
from makegood.replay.company.records import Records
from makegood.replay.company.stock_tape import StockTape

_TICK_US: Final = MINUTE
_WEATHER_TICKS: Final = 5
_STANDING_TICKS: Final = 4
_AT_HUB: Final = (FulfilmentStatus.CREATED, FulfilmentStatus.READY)
_AWAY: Final = (CourierStatus.OFF, CourierStatus.SHELTERING)
_BULKY_FROM: Final = 4
_ON_HAND: Final = 400
_SOON_US: Final = 15 * MINUTE
# After the plan's end the city waits this long for deliveries that nobody makes.
_LINGERS_US: Final = 2 * HOUR


class City:
    """Everything that happens by itself."""

    def __init__(
        self,
        clock: Clock,
        script: Script,
        records: Records,
        tape: Tape,
        agenda: Agenda,
        *,
        oms: Oms,
        fleet: Fleet,
        payments: Payments,
    ) -> None:
        """Put the whole script on the agenda."""
        self._clock = clock
        self._script = script
        self._records = records
        self._tape = tape
        self._agenda = agenda
        self._fleet = fleet
        self._payments = payments
        self._riding = Riding(clock, records, tape, fleet, script.rain, agenda)
        self._ticks = 0
        shortage = draw_shortage(script)
        self._stockroom = Stockroom(
            clock,
            records,
            StockTape(tape),
            shortage,
            resume=self._carry_on,
            give_up=self._strike,
            release=fleet.take,
        )
        for (hub_id, sku), due in shortage.supplies.items():
            agenda.at(due.at_us, partial(self._stockroom.supply, hub_id, sku))
        oms.stock = self._stockroom
        fleet.check_move = self._stockroom.check_move
        fleet.on_move = self._stockroom.moved
        payments.on_refund = self._stockroom.paid_back
        oms.on_release = self._carry_on
        self._begin()

    def follow(self) -> None:
        """Put everyone who rides where they are now."""
        self._riding.follow()

    def _begin(self) -> None:
        script = self._script
        for customer in script.customers:
            self._records.put(customer)
        for hub in script.hubs:
            self._records.put(hub)
            self._agenda.at(script.starts_us, partial(self._open, hub))
        for planned in script.couriers:
            self._expect_courier(planned)
        for order in script.orders:
            self._agenda.at(order.order.placed_us, partial(self._place, order))
        self._agenda.at(script.starts_us, self._tick)

    def _open(self, hub: Hub) -> None:
        self._tape.hub_registered(hub)
        for sku, _ in SHELF:
            self._tape.counted(hub, sku, _ON_HAND)

    def _expect_courier(self, planned: PlannedCourier) -> None:
        courier = planned.courier
        self._records.put(courier)
        self._agenda.at(self._script.starts_us, partial(self._tape.courier_registered, courier))
        start = partial(self._riding.start_shift, courier.id)
        self._agenda.at(courier.shift_starts_us, start)
        if planned.shelters_us is not None and planned.returns_us is not None:
            shelter = partial(self._riding.shelter, courier.id, planned.returns_us)
            self._agenda.at(planned.shelters_us, shelter)

    def _place(self, planned: PlannedOrder) -> None:
        order = planned.order
        hub = self._records.hub(order.hub_id)
        if not hub.serving:
            return
        self._records.put(order)
        customer = self._records.customer(order.customer_id)
        self._records.put(replace(customer, orders=customer.orders + 1))
        self._tape.placed(order, customer)
        self._payments.capture(order.id, order.customer_id, order.total, order.hub_id)
        if planned.reserves:
            self._tape.reserved(order)
            self._fulfil(planned)
        else:
            self._tape.reserved(order, failed=order.lines[0].line_id)

    def _fulfil(self, planned: PlannedOrder) -> None:
        order = planned.order
        delivery = Fulfilment(
            id=f"{order.id}-f1",
            order_id=order.id,
            hub_id=order.hub_id,
            line_ids=tuple(line.line_id for line in order.lines),
            load=2 if sum(line.quantity for line in order.lines) >= _BULKY_FROM else 1,
            drop_off=order.drop_off,
            created_us=self._clock.now_us(),
            promised_us=order.promised_us,
            ready_us=planned.packed_us,
        )
        self._records.put(delivery)
        self._records.put(replace(order, fulfilment_ids=(delivery.id,)))
        self._tape.fulfilment_created(delivery, order, self._records.hub(order.hub_id))
        self._dispatch(delivery)
        if self._is_soon(delivery):
            self._agenda.at(planned.packed_us, partial(self._packed, delivery.id))
        if planned.flooded_us is not None:
            self._agenda.at(planned.flooded_us, partial(self._flooded, delivery.id))

    def _packed(self, fulfilment_id: str) -> None:
        delivery = self._records.fulfilment(fulfilment_id)
        if delivery.status is not FulfilmentStatus.CREATED or self._stockroom.holds_up(delivery):
            return
        ready = replace(delivery, status=FulfilmentStatus.READY)
        self._records.put(ready)
        self._tape.ready(ready)
        if ready.courier_id is not None:
            self._riding.wake(ready.courier_id)

    def _flooded(self, fulfilment_id: str) -> None:
        """Fail a delivery, as the customer's street is under water."""
        delivery = self._records.fulfilment(fulfilment_id)
        if delivery.status in (*_AT_HUB, FulfilmentStatus.PICKED_UP):
            self._fleet.fail(delivery, "street_flooded")

    def _strike(self, delivery: Fulfilment) -> None:
        """Call off a delivery of which the customer has all the money back."""
        taken = self._fleet.take(delivery)
        self._records.put(replace(taken, status=FulfilmentStatus.CANCELLED))
        self._tape.fulfilment_cancelled(taken)
        self._riding.complete(delivery.order_id)

    def _carry_on(self, delivery: Fulfilment) -> None:
        if delivery.status is FulfilmentStatus.CREATED:
            self._agenda.at(delivery.ready_us, partial(self._packed, delivery.id))
        if delivery.courier_id is not None:
            self._riding.wake(delivery.courier_id)
        elif delivery.status in _AT_HUB:
            self._dispatch(delivery)

    def _is_soon(self, delivery: Fulfilment) -> bool:
        """Say whether a delivery is packed so soon that a courier may already be told of it."""
        return delivery.ready_us - self._clock.now_us() <= _SOON_US

    def _dispatch(self, delivery: Fulfilment) -> None:
        if not self._is_soon(delivery) or self._stockroom.is_short(delivery):
            return
        usual = self._script.plan.usual_load
        free = [
            courier
            for courier in self._fleet.couriers(delivery.hub_id)
            if courier.status not in _AWAY and courier.load + delivery.load <= usual
        ]
        if free:
            hub = self._records.hub(delivery.hub_id)

            def fitness(courier: Courier) -> tuple[int, int, str]:
                away_m = distance_m(self._riding.place_of(courier), hub.position)
                return courier.load, away_m, courier.id

            self._fleet.give(delivery, min(free, key=fitness).id)

    def _tick(self) -> None:
        now_us = self._clock.now_us()
        self._tell_positions()
        for delivery in self._at_hubs():
            if delivery.ready_us <= now_us:
                self._packed(delivery.id)
            if delivery.courier_id is None:
                self._dispatch(self._records.fulfilment(delivery.id))
        for courier in self._fleet.couriers():
            if courier.status is CourierStatus.IDLE and courier.waiting:
                self._riding.wake(courier.id)
        if self._ticks % _WEATHER_TICKS == 0:
            for hub in self._records.hubs.values():
                self._tape.rain(hub, self._script.rain)
        self._ticks += 1
        ends_us = self._script.ends_us
        if now_us < ends_us or (self._is_busy() and now_us < ends_us + _LINGERS_US):
            self._agenda.at(now_us + _TICK_US, self._tick)

    def _tell_positions(self) -> None:
        """Tell where couriers are: who rides each minute, who stands still less often."""
        for courier in self._riding.follow():
            self._tape.position(courier)
        if self._ticks % _STANDING_TICKS == 0:
            for courier in self._riding.standing():
                self._tape.position(courier)

    def _at_hubs(self) -> list[Fulfilment]:
        return [each for each in self._records.fulfilments.values() if each.status in _AT_HUB]

    def _is_busy(self) -> bool:
        return bool(self._at_hubs()) or any(
            courier.load for courier in self._records.couriers.values()
        )
