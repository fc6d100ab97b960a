"""What a hostile customer, page or link could do to a browser: scripts, forged forms, redirects."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from makegood.api import access
from makegood.api.auth import COOKIE
from makegood.api.console.entry import inner_path
from makegood.domain.authority import Verdict
from makegood.domain.canonical import digest
from makegood.domain.roles import Role
from makegood.gates import logins
from tests.gates.world import refund

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.town import Town

MARK: Final = "xssmark"
PAYLOADS: Final = (
    f"<script>{MARK}()</script>",
    f'"><img src=x onerror={MARK}()>',
    f"' onmouseover='{MARK}()",
    f"javascript:{MARK}()",
    f"</title><svg/onload={MARK}()>",
    f"{{{{ {MARK} }}}}{{% raw %}}",
    f"<!--{MARK}--><iframe srcdoc='<script>{MARK}()</script>'>",
    f"\u202e<b {MARK}>\x00",
)


class _Page(HTMLParser):
    """Collects every element, attribute and script of a page that carries the mark."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.bad: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        if MARK in tag:
            self.bad.append(f"<{tag}>")
        for name, value in attrs:
            runs = name.startswith("on") or name in {"srcdoc", "style"}
            leads = name in {"href", "src", "action", "formaction"}
            text = (value or "").strip().lower()
            if MARK in name or (MARK in text and (runs or (leads and "javascript:" in text))):
                self.bad.append(f"<{tag} {name}={value}>")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in {"script", "style", "title"} and f"<script>{MARK}" in data.lower():
            self.bad.append(f"{self._inside}: {data[:80]}")
        if self._inside == "script" and MARK in data:
            self.bad.append(f"script: {data[:80]}")

    def handle_comment(self, data: str) -> None:
        if MARK in data:
            self.bad.append(f"comment: {data[:80]}")


def _log_in(client: TestClient, town: Town, role: Role = Role.SUPERVISOR) -> str:
    assert client.post(town.link(role)).status_code == 303
    return logins.csrf_of(client.cookies[COOKIE])


def _tell(client: TestClient, town: Town, kind: str, subject: str, **data: object) -> int:
    """Send one event as its source does; return the status, which is 200 where it was taken."""
    event = {
        "specversion": "1.0",
        "id": digest([kind, subject, data]),
        "source": "https://oms.example/shop",
        "type": kind,
        "subject": subject,
        "hub": "h1",
        "time": "2026-07-14T10:00:00Z",
        "data": data,
    }
    headers = town.bearer(Role.SOURCE) | {"Content-Type": "application/cloudevents+json"}
    return client.post("/v1/events", content=orjson.dumps(event), headers=headers).status_code


def test_no_field_that_a_customer_fills_in_runs_on_a_page(client: TestClient, town: Town) -> None:
    """Every text of orders, deliveries, hubs and couriers carries it; each page is read."""
    for number, payload in enumerate(PAYLOADS):
        _fill_in(client, town, payload, number)
        _fill_in_ids(client, town, payload)
    _log_in(client, town)
    pages = _every_page(client, town)
    marked = [where for where, html in pages.items() if MARK in html]
    assert len(marked) > 20, "the pages do not show what was filled in, so nothing was tested"
    for number in range(len(PAYLOADS)):
        assert f"/order/x{number}" in marked
    assert {where: bad for where in marked if (bad := _Page(pages[where]).bad)} == {}


def _fill_in(client: TestClient, town: Town, payload: str, number: int) -> None:
    """Let an order, its delivery, its courier and its hub say it wherever they may say anything."""
    order, customer = f"x{number}", f"c-x{number}"
    said = {"address": payload, "customer_id": customer, "promised_at": "2026-07-14T10:40:00Z"}
    person = {"customer_name": payload, "customer_phone": payload, "note": payload}
    money = {"minor": 5000, "currency": "EUR"}
    courier = {"name": payload, "phone": payload, "vehicle": "e_bike", "capacity": 1}
    created = {"order_id": order, "customer_id": customer}
    for kind, subject, data in (
        ("hub.registered", "h1", {"name": payload, "zone": "Asia/Shanghai"}),
        ("sales_order.placed", order, {"total": money, **said, **person}),
        ("sales_order.payment_captured", order, {"amount": money}),
        ("fulfilment_order.created", f"f-{order}", created),
        ("courier.registered", f"k-{order}", courier),
    ):
        assert _tell(client, town, kind, subject, **data) == 200, (kind, subject)
    judged = town.one(refund(order, customer_id=customer), agent=payload)
    assert judged.verdict is Verdict.HOLD


def _fill_in_ids(client: TestClient, town: Town, payload: str) -> None:
    """Send it where an id is meant: it is set aside, and shown with what was set aside."""
    money = {"minor": 5000, "currency": "EUR"}
    whose = {"customer_id": payload, "promised_at": "2026-07-14T10:40:00Z"}
    _tell(client, town, "sales_order.placed", payload, total=money, **whose)
    _tell(client, town, "sales_order.placed", "plain", total=money, **whose)
    _tell(client, town, "courier.registered", payload, name=payload, vehicle="e_bike", capacity=1)
    _tell(client, town, payload, payload, anything=payload)
    with pytest.raises(ValidationError):
        refund(payload, customer_id=payload)


def _every_page(client: TestClient, town: Town) -> dict[str, str]:
    ids = [each for item in town.waiting() for each in (item.id, item.action_id, item.order_id)]
    found: dict[str, str] = {}
    for method, path in access.ROUTES:
        if method != "GET" or path.startswith(("/v1", "/static", "/metrics")):
            continue
        values = [*(quote(each, safe="") for each in (*ids, *PAYLOADS)), "none"]
        asked = [f"?{name}={quote(p)}" for p in PAYLOADS for name in ("q", "hub", "cause", "then")]
        addresses = (
            [re.sub(r"\{[^}]+\}", value, path) for value in values]
            if "{" in path
            else [path, *(path + query for query in asked)]
        )
        for where in addresses:
            answer = client.get(where)
            assert answer.status_code < 500, where
            if "html" in answer.headers.get("content-type", ""):
                found[where] = answer.text
    return found


def test_what_the_reader_calls_bad_is_found() -> None:
    for payload in PAYLOADS[:3]:
        html = f"<title>x</title><p title='{payload}'>{payload}</p><a href='{payload}'>x</a>"
        assert _Page(html).bad, payload


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
