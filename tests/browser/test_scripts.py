"""What customers, agents and outside systems write, in a real browser: none of it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from makegood.domain.roles import Role
from tests.browser.desk import log_in
from tests.gates.world import ACTION, REVIEW
from tests.security import polluted
from tests.security.payloads import CATALOGUE, FEW, MARK

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page

    from tests.api.town import Town

pytestmark = pytest.mark.browser

# What a browser has made of a page: elements that would run, lead or load, and who is to blame.
_FOREIGN = """() => [...document.querySelectorAll('*')].filter(e =>
    [...e.attributes].some(a => a.name.startsWith('on') || a.name === 'srcdoc')
    || (['SCRIPT', 'IMG'].includes(e.tagName) && e.src
        && new URL(e.src).origin !== location.origin)
    || (e.tagName === 'SCRIPT' && e.textContent.includes('xssmark'))
    || (e.href && String(e.href).toLowerCase().includes('script:'))
    || ['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'MARQUEE', 'MATH'].includes(e.tagName)
).map(e => e.outerHTML.slice(0, 200))"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "payloads", [pytest.param(FEW, id="few"), pytest.param(CATALOGUE, id="catalogue")]
)
def test_no_text_that_anybody_fills_in_runs_in_a_browser(
    page: Page, url: str, town: Town, payloads: tuple[str, ...]
) -> None:
    """The page fixture fails besides when the content policy had to refuse a script."""
    polluted.fill(town, payloads)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: _note(dialogs, dialog))
    page.add_init_script(f"window.ran = 0; window.{MARK} = () => {{ window.ran += 1; }}")
    log_in(page, url, town, Role.OPERATOR)
    shown = 0
    for where in _addresses(town, payloads):
        page.goto(url + where)
        page.evaluate(
            "() => document.querySelectorAll('details').forEach(each => { each.open = true; })"
        )
        for event in ("mouseover", "focus", "toggle", "error"):
            page.evaluate(
                "name => document.querySelectorAll('main *').forEach("
                "each => each.dispatchEvent(new Event(name)))",
                event,
            )
        assert page.evaluate("() => window.ran") == 0, where
        assert page.evaluate(_FOREIGN) == [], where
        shown += MARK in page.content()
    assert shown > len(payloads)
    assert dialogs == []


def _note(dialogs: list[str], dialog: Dialog) -> None:
    dialogs.append(dialog.message)
    dialog.dismiss()


def _addresses(town: Town, payloads: tuple[str, ...]) -> list[str]:
    orders = [f"/order/x{number}" for number in range(len(payloads))]
    decisions = [f"/decision/{row.id}" for row in town.rows(ACTION) if row.order_id[0] == "x"]
    holds = [f"/review/{row.id}" for row in town.rows(REVIEW) if row.order_id[0] == "x"]
    asked = [f"{path}?q={quote(each)}" for path in ("/", "/review", "/ledger") for each in FEW]
    return ["/", "/review", "/ledger", *orders, *decisions, *holds, *asked]


def test_a_script_that_does_stand_on_a_page_is_found(page: Page) -> None:
    """Or else that nothing was found would say nothing."""
    page.add_init_script(f"window.ran = 0; window.{MARK} = () => {{ window.ran += 1; }}")
    page.route("http://shop.example/**", lambda route: route.fulfill(body=_OPEN))
    page.goto("http://shop.example/")
    assert page.evaluate("() => window.ran") == 1
    assert len(page.evaluate(_FOREIGN)) == 2


_OPEN = f"<html><body><script>{MARK}()</script><a href='javascript:{MARK}()'>x</a></body></html>"
