"""Every error is a problem detail that names the field and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import OperationalError

from makegood.api.edge import EVENTS_LIMIT, LIMIT
from makegood.domain.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.testclient import TestClient

    from tests.api.town import Town


def _problem(answer: Any, status: int) -> dict[str, Any]:  # noqa: ANN401 -- the client's answer
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["type"].startswith("urn:makegood:problem:")
    assert found["title"]
    return found


@pytest.mark.parametrize(
    ("body", "field", "mend"),
    [
        ({"roles": ["auditor"]}, "name", "add this field"),
        ({"name": "Ada", "roles": ["king"]}, "roles.0", ""),
        ({"name": "Ada", "roles": ["auditor"], "rolls": 1}, "rolls", "leave this field out"),
        ({"name": "", "roles": ["auditor"]}, "name", "use 1 to 80 characters"),
        ({"name": "oms", "roles": ["source"]}, "sources", "name the sources"),
    ],
)
def test_a_body_that_is_wrong_names_the_field_and_the_mend(
    client: TestClient, town: Town, body: dict[str, Any], field: str, mend: str
) -> None:
    answer = client.post("/v1/person", json=body, headers=town.bearer(Role.OPERATOR))
    found = _problem(answer, 422)
    assert found["field"] == field
    assert mend in found["mend"]
    assert found["problem"]
    assert found["errors"][0]["field"] == field


def test_every_mistake_of_a_body_is_listed(client: TestClient, town: Town) -> None:
    body: dict[str, Any] = {"person_id": 5, "label": [], "expires_in_days": 0}
    answer = client.post("/v1/token", json=body, headers=town.bearer(Role.OPERATOR))
    fields = {one["field"] for one in _problem(answer, 422)["errors"]}
    assert fields == {"person_id", "label", "expires_in_days"}


def test_what_is_no_json_says_so(client: TestClient, town: Town) -> None:
    headers = town.bearer(Role.OPERATOR) | {"Content-Type": "application/json"}
    found = _problem(client.post("/v1/person", content=b"{", headers=headers), 422)
    assert "send JSON" in found["mend"]


def test_nothing_there_wrong_method_and_wrong_query(client: TestClient, town: Town) -> None:
    reader = town.bearer(Role.AUDITOR)
    _problem(client.get("/v1/review/no-such", headers=reader), 404)
    _problem(client.get("/v1/nothing-here", headers=reader), 404)
    _problem(client.put("/v1/status", headers=reader), 405)
    found = _problem(client.get("/v1/review?limit=0", headers=reader), 422)
    assert found["field"] == "limit"


@pytest.mark.parametrize(("where", "limit"), [("/v1/person", LIMIT), ("/v1/events", EVENTS_LIMIT)])
def test_a_body_that_is_too_large_is_refused_announced_or_not(
    client: TestClient, town: Town, where: str, limit: int
) -> None:
    role = Role.SOURCE if where.endswith("events") else Role.OPERATOR
    headers = town.bearer(role) | {"Content-Type": "application/cloudevents+json"}
    big = b" " * (limit + 1)

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(big), 65_536):
            yield big[start : start + 65_536]

    for content in (big, pieces()):
        answer = client.post(where, content=content, headers=headers)
        found = _problem(answer, 413)
        assert f"{limit:,}" in found["detail"]


def test_a_failure_of_ours_says_nothing_of_its_inside(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fastapi.testclient import TestClient

    def broken(*_: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("makegood.api.routes.kill.kill.switches", broken)
    with TestClient(town.app, raise_server_exceptions=False) as client:
        answer = client.get("/v1/kill", headers=town.bearer(Role.AUDITOR))
    found = _problem(answer, 500)
    assert "hunter2" not in answer.text
    assert "log" in found["detail"]


def test_the_house_is_not_ready_before_it_works_and_while_it_drains(
    client: TestClient, town: Town
) -> None:
    assert client.get("/readyz").status_code == 200
    town.is_ready = False
    _problem(client.get("/readyz"), 503)
    assert client.get("/healthz").status_code == 200


def test_the_house_is_not_ready_without_its_database(
    client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr("makegood.store.session.Store.read", gone)
    assert "database" in _problem(client.get("/readyz"), 503)["detail"]


def test_errors_on_pages_are_pages(client: TestClient, town: Town) -> None:
    client.post(town.link(Role.AUDITOR))
    answer = client.get("/order/no-such")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is nothing here." in answer.text


def test_the_description_is_openapi_3_1_and_names_every_route_and_problems(
    client: TestClient,
) -> None:
    described = client.get("/v1/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    from makegood.api.access import ROUTES

    wanted = {p for _, p in ROUTES if p.startswith("/v1/") and p != "/v1/openapi.json"}
    assert wanted <= set(described["paths"])
    assert "4XX" in described["paths"]["/v1/review"]["get"]["responses"]
