"""The demo: a rainstorm over a district, with the daemon, a sandbox company and the console.

The daemon is the real one, on an embedded database in a folder of its own; the company lies behind
its own address, tells its events over HTTP with a token of its own, and is acted on over HTTP. All
clocks of the demo run `speed` times as fast as the viewer's until the storm is over; then they run
at the viewer's pace, so that nothing that waits for a person expires under their hands.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx

from makegood.clock import DAY, HOUR, Clock, PacedClock, SystemClock, to_datetime
from makegood.domain.roles import Role
from makegood.errors import Failure
from makegood.gates.logins import make_link
from makegood.gates.persons import Principal, add_person, bootstrap
from makegood.gates.tokens import add_token
from makegood.logs import configure, get_logger
from makegood.replay import sandbox
from makegood.replay.company import (
    CityPlan,
    Company,
    Credentials,
    Score,
    create_app,
)
from makegood.replay.company.happenings import SOURCE
from makegood.replay.scores import Summary, counts, summarise
from makegood.runtime.daemon import Daemon, HttpServer
from makegood.settings import Settings
from makegood.store.session import Store

log = get_logger(__name__)

LOG: Final = "demo.log"

OpenDaemon = Callable[[Settings, Clock], AbstractContextManager[Daemon]]
"""Opens a house with its daemon, not yet started; the demo cannot, as the HTTP edge lies above."""

_STEP_S: Final = 0.1
_AGAIN_S: Final = 0.5
_BATCH: Final = 500
_WEATHER_EVERY_S: Final = 300.0
_LEAST_PERIOD_S: Final = 1.0
_REAL_TIME: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the viewer chose; `for_s` is in their own seconds."""

    port: int
    speed: float
    seed: int
    for_s: float | None
    keep: bool
    workspace: Path


class NoEvents(Failure):
    """The sandbox company's events are refused."""


class Teller:
    """Tells the company's events to the daemon, in a thread of its own; none is lost on the way."""

    def __init__(
        self, company: Company, happened: list[dict[str, Any]], url: str, token: str
    ) -> None:
        """Tell what `company` adds to `happened` to the daemon at `url`, with its own token."""
        self._company = company
        self._pending = happened
        self._stop = Event()
        self._thread = Thread(target=self._run, name="teller", daemon=True)
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/cloudevents-batch+json",
        }
        self._client = httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=30.0)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Tell nothing more."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._client.close()

    def _run(self) -> None:
        pause_s = _STEP_S
        while not self._stop.wait(pause_s):
            try:
                self._company.step()
                pause_s = _STEP_S if self._tell() else _AGAIN_S
            except Exception:
                # The edge of a thread: a broken teller would look like a city in which nothing
                # happens.
                log.exception("telling_failed")
                pause_s = _AGAIN_S

    def _tell(self) -> bool:
        while self._pending:
            batch = self._pending[:_BATCH]
            try:
                answer = self._client.post("/v1/events", json=batch)
            except httpx.TransportError as error:
                log.warning("daemon_unreachable", problem=str(error))
                return False
            if answer.is_client_error:
                raise NoEvents(f"HTTP {answer.status_code}: {answer.text[:300]}")
            if not answer.is_success:
                return False
            if answer.status_code == HTTPStatus.MULTI_STATUS:
                log.warning("events_set_aside", counts=answer.json()["counts"])
            del self._pending[: len(batch)]
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What is going on: the city's time and heaviest rain, its promises, and Makegood's work.

    `incidents` are open ones, `done` effects that were confirmed, `waiting` reviews.
    """

    time: datetime
    rain_mm_h: float
    promises: Score
    incidents: int
    done: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A demo that is running: where to look, and what is going on."""

    url: str
    folder: Path
    clock: PacedClock
    company: Company
    store: Store
    daemon: Daemon
    teller: Teller

    def now(self) -> Now:
        """Return what is going on."""
        with self.store.read() as tx:
            incidents, done, waiting = counts(tx)
        hubs = self.company.records.hubs.values()
        with self.company.lock:
            at_us = self.company.now_us
            rain = [self.company.rain.rate(hub.position, at_us) for hub in hubs]
            zone = next((hub.zone for hub in hubs), "UTC")
        return Now(
            time=to_datetime(at_us).astimezone(ZoneInfo(zone)),
            rain_mm_h=max(rain, default=0.0),
            promises=self.company.score(),
            incidents=incidents,
            done=done,
            waiting=waiting,
        )

    @property
    def log(self) -> Path:
        """The file that the daemon's log lines go to."""
        return self.folder / LOG

    @property
    def is_over(self) -> bool:
        """Whether the storm has passed and everything is delivered or given up."""
        return self.company.next_us is None

    def end(self) -> None:
        """Tell nothing more, finish what is under way, and dispatch what is intended."""
        self.teller.stop()
        self.daemon.stop()

    def slow_down(self) -> None:
        """Let the clocks run at the viewer's pace from now on."""
        self.clock.pace(_REAL_TIME)

    def summary(self) -> Summary:
        """Return what came of it so far."""
        with self.store.read() as tx:
            return summarise(tx, self.company.score())


@contextmanager
def staged(options: Options, open_daemon: OpenDaemon) -> Generator[Stage]:
    """Set everything up, let it run while the block does, and take it down again.

    Raises:
        PortTaken: something else listens on the port.
        WorkspaceBroken: the workspace has errors.

    """
    folder = Path(tempfile.mkdtemp(prefix="makegood-demo-"))
    try:
        with ExitStack() as stack:
            lines = stack.enter_context((folder / LOG).open("w", encoding="utf-8"))
            configure("info", "json", stream=lines)
            clock = PacedClock(_this_evening(), options.speed)
            happened: list[dict[str, Any]] = []
            company = Company(
                clock,
                plan=CityPlan(seed=options.seed),
                credentials=Credentials.fresh(),
                emit=happened.extend,
            )
            outside = HttpServer(create_app(company), "127.0.0.1", 0, drain_s=1)
            outside.start()
            stack.callback(outside.stop)
            settings = _settings(options, folder, company, outside.url)
            store = sandbox.database(settings)
            stack.callback(store.close)
            path, token = _persons(store, clock)
            daemon = stack.enter_context(open_daemon(settings, clock))
            daemon.start()
            stack.callback(daemon.stop)
            teller = Teller(company, happened, daemon.http.url, token)
            teller.start()
            stack.callback(teller.stop)
            yield Stage(
                url=f"{daemon.http.url}{path}",
                folder=folder,
                clock=clock,
                company=company,
                store=store,
                daemon=daemon,
                teller=teller,
            )
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _this_evening() -> int:
    """Return half past five in the afternoon of today where the city is, eight hours before UTC."""
    return SystemClock().now_us() // DAY * DAY + 9 * HOUR + HOUR // 2


def _persons(store: Store, clock: Clock) -> tuple[str, str]:
    """Add the viewer and the company; return the viewer's way in and the company's token."""
    at_us = clock.now_us()
    with store.write() as tx:
        viewer: Principal = bootstrap(tx, "You", at_us, (Role.SUPERVISOR,))
        company = add_person(tx, viewer, "Sandbox company", (Role.SOURCE,), (SOURCE,), at_us=at_us)
        token = add_token(tx, viewer, company.id, "events", at_us=at_us)
        wall_us = SystemClock().now_us()
        link = make_link(tx, "demo", viewer.id, at_us=at_us, wall_us=wall_us)
    return f"/login/{link}", token.secret


def _settings(options: Options, folder: Path, company: Company, url: str) -> Settings:
    return sandbox.settings(
        company,
        url,
        folder,
        options.workspace,
        port=options.port,
        idle_s=0.1,
        weather_every_s=max(_LEAST_PERIOD_S, _WEATHER_EVERY_S / options.speed),
        expiry_every_s=_LEAST_PERIOD_S,
        shutdown_s=3.0,
    )
