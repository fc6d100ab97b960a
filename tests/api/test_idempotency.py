"""A repeated request gets the first one's answer, and nothing happens twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from makegood.api.idempotency import GIVEN
from makegood.clock import DAY
from makegood.domain.roles import Role
from makegood.gates import persons, tokens

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.town import Town


def test_the_same_request_under_the_same_key_happens_once(client: TestClient, town: Town) -> None:
    headers = town.bearer(Role.OPERATOR) | {"Idempotency-Key": "k1"}
    new = {"name": "Ada", "roles": ["auditor"]}
    first = client.post("/v1/person", json=new, headers=headers)
    second = client.post("/v1/person", json=new, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    with town.store.read() as tx:
        assert [p.name for p in persons.persons(tx)].count("Ada") == 1


def test_an_approval_repeated_under_its_key_is_answered_again(
    client: TestClient, town: Town
) -> None:
    town.order("so-1")
    where = f"/v1/review/{town.hold('so-1')}/approve"
    body = {"seen": town.waiting()[0].seen}
    headers = town.bearer(Role.SUPERVISOR)
    keyed = headers | {"Idempotency-Key": "once"}
    first, second = (client.post(where, json=body, headers=keyed) for _ in range(2))
    assert first.json() == second.json()
    assert first.json()["status"] == "approved"
    assert client.post(where, json=body, headers=headers).status_code == 409


def test_another_request_under_the_same_key_is_refused(client: TestClient, town: Town) -> None:
    headers = town.bearer(Role.OPERATOR) | {"Idempotency-Key": "k1"}
    stop = {"scope": "everything", "reason": "fire"}
    assert client.post("/v1/kill", json=stop, headers=headers).status_code == 200
    other = stop | {"scope": "hub:h1"}
    answer = client.post("/v1/kill", json=other, headers=headers)
    assert answer.status_code == 409
    assert "Idempotency-Key" in answer.json()["detail"]


def test_a_key_is_each_persons_own_and_lasts_a_day(client: TestClient, town: Town) -> None:
    stop = {"scope": "everything", "reason": "fire"}
    other = stop | {"scope": "hub:h1"}
    key = {"Idempotency-Key": "k1"}
    assert client.post("/v1/kill", json=stop, headers=town.bearer(Role.OPERATOR) | key).is_success
    assert client.post(
        "/v1/kill", json=other, headers=town.bearer(Role.SUPERVISOR) | key
    ).is_success
    town.wall.advance(DAY)
    assert client.post("/v1/kill", json=other, headers=town.bearer(Role.OPERATOR) | key).is_success


def test_a_token_is_shown_once_even_to_the_key_that_made_it(client: TestClient, town: Town) -> None:
    headers = town.bearer(Role.OPERATOR) | {"Idempotency-Key": "k1"}
    body = {"person_id": town.people[Role.AUDITOR].id}
    first = client.post("/v1/token", json=body, headers=headers).json()
    second = client.post("/v1/token", json=body, headers=headers).json()
    assert first["secret"].startswith("mg_")
    assert second == first | {"secret": None}
    with town.store.read() as tx:
        kept = tx.execute(GIVEN.select()).one()
        assert first["secret"].encode() not in kept.body
        assert len(tokens.tokens(tx, body["person_id"])) == 2


def test_a_request_that_failed_may_be_tried_again_under_its_key(
    client: TestClient, town: Town
) -> None:
    headers = town.bearer(Role.OPERATOR) | {"Idempotency-Key": "k1"}
    body = {"person_id": "nobody"}
    assert client.post("/v1/token", json=body, headers=headers).status_code == 404
    assert client.post("/v1/token", json=body, headers=headers).status_code == 404
    with town.store.read() as tx:
        assert tx.execute(GIVEN.select()).all() == []


def test_equal_requests_at_the_same_moment_make_one_person(client: TestClient, town: Town) -> None:
    headers = town.bearer(Role.OPERATOR) | {"Idempotency-Key": "k1"}
    new = {"name": "Ada", "roles": ["auditor"]}
    with ThreadPoolExecutor(4) as pool:
        waiting = [
            pool.submit(client.post, "/v1/person", json=new, headers=headers) for _ in range(4)
        ]
        answers = [each.result() for each in waiting]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
