"""Logging in: cookies, links that work once, and forms that only our own pages can send."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from makegood.api.auth import COOKIE
from makegood.clock import HOUR, MINUTE
from makegood.domain.roles import Role
from makegood.gates import logins, tokens

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.town import Town


def _log_in(client: TestClient, town: Town, role: Role = Role.SUPERVISOR) -> str:
    """Log in and return the form token of the pages."""
    answer = client.post(town.link(role))
    assert answer.status_code == 303
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', client.get("/").text)
    assert found is not None
    return found[1]


def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    client: TestClient, town: Town
) -> None:
    answer = client.post(town.link(Role.SUPERVISOR))
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for flag in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"):
        assert flag in cookie
    secret = answer.cookies[COOKIE]
    with town.store.read() as tx:
        kept = tx.execute(logins.SESSION.select()).one()
    assert secret not in repr(kept)
    assert kept.hash == tokens.secret_hash(secret)


def test_a_cookie_is_sent_over_https_only_where_settings_say_so(town: Town) -> None:
    from dataclasses import replace

    from fastapi.testclient import TestClient

    from makegood.api.app import application

    with TestClient(application(replace(town.desk, secure_cookies=True))) as client:
        answer = client.post(town.link(Role.AUDITOR), follow_redirects=False)
    assert "; Secure" in answer.headers["set-cookie"]


def test_looking_at_a_link_does_not_use_it_and_using_it_does(
    client: TestClient, town: Town
) -> None:
    link = town.link(Role.SUPERVISOR)
    for _ in range(2):
        assert client.get(link).status_code == 200
    assert client.post(link).status_code == 303
    client.cookies.clear()
    again = client.post(link)
    assert again.status_code == 401
    assert "used up or expired" in again.text
    assert "set-cookie" not in again.headers


def test_a_link_does_not_work_after_ten_minutes(client: TestClient, town: Town) -> None:
    link = town.link(Role.SUPERVISOR)
    town.wall.advance(10 * MINUTE)
    assert client.post(link).status_code == 401


def test_a_token_logs_in_and_a_wrong_one_does_not(client: TestClient, town: Town) -> None:
    wrong = client.post("/login", data={"token": "mg_wrong"})
    assert wrong.status_code == 401
    assert "opens nothing" in wrong.text
    right = client.post("/login", data={"token": town.secrets[Role.AUDITOR], "then": "/order/so-1"})
    assert (right.status_code, right.headers["location"]) == (303, "/order/so-1")
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "then",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "evil",
        "/a\r\nSet-Cookie: x=1",
    ],
)
def test_logging_in_never_leads_to_another_site(client: TestClient, town: Town, then: str) -> None:
    data = {"token": town.secrets[Role.AUDITOR], "then": then}
    assert client.post("/login", data=data).headers["location"] == "/"


def test_logging_in_ends_the_session_that_the_browser_had_before(
    client: TestClient, town: Town
) -> None:
    _log_in(client, town, Role.AUDITOR)
    before = client.cookies[COOKIE]
    _log_in(client, town, Role.SUPERVISOR)
    assert client.cookies[COOKIE] != before
    with town.store.read() as tx:
        assert logins.session(tx, before, town.wall.now_us()) is None


def test_a_planted_session_is_not_taken_up(client: TestClient, town: Town) -> None:
    client.cookies.set(COOKIE, "planted")
    assert client.post(town.link(Role.SUPERVISOR)).cookies[COOKIE] != "planted"


def test_a_session_ends_by_itself_and_by_logging_out(client: TestClient, town: Town) -> None:
    csrf = _log_in(client, town)
    secret = client.cookies[COOKIE]
    assert client.post("/logout", data={"csrf": csrf}).status_code == 303
    client.cookies.set(COOKIE, secret)
    assert client.get("/").headers["location"] == "/login"
    client.cookies.clear()
    _log_in(client, town)
    town.wall.advance(12 * HOUR)
    assert client.get("/").status_code == 303


def test_a_form_without_the_sessions_own_token_is_refused(client: TestClient, town: Town) -> None:
    town.order("so-1")
    review = town.hold("so-1")
    _log_in(client, town)
    other = logins.csrf_of("another session")
    seen = town.waiting()[0].seen
    for csrf in ("", "wrong", other):
        for where, more in (
            (f"/review/{review}/approve", {"seen": seen}),
            (f"/review/{review}/reject", {"reason": "other"}),
            ("/logout", {}),
        ):
            answer = client.post(where, data={"csrf": csrf, **more})
            assert answer.status_code == 403, where
    assert [item.id for item in town.waiting()] == [review]


def test_the_api_takes_a_cookie_for_reading_and_asks_for_the_form_token_to_write(
    client: TestClient, town: Town
) -> None:
    csrf = _log_in(client, town)
    assert client.get("/v1/status").status_code == 200
    body = {"scope": "everything", "reason": "fire"}
    assert client.post("/v1/kill", json=body).status_code == 403
    allowed = client.post("/v1/kill", json=body, headers={"X-CSRF-Token": csrf})
    assert allowed.status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_a_page_of_another_site_sends_is_refused_even_at_the_door(
    client: TestClient, town: Town, site: str
) -> None:
    link = town.link(Role.SUPERVISOR)
    answer = client.post(link, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert client.post(link, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_pages_allow_no_inline_script_no_frame_and_no_other_host(
    client: TestClient, town: Town
) -> None:
    _log_in(client, town)
    for where in ("/", "/login/x", "/order/none"):
        answer = client.get(where)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", answer.text)
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", answer.text)
