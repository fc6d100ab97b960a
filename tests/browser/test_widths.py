"""Nothing is pushed out of its place: at widths in between, and by ids as long as they may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.domain.roles import Role
from tests.gates.world import cancel, refund

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.api.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# As long as the id of a delivery or a customer (two letters more) may be.
LONG = "so-" + "x" * 123


@pytest.mark.parametrize("width", [360, 1021, 1100, 1300])
def test_nothing_overflows_at_widths_in_between_or_with_the_longest_ids(
    browser: Browser, url: str, town: Town, width: int
) -> None:
    town.orders(LONG, captured=6000)
    town.propose(refund(LONG), agent="a" * 32)
    town.propose(cancel(LONG, 6000), agent="a" * 128)
    back, end = (one for one in town.waiting() if one.order_id == LONG)
    town.approve(back.id)
    town.executor.settle()
    town.reject(end.id)
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(url + town.link(Role.SUPERVISOR))
    page.wait_for_url(url + "/")
    for path in (
        "/",
        "/review",
        f"/review/{back.id}",
        f"/review/{end.id}",
        f"/order/{LONG}",
        f"/decision/{end.action_id}",
        "/ledger",
        f"/ledger?order={LONG}",
    ):
        page.goto(url + path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{path} is {wide} pixels wide"
        assert page.evaluate(_BROKEN) == [], f"words of {path} stand letter under letter"
    context.close()


# A word that is broken into letters is several times as high as it is wide.
_BROKEN = """() => [...document.querySelectorAll(".bars dt, h3, h4, button, .pill, dt, label")]
  .filter((one) => one.checkVisibility() && !one.closest(".hush"))
  .map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
  .filter(([text, box]) => text.length > 3 && box.height > 3 * box.width)
  .map(([text, box]) => `${text.slice(0, 20)}: ${box.width} x ${box.height}`)"""
