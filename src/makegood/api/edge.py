"""What surrounds every request: a limit on its size, and headers that keep browsers strict.

Both are plain ASGI, so that a streamed answer stays a stream.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException

from makegood.api.problems import of_status, response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEBIBYTE: Final = 1 << 20
EVENTS_LIMIT: Final = 4 * MEBIBYTE
LIMIT: Final = MEBIBYTE // 4
_EVENTS: Final = "/v1/events"

# Nothing is loaded from anywhere but here, nothing inline runs, and nobody frames these pages.
CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SizeLimit:
    """Refuses a request body that is too large, announced or not, with 413."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while its body stays within the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = EVENTS_LIMIT if scope["path"] == _EVENTS else LIMIT
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced) > limit:
            problem = of_status(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, *_words(limit))
            await response(problem, {"Connection": "close"})(scope, receive, send)
            return
        await self._app(scope, _counted(receive, limit), send)


def _counted(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            # FastAPI lets this kind of exception through while it reads a body.
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, " ".join(_words(limit)))
        return message

    return counted


def _words(limit: int) -> tuple[str, str]:
    return f"The body is larger than {limit:,} bytes.", "Send it in smaller parts."


class StrictHeaders:
    """Adds the headers that keep browsers strict; no answer is kept by caches unless it says so."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add headers to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, sending)
