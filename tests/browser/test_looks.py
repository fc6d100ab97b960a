"""How the console looks: on a phone, in light and dark, in both languages; nothing overflows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from makegood.domain.roles import Role
from makegood.gates import kill
from tests.browser.desk import log_in, open_queue

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

    from tests.api.town import Town
    from tests.browser.desk import Picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDE: ViewportSize = {"width": 1360, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 760}


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone_and_can_be_read(
    browser: Browser, url: str, town: Town, picture: Picture, scheme: str, language: str
) -> None:
    context = browser.new_context(
        viewport=PHONE, color_scheme="dark" if scheme == "dark" else "light", locale=language
    )
    page = context.new_page()
    page.goto(url + town.link(Role.SUPERVISOR))
    page.wait_for_url(url + "/")
    review = town.waiting()[0]
    pages = {
        "now": "/",
        "queue": "/review",
        "hold": f"/review/{review.id}",
        "order": "/order/so-1003",
        "decision": f"/decision/{review.action_id}",
        "ledger": "/ledger",
    }
    for name, where in pages.items():
        page.goto(url + where)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], f"{where} is {width} pixels wide"
        assert page.evaluate(_TOO_SMALL) == [], f"{where} has buttons too small for a thumb"
        picture(page, f"phone-{name}-{scheme}-{language[:2]}")
    page.set_viewport_size(WIDE)
    for name in ("now", "queue", "hold", "ledger"):
        page.goto(url + pages[name])
        assert page.evaluate(_PALE) == [], f"{name} has text that is too pale in {scheme}"
        picture(page, f"{name}-{scheme}-{language[:2]}")
    context.close()


# WCAG 2.2, 2.5.8: targets are at least 24 by 24 pixels, unless they are a link in a line of text.
_TOO_SMALL = """() => [...document.querySelectorAll("button, summary.button, input, select")]
  .filter((one) => one.checkVisibility() && one.type !== "hidden" && one.type !== "checkbox")
  .map((one) => [one.textContent.trim() || one.name, one.getBoundingClientRect()])
  .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 24))
  .map(([name, box]) => `${name}: ${Math.round(box.width)} x ${Math.round(box.height)}`)"""

# WCAG 2.2, 1.4.3: text stands out from what is behind it by 4.5 to 1, large text by 3 to 1.
_PALE = """() => {
  const rgb = (text) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (rgb(colour)[3] > 200) return colour;
    }
    return "Canvas";
  };
  const pale = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !one.checkVisibility() || one.closest("svg, .hush, button:disabled")) continue;
    const style = getComputedStyle(one);
    if (Number(style.opacity) < 1 || one.closest(".batch:not(.active) button")) continue;
    const [a, b] = [light(rgb(style.color)), light(rgb(behind(one)))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || parseFloat(style.fontSize) >= 18.66 &&
      Number(style.fontWeight) >= 700;
    if (ratio < (large ? 3 : 4.5)) {
      pale.push(`${one.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
    }
  }
  return [...new Set(pale)];
}"""


def test_the_language_is_switched_and_stays_switched(
    browser: Browser, url: str, town: Town
) -> None:
    context = browser.new_context(viewport=WIDE, locale="en-GB")
    page = context.new_page()
    log_in(page, url, town)
    open_queue(page, url, "?kind=refund")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("h1")).to_have_text("等待人工审批")
    expect(page).to_have_url(f"{url}/review?kind=refund")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    rows = page.locator("li.hold")
    expect(rows.first).to_contain_text("退款 ¥")
    expect(rows.first.locator(".why")).to_contain_text("须由人批准")
    review = next(item for item in town.waiting() if item.action.kind == "refund")
    page.locator(f"#approve-{review.id}").click()
    expect(page.locator(f"#undo-{review.id}")).to_contain_text("已批准")
    page.locator(f"#undo-{review.id} button").click()
    expect(page.locator("#toast")).to_have_text("已撤销，恢复等待审批。")
    expect(page.locator(f"#hold-{review.id}")).to_be_visible()
    # The page does not hear what somebody else does now.
    page.route("**/*part=*", lambda route: route.abort())
    town.approve(review.id)
    page.locator(f"#approve-{review.id}").click()
    expect(page.locator("#toast")).to_contain_text("已被处理")
    page.goto(url + "/")
    page.get_by_role("button", name="English").click()
    expect(page.locator("#first-title")).to_contain_text("Waiting for a person")
    context.close()


def test_what_is_stopped_is_red_everywhere_and_let_go_by_an_operator(
    browser: Browser, url: str, town: Town, picture: Picture
) -> None:
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    log_in(page, url, town)
    page.locator("#kill-form summary").click()
    page.locator("#kill-reason").fill("The provider pays twice")
    page.get_by_role("button", name="Stop it now").click()
    expect(page.locator("#alarm")).to_contain_text("Stopped: everything")
    expect(page.locator("#stops").get_by_role("button")).to_have_count(0)
    picture(page, "stopped")
    with town.store.read() as tx:
        assert [one.scope for one in kill.switches(tx)] == ["everything"]
    context.clear_cookies()
    log_in(page, url, town, Role.OPERATOR)
    page.locator("#stops").get_by_role("button").click()
    expect(page.locator("#alarm")).to_be_hidden()
    context.close()
