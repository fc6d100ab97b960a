"""Requests that are too large, too deep or too many parts: refused early, and nothing is left."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from makegood.api import access
from makegood.api.edge import EVENTS_LIMIT, LIMIT
from makegood.domain.roles import Role
from makegood.gates import kill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.testclient import TestClient

    from tests.api.town import Town

WRITING = sorted((method, path) for method, path in access.ROUTES if method != "GET")


def _address(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "x", path)


def _dripping(size: int) -> Iterator[bytes]:
    for _ in range(size // 65_536 + 1):
        yield b" " * 65_536


def test_no_route_reads_a_body_beyond_its_limit(client: TestClient, town: Town) -> None:
    """Announced in Content-Length, or sent in chunks without a word."""
    headers = town.bearer(Role.OPERATOR) | {"Content-Type": "application/json"}
    refused = 0
    for method, path in WRITING:
        limit = EVENTS_LIMIT if path == "/v1/events" else LIMIT
        who = town.bearer(Role.SOURCE) if path == "/v1/events" else {}
        announced = client.request(
            method, _address(path), content=b" " * (limit + 1), headers=headers | who
        )
        assert announced.status_code == 413, path
        dripped = client.request(
            method, _address(path), content=_dripping(limit), headers=headers | who
        )
        # A route that takes no body reads none, and answers whatever it answers without one.
        refused += dripped.status_code == 413
        assert dripped.status_code in {303, 401, 403, 404, 409, 413, 422}, path
    assert refused >= 20


@pytest.mark.parametrize("announced", ["-1", "1e9", "abc", "0x10", "99999999999999999999999"])
def test_a_false_length_is_no_way_round(client: TestClient, town: Town, announced: str) -> None:
    headers = town.bearer(Role.OPERATOR) | {"Content-Length": announced}
    answer = client.post("/v1/kill", content=b" " * (LIMIT + 1), headers=headers)
    assert answer.status_code in {400, 413, 422}


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"scope": "everything", "reason": "' + b"x" * 200_000 + b'"}',
        b'{"scope": ' + b"9" * 100_000 + b"}",
        b"\xff\xfe\x00",
        b'{"scope": "\\ud800", "reason": "x"}',
        b"",
        b"null",
        b"NaN",
    ],
)
def test_a_body_that_is_deep_or_broken_is_a_mistake_of_the_sender(
    client: TestClient, town: Town, body: bytes
) -> None:
    operator = town.bearer(Role.OPERATOR) | {"Content-Type": "application/json"}
    source = town.bearer(Role.SOURCE) | {"Content-Type": "application/cloudevents+json"}
    assert client.post("/v1/kill", content=body, headers=operator).status_code in {400, 422}
    assert 400 <= client.post("/v1/events", content=body, headers=source).status_code < 500
    with town.store.read() as tx:
        assert kill.switches(tx) == []


@pytest.mark.parametrize(
    "form",
    [
        "&".join(f"f{n}=1" for n in range(5_000)).encode(),
        b"token=" + b"a" * 200_000,
        b"%ff%fe=%00",
        b"=&=&=",
    ],
)
def test_a_form_of_many_or_odd_fields_is_refused(client: TestClient, form: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert 400 <= client.post("/login", content=form, headers=headers).status_code < 500


def test_a_form_takes_no_file(client: TestClient) -> None:
    answer = client.post("/login", files={"token": ("x", b"y" * 1000)})
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("path", ["/v1/order/", "/review/", "/login/", "/static/", "/v1/decision/"])
def test_a_very_long_or_odd_path_is_not_found(client: TestClient, town: Town, path: str) -> None:
    for name in ("a" * 20_000, "%00", "%ff", "%0d%0aX: y", "%e2%80%ae", "..%2f..%2fetc%2fpasswd"):
        answer = client.get(path + name, headers=town.bearer(Role.OPERATOR))
        assert answer.status_code in {200, 400, 404, 422}, name
        assert "x" not in answer.headers


@pytest.mark.parametrize("key", ["k" * 256, "\x7f", "é"])
def test_an_idempotency_key_that_is_long_or_odd_changes_nothing(
    client: TestClient, town: Town, key: str
) -> None:
    headers = town.bearer(Role.OPERATOR) | {"Idempotency-Key": key}
    body = {"scope": "everything", "reason": "fire"}
    encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    assert client.post("/v1/kill", json=body, headers=encoded).status_code in {200, 400, 422}


def test_listings_have_a_most(client: TestClient, town: Town) -> None:
    for method, path in access.ROUTES:
        if method == "GET" and path.startswith("/v1") and "{" not in path and "stream" not in path:
            answer = client.get(f"{path}?limit=1000000000", headers=town.bearer(Role.OPERATOR))
            assert answer.status_code in {200, 422}
            small = client.get(f"{path}?limit=-1", headers=town.bearer(Role.OPERATOR))
            assert small.status_code in {200, 422}
