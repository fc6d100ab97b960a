"""The sandbox company: everything outside Makegood, as one ASGI app on a clock it is given.

In this process, through the same client code as over a socket:

    clock = VirtualClock(start_us)
    company = Company(clock, plan=CityPlan(seed=7), emit=ingest)
    app = create_app(company)
    client = httpx.Client(base_url=BASE_URL, transport=InProcess(app, clock))

As a process of its own: `python -m makegood.replay.company --port 8900 --books books.jsonl`.
"""

from __future__ import annotations

from typing import Final

from makegood.replay.company.company import Company, Emit, Score
from makegood.replay.company.credentials import Credentials, System, read_connections
from makegood.replay.company.faults import Fault, FaultKind, Faults
from makegood.replay.company.life.plan import CityPlan
from makegood.replay.company.routes.app import create_app
from makegood.replay.company.transport import InProcess

BASE_URL: Final = "http://company"

__all__ = [
    "BASE_URL",
    "CityPlan",
    "Company",
    "Credentials",
    "Emit",
    "Fault",
    "FaultKind",
    "Faults",
    "InProcess",
    "Score",
    "System",
    "create_app",
    "read_connections",
]
