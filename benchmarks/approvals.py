"""From a supervisor's yes over HTTP to the moment at which the outside is called."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from benchmarks.daemons import Running, running
from benchmarks.figures import Better, Figure, percentile, seconds
from makegood.clock import stopwatch_s

if TYPE_CHECKING:
    from benchmarks.figures import Scale

_LONGEST_S: Final = 10.0
# Faster than any person, and slow enough for the one before to be over and done with.
_PAUSE_S: Final = 0.1


def measure(scale: Scale) -> Figure:
    """Measure approvals in a daemon with uvicorn, a real client and real adapters."""
    taken: list[float] = []
    bare: list[float] = []
    for _ in range(scale.rounds):
        with TemporaryDirectory() as folder, running(Path(folder), scale.approvals) as daemon:
            bare.append(percentile(_post_nothing(daemon, scale.approvals), 0.99))
            taken.append(percentile(_approve_all(daemon), 0.99))
    return Figure(
        name=f"approve over HTTP to dispatch, p99 of {scale.approvals}",
        value=min(taken) * 1_000,
        unit="ms",
        limit=min(bare) * 1_000,
        limit_name="a bare POST to the same server, p99",
        mark=50.0,
        better=Better.LESS,
    )


def _approve_all(daemon: Running) -> list[float]:
    """Approve every hold; return the seconds from each yes to its call outside."""
    items = daemon.client.get("/v1/review").raise_for_status().json()["items"]
    return [_approve(daemon, item["id"], item["seen"]) for item in items]


def _approve(daemon: Running, review_id: str, seen: str) -> float:
    daemon.watcher.arrived.clear()
    time.sleep(_PAUSE_S)
    began_s = stopwatch_s()
    answer = daemon.client.post(f"/v1/review/{review_id}/approve", json={"seen": seen})
    answer.raise_for_status()
    if not daemon.watcher.arrived.wait(_LONGEST_S):
        raise AssertionError(answer.text)
    return daemon.watcher.at_s - began_s


def _post_nothing(daemon: Running, times: int) -> list[float]:
    """Return the seconds of requests that the server has no route for."""
    return [
        seconds(lambda: daemon.client.post("/v1/nothing", json={"seen": ""})) for _ in range(times)
    ]
