"""The console under load: the queue with many holds, and a word to many open pages."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import httpx

from benchmarks.daemons import Running, running
from benchmarks.figures import Better, Figure, percentile
from makegood.clock import stopwatch_s

if TYPE_CHECKING:
    from collections.abc import Generator

    from benchmarks.figures import Scale

_QUEUE: Final = "/review"
# Longer than the stream lets pass between two words.
_APART_S: Final = 0.6


def measure(scale: Scale) -> list[Figure]:
    """Measure both in a daemon with uvicorn, over sockets."""
    first: list[float] = []
    bare: list[float] = []
    with TemporaryDirectory() as folder, running(Path(folder), scale.holds) as daemon:
        for _ in range(scale.rounds):
            first.append(percentile(_first_bytes(daemon, _QUEUE, scale.pages), 0.5))
            bare.append(percentile(_first_bytes(daemon, "/healthz", scale.pages), 0.5))
        with _listening(daemon, scale.consoles) as listeners:
            words = [_words(daemon, listeners, scale) for _ in range(scale.rounds)]
    return [
        Figure(
            name=f"queue page with {scale.holds:,} open holds, first byte, median",
            value=min(first) * 1_000,
            unit="ms",
            limit=min(bare) * 1_000,
            limit_name="the same server saying that it lives",
            mark=100.0,
            better=Better.LESS,
        ),
        Figure(
            name=f"a word to {scale.consoles} open consoles, p99",
            value=min(words) * 1_000,
            unit="ms",
            limit=min(bare) * 1_000,
            limit_name="the same server saying that it lives",
            mark=100.0,
            better=Better.LESS,
        ),
    ]


def _first_bytes(daemon: Running, path: str, times: int) -> list[float]:
    return [_first_byte(daemon.client, path) for _ in range(times)]


def _first_byte(client: httpx.Client, path: str) -> float:
    began_s = stopwatch_s()
    with client.stream("GET", path) as answer:
        answer.raise_for_status()
        parts = answer.iter_raw()
        next(parts)
        took_s = stopwatch_s() - began_s
        for _ in parts:
            pass
    return took_s


@contextmanager
def _listening(daemon: Running, count: int) -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.listeners", daemon.url, daemon.token, str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if _line(process) != "ready":
            raise AssertionError
        yield process
    finally:
        process.kill()
        process.communicate()


def _words(daemon: Running, listeners: subprocess.Popen[str], scale: Scale) -> float:
    """Return the 99th percentile, over words and consoles, from the change to its being heard."""
    taken: list[float] = []
    for _ in range(scale.words):
        time.sleep(_APART_S)
        began_s = stopwatch_s()
        daemon.house.wake()
        taken += [at_s - began_s for at_s in json.loads(_line(listeners))]
    return percentile(taken, 0.99)


def _line(process: subprocess.Popen[str]) -> str:
    if process.stdout is None:
        raise AssertionError
    return process.stdout.readline().strip()
