"""The socket that the daemon listens on."""

from __future__ import annotations

import socket

from makegood.runtime.daemon import HttpServer


async def nothing(scope: object, receive: object, send: object) -> None:
    """Answer nobody."""


def test_an_answer_does_not_wait_for_the_client_to_acknowledge_its_first_half() -> None:
    server = HttpServer(nothing, "127.0.0.1", 0)
    try:
        with socket.create_connection((server.host, server.port), timeout=5):
            accepted, _ = server._socket.accept()  # pyright: ignore[reportPrivateUsage] -- nothing else shows it
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    finally:
        server.stop()
