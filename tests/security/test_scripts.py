"""Scripts in what customers, agents, outside systems and people write: pages show them as text."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import pytest
from sqlmodel import SQLModel

from makegood.api import access
from makegood.domain.entities import EntityKind
from makegood.domain.roles import Role
from makegood.events.schema import catalogue
from tests.gates.world import ACTION, REVIEW
from tests.security import polluted
from tests.security.payloads import ATTRIBUTES, CATALOGUE, ELEMENTS, ENDINGS, FEW, MARK

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.town import Town

_LEADS: Final = {"href", "src", "action", "formaction", "data", "poster", "xlink:href"}


class _Page(HTMLParser):
    """Collects everything of a page that carries the mark and is more than text."""

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
            if MARK in name or (MARK in (value or "") and _runs(tag, name, value or "")):
                self.bad.append(f"<{tag} {name}={value}>")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in {"script", "style"} and MARK in data:
            self.bad.append(f"{self._inside}: {data[:80]}")

    def handle_comment(self, data: str) -> None:
        if MARK in data:
            self.bad.append(f"comment: {data[:80]}")

    def handle_decl(self, decl: str) -> None:
        if MARK in decl:
            self.bad.append(f"declaration: {decl[:80]}")


def _runs(tag: str, name: str, value: str) -> bool:
    """Say whether a browser does more with the value of an attribute than to keep it."""
    if name in _LEADS:
        return not value.startswith(("/", "#", "?")) or value.startswith("//")
    refreshes = tag == "meta" and name == "content"
    return name.startswith("on") or name in {"srcdoc", "style"} or refreshes


@pytest.mark.parametrize(
    "payloads",
    [
        pytest.param(FEW, id="few"),
        pytest.param(
            CATALOGUE, id="catalogue", marks=[pytest.mark.slow, pytest.mark.timeout(1200)]
        ),
    ],
)
def test_no_text_that_anybody_fills_in_runs_on_a_page(
    client: TestClient, town: Town, payloads: tuple[str, ...]
) -> None:
    """Every text of orders, deliveries, couriers, hubs, agents and people; each page is read."""
    polluted.fill(town, payloads)
    assert client.post(town.link(Role.OPERATOR)).status_code == 303
    pages = _every_page(client, town)
    marked = [where for where, html in pages.items() if MARK in html]
    assert len(marked) > 2 * len(payloads), "the pages do not show what was filled in"
    for number in range(len(payloads)):
        assert f"/order/x{number}" in marked
    for shown in ("/", "/review", "/ledger"):
        assert shown in marked, shown
    assert {where: bad for where in marked if (bad := _Page(pages[where]).bad)} == {}


@pytest.mark.parametrize("kind", sorted(each.name for each in catalogue.CATALOGUE))
def test_a_text_in_place_of_any_string_of_an_event_becomes_no_id_and_no_status(
    client: TestClient, town: Town, kind: str
) -> None:
    """What is no free text is set aside, wherever in the event it stands."""
    fields = [
        field.alias or name
        for name, field in catalogue.CATALOGUE[kind].data.model_fields.items()
        if "str" in str(field.annotation)
    ]
    for payload in FEW:
        for name in fields:
            assert polluted.tell(client, town, kind, "s1", "h1", **{name: payload}) < 500
        for subject, hub in ((payload, "h1"), ("s1", payload)):
            assert polluted.tell(client, town, kind, subject, hub) < 500
    with town.store.read() as tx:
        for entity in EntityKind:
            for row in tx.execute(SQLModel.metadata.tables[entity].select()):
                assert not any(MARK in text for text in (row.id, row.hub_id, row.status)), row.id


def _every_page(client: TestClient, town: Town) -> dict[str, str]:
    """Ask for every page there is, about everything there is, and for what a text would name."""
    actions = town.rows(ACTION)
    there = {
        "order_id": sorted({row.order_id for row in actions}),
        "action_id": [row.id for row in actions],
        "review_id": [row.id for row in town.rows(REVIEW)],
    }
    found: dict[str, str] = {}
    for method, path in access.ROUTES:
        if method != "GET" or path.startswith(("/v1", "/static", "/metrics")):
            continue
        for where in _addresses(path, there):
            answer = client.get(where)
            assert answer.status_code < 500, where
            if "html" in answer.headers.get("content-type", ""):
                found[where] = answer.text
    return found


def _addresses(path: str, there: dict[str, list[str]]) -> list[str]:
    named = re.search(r"\{([^}]+)\}", path)
    if named is None:
        asked = [f"?{name}={quote(p)}" for p in FEW for name in ("q", "hub", "cause", "then")]
        return [path, *(path + query for query in asked)]
    values = [*there.get(named[1], []), *FEW, "none"]
    return [path.replace(named[0], quote(value, safe="")) for value in values]


@pytest.mark.parametrize("payload", [*ELEMENTS[:2], *ELEMENTS[3:], *ENDINGS[:1], *ATTRIBUTES[:4]])
def test_what_the_reader_calls_bad_is_found(payload: str) -> None:
    """Written into a page as it is, it is found at one of the places where a page shows texts."""
    html = f"<title>x</title><p title='{payload}'>{payload}</p><p title=\"{payload}\"></p>"
    assert _Page(html).bad


@pytest.mark.parametrize("payload", [each for each in ATTRIBUTES if "script:" in each.lower()])
def test_a_link_that_leads_to_a_script_is_found(payload: str) -> None:
    assert _Page(f'<a href="{html.escape(payload)}">x</a>').bad
