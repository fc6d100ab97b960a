"""What a hostile customer, page or link could do to a browser: scripts, forged forms, redirects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from makegood.api import access
from makegood.api.auth import COOKIE
from makegood.api.console.entry import inner_path
from makegood.domain.roles import Role
from makegood.gates import logins

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.town import Town


def _log_in(client: TestClient, town: Town, role: Role = Role.SUPERVISOR) -> str:
    assert client.post(town.link(role)).status_code == 303
    return logins.csrf_of(client.cookies[COOKIE])


def test_no_form_of_the_console_is_taken_without_the_sessions_own_token(
    client: TestClient, town: Town
) -> None:
    _log_in(client, town, Role.OPERATOR)
    right = {"csrf": logins.csrf_of(client.cookies[COOKIE])}
    strangers = logins.csrf_of("another session")
    paths = sorted(path for method, path in access.ROUTES if method == "POST" and "/v1" not in path)
    assert len(paths) > 10
    for path in paths:
        where = re.sub(r"\{[^}]+\}", "x", path)
        crossing = client.post(where, data=right, headers={"Sec-Fetch-Site": "cross-site"})
        assert crossing.status_code == 403, where
        if path.startswith(("/login", "/language")):
            # Nobody is logged in there, so that there is no session whose token could be asked for.
            continue
        for token in ("", "wrong", strangers, right["csrf"].upper()):
            for headers in ({}, {"X-CSRF-Token": token}, {"Content-Type": "text/plain"}):
                answer = client.post(where, data={"csrf": token}, headers=headers)
                assert answer.status_code == 403, (where, token, headers)


def test_a_cookie_alone_changes_nothing_through_the_api(client: TestClient, town: Town) -> None:
    plain = {"Content-Type": "text/plain"}
    _log_in(client, town, Role.OPERATOR)
    for method, path in access.ROUTES:
        if method == "GET" or not path.startswith("/v1"):
            continue
        where = re.sub(r"\{[^}]+\}", "x", path)
        for answer in (
            client.request(method, where, content=b"{}", headers=plain),
            client.request(method, where, json={}),
        ):
            assert answer.status_code == 403, where
            assert "form token" in answer.text, where


PARTS: Final = (
    "/",
    "\\",
    "//",
    "evil.example",
    "http:",
    "@",
    ":",
    "%2f",
    "%5c",
    "\t",
    "\n",
    "..",
    "?",
)
INNER: Final = st.one_of(
    st.text(max_size=40), st.lists(st.sampled_from(PARTS), max_size=8).map("".join)
)


@given(then=INNER)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_where_a_log_in_leads_is_always_a_path_of_this_site(then: str) -> None:
    path = inner_path(then)
    parts = urlsplit(path)
    assert (parts.scheme, parts.netloc) == ("", "")
    assert path.startswith("/")
    # As a browser reads it: it drops tabs and line ends, and takes a backslash for a slash.
    seen = re.sub(r"[\t\r\n]", "", path).replace("\\", "/")
    assert not seen.startswith("//")


@pytest.mark.parametrize(
    "then", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/e"]
)
@pytest.mark.parametrize("where", ["/login", "/language/zh"])
def test_no_form_leads_to_another_site(
    client: TestClient, town: Town, where: str, then: str
) -> None:
    data = {"token": town.secrets[Role.AUDITOR], "then": then}
    answer = client.post(where, data=data)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    _log_in(client, town)
    assert client.get("/login", params={"then": then}).headers["location"] == "/"


def test_a_session_planted_by_an_attacker_is_never_the_victims(
    client: TestClient, town: Town
) -> None:
    """The attacker's own session, planted before the victim logs in, stays the attacker's."""
    _log_in(client, town, Role.AUDITOR)
    planted = client.cookies[COOKIE]
    for log_in in (
        lambda: client.post(town.link(Role.SUPERVISOR)),
        lambda: client.post("/login", data={"token": town.secrets[Role.SUPERVISOR]}),
    ):
        client.cookies.clear()
        client.cookies.set(COOKIE, planted)
        answer = log_in()
        assert answer.status_code == 303
        assert answer.cookies[COOKIE] != planted
        with town.store.read() as tx:
            assert logins.session(tx, planted, town.wall.now_us()) is None


@pytest.mark.parametrize(
    "cookie", ["", "x", "../..", "'; DROP TABLE person; --", "a" * 5000, "%00"]
)
def test_a_made_up_cookie_is_nobody(client: TestClient, cookie: str) -> None:
    answer = client.get("/v1/status", headers={"Cookie": f"{COOKIE}={cookie}"})
    assert answer.status_code == 401
