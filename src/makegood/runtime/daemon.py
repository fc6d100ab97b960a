"""The daemon: one process with the HTTP edge, the loop, the executor and the schedule.

It starts in an order in which nothing is promised that cannot be kept (first what recovers, then
what works, last what answers), and drains in the opposite one: no further events come in, the
turn that runs is finished, what is intended is dispatched, and only then the database closes.
"""

from __future__ import annotations

import gc
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from makegood.errors import Failure, MakegoodError, Superseded
from makegood.logs import get_logger
from makegood.runtime.schedule import Job, Schedule

if TYPE_CHECKING:
    from types import FrameType

    from starlette.types import ASGIApp

    from makegood.runtime.changes import Changes

log = get_logger(__name__)

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class PortTaken(Failure):
    """The address to listen on cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a daemon keeps going.

    `turn` is one turn of the loop and `settle` one of the executor; each says how much there was
    to do, and is called again at once unless that was nothing. `changes` moves whenever there may
    be something new. `warm_up` loads what the first storm would have to wait for otherwise.
    """

    turn: Callable[[], int]
    settle: Callable[[], int]
    changes: Changes
    jobs: tuple[Job, ...] = ()
    idle_s: float = 0.25
    warm_up: Callable[[], None] | None = None


class HttpServer:
    """An ASGI app on a socket, served by uvicorn in a thread of its own."""

    def __init__(self, app: ASGIApp, host: str, port: int, *, drain_s: float = 5.0) -> None:
        """Take the address; port 0 picks a free one. Requests get `drain_s` to end in."""
        self._socket = _listen(host, port)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=max(1, round(drain_s)),
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._serve, name="http", daemon=True)
        self.host = host
        self.port: int = self._socket.getsockname()[1]

    @property
    def url(self) -> str:
        """The address, as a browser on this machine takes it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 -- only read
        return f"http://{host}:{self.port}"

    def start(self) -> None:
        """Begin to answer; returns at once, and requests wait for their answer."""
        self._thread.start()

    def stop(self) -> None:
        """Take no further request and wait for the answers to those that are under way."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


class Daemon:
    """Everything that runs while the house is open."""

    def __init__(
        self,
        app: ASGIApp,
        work: Work,
        *,
        ready: Event,
        host: str,
        port: int,
        drain_s: float = 20.0,
    ) -> None:
        """Take the address at once, so that a port in use is known before anything begins.

        `ready` is set while the daemon is at work, for the app to know.

        Raises:
            PortTaken: something else listens there, or it is not this machine's.

        """
        self.http = HttpServer(app, host, port, drain_s=drain_s)
        self._ready = ready
        self._work = work
        self._schedule = Schedule(work.jobs)
        self._draining = Event()
        self._over = Event()
        self._loop = Thread(target=self._keep, args=("loop", work.turn), name="loop")
        self._executor = Thread(target=self._keep, args=("executor", work.settle), name="executor")
        self.broken: MakegoodError | None = None

    def start(self) -> None:
        """Begin to work, then to answer."""
        # What was loaded until now is no garbage: a full collection that looks through all of it
        # makes everybody wait for a tenth of a second.
        gc.freeze()
        self._loop.start()
        self._executor.start()
        self._schedule.start()
        self.http.start()
        self._ready.set()
        if self._work.warm_up is not None:
            # Nobody waits for it: a plan that comes before it is through waits by itself.
            Thread(target=self._work.warm_up, name="warm-up").start()
        log.info("started", url=self.http.url)

    def ask_to_stop(self) -> None:
        """Let `wait` return; safe to call from anywhere, a signal handler too."""
        self._over.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it is to stop; return False when the time was up before."""
        return self._over.wait(timeout_s)

    def stop(self) -> None:
        """Drain: take nothing in, finish what runs, dispatch what is intended; twice is once."""
        if self._draining.is_set():
            return
        log.info("draining")
        self._ready.clear()
        self.http.stop()
        self._schedule.stop()
        self._draining.set()
        self._work.changes.publish()
        for thread in (self._loop, self._executor):
            if thread.ident is not None:
                thread.join()
        if self.broken is None:
            self._last_settle()
        log.info("stopped")

    def run(self) -> None:
        """Start, work until SIGTERM or SIGINT, and drain.

        Raises:
            Superseded: another process took the database over, so this one may not go on.

        """
        with stopping(self.ask_to_stop):
            self.start()
            try:
                self.wait()
            finally:
                self.stop()
        if self.broken is not None:
            raise self.broken

    def _keep(self, name: str, turn: Callable[[], int]) -> None:
        """Take turns until draining, resting while there is nothing to do."""
        pause_s = _FIRST_PAUSE_S
        while not self._draining.is_set():
            since = self._work.changes.version
            try:
                done = turn()
            except Superseded as error:
                log.critical("superseded", thread=name, problem=str(error))
                self.broken = error
                self.ask_to_stop()
                return
            except Exception:
                # The edge of a thread: what failed is tried again, ever more slowly, because
                # everything it was to do still stands in the database.
                log.exception("turn_failed", thread=name, again_in_s=pause_s)
                self._draining.wait(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
                continue
            pause_s = _FIRST_PAUSE_S
            if not done:
                self._work.changes.wait(since, self._work.idle_s)

    def _last_settle(self) -> None:
        try:
            self._work.settle()
        except Exception:
            # The edge of the process: what is not dispatched now is when the daemon starts again.
            log.exception("not_dispatched")


@contextmanager
def stopping(stop: Callable[[], None]) -> Generator[None]:
    """Call `stop` on the first SIGTERM or SIGINT while the block runs; a second one kills."""

    def restore() -> None:
        for each, handler in before.items():
            signal.signal(each, handler)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        restore()
        stop()

    before: dict[signal.Signals, Any] = {each: signal.signal(each, on_signal) for each in _SIGNALS}
    try:
        yield
    finally:
        restore()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        mend = "name another with --port (0 picks a free one)"
        raise PortTaken(f"{host}:{port}: {error.strerror}; {mend}") from error
    # Accepted connections inherit it. asyncio sets it only on sockets that name their protocol,
    # and without it each answer waits 40 ms for the client to acknowledge its first half.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
