"""Reach the company over HTTP without a network: an `httpx` transport that calls the ASGI app.

The client code is the same as against a real server, time-outs included: a delay laid on a
route is compared with the request's read time-out, and charged to the clock instead of slept.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, cast

import httpx
from starlette.types import ASGIApp, Message, Scope

from makegood.clock import SECOND, VirtualClock
from makegood.replay.company.routes.turnstile import PAUSE


class InProcess(httpx.BaseTransport):
    """A synchronous transport to an ASGI app that never waits for anything outside itself."""

    def __init__(self, app: ASGIApp, clock: VirtualClock | None = None) -> None:
        """Charge delays to `clock`; without one they take no time."""
        self._app = app
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Run the app on one request.

        Raises:
            httpx.ReadTimeout: the answer would have come after the request's read time-out.
            httpx.RemoteProtocolError: the app broke off its answer.

        """
        call = _Call(request, self._clock)
        _run(cast("Coroutine[Any, Any, None]", self._app(call.scope(), call.receive, call.send)))
        return call.response()


class _Call:
    """One request on its way through the app."""

    def __init__(self, request: httpx.Request, clock: VirtualClock | None) -> None:
        self._request = request
        self._clock = clock
        self._head: Message | None = None
        self._body = bytearray()
        self._complete = False

    def scope(self) -> Scope:
        url = self._request.url
        path, _, _ = url.raw_path.partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": self._request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": path,
            "query_string": url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "server": (url.host, url.port or 80),
            "client": ("127.0.0.1", 0),
            "extensions": {PAUSE: self._pause},
        }

    async def receive(self) -> Message:
        return {"type": "http.request", "body": self._request.read(), "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._head = message
            return
        self._body += message.get("body", b"")
        self._complete = not message.get("more_body", False)

    def response(self) -> httpx.Response:
        if self._head is None or not self._complete:
            problem = "peer closed connection without sending complete message body"
            raise httpx.RemoteProtocolError(problem, request=self._request)
        return httpx.Response(
            self._head["status"],
            headers=self._head["headers"],
            content=bytes(self._body),
            request=self._request,
        )

    async def _pause(self, seconds: float) -> None:
        limits = cast("dict[str, float | None]", self._request.extensions.get("timeout", {}))
        limit = limits.get("read")
        waited = seconds if limit is None else min(seconds, limit)
        if self._clock is not None:
            self._clock.advance(round(waited * SECOND))
        if limit is not None and seconds >= limit:
            problem = "timed out"
            raise httpx.ReadTimeout(problem, request=self._request)


def _run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end without an event loop.

    The company only computes, so that nothing ever has to be waited for; without a loop this
    works in any thread, in one that has a loop as well, and costs nothing.
    """
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    message = "the app waited for something outside itself; serve it over a socket instead"
    raise RuntimeError(message)
