"""A sandbox company in this process, reached with or without a socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

import httpx
import uvicorn

from makegood.clock import MINUTE, VirtualClock, from_rfc3339
from makegood.domain.money import Money
from makegood.replay.company import BASE_URL, CityPlan, Company, InProcess, System, create_app
from makegood.replay.company.life.plan import write_script

START_US = from_rfc3339("2026-07-14T10:00:00Z")
SMALL_PLAN = CityPlan(
    seed=7, orders=60, couriers=(4, 3, 3), customers=40, placed_within_us=60 * MINUTE
)


def yuan(minor: int) -> Money:
    return Money(minor=minor, currency="CNY")


def paid_company(*captures: tuple[str, int]) -> tuple[Company, VirtualClock]:
    """A company without a city, whose books have these captures."""
    clock = VirtualClock(START_US)
    company = Company(clock)
    for order_id, minor in captures:
        company.payments.capture(order_id, "cus-1", yuan(minor))
    return company, clock


def living_company(plan: CityPlan = SMALL_PLAN) -> tuple[Company, VirtualClock]:
    clock = VirtualClock(START_US)
    return Company(clock, plan=plan), clock


def client_of(company: Company, clock: VirtualClock, system: System | None = None) -> httpx.Client:
    """A client without a socket, with the credential of one system."""
    credential = "" if system is None else company.credentials.by_system[system]
    return httpx.Client(
        base_url=BASE_URL,
        transport=InProcess(create_app(company), clock),
        headers={"Authorization": f"Bearer {credential}"} if credential else {},
        timeout=2.0,
    )


@contextmanager
def served(company: Company, port: int = 0) -> Generator[str]:
    """The company behind a real socket on 127.0.0.1; yields its address."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        config = uvicorn.Config(
            create_app(company), log_level="critical", lifespan="off", ws="none"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            server.force_exit = True
            thread.join()


def whole_events(plan: CityPlan, step_us: int) -> list[dict[str, object]]:
    """Every event of a plan's life, with the company stepped this often."""
    clock = VirtualClock(START_US)
    events: list[dict[str, object]] = []
    company = Company(clock, plan=plan, emit=events.extend)
    ends_us = write_script(plan, START_US).ends_us
    while clock.now_us() < ends_us:
        clock.advance_to(min(clock.now_us() + step_us, ends_us))
        company.step()
    return events
