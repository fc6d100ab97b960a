"""A supervisor's way through the console, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from makegood.domain.authority import ReviewStatus
from makegood.domain.roles import Role
from makegood.gates import reviews

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page, ViewportSize

    from tests.api.town import Town

    Picture = Callable[[Page, str], None]

pytestmark = pytest.mark.browser

WIDE: ViewportSize = {"width": 1360, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 760}


def _log_in(page: Page, url: str, town: Town, role: Role = Role.SUPERVISOR) -> None:
    page.goto(url + town.link(role))
    page.wait_for_url(url + "/")
    expect(page.locator(".live")).to_contain_text("Live")


def _goes_on(town: Town) -> None:
    """Let the executor do what was granted, as the daemon does when it is woken."""
    town.executor.settle()
    town.changes.publish()


def test_a_supervisor_approves_one_hold_rejects_one_and_sees_what_happened(
    page: Page, url: str, town: Town, picture: Picture
) -> None:
    _log_in(page, url, town)
    holds = page.locator(".hold")
    expect(holds).to_have_count(len(town.waiting()))
    expect(page.locator("#incidents")).to_contain_text("rain 14.2 mm/h at Hub North")
    picture(page, "now")

    first = holds.first.get_attribute("id")
    review_id = str(first).removeprefix("hold-")
    sentence = holds.first.locator("h3").inner_text()
    holds.first.get_by_role("button", name="Approve").click()
    expect(page.locator("#toast")).to_contain_text("Approved")
    expect(page.locator(f"#hold-{review_id}")).to_have_count(0)
    just = page.locator(f"#just-{review_id}")
    expect(just).to_contain_text(sentence)
    _goes_on(town)
    expect(just.locator(".steps .done")).to_have_count(3)
    expect(just).to_contain_text("approved by Supervisor Person")
    expect(just).to_contain_text("reference obl_")

    second = str(holds.first.get_attribute("id")).removeprefix("hold-")
    holds.first.locator("summary").click()
    holds.first.get_by_label("Reason").select_option("not_owed")
    holds.first.get_by_label("Note").fill("Delivered after all, the customer says")
    picture(page, "rejecting")
    holds.first.get_by_role("button", name="Reject for good").click()
    expect(page.locator(f"#just-{second}")).to_contain_text("rejected by Supervisor Person")
    expect(page.locator(f"#just-{second}")).to_contain_text("Not owed")
    picture(page, "decided")

    with town.store.read() as tx:
        assert reviews.get(tx, review_id).status is ReviewStatus.APPROVED
        assert reviews.get(tx, second).status is ReviewStatus.REJECTED
    assert town.ledger_is_sound()


def test_a_new_hold_arrives_by_itself_while_a_rejection_is_being_written(
    page: Page, url: str, town: Town
) -> None:
    _log_in(page, url, town)
    holds = page.locator(".hold")
    before = holds.count()
    holds.first.locator("summary").click()
    holds.first.get_by_label("Note").fill("half a sent")
    arrived = town.hold("so-1001")
    town.changes.publish()
    expect(holds).to_have_count(before + 1)
    expect(page.locator(f"#hold-{arrived}")).to_be_visible()
    expect(holds.first.get_by_label("Note")).to_have_value("half a sent")
    expect(holds.first.get_by_label("Note")).to_be_focused()


def test_a_stale_hold_says_what_changed_and_is_not_approved(
    page: Page, url: str, town: Town, picture: Picture
) -> None:
    _log_in(page, url, town)
    review = next(item for item in town.waiting() if item.action.kind == "refund")
    town.happen("sales_order.delivered", review.order_id)
    page.locator(f"#approve-{review.id}").click()
    expect(page.locator("#toast")).to_contain_text("changed")
    expect(page.locator(f"#hold-{review.id} .warn")).to_contain_text("delivered")
    picture(page, "stale")
    with town.store.read() as tx:
        assert reviews.get(tx, review.id).status is ReviewStatus.STALE
    assert town.refunded() == 0


def test_the_slower_of_two_supervisors_hears_what_the_faster_one_did(
    page: Page, url: str, town: Town
) -> None:
    _log_in(page, url, town)
    review = town.waiting()[0]
    town.approve(review.id)
    page.locator(f"#approve-{review.id}").click()
    expect(page.locator("#toast")).to_contain_text("decided already: approved by")
    expect(page.locator(f"#hold-{review.id}")).to_have_count(0)


def test_one_hold_and_one_order_show_everything(
    page: Page, url: str, town: Town, picture: Picture
) -> None:
    _log_in(page, url, town)
    page.locator(".hold h3 a").first.click()
    expect(page.locator("h1")).to_contain_text("order so-")
    expect(page.locator(".bars").first).to_contain_text("%")
    picture(page, "hold")
    page.locator("h2 a").first.click()
    expect(page.locator("#timeline")).to_contain_text("Sales order: placed")
    picture(page, "order")


def test_an_auditor_looks_and_cannot_decide(page: Page, url: str, town: Town) -> None:
    _log_in(page, url, town, Role.AUDITOR)
    expect(page.locator("#queue")).to_contain_text("You can look, but not decide.")
    expect(page.locator(".decide")).to_have_count(0)


def test_a_used_link_says_so(page: Page, url: str, town: Town, picture: Picture) -> None:
    link = town.link(Role.SUPERVISOR)
    page.goto(url + link)
    page.wait_for_url(url + "/")
    page.get_by_role("button", name="Log out").click()
    expect(page.locator(".doorway")).to_contain_text("You are logged out.")
    picture(page, "login")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_console_fits_a_phone_in_light_and_dark(
    browser: Browser, url: str, town: Town, picture: Picture, scheme: str
) -> None:
    context = browser.new_context(
        viewport=PHONE, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    _log_in(page, url, town)
    for where in ("/", f"/review/{town.waiting()[0].id}", "/order/so-1003"):
        page.goto(url + where)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], f"{where} is {width} pixels wide"
    page.goto(url)
    picture(page, f"phone-{scheme}")
    if scheme == "dark":
        page.set_viewport_size(WIDE)
        picture(page, "now-dark")
    context.close()


def test_the_console_works_without_scripts(browser: Browser, url: str, town: Town) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url + town.link(Role.SUPERVISOR))
    page.get_by_role("button", name="Log in with this link").click()
    review = town.waiting()[0]
    page.locator(f"#approve-{review.id}").click()
    expect(page.locator("#toast")).to_contain_text("Approved")
    with town.store.read() as tx:
        assert reviews.get(tx, review.id).status is ReviewStatus.APPROVED
    context.close()
