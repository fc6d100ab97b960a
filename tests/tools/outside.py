"""The outside of the workspace's tools: a sandbox company, replayed from cassettes.

A cassette holds what the sandbox company answered over real HTTP on 127.0.0.1. Every recording
begins with a fresh company at the same instant, so that recording again gives the same file;
credentials are left out of it.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, cast

from makegood.clock import MINUTE, VirtualClock
from makegood.replay.company import CityPlan, Company, Credentials, read_connections
from makegood.sdk import Connections
from tests.replay.company.serving import START_US, served

PORT: Final = 18_931
URL: Final = f"http://127.0.0.1:{PORT}"
CASSETTES: Final = Path(__file__).parent / "cassettes"
RECORD: Final = "RECORD_CASSETTES"
PLAN: Final = CityPlan(
    seed=7, orders=60, couriers=(4, 3, 3), customers=40, placed_within_us=60 * MINUTE
)
# A moment in the rain, with deliveries in every state.
LATER_US: Final = 35 * MINUTE


# The same city, at whose first hub goods are missed that its count promised.
MISSING: Final = replace(PLAN, short_articles=4, spare_units=3, supply_units=3, swap_share=1.0)


def company_now(plan: CityPlan = PLAN) -> Company:
    """The company as it stands when a cassette begins."""
    clock = VirtualClock(START_US)
    company = Company(clock, plan=plan)
    clock.advance(LATER_US)
    company.catch_up()
    return company


class Request(Protocol):
    """What is scrubbed of a recorded request."""

    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Outside:
    """What the executor would be handed, and what is bound around an agent's run."""

    effects: Connections
    reads: Connections


@contextmanager
def cassette(name: str, plan: CityPlan = PLAN) -> Generator[Outside]:
    """Replay a cassette, or record it anew from a company served at `URL`."""
    # vcrpy has no types, and is wanted by these tests only.
    vcr: Any = import_module("vcr")
    recording = bool(os.environ.get(RECORD))
    path = CASSETTES / f"{name}.yaml"
    with ExitStack() as stack:
        if recording:
            path.unlink(missing_ok=True)
            stack.enter_context(served(company_now(plan), PORT))
        recorder = vcr.VCR(
            record_mode="once" if recording else "none",
            match_on=("method", "scheme", "host", "port", "path", "query", "body"),
            before_record_request=_scrub,
            before_record_response=_undated,
        )
        stack.enter_context(recorder.use_cassette(str(path)))
        outside = Outside(
            effects=Connections(Credentials.sandbox().effect_connections(URL)),
            reads=Connections(read_connections(URL)),
        )
        stack.callback(outside.effects.close)
        stack.callback(outside.reads.close)
        yield outside


def _scrub(request: Request) -> Request:
    kept = {"accept", "content-type", "idempotency-key"}
    given = request.headers
    request.headers = {name: value for name, value in given.items() if name.lower() in kept}
    return request


def _undated(response: dict[str, Any]) -> dict[str, Any]:
    kept = {"content-type", "idempotent-replayed"}
    headers = cast("dict[str, list[str]]", response["headers"])
    scrubbed = {name: value for name, value in headers.items() if name.lower() in kept}
    return {**response, "headers": scrubbed}
