"""Connections: who reaches what, with which credential, and for how long."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from makegood.errors import NotConnected, ReadFailed, Superseded
from makegood.sdk import Connection, Connections, TimeOuts, http_client, read_json
from makegood.sdk.fence import fenced

WEATHER = Connection("weather", "http://weather.test/v1/", "read-only")


def answering(status: int, body: bytes) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=body, headers={"x-path": str(request.url)})

    return httpx.MockTransport(handle)


def connections(transport: httpx.BaseTransport, time_outs: TimeOuts | None = None) -> Connections:
    return Connections([WEATHER], transport=lambda _: transport, time_outs=time_outs)


def test_nothing_is_reached_where_nothing_is_bound() -> None:
    with pytest.raises(NotConnected, match="'weather' \\(known: none\\)"):
        http_client("weather")


def test_a_bound_system_is_reached_with_its_address_and_credential() -> None:
    with connections(answering(200, b"{}")).bound():
        client = http_client("weather")
        response = client.get("forecast")
        assert response.headers["x-path"] == "http://weather.test/v1/forecast"
        assert response.request.headers["Authorization"] == "Bearer read-only"
        assert http_client("weather") is client


def test_read_tools_cannot_reach_what_only_the_executor_is_handed() -> None:
    effects = Connections([Connection("payments", "http://pay.test", "secret")])
    with connections(answering(200, b"{}")).bound():
        with pytest.raises(NotConnected, match="payments"):
            http_client("payments")
        assert "secret" not in repr(effects) + repr(Connection("payments", "http://p", "secret"))


def test_the_binding_ends_with_its_block_and_nests() -> None:
    outer, inner = connections(answering(200, b"1")), connections(answering(200, b"2"))
    with outer.bound():
        with inner.bound():
            assert read_json("weather", "x") == 2
        assert read_json("weather", "x") == 1
    with pytest.raises(NotConnected):
        http_client("weather")


def test_each_request_of_a_tools_client_passes_the_fence() -> None:
    def taken_over() -> None:
        raise Superseded("another process owns the work")

    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200)

    client = connections(httpx.MockTransport(handle)).client("weather")
    client.get("first")
    with fenced(taken_over), pytest.raises(Superseded):
        client.get("second")
    client.get("third")
    assert asked == ["/v1/first", "/v1/third"]


def test_parameters_that_are_none_are_left_out() -> None:
    with connections(answering(200, b'{"a": 1}')).bound():
        response = http_client("weather").get("x", params={"a": 1})
        assert response.url.query == b"a=1"
        assert read_json("weather", "x", a=1, b=None) == {"a": 1}


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [(500, b"{}", "HTTP 500"), (302, b"{}", "HTTP 302"), (200, b"<html>", "not JSON")],
)
def test_an_answer_that_is_no_answer_is_a_failed_read(status: int, body: bytes, says: str) -> None:
    with connections(answering(status, body)).bound(), pytest.raises(ReadFailed, match=says):
        read_json("weather", "x")


class Dripping(httpx.BaseTransport):
    """Sends a byte at a time, each well within the read time-out."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        class Drops(httpx.SyncByteStream):
            def __iter__(self) -> Iterator[bytes]:
                for _ in range(200):
                    time.sleep(0.01)
                    yield b" "

        return httpx.Response(200, stream=Drops())


def test_an_answer_that_drips_for_ever_ends_with_the_total_time_out() -> None:
    limits = TimeOuts(connect_s=1, read_s=1, total_s=0.1)
    with connections(Dripping(), limits).bound(), pytest.raises(ReadFailed, match="total time-out"):
        read_json("weather", "x")


def test_a_network_that_fails_is_a_failed_read() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        message = "no route"
        raise httpx.ConnectError(message, request=request)

    with connections(httpx.MockTransport(handle)).bound(), pytest.raises(ReadFailed, match="route"):
        read_json("weather", "x")
