"""A daemon over a district whose refunds all wait for people, and a person who may decide."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Final

import httpx

from benchmarks import district
from benchmarks.district import CURRENCY, START_US, District
from makegood.api import app
from makegood.clock import VirtualClock, stopwatch_s
from makegood.domain.actions import Cause, Refund
from makegood.domain.money import Money
from makegood.domain.roles import Role
from makegood.gates.candidates import Intention, Origin
from makegood.gates.judge import judge
from makegood.gates.persons import bootstrap
from makegood.gates.tokens import add_token
from makegood.replay.company import InProcess, create_app
from makegood.runtime.daemon import Daemon, Work

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from makegood.replay.company import Company
    from makegood.runtime.house import House

HUB: Final = "h1"
_BATCH: Final = 1_000


class Watcher(httpx.BaseTransport):
    """The way to the company; it notes when a refund arrives there."""

    def __init__(self, company: Company, clock: VirtualClock) -> None:
        """Lead to the company."""
        self._inner = InProcess(create_app(company), clock)
        self.arrived = Event()
        self.at_s = 0.0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on."""
        if request.method == "POST" and "refunds" in request.url.path:
            self.at_s = stopwatch_s()
            self.arrived.set()
        return self._inner.handle_request(request)


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon at work, someone's way to it over HTTP, and the way from it to the company."""

    house: House
    client: httpx.Client
    watcher: Watcher
    url: str
    token: str


@contextmanager
def running(folder: Path, orders: int) -> Generator[Running]:
    """Serve a house with one held refund for each of `orders` orders while the block runs."""
    clock, laid_out = VirtualClock(START_US), District(HUB, orders)
    watcher = Watcher(district.company_of([laid_out], clock), clock)
    district.new_store(folder)
    with ExitStack() as stack:
        house = stack.enter_context(district.opened(folder, clock, lambda _: watcher, apart=True))
        events = laid_out.events()
        for start in range(0, len(events), _BATCH):
            house.ingest(events[start : start + _BATCH])
        _hold_refunds(house, laid_out)
        ready = Event()
        work = Work(turn=house.turn, settle=house.settle, changes=house.changes)
        edge = app.create(house, ready=ready.is_set)
        daemon = Daemon(edge, work, ready=ready, host="127.0.0.1", port=0)
        daemon.start()
        stack.callback(daemon.stop)
        token = _supervisor(house)
        headers = {"Authorization": f"Bearer {token}"}
        client = httpx.Client(base_url=daemon.http.url, headers=headers, trust_env=False)
        stack.callback(client.close)
        yield Running(house, client, watcher, daemon.http.url, token)


def _hold_refunds(house: House, laid_out: District) -> None:
    for start in range(0, len(laid_out.orders), _BATCH):
        intentions = tuple(
            Intention(
                Refund(
                    hub_id=HUB,
                    order_id=order.id,
                    customer_id=order.customer_id,
                    cause=Cause.UNDELIVERABLE,
                    amount=Money(minor=1_000, currency=CURRENCY),
                )
            )
            for order in laid_out.orders[start : start + _BATCH]
        )
        origin = Origin(f"pro_bench_{start}", "run_bench", "inc_bench", "storm")
        with house.store.write() as tx:
            judge(tx, house.rulebook, origin, intentions, house.clock.now_us())


def _supervisor(house: House) -> str:
    now_us = house.clock.now_us()
    with house.store.write() as tx:
        person = bootstrap(tx, "Sam Supervisor", now_us, (Role.SUPERVISOR,))
        return add_token(tx, person, person.id, at_us=now_us).secret
