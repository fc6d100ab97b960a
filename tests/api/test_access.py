"""Every route times every role, and nothing that the table does not name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from makegood.api import access
from makegood.domain.roles import Role
from makegood.gates import tokens
from tests.api.town import Town

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makegood.clock import VirtualClock

ROUTES = sorted(access.ROUTES)


@pytest.fixture
def town(sqlite_url: str, clock: VirtualClock) -> Iterator[Town]:
    """One town on SQLite: who may do what does not depend on the database."""
    from makegood.store.session import Store

    store = Store.open(sqlite_url)
    yield Town(store, clock)
    store.close()


def _served(app: FastAPI) -> set[tuple[str, str]]:
    """Return every operation that the application answers, found by asking its own router."""
    found: set[tuple[str, str]] = set()
    waiting = list(app.routes)
    while waiting:
        route = waiting.pop()
        # FastAPI includes routers as they are; their routes stand one step further in.
        holder = getattr(route, "original_router", route)
        inner = getattr(holder, "routes", None)
        if inner:
            waiting.extend(inner)
            continue
        path, methods = getattr(route, "path", None), getattr(route, "methods", None)
        assert path is not None, f"{route!r} is served, but nobody can say where"
        found |= {(method, path) for method in (methods or {"?"}) if method != "HEAD"}
    return found


def _address(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "nothing-of-that-name", path)


def _another_token(town: Town, role: Role) -> str:
    with town.store.write() as tx:
        person_id = town.people[role].id
        made = tokens.add_token(tx, town.operator, person_id, at_us=town.clock.now_us())
    return made.id


def test_every_route_that_is_served_stands_in_the_table_and_the_other_way_round(
    town: Town,
) -> None:
    assert _served(town.app) == set(access.ROUTES)


def test_a_route_that_is_not_in_the_table_is_open_to_nobody(town: Town) -> None:
    app = town.app

    @app.get("/v1/back-door")
    def back_door() -> str:
        return "open"

    with TestClient(app) as client:
        answer = client.get("/v1/back-door", headers=town.bearer(Role.OPERATOR))
    assert answer.status_code == 403
    assert back_door() == "open"


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_exactly_what_the_table_opens_to_it(town: Town, role: Role) -> None:
    wrong: list[str] = []
    with TestClient(town.app, follow_redirects=False) as client:
        for method, path in ROUTES:
            if path == "/v1/stream":
                continue
            where = _address(path)
            if path == "/v1/token/{token_id}":
                where = f"/v1/token/{_another_token(town, role)}"
            answer = client.request(method, where, headers=town.bearer(role), json={})
            roles = access.ROUTES[method, path]
            is_open = not roles or role in roles
            if (answer.status_code == 403) == is_open or answer.status_code == 401:
                wrong.append(f"{method} {path}: {answer.status_code}")
    # Logging in with nothing is refused by the door itself.
    assert [w for w in wrong if "/login" not in w] == []


def test_who_is_not_logged_in_gets_nothing_but_the_door(town: Town) -> None:
    with TestClient(town.app, follow_redirects=False) as client:
        for method, path in ROUTES:
            if not access.ROUTES[method, path]:
                continue
            answer = client.request(method, _address(path), json={})
            if path.startswith(("/v1", "/metrics")):
                assert answer.status_code == 401, f"{method} {path}"
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["www-authenticate"].startswith("Bearer")
            elif method == "GET":
                assert answer.status_code == 303
                assert answer.headers["location"].startswith("/login")
            else:
                assert answer.status_code == 401, f"{method} {path}"


def test_a_supervisor_cannot_make_persons_or_tokens_or_let_things_run_again(town: Town) -> None:
    supervisor = town.bearer(Role.SUPERVISOR)
    mine = town.people[Role.SUPERVISOR].id
    with TestClient(town.app) as client:
        new = {"name": "Friend", "roles": ["operator"]}
        assert client.post("/v1/person", json=new, headers=supervisor).status_code == 403
        token = {"person_id": mine}
        assert client.post("/v1/token", json=token, headers=supervisor).status_code == 403
        assert client.post(f"/v1/person/{mine}/link", headers=supervisor).status_code == 403
        stop = {"scope": "everything", "reason": "fire"}
        assert client.post("/v1/kill", json=stop, headers=supervisor).status_code == 200
        assert client.delete("/v1/kill/everything", headers=supervisor).status_code == 403
        operator = town.bearer(Role.OPERATOR)
        assert client.delete("/v1/kill/everything", headers=operator).status_code == 200


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic abc", "mg_x", "Bearer mg_wrong"])
def test_a_token_that_is_none_opens_nothing(town: Town, header: str) -> None:
    with TestClient(town.app) as client:
        answer = client.get("/v1/status", headers={"Authorization": header})
    assert answer.status_code == 401
