"""A recorded day in the sandbox company: its orders, kitchens and shifts come from events.

The record says what customers, kitchens and couriers' shifts did; who carries what, and when it
arrives, happens here, so that what Makegood does has consequences. As in the company's own city,
the dispatcher is plain: each new delivery goes to the nearest courier with room and stays there.

What the record told is handed on as it is; what the company did is told by its tape. The company
keeps each pick-up place as a hub of its own, and its events are put under the hub that the record
knows before anybody hears them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Final

from makegood.clock import HOUR, MINUTE, SECOND, Clock
from makegood.domain.geo import Point, distance_m
from makegood.domain.money import Money
from makegood.events.schema import courier, fulfilment_order, hub, sales_order
from makegood.events.schema.base import Place
from makegood.replay.company import Company
from makegood.replay.company.life.agenda import Agenda
from makegood.replay.company.life.riding import Riding
from makegood.replay.company.life.travel import VEHICLES
from makegood.replay.company.model import (
    Courier,
    CourierStatus,
    Customer,
    Fulfilment,
    FulfilmentStatus,
    Hub,
    Line,
    Order,
)
from makegood.replay.recorded import CloudEvent, Recorded

_TICK_US: Final = MINUTE
_POSITION_TICKS: Final = 4
_USUAL_LOAD: Final = 2
# What follows from an event comes after it, so that both have their order in time alone.
_AFTER_US: Final = SECOND
_AT_PICK_UP: Final = (FulfilmentStatus.CREATED, FulfilmentStatus.READY)
_AWAY: Final = (CourierStatus.OFF, CourierStatus.SHELTERING)
_PAID: Final = sales_order.PaymentCaptured.type


@dataclass(frozen=True, slots=True, kw_only=True)
class LostHour:
    """A share of the couriers on shift who cannot be reached for an hour; drawn from the seed."""

    at_us: int
    share: float
    seed: int = 1
    lasts_us: int = HOUR


class DayCompany:
    """The life of a company on a recorded day."""

    def __init__(
        self,
        company: Company,
        clock: Clock,
        agenda: Agenda,
        record: Iterable[Recorded],
        *,
        lost: LostHour | None = None,
    ) -> None:
        """Put the whole record, and the lost hour, on the agenda."""
        self._company = company
        self._clock = clock
        self._agenda = agenda
        self._records = company.records
        self._riding = Riding(
            clock, company.records, company.tape, company.fleet, company.rain, agenda
        )
        self._told: list[CloudEvent] = []
        self._hub_of: dict[str, str] = {}
        self._ticks = 0
        self._ends_us = 0
        self._pays = False
        self._shift_ends_us: dict[str, int] = {}
        company.oms.on_release = self._carry_on
        for each in record:
            self._pays = self._pays or each.envelope.type == _PAID
            self._ends_us = max(self._ends_us, each.envelope.time)
            if isinstance(each.data, courier.ShiftEnded):
                self._shift_ends_us[each.envelope.subject] = each.envelope.time
            agenda.at(each.envelope.time, partial(self._happen, each))
        if lost is not None:
            agenda.at(lost.at_us, partial(self._lose, lost))
        agenda.at(clock.now_us(), self._tick)

    def take(self) -> list[CloudEvent]:
        """Return what was told since the last call: the record's events, then the company's."""
        told, self._told = self._told, []
        return [*told, *(self._rehubbed(event) for event in self._heard())]

    def follow(self) -> None:
        """Put everyone who rides where they are now; who stands is seen where they stand."""
        self._riding.follow()
        now_us = self._clock.now_us()
        for each in self._on_shift():
            if each.position_us < now_us:
                self._records.put(replace(each, position_us=now_us))

    def _heard(self) -> Iterator[CloudEvent]:
        for event in self._company.tape.take():
            # Where the record tells of payments, the company's own word would count them twice.
            if not (self._pays and event["type"] == _PAID):
                yield event

    def _rehubbed(self, event: CloudEvent) -> CloudEvent:
        known = self._hub_of.get(str(event["hub"]))
        return event if known is None else {**event, "hub": known}

    def _happen(self, each: Recorded) -> None:
        self._told.append(each.raw)
        subject, hub_id = each.envelope.subject, each.envelope.hub or ""
        match each.data:
            case hub.Registered():
                self._open(subject, each.data.position, each.data.name, each.data.zone)
            case courier.Registered():
                self._register(subject, hub_id, each.data)
            case courier.ShiftStarted():
                self._start(subject, each.data)
            case courier.ShiftEnded():
                self._end(subject)
            case sales_order.Placed():
                self._place(subject, hub_id, each.data)
            case sales_order.PaymentCaptured():
                self._pay(subject, each.data.amount)
            case fulfilment_order.Created():
                self._create(subject, hub_id, each.data)
            case fulfilment_order.Ready():
                later_us = self._clock.now_us() + _AFTER_US
                self._agenda.at(later_us, partial(self._ready, subject))
            case _:
                pass

    def _open(self, hub_id: str, place: Place | None, name: str, zone: str) -> None:
        position = Point(0.0, 0.0) if place is None else Point(place.lat, place.lon)
        self._records.put(Hub(id=hub_id, name=name or hub_id, zone=zone, position=position))

    def _register(self, courier_id: str, hub_id: str, data: courier.Registered) -> None:
        place = data.position
        home = self._records.hub(hub_id).position
        now_us = self._clock.now_us()
        made = Courier(
            id=courier_id,
            hub_id=hub_id,
            vehicle=data.vehicle if data.vehicle in VEHICLES else "car",
            capacity=data.capacity,
            position=home if place is None else Point(place.lat, place.lon),
            position_us=now_us,
            shift_starts_us=now_us,
            shift_ends_us=now_us,
        )
        self._records.put(made)

    def _start(self, courier_id: str, data: courier.ShiftStarted) -> None:
        now_us = self._clock.now_us()
        self._records.put(
            replace(
                self._records.courier(courier_id),
                status=CourierStatus.IDLE,
                shift_starts_us=now_us,
                shift_ends_us=self._shift_ends_us.get(courier_id, data.ends_us or self._ends_us),
                position_us=now_us,
            )
        )

    def _end(self, courier_id: str) -> None:
        """Send a courier home: what they did not fetch goes to others, what they carry arrives."""
        gone = self._records.courier(courier_id)
        self._records.put(replace(gone, shift_ends_us=self._clock.now_us()))
        for waiting in gone.waiting:
            self._company.fleet.take(self._records.fulfilment(waiting))
        self._go_home(courier_id)

    def _go_home(self, courier_id: str) -> None:
        gone = self._records.courier(courier_id)
        if gone.carried:
            later_us = self._clock.now_us() + MINUTE
            self._agenda.at(later_us, partial(self._go_home, courier_id))
        else:
            self._records.put(replace(gone, status=CourierStatus.OFF))

    def _place(self, order_id: str, hub_id: str, data: sales_order.Placed) -> None:
        now_us = self._clock.now_us()
        spot = data.drop_off
        promised_us = data.promised_us or now_us + HOUR
        order = Order(
            id=order_id,
            customer_id=data.customer_id,
            hub_id=hub_id,
            lines=tuple(Line(x.line_id, x.sku, x.quantity, x.price) for x in data.lines),
            total=data.total,
            placed_us=now_us,
            promised_us=promised_us,
            first_promised_us=promised_us,
            drop_off=Point(0.0, 0.0) if spot is None else Point(spot.lat, spot.lon),
            note=data.note,
        )
        self._records.put(order)
        if order.customer_id not in self._records.customers:
            self._records.put(
                Customer(id=order.customer_id, name="", phone="", tier="standard", orders=1)
            )
        if not self._pays:
            self._pay(order_id, data.total)

    def _pay(self, order_id: str, amount: Money) -> None:
        order = self._records.order(order_id)
        self._company.payments.capture(order_id, order.customer_id, amount, order.hub_id)

    def _create(self, fulfilment_id: str, hub_id: str, data: fulfilment_order.Created) -> None:
        order = self._records.order(data.order_id)
        pick_up_id = data.pick_up_id or hub_id
        if pick_up_id not in self._records.hubs:
            self._open(pick_up_id, data.pick_up, pick_up_id, "UTC")
            self._hub_of[pick_up_id] = hub_id
        now_us = self._clock.now_us()
        made = Fulfilment(
            id=fulfilment_id,
            order_id=order.id,
            hub_id=pick_up_id,
            line_ids=tuple(line.line_id for line in order.lines),
            load=data.load,
            drop_off=order.drop_off,
            created_us=now_us,
            promised_us=data.promised_us or order.promised_us,
            ready_us=data.ready_us or now_us,
        )
        self._records.put(made)
        self._records.put(replace(order, fulfilment_ids=(*order.fulfilment_ids, made.id)))
        self._agenda.at(now_us + _AFTER_US, partial(self._dispatch, made.id))

    def _ready(self, fulfilment_id: str) -> None:
        delivery = self._records.fulfilment(fulfilment_id)
        if delivery.status is not FulfilmentStatus.CREATED:
            return
        now_us = self._clock.now_us()
        self._records.put(replace(delivery, status=FulfilmentStatus.READY, ready_us=now_us))
        if delivery.courier_id is not None:
            self._riding.wake(delivery.courier_id)

    def _carry_on(self, delivery: Fulfilment) -> None:
        if delivery.courier_id is not None:
            self._riding.wake(delivery.courier_id)
        else:
            self._dispatch(delivery.id)

    def _dispatch(self, fulfilment_id: str) -> None:
        delivery = self._records.fulfilment(fulfilment_id)
        if delivery.courier_id is not None or delivery.status not in _AT_PICK_UP:
            return
        place = self._records.hub(delivery.hub_id).position
        free = [
            (distance_m(each.position, place) + each.load * 1_000, each.id)
            for each in self._on_shift()
            if each.load + delivery.load <= min(_USUAL_LOAD, each.capacity)
        ]
        if free:
            self._company.fleet.give(delivery, min(free)[1])

    def _on_shift(self) -> list[Courier]:
        now_us = self._clock.now_us()
        everyone = self._records.couriers.values()
        return [c for c in everyone if c.status not in _AWAY and c.shift_ends_us > now_us]

    def _lose(self, lost: LostHour) -> None:
        there = sorted(self._on_shift(), key=lambda each: each.id)
        gone = Random(f"{lost.seed}/lost").sample(there, round(len(there) * lost.share))
        for each in gone:
            # Back before the shift ends: who went home is neither lost nor found.
            until_us = min(lost.at_us + lost.lasts_us, each.shift_ends_us - MINUTE)
            self._riding.shelter(each.id, until_us)

    def _tick(self) -> None:
        self.follow()
        if self._ticks % _POSITION_TICKS == 0:
            for each in self._on_shift():
                self._company.tape.position(each)
        for delivery in list(self._records.fulfilments.values()):
            if delivery.courier_id is None and delivery.status in _AT_PICK_UP:
                self._dispatch(delivery.id)
        for each in self._on_shift():
            if each.status is CourierStatus.IDLE and each.waiting:
                self._riding.wake(each.id)
        self._ticks += 1
        now_us = self._clock.now_us()
        if now_us < self._ends_us or any(c.load for c in self._records.couriers.values()):
            self._agenda.at(now_us + _TICK_US, self._tick)
