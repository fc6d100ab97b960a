"""From a supervisor's yes over HTTP to the moment at which the outside is called."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING, Final

import httpx

from benchmarks import district
from benchmarks.district import CURRENCY, START_US, District
from benchmarks.figures import Better, Figure, percentile, seconds
from makegood.api import app
from makegood.clock import VirtualClock, stopwatch_s
from makegood.domain.actions import Cause, Refund
from makegood.domain.money import Money
from makegood.domain.roles import Role
from makegood.gates.candidates import Intention, Origin
from makegood.gates.judge import judge
from makegood.gates.persons import bootstrap
from makegood.gates.rules import Rulebook
from makegood.gates.tokens import add_token
from makegood.replay.company import InProcess, create_app
from makegood.runtime.daemon import Daemon, Work

if TYPE_CHECKING:
    from collections.abc import Generator

    from benchmarks.figures import Scale
    from makegood.replay.company import Company
    from makegood.runtime.house import House

HUB: Final = "h1"
_LONGEST_S: Final = 10.0
# Faster than any person, and slow enough for the one before to be over and done with.
_PAUSE_S: Final = 0.1


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
class Desk:
    """A daemon that runs, the refunds that it was asked to hold, and someone who may approve."""

    client: httpx.Client
    watcher: Watcher

    def approve_all(self) -> list[float]:
        """Approve every hold; return the seconds from each yes to its call outside."""
        items = self.client.get("/v1/review").raise_for_status().json()["items"]
        return [self._approve(item["id"], item["seen"]) for item in items]

    def post_nothing(self, times: int) -> list[float]:
        """Return the seconds of requests that the server has no route for."""
        return [
            seconds(lambda: self.client.post("/v1/nothing", json={"seen": ""}))
            for _ in range(times)
        ]

    def _approve(self, review_id: str, seen: str) -> float:
        self.watcher.arrived.clear()
        time.sleep(_PAUSE_S)
        began_s = stopwatch_s()
        answer = self.client.post(f"/v1/review/{review_id}/approve", json={"seen": seen})
        answer.raise_for_status()
        if not self.watcher.arrived.wait(_LONGEST_S):
            raise AssertionError(answer.text)
        return self.watcher.at_s - began_s


def measure(scale: Scale) -> Figure:
    """Measure approvals in a daemon with uvicorn, a real client and real adapters."""
    taken: list[float] = []
    bare: list[float] = []
    for _ in range(scale.rounds):
        with TemporaryDirectory() as folder, _running(Path(folder), scale.approvals) as desk:
            bare.append(percentile(desk.post_nothing(scale.approvals), 0.99))
            taken.append(percentile(desk.approve_all(), 0.99))
    return Figure(
        name=f"approve over HTTP to dispatch, p99 of {scale.approvals}",
        value=min(taken) * 1_000,
        unit="ms",
        limit=min(bare) * 1_000,
        limit_name="a bare POST to the same server, p99",
        mark=50.0,
        better=Better.LESS,
    )


@contextmanager
def _running(folder: Path, orders: int) -> Generator[Desk]:
    clock, laid_out = VirtualClock(START_US), District(HUB, orders)
    company = district.company_of([laid_out], clock)
    watcher = Watcher(company, clock)
    district.new_store(folder)
    with ExitStack() as stack:
        house = stack.enter_context(district.opened(folder, clock, lambda _: watcher))
        house.ingest(laid_out.events())
        _hold_refunds(house, laid_out)
        ready = Event()
        work = Work(turn=house.loop.turn, settle=house.executor.settle, changes=house.changes)
        edge = app.create(house, ready=ready.is_set)
        daemon = Daemon(edge, work, ready=ready, host="127.0.0.1", port=0)
        daemon.start()
        stack.callback(daemon.stop)
        headers = {"Authorization": f"Bearer {_supervisor(house)}"}
        client = httpx.Client(base_url=daemon.http.url, headers=headers, trust_env=False)
        stack.callback(client.close)
        yield Desk(client, watcher)


def _hold_refunds(house: House, laid_out: District) -> None:
    workspace = house.workspace
    adapters = {
        kind: factory.facts
        for factory in workspace.adapters.values()
        for kind in factory.facts.kinds
    }
    rulebook = Rulebook(
        workspace.policies, workspace.policy_digest, workspace.workspace_digest, adapters
    )
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
        for order in laid_out.orders
    )
    with house.store.write() as tx:
        origin = Origin("pro_bench", "run_bench", "inc_bench", "storm")
        judge(tx, rulebook, origin, intentions, house.clock.now_us())


def _supervisor(house: House) -> str:
    now_us = house.clock.now_us()
    with house.store.write() as tx:
        person = bootstrap(tx, "Sam Supervisor", now_us, (Role.SUPERVISOR,))
        return add_token(tx, person, person.id, at_us=now_us).secret
