"""A receiver of webhooks behind a real socket, which can fail, be slow, fall silent and repeat."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Any

import orjson
from standardwebhooks import Webhook


@dataclass(frozen=True, slots=True)
class Got:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def at_s(self) -> int:
        return int(self.headers["webhook-timestamp"])

    @property
    def json(self) -> dict[str, Any]:
        return orjson.loads(self.body)

    @property
    def what(self) -> tuple[str, str]:
        """The type, and the review it is about."""
        return self.json["type"], self.json["data"]["review_id"]

    def is_signed_with(self, secret: str) -> bool:
        at = datetime.fromtimestamp(self.at_s, tz=UTC)
        wanted = Webhook(secret).sign(self.id, at, self.body.decode())
        return wanted in self.headers["webhook-signature"].split()


@dataclass(frozen=True, slots=True)
class Reply:
    """How one request is answered; `drops` closes the connection and says nothing."""

    status: int = 204
    wait_s: float = 0.0
    headers: dict[str, str] = field(default_factory=dict[str, str])
    drops: bool = False
    before: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None


class Receiver:
    """What came, and how the next requests are answered; well, where nothing else is said."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.replies: deque[Reply] = deque()
        self.always = Reply()
        self.url = ""

    def reply(self, *statuses: int) -> None:
        """Answer the next requests with these statuses."""
        self.replies.extend(Reply(status) for status in statuses)

    def take(self, got: Got) -> Reply:
        self.got.append(got)
        return self.replies.popleft() if self.replies else self.always

    @property
    def once(self) -> list[Got]:
        """What a receiver is left with that keeps the ids it has seen."""
        return list({got.id: got for got in reversed(self.got)}.values())[::-1]


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            given = {name.lower(): value for name, value in self.headers.items()}
            reply = receiver.take(Got(self.path, given, body))
            reply.before()
            sleep(reply.wait_s)
            if reply.drops:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in {"content-length": "0", **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.flush()
            reply.after()

        def handle(self) -> None:
            # A sender that hung up before the answer is what some of these tests are about.
            try:
                super().handle()
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's
            pass

    return Handler


@contextmanager
def receiving() -> Generator[Receiver]:
    """A receiver that listens on 127.0.0.1 while the block runs."""
    receiver = Receiver()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(receiver)) as server:
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hooks/makegood?team=4"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
