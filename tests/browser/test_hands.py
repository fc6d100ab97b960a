"""What a hand that slips must not do at the queue: approve what nobody meant to approve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from makegood.domain.authority import ReviewStatus
from makegood.domain.roles import Role
from makegood.gates import reviews
from tests.browser.desk import crowd, log_in, open_queue, row_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.api.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# What Enter in a field sends, as HTML has it: the first button. One that is disabled does not keep
# Chromium from pressing the next when it was a checkbox; one without a dialog sends nothing.
_DEFAULTS = """() => [...document.forms].map((form) => [
    form.getAttribute("action"),
    [...form.elements].filter((one) => one.type === "submit"),
  ])
  .filter(([, buttons]) => buttons.length > 1 && buttons[0].formMethod !== "dialog")
  .map(([action, buttons]) => `${action}: ${buttons[0].textContent.trim()}`)"""


def statuses(town: Town, ids: list[str]) -> set[ReviewStatus]:
    with town.store.read() as tx:
        return {reviews.get(tx, one).status for one in ids}


def chosen_of(page: Page, url: str, town: Town, number: int = 3) -> list[str]:
    """Have refunds held, show them, and select them; return their ids."""
    names = crowd(town, number)
    chosen = [item.id for item in town.waiting() if item.order_id in names]
    log_in(page, url, town)
    open_queue(page, url, "?q=so-500")
    for review_id in chosen:
        row_of(page, review_id).locator(".pick input").check()
    return chosen


def test_enter_in_the_form_of_a_batch_rejection_never_approves(
    page: Page, url: str, town: Town
) -> None:
    chosen = chosen_of(page, url, town)
    page.locator("#batch details.reject summary").click()
    reason = page.locator("#batch-reason")
    expect(reason).to_be_focused()
    expect(page.get_by_role("button", name="Approve selected")).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert statuses(town, chosen) == {ReviewStatus.OPEN}
    reason.focus()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("3 rejected")
    assert statuses(town, chosen) == {ReviewStatus.REJECTED}


def test_enter_on_a_checkbox_selects_or_does_nothing_and_never_decides(
    page: Page, url: str, town: Town
) -> None:
    chosen = chosen_of(page, url, town)
    for box in (
        row_of(page, chosen[0]).locator(".pick input"),
        page.locator("#pick-all"),
        page.locator("#batch input[name=fresh]"),
    ):
        box.focus()
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)
    assert statuses(town, chosen) == {ReviewStatus.OPEN}


def test_enter_on_a_checkbox_never_decides_where_there_are_no_scripts(
    browser: Browser, url: str, town: Town
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url + town.link(Role.SUPERVISOR))
    page.get_by_role("button", name="Log in with this link").click()
    page.goto(f"{url}/review")
    review_id = town.waiting()[0].id
    box = row_of(page, review_id).locator(".pick input")
    box.check()
    box.press("Enter")
    page.wait_for_timeout(300)
    assert statuses(town, [review_id]) == {ReviewStatus.OPEN}
    page.get_by_role("button", name="Approve selected").click()
    expect(page.locator("#toast")).to_contain_text("Approved")
    context.close()


def test_no_form_with_several_buttons_has_one_that_enter_presses(
    page: Page, url: str, town: Town
) -> None:
    log_in(page, url, town)
    review = town.waiting()[0]
    for where in ("/", "/review", f"/review/{review.id}", f"/order/{review.order_id}", "/ledger"):
        page.goto(url + where)
        assert page.evaluate(_DEFAULTS) == [], where


def test_the_key_of_approval_does_nothing_while_a_rejection_is_written(
    page: Page, url: str, town: Town
) -> None:
    log_in(page, url, town)
    open_queue(page, url)
    review_id = town.waiting()[0].id
    page.keyboard.press("r")
    expect(row_of(page, review_id).locator("select")).to_be_focused()
    row_of(page, review_id).locator("details.reject summary").focus()
    page.keyboard.press("a")
    page.wait_for_timeout(400)
    assert statuses(town, [review_id]) == {ReviewStatus.OPEN}
