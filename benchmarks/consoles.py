"""The console under load: the queue with many holds, in a browser too, and many open pages."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import httpx
from playwright.sync_api import Page, sync_playwright

from benchmarks.daemons import Running, running
from benchmarks.figures import Better, Figure, percentile, seconds
from makegood.clock import stopwatch_s
from tests.browser.chromium import FLAGS

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
        browsed = _in_browser(daemon, scale)
        with _listening(daemon, scale.consoles) as listeners:
            words = [_words(daemon, listeners, scale) for _ in range(scale.rounds)]
    return [
        *browsed,
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


def _in_browser(daemon: Running, scale: Scale) -> list[Figure]:
    """Return how long the queue takes until it obeys a key, where there is a Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        headers = {"Authorization": f"Bearer {daemon.token}"}
        page = browser.new_context(extra_http_headers=headers).new_page()
        taken = [_obeys(page, daemon.url + _QUEUE) for _ in range(scale.rounds + 1)]
        bare = [_seconds_to(page, f"{daemon.url}/healthz") for _ in range(scale.rounds)]
        browser.close()
    return [
        Figure(
            name=f"queue page with {scale.holds:,} open holds, until it obeys a key",
            value=min(taken[1:]),
            unit="s",
            limit=min(bare),
            limit_name="the browser showing one line of the same server",
            mark=1.0,
            better=Better.LESS,
        )
    ]


def _obeys(page: Page, url: str) -> float:
    began_s = stopwatch_s()
    page.goto(url, wait_until="domcontentloaded")
    page.keyboard.press("j")
    page.wait_for_selector("li.hold.current")
    return stopwatch_s() - began_s


def _seconds_to(page: Page, url: str) -> float:
    return seconds(lambda: page.goto(url, wait_until="domcontentloaded"))


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
