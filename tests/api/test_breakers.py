"""Breakers and bypasses over HTTP: the list, a reset, and two persons for a bypass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from makegood.domain.actions import ActionKind
from makegood.domain.policy import Velocity, VelocityScope
from makegood.domain.roles import Role
from tests.gates.world import refund

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.town import Town

RULE = Velocity(
    name="fast",
    kinds=(ActionKind.REFUND,),
    per=VelocityScope.HUB,
    window_minutes=60,
    max_count=1,
    open_minutes=30,
    probes=2,
)


@pytest.fixture
def tripped(town: Town) -> Town:
    """Two refunds were approved where policy lets one an hour go out."""
    town.policy("breakers", velocity=(RULE,))
    for order in ("a", "b"):
        town.order(order)
        town.held(refund(order, 500))
    for review in town.waiting():
        town.approve(review.id)
    assert town.settle() == 1
    return town


def _listed(client: TestClient, town: Town) -> list[dict[str, Any]]:
    answer = client.get("/v1/breaker", headers=town.bearer(Role.AUDITOR))
    assert answer.status_code == 200
    return answer.json()["items"]


def _reset(client: TestClient, town: Town, name: str = "fast", scope: str = "hub:h1") -> int:
    where = f"/v1/breaker/{name}/reset"
    headers = town.bearer(Role.SUPERVISOR)
    return client.post(where, json={"scope": scope}, headers=headers).status_code


def test_a_breaker_is_shown_with_its_fill_and_why(client: TestClient, tripped: Town) -> None:
    (shown,) = _listed(client, tripped)
    now_us = tripped.clock.now_us()
    assert shown == {
        "name": "fast",
        "scope": "hub:h1",
        "watched": "count",
        "currency": "",
        "state": "open",
        "used": 1,
        "cap": 1,
        "since_us": now_us,
        "until_us": now_us + 30 * 60_000_000,
        "why": "more than 1 in 60 min",
        "probes_left": 0,
    }


@pytest.mark.parametrize(
    ("language", "why"), [("en", "more than 1 in 60 min"), ("zh", "60 分钟内超过 1 次")]
)
def test_the_console_says_why_a_breaker_tripped_in_the_readers_language(
    client: TestClient, tripped: Town, language: str, why: str
) -> None:
    headers = tripped.bearer(Role.SUPERVISOR) | {"accept-language": language}
    page = client.get("/", headers=headers).text
    assert why in page
    assert ("more than 1 in" in page) is (language == "en")


def test_an_approval_through_an_open_breaker_is_refused_with_the_reason(
    client: TestClient, tripped: Town
) -> None:
    (review,) = tripped.waiting()
    answer = client.post(
        f"/v1/review/{review.id}/approve",
        json={"seen": review.seen},
        headers=tripped.bearer(Role.SUPERVISOR),
    )
    assert answer.status_code == 409
    assert "the breaker fast is open: more than 1 in 60 min" in answer.json()["detail"]


def test_a_person_resets_a_breaker_and_approvals_go_on(client: TestClient, tripped: Town) -> None:
    assert _reset(client, tripped) == 200
    assert [shown["state"] for shown in _listed(client, tripped)] == ["closed"]
    tripped.approve()
    assert tripped.settle() == 1
    assert _reset(client, tripped) == 404


@pytest.mark.parametrize(("name", "scope"), [("slow", "hub:h1"), ("fast", "hub:h2")])
def test_a_breaker_that_is_not_open_there_cannot_be_reset(
    client: TestClient, tripped: Town, name: str, scope: str
) -> None:
    assert _reset(client, tripped, name, scope) == 404


def _ask(client: TestClient, town: Town, role: Role, **body: object) -> Any:  # noqa: ANN401 -- JSON
    asked = {"scope": "hub:h1", "reason": "the storm", "minutes": 30} | body
    return client.post("/v1/bypass", json=asked, headers=town.bearer(role))


def test_a_bypass_takes_two_persons_and_shows_who(client: TestClient, tripped: Town) -> None:
    asked = _ask(client, tripped, Role.SUPERVISOR).json()
    where = f"/v1/bypass/{asked['id']}"
    own = client.post(f"{where}/confirm", headers=tripped.bearer(Role.SUPERVISOR))
    assert own.status_code == 403
    confirmed = client.post(f"{where}/confirm", headers=tripped.bearer(Role.OPERATOR))
    assert confirmed.status_code == 200
    (shown,) = client.get("/v1/bypass", headers=tripped.bearer(Role.AUDITOR)).json()["items"]
    assert shown == confirmed.json()
    assert (shown["status"], shown["requested_by"], shown["confirmed_by"]) == (
        "active",
        tripped.people[Role.SUPERVISOR].id,
        tripped.people[Role.OPERATOR].id,
    )
    tripped.approve()
    assert tripped.settle() == 1
    ended = client.post(f"{where}/end", headers=tripped.bearer(Role.SUPERVISOR))
    assert ended.json()["status"] == "ended"


def test_an_action_names_the_bypass_that_it_passed_under(client: TestClient, tripped: Town) -> None:
    asked = _ask(client, tripped, Role.SUPERVISOR).json()["id"]
    headers = tripped.bearer(Role.OPERATOR)
    assert client.post(f"/v1/bypass/{asked}/confirm", headers=headers).is_success
    (review,) = tripped.waiting()
    tripped.approve()
    tripped.settle()
    shown = client.get(f"/v1/action/{review.action_id}", headers=headers).json()
    assert shown["bypass_id"] == asked


@pytest.mark.parametrize(
    "body",
    [{"minutes": 0}, {"minutes": 61}, {"scope": "all"}, {"reason": ""}, {"reason": "  "}],
)
def test_a_bypass_that_says_too_little_or_wants_too_much_is_refused(
    client: TestClient, town: Town, body: dict[str, object]
) -> None:
    assert _ask(client, town, Role.SUPERVISOR, **body).status_code == 422
