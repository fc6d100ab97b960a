"""Every route times every role, written out: what a change of the table opens, a person has seen.

o operator, s supervisor, a auditor, x source; `any` is open to who is not logged in, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from makegood.api import access
from makegood.domain.roles import Role
from makegood.gates import tokens

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.town import Town

MATRIX: Final = """
any  GET    /healthz
any  GET    /readyz
osa- GET    /metrics
any  GET    /v1/openapi.json
osa- GET    /v1/status
osa- GET    /v1/stream
---x POST   /v1/events
osa- GET    /v1/order/{order_id}
osa- GET    /v1/incident
osa- GET    /v1/incident/{incident_id}
osa- GET    /v1/run
osa- GET    /v1/run/{run_id}
osa- GET    /v1/proposal/{proposal_id}
osa- GET    /v1/decision/{decision_id}
osa- GET    /v1/action
osa- GET    /v1/action/{action_id}
osa- GET    /v1/review
osa- GET    /v1/review/{review_id}
osa- GET    /v1/review/{review_id}/note
os-- POST   /v1/review/batch
os-- POST   /v1/review/{review_id}/approve
os-- POST   /v1/review/{review_id}/reject
os-- POST   /v1/review/{review_id}/claim
os-- POST   /v1/review/{review_id}/release
os-- POST   /v1/review/{review_id}/edit
os-- POST   /v1/review/{review_id}/ask
os-- POST   /v1/review/{review_id}/answer
os-- POST   /v1/review/{review_id}/escalate
os-- POST   /v1/review/{review_id}/undo
osa- GET    /v1/effect
osa- GET    /v1/effect/{effect_id}
os-- POST   /v1/effect/{effect_id}/decide
osa- GET    /v1/quarantine
o--- POST   /v1/quarantine/{quarantine_id}/requeue
osa- GET    /v1/outbox
o--- POST   /v1/outbox/{message_id}/requeue
osa- GET    /v1/ledger
osa- GET    /v1/ledger/verify
osa- GET    /v1/breaker
os-- POST   /v1/breaker/{name}/reset
osa- GET    /v1/counter
osa- GET    /v1/bypass
os-- POST   /v1/bypass
os-- POST   /v1/bypass/{bypass_id}/confirm
os-- POST   /v1/bypass/{bypass_id}/end
osa- GET    /v1/kill
os-- POST   /v1/kill
o--- DELETE /v1/kill/{scope}
o-a- GET    /v1/person
o--- POST   /v1/person
o--- DELETE /v1/person/{person_id}
o--- POST   /v1/person/{person_id}/link
o-a- GET    /v1/token
o--- POST   /v1/token
osax DELETE /v1/token/{token_id}
osa- GET    /
osa- GET    /order/{order_id}
osa- GET    /decision/{action_id}
osa- GET    /ledger
osa- GET    /ledger/export
osa- GET    /review
osa- GET    /review/{review_id}
os-- POST   /review/{review_id}/approve
os-- POST   /review/{review_id}/reject
os-- POST   /review/batch
os-- POST   /review/undo
os-- POST   /review/{review_id}/undo
os-- POST   /review/{review_id}/claim
os-- POST   /review/{review_id}/release
os-- POST   /review/{review_id}/escalate
os-- POST   /review/{review_id}/edit
os-- POST   /review/{review_id}/ask
os-- POST   /review/{review_id}/answer
os-- POST   /breaker/{name}/reset
os-- POST   /bypass
os-- POST   /bypass/{bypass_id}/confirm
os-- POST   /bypass/{bypass_id}/end
os-- POST   /kill
o--- POST   /kill/clear
os-- POST   /effect/{effect_id}/decide
any  POST   /language/{code}
any  GET    /login
any  POST   /login
any  GET    /login/{code}
any  POST   /login/{code}
osax POST   /logout
any  GET    /static/{name}
"""

LETTERS: Final = {
    "o": Role.OPERATOR,
    "s": Role.SUPERVISOR,
    "a": Role.AUDITOR,
    "x": Role.SOURCE,
}
TABLE: Final = {
    (method, path): who
    for who, method, path in (line.split() for line in MATRIX.strip().splitlines())
}
REFUSED: Final = "it takes the role"


def test_the_matrix_names_every_route_there_is() -> None:
    assert set(TABLE) == set(access.ROUTES)
    assert set(LETTERS.values()) == set(Role)


@pytest.mark.parametrize("letter", LETTERS)
def test_a_role_opens_what_the_matrix_says_and_nothing_else(
    client: TestClient, town: Town, letter: str
) -> None:
    wrong: list[str] = []
    # The stream of changes goes on until the house ends: so it is ending, and it is asked as well.
    town.is_ready = False
    for (method, path), who in TABLE.items():
        where = _address(path)
        if path == "/v1/token/{token_id}":
            # Everybody may end a token of their own, and an operator anybody's.
            where = f"/v1/token/{_another_token(town, LETTERS[letter])}"
        answer = client.request(method, where, headers=town.bearer(LETTERS[letter]), json={})
        is_refused = answer.status_code == 403 and REFUSED in answer.text
        is_open = letter in who or who == "any"
        # The door refuses a log-in without a token by itself.
        is_odd = answer.status_code in {401, 500} and not path.startswith("/login")
        if is_odd or is_refused == is_open:
            wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []


def test_who_is_not_logged_in_gets_what_is_open_to_any_and_nothing_else(client: TestClient) -> None:
    wrong: list[str] = []
    for (method, path), who in TABLE.items():
        answer = client.request(method, _address(path), json={})
        to_door = answer.headers.get("location", "").startswith("/login")
        is_shut = answer.status_code == 401 or to_door
        if path.startswith("/login") and method == "POST":
            assert "set-cookie" not in answer.headers
        elif is_shut == (who == "any"):
            wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize("letter", LETTERS)
def test_a_token_that_was_revoked_and_a_person_who_left_open_nothing(
    client: TestClient, town: Town, letter: str
) -> None:
    role = LETTERS[letter]
    with town.store.write() as tx:
        at_us = town.clock.now_us()
        made = tokens.add_token(tx, town.operator, town.people[role].id, at_us=at_us)
        tokens.revoke_token(tx, town.operator, made.id, at_us)
    header = {"Authorization": f"Bearer {made.secret}"}
    open_ones = [
        f"{method} {path}"
        for (method, path), who in TABLE.items()
        if who != "any"
        if client.request(method, _address(path), headers=header, json={}).status_code != 401
        if not client.request(method, _address(path), headers=header, json={}).is_redirect
    ]
    assert open_ones == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "OPTIONS", "CONNECT", "PROPFIND"])
def test_no_other_method_is_a_way_in(client: TestClient, town: Town, method: str) -> None:
    """Asked as somebody who may do everything else."""
    for path in sorted({path for _, path in TABLE}):
        answer = client.request(method, _address(path), headers=town.bearer(Role.OPERATOR))
        assert answer.status_code in {403, 404, 405}, path


@pytest.mark.parametrize(
    "path",
    [
        "/v1/review/../person",
        "/v1//person",
        "/v1/person/",
        "/V1/person",
        "/v1/person%2f",
        "//v1/person",
        "/v1/%70erson",
        "/static/../v1/person",
        "/static/%2e%2e/console/words_en.py",
        "/static/..%2fentry.py",
    ],
)
def test_no_other_spelling_of_a_path_is_a_way_round(
    client: TestClient, town: Town, path: str
) -> None:
    answer = client.get(path, headers=town.bearer(Role.SUPERVISOR))
    assert answer.status_code in {401, 403, 404, 405}
    assert "Olga" not in answer.text


def _another_token(town: Town, role: Role) -> str:
    with town.store.write() as tx:
        at_us = town.clock.now_us()
        return tokens.add_token(tx, town.operator, town.people[role].id, at_us=at_us).id


def _address(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "nothing-of-that-name", path)
