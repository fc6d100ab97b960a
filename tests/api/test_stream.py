"""The stream: it speaks when something changed, and never keeps a daemon from ending."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import orjson
import pytest

from makegood.clock import stopwatch_s
from makegood.domain.roles import Role
from makegood.runtime.daemon import HttpServer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tests.api.town import Town


@pytest.fixture
def server(town: Town) -> Generator[HttpServer]:
    """The application on a real socket."""
    running = HttpServer(town.app, "127.0.0.1", 0)
    running.start()
    yield running
    town.is_ready = False
    running.stop()


def _told(answer: httpx.Response) -> Iterator[tuple[int, set[str]]]:
    for line in answer.iter_lines():
        if line.startswith("data: "):
            said = orjson.loads(line.removeprefix("data: "))
            yield said["version"], set(said["topics"])


def _changes(answer: httpx.Response) -> Iterator[int]:
    for version, _ in _told(answer):
        yield version


def test_a_change_is_told_at_once_to_who_listens(town: Town, server: HttpServer) -> None:
    with (
        httpx.Client(trust_env=False, timeout=10) as client,
        client.stream(
            "GET", f"{server.url}/v1/stream", headers=town.bearer(Role.AUDITOR)
        ) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = _changes(answer)
        first = next(told)
        began = stopwatch_s()
        town.changes.publish()
        assert next(told) == first + 1
        assert stopwatch_s() - began < 2


def test_what_changed_is_told_by_its_topics_and_nothing_more(
    town: Town, server: HttpServer
) -> None:
    town.storm()
    with (
        httpx.Client(trust_env=False, timeout=10) as client,
        client.stream(
            "GET", f"{server.url}/v1/stream", headers=town.bearer(Role.AUDITOR)
        ) as answer,
    ):
        told = _told(answer)
        assert next(told)[1] == {"all"}
        town.hold("so-1001")
        town.changes.publish()
        assert next(told)[1] == {"agents", "ledger", "reviews"}
        town.happen("sales_order.delivered", "so-1002")
        town.changes.publish()
        assert next(told)[1] == {"ledger", "orders"}
        town.changes.publish()
        assert next(told)[1] == {"all"}


def test_listeners_do_not_keep_the_house_from_ending(town: Town, server: HttpServer) -> None:
    with (
        httpx.Client(trust_env=False, timeout=10) as client,
        client.stream(
            "GET", f"{server.url}/v1/stream", headers=town.bearer(Role.AUDITOR)
        ) as answer,
    ):
        told = _changes(answer)
        next(told)
        town.is_ready = False
        began = stopwatch_s()
        server.stop()
        assert stopwatch_s() - began < 3
        assert list(told) == []
    assert not vars(town.changes)["_listeners"]


def test_who_is_not_logged_in_hears_nothing(server: HttpServer) -> None:
    with httpx.Client(trust_env=False) as client:
        assert client.get(f"{server.url}/v1/stream").status_code == 401
