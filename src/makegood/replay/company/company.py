"""The sandbox company: everything outside Makegood, in memory, on a clock that it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import RLock
from typing import Any, Protocol

from makegood.clock import Clock, VirtualClock
from makegood.replay.company.credentials import Credentials
from makegood.replay.company.faults import Fault, Faults
from makegood.replay.company.fleet import Fleet
from makegood.replay.company.happenings import Tape
from makegood.replay.company.life.agenda import Agenda
from makegood.replay.company.life.city import City
from makegood.replay.company.life.plan import CityPlan, Script, write_script
from makegood.replay.company.model import FulfilmentStatus, OrderStatus
from makegood.replay.company.notifications import Notifications
from makegood.replay.company.oms import Oms
from makegood.replay.company.partners import Partners
from makegood.replay.company.payments import Entry, Payments
from makegood.replay.company.records import Records
from makegood.replay.company.weather import RainField

Emit = Callable[[list[dict[str, Any]]], None]


class Life(Protocol):
    """Whatever lives in the company: it has put what is to happen on the agenda."""

    def follow(self) -> None:
        """Put everyone who rides where they are now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How the company's promises stand; `kept` are delivered by the promise, `late` after it."""

    orders: int
    kept: int
    late: int
    undeliverable: int
    cancelled: int
    open: int


class Company:
    """OMS, fleet, payments, notifications and weather, and with a plan a city that lives.

    The company is at the instant that its clock shows: `catch_up` lets everything happen that is
    due, and every request does that first, so that how often anyone calls changes nothing. What
    happened is emitted by `step`, as CloudEvents, in the thread that calls it. All of it is
    guarded by `lock`, so that a server and a driver may run in threads of their own.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        plan: CityPlan | None = None,
        credentials: Credentials | None = None,
        faults: Iterable[Fault] = (),
        emit: Emit | None = None,
        write: Callable[[Entry], None] | None = None,
    ) -> None:
        """Begin at the clock's instant; `write` gets every entry of the payment books."""
        self.clock = clock
        self.lock = RLock()
        self.credentials = credentials or Credentials.sandbox()
        self.faults = Faults(faults)
        self._emit = emit
        start_us = clock.now_us()
        self._hands = VirtualClock(start_us)
        self._agenda = Agenda(self._hands)
        self.records = Records()
        self.tape = Tape(self._hands)
        self.fleet = Fleet(self._hands, self.records, self.tape)
        self.oms = Oms(self._hands, self.records, self.tape, self.fleet)
        self.payments = Payments(self._hands, self.tape, write)
        self.notifications = Notifications(self._hands)
        self.partners = Partners(self._hands)
        self.script: Script | None = None
        self.rain = RainField()
        self._life: Life | None = None
        if plan is not None:
            self._live(write_script(plan, start_us))

    @property
    def now_us(self) -> int:
        """The instant that the company has reached."""
        return self._hands.now_us()

    @property
    def next_us(self) -> int | None:
        """When the next thing happens by itself, or None when nothing will."""
        with self.lock:
            return self._agenda.next_us

    def catch_up(self) -> None:
        """Let everything happen that is due by now."""
        with self.lock:
            self._agenda.run_until(self.clock.now_us())
            if self._life is not None:
                self._life.follow()

    def step(self) -> int:
        """Catch up, emit what happened since the last step, and return how many events it was."""
        self.catch_up()
        with self.lock:
            events = self.tape.take()
        if events and self._emit is not None:
            self._emit(events)
        return len(events)

    def score(self) -> Score:
        """Count how the promises stand; an order counts once however it is split."""
        with self.lock:
            orders = self.records.orders.values()
            ends = [self._end_of(order.id) for order in orders]
        return Score(
            orders=len(ends),
            kept=ends.count("kept"),
            late=ends.count("late"),
            undeliverable=ends.count("undeliverable"),
            cancelled=ends.count("cancelled"),
            open=ends.count("open"),
        )

    def settle(self, begin: Callable[[Clock, Agenda], Life]) -> None:
        """Let something else than a planned city live here, such as a recorded day."""
        self._life = begin(self._hands, self._agenda)

    def _live(self, script: Script) -> None:
        self.script = script
        self.rain = script.rain
        self._life = City(
            self._hands,
            script,
            self.records,
            self.tape,
            self._agenda,
            oms=self.oms,
            fleet=self.fleet,
            payments=self.payments,
        )

    def _end_of(self, order_id: str) -> str:
        order = self.records.orders[order_id]
        deliveries = [self.records.fulfilments[each] for each in order.fulfilment_ids]
        if order.status is OrderStatus.CANCELLED:
            return "cancelled"
        failed = any(each.status is FulfilmentStatus.FAILED for each in deliveries)
        if failed or self.oms.stock.is_struck(order):
            return "undeliverable"
        if order.status is not OrderStatus.COMPLETED:
            return "open"
        # Kept means the promise given when the order was placed, not a later one.
        first = order.first_promised_us
        ends_us = [each.delivered_us or 0 for each in deliveries] or [order.delivered_us or 0]
        kept = max(ends_us) <= first
        return "kept" if kept else "late"
