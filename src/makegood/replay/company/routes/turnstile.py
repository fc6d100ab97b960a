"""One request at a time, at the company's own instant, and struck by the faults laid on it.

The outermost ASGI layer: it reads the whole request, lets the company catch up with its clock,
runs the routes under the company's lock, and then lets the answer out as the fault says. A
fault that acts before it hurts has really acted: the books show it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, cast

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from makegood.replay.company.company import Company
from makegood.replay.company.faults import Fault, FaultKind
from makegood.replay.company.routes.problem import problem

PAUSE: Final = "makegood.pause"

Pause = Callable[[float], Awaitable[None]]


class Turnstile:
    """ASGI middleware around the company's routes."""

    def __init__(self, app: ASGIApp, company: Company) -> None:
        """Guard `app`."""
        self._app = app
        self._company = company

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _whole(receive)
        with self._company.lock:
            self._company.catch_up()
            fault = self._company.faults.next_for(scope["method"], scope["path"])
            answer = await self._act(scope, body) if _acts(fault) else []
        await _let_out(fault, answer, send, _pause_of(scope))

    async def _act(self, scope: Scope, body: bytes) -> list[Message]:
        answer: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            answer.append(message)

        await self._app(scope, receive, send)
        return answer


async def _whole(receive: Receive) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def _acts(fault: Fault | None) -> bool:
    if fault is None:
        return True
    if fault.kind is FaultKind.UNKNOWN:
        return fault.acts
    return fault.kind in (FaultKind.DELAY, FaultKind.DROP)


async def _let_out(fault: Fault | None, answer: list[Message], send: Send, pause: Pause) -> None:
    kind = None if fault is None else fault.kind
    if fault is not None and fault.seconds > 0:
        await pause(fault.seconds)
    if kind is FaultKind.FAIL:
        answer = await _messages(problem(500, "broken", "the system failed; nothing was done"))
    elif kind is FaultKind.UNKNOWN:
        answer = await _messages(problem(504, "unknown", "it is not known whether it was done"))
    elif kind in (FaultKind.DROP, FaultKind.LOSE):
        # A head that promises a body that never comes: the connection breaks in mid-answer.
        answer = [
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"application/json"), (b"content-length", b"2")],
            },
            {"type": "http.response.body", "body": b"{", "more_body": True},
        ]
    for message in answer:
        await send(message)


async def _messages(response: Response) -> list[Message]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    await response({"type": "http"}, _nothing, send)
    return messages


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _pause_of(scope: Scope) -> Pause:
    return cast("Pause", scope.get("extensions", {}).get(PAUSE, asyncio.sleep))
