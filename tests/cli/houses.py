"""A daemon as an operator runs it: `makegood serve`, with a sandbox company beside it."""

from __future__ import annotations

import signal
import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from makegood.clock import SystemClock, stopwatch_s
from makegood.replay.company import CityPlan, Company, create_app, read_connections
from makegood.runtime.daemon import HttpServer
from tests.cli.programs import Ran, command, environment, makegood
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path


@dataclass(slots=True)
class Served:
    """A daemon that runs, and the operator's and the company's tokens."""

    process: subprocess.Popen[str]
    home: Path
    url: str
    token: str
    more: dict[str, str]

    def run(self, *arguments: str) -> Ran:
        return makegood(self.home, *arguments, url=self.url, token=self.token)

    def http(self, token: str = "") -> httpx.Client:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def source_token(self, source: str) -> str:
        added = self.run("person", "add", "Feed", "--role", "source", "--source", source, "--json")
        return self.run("token", "add", added.json["id"]).out.strip()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, log = self.process.communicate(timeout=60)
        return self.process.returncode, log


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def outside(url: str, company: Company) -> dict[str, str]:
    """Return the settings by which a daemon reaches a sandbox company."""
    more: dict[str, str] = {}
    for each in read_connections(url):
        more[f"reads__{each.system}__url"] = each.base_url
    for each in company.credentials.effect_connections(url):
        more[f"effects__{each.system}__url"] = each.base_url
        more[f"effects__{each.system}__credential"] = each.credential
    return more


@contextmanager
def company_served(plan: CityPlan | None = None) -> Generator[tuple[Company, str]]:
    """Serve a sandbox company in this process, on the machine's clock."""
    company = Company(SystemClock(), plan=plan)
    server = HttpServer(create_app(company), "127.0.0.1", 0, drain_s=1)
    server.start()
    try:
        yield company, server.url
    finally:
        server.stop()


@contextmanager
def served(home: Path, more: dict[str, str]) -> Generator[Served]:
    """Make a first operator, and the database unless `more` names one; serve until it ends."""
    store = more.get("store", "")
    assert makegood(home, "db", "upgrade", store=store).code == 0
    token = makegood(home, "db", "operator", "Ada", "--supervisor", store=store).out.strip()
    port = free_port()
    process = serve(home, port, more)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_ready(process, url)
        yield Served(process, home, url, token, more)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def serve(
    home: Path, port: int, more: dict[str, str], workspace: Path = ROOT
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("--workspace", str(workspace), "serve", "--port", str(port)),
        env=environment(home, **more),
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


T = TypeVar("T")


def until(look: Callable[[], T | None], within_s: float = 60) -> T:
    """Look again and again until there is something to see, and return it."""
    ends_s = stopwatch_s() + within_s
    while stopwatch_s() < ends_s:
        if found := look():
            return found
        Event().wait(0.2)
    message = f"nothing within {within_s} s"
    raise AssertionError(message)


def wait_ready(process: subprocess.Popen[Any], url: str, within_s: float = 60) -> None:
    until_s = stopwatch_s() + within_s
    while stopwatch_s() < until_s:
        if process.poll() is not None:
            raise AssertionError(process.communicate()[1])
        try:
            if httpx.get(f"{url}/readyz", timeout=1, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    message = f"not ready within {within_s} s"
    raise AssertionError(message)
