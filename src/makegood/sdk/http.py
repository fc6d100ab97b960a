"""Connections of tools to outside systems: one configured `httpx.Client` for each system.

The runtime makes two `Connections`: one for reads, bound around every agent run, and one for
effects, which only the executor is handed. `http_client` looks at the bound one, so a read tool
(or an agent that tries) cannot reach an effect credential.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, cast

import httpx

from makegood.clock import stopwatch_s
from makegood.domain.effects import Connection
from makegood.errors import NotConnected, ReadFailed
from makegood.sdk.fence import before_request

MakeTransport = Callable[[Connection], httpx.BaseTransport]


@dataclass(frozen=True, slots=True)
class TimeOuts:
    """How long one request may take, in seconds: to connect, between two bytes, altogether."""

    connect_s: float = 2.0
    read_s: float = 5.0
    total_s: float = 15.0


class _Draining(httpx.SyncByteStream):
    """A response body that stops at the deadline, however steadily it drips."""

    def __init__(self, body: httpx.SyncByteStream, request: httpx.Request, until_s: float) -> None:
        self._body = body
        self._request = request
        self._until_s = until_s

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            if stopwatch_s() > self._until_s:
                message = "the answer took longer than the total time-out"
                raise httpx.ReadTimeout(message, request=self._request)
            yield chunk

    def close(self) -> None:
        self._body.close()


class _TotalTimeOut(httpx.BaseTransport):
    """Lets each request pass the fence, and gives it a deadline.

    httpx itself only limits the wait between two bytes.
    """

    def __init__(self, inner: httpx.BaseTransport, total_s: float) -> None:
        self._inner = inner
        self._total_s = total_s

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        before_request()
        until_s = stopwatch_s() + self._total_s
        response = self._inner.handle_request(request)
        body = _Draining(cast("httpx.SyncByteStream", response.stream), request, until_s)
        return httpx.Response(
            status_code=response.status_code,
            headers=response.headers,
            stream=body,
            extensions=response.extensions,
        )

    def close(self) -> None:
        self._inner.close()


class Connections:
    """The outside systems that some code may reach, each by its name.

    Clients are made when first asked for and shared; they are safe to use from many threads.
    """

    def __init__(
        self,
        connections: Iterable[Connection],
        *,
        time_outs: TimeOuts | None = None,
        transport: MakeTransport | None = None,
    ) -> None:
        """Take the connections; `transport` replaces the network, as suites do."""
        self._known = {connection.system: connection for connection in connections}
        self._time_outs = time_outs or TimeOuts()
        self._transport = transport or _network
        self._clients: dict[str, httpx.Client] = {}
        self._lock = Lock()

    @property
    def systems(self) -> tuple[str, ...]:
        """The names of the systems that can be reached, sorted."""
        return tuple(sorted(self._known))

    def client(self, system: str) -> httpx.Client:
        """Return the client of one system; it is shared, so the caller does not close it.

        Raises:
            NotConnected: no connection of that name was given.

        """
        with self._lock:
            made = self._clients.get(system)
            if made is None:
                made = self._clients[system] = self._make(system)
            return made

    def close(self) -> None:
        """Close every client."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    @contextmanager
    def bound(self) -> Generator[None]:
        """Let `http_client` find these connections while the block runs (in this context)."""
        token = _BOUND.set(self)
        try:
            yield
        finally:
            _BOUND.reset(token)

    def __repr__(self) -> str:
        """Show the names, never a credential."""
        return f"Connections({', '.join(self.systems)})"

    def _make(self, system: str) -> httpx.Client:
        connection = self._known.get(system)
        if connection is None:
            known = ", ".join(self.systems) or "none"
            raise NotConnected(f"{system!r} (known: {known})")
        limits = self._time_outs
        headers = (
            {"Authorization": f"Bearer {connection.credential}"} if connection.credential else {}
        )
        return httpx.Client(
            base_url=connection.base_url,
            headers=headers,
            transport=_TotalTimeOut(self._transport(connection), limits.total_s),
            timeout=httpx.Timeout(
                min(limits.read_s, limits.total_s), connect=min(limits.connect_s, limits.total_s)
            ),
            trust_env=False,
        )


def _network(connection: Connection) -> httpx.BaseTransport:
    # Loading the certificate store costs 20 ms, which a loopback address need not pay.
    return httpx.HTTPTransport(verify=not connection.base_url.startswith("http://"))


_NONE: Final = Connections(())
_BOUND: Final[ContextVar[Connections]] = ContextVar("makegood_read_connections", default=_NONE)


def http_client(system: str) -> httpx.Client:
    """Return the client of a system that read tools may reach, as the runtime bound it.

    It has the base address, the read credential, and connect, read and total time-outs. It is
    shared: do not close it.

    Raises:
        NotConnected: the runtime bound no connection of that name here.

    """
    return _BOUND.get().client(system)


def read_json(system: str, path: str, **params: str | float | list[str] | None) -> Any:  # noqa: ANN401 -- JSON
    """Return the JSON that a system answers to `GET path`; parameters that are None are left out.

    Raises:
        NotConnected: the runtime bound no connection of that name here.
        ReadFailed: no answer in time, a status other than 2xx, or an answer that is not JSON.

    """
    given = {name: value for name, value in params.items() if value is not None}
    try:
        response = http_client(system).get(path, params=given)
    except httpx.HTTPError as error:
        raise ReadFailed(f"{system} {path}: {type(error).__name__}: {error}") from error
    if not response.is_success:
        raise ReadFailed(f"{system} {path}: HTTP {response.status_code}")
    try:
        return response.json()
    except ValueError as error:
        raise ReadFailed(f"{system} {path}: the answer is not JSON") from error
