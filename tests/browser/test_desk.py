"""Working through the queue in a real browser: by keyboard, by the batch, two at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from makegood.domain.authority import ReviewStatus
from makegood.domain.roles import Role
from makegood.gates import reviews
from tests.browser.desk import another_link, crowd, enter, goes_on, log_in, open_queue, row_of
from tests.gates.world import refund

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.api.town import Town
    from tests.browser.desk import Picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _status(town: Town, review_id: str) -> ReviewStatus:
    with town.store.read() as tx:
        return reviews.get(tx, review_id).status


def _count(town: Town, status: ReviewStatus) -> int:
    with town.store.read() as tx:
        return len(reviews.queue(tx, [status], None, 500))


def test_fifty_holds_are_worked_through_by_keyboard_alone(
    page: Page, url: str, town: Town, picture: Picture
) -> None:
    crowd(town, 50 - len(town.waiting()))
    log_in(page, url, town)
    rows = open_queue(page, url)
    expect(rows).to_have_count(50)
    picture(page, "queue-50")
    for number in range(50):
        # A key decides on what has stood under the cursor for a moment.
        expect(page.locator("li.hold.current:not(.arrived)")).to_have_count(1)
        first = str(page.locator("li.hold.current").get_attribute("id"))
        if number % 5 == 4:
            page.keyboard.press("r")
            expect(page.locator("details.reject[open] select")).to_be_focused()
            page.keyboard.press("1")
            page.keyboard.press("Enter")
        else:
            page.keyboard.press("a")
        expect(page.locator(f"#{first}")).to_have_count(0)
    expect(page.locator("#holds-empty")).to_contain_text("Nothing waits for you.")
    picture(page, "queue-empty")
    assert _count(town, ReviewStatus.REJECTED) == 10
    assert _count(town, ReviewStatus.APPROVING) == 40
    goes_on(town, seconds=9)
    assert _count(town, ReviewStatus.APPROVED) == 40
    assert town.ledger_is_sound()


def test_keys_move_select_open_and_help(page: Page, url: str, town: Town) -> None:
    log_in(page, url, town)
    rows = open_queue(page, url)
    ids = [str(rows.nth(place).get_attribute("id")) for place in range(3)]
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("li.hold.current")).to_have_id(ids[2])
    page.keyboard.press("x")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("#picked")).to_have_text("2 selected · CN¥92.00")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("undo the last approval")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("ja")
    expect(page.locator("#q")).to_have_value("ja")
    page.keyboard.press("Escape")
    page.locator("#q").fill("")
    page.keyboard.press("Escape")
    expect(rows).to_have_count(len(town.waiting()))
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/rev_*")


def test_an_approval_is_taken_back_by_a_key_and_nothing_goes_out(
    page: Page, url: str, town: Town, picture: Picture
) -> None:
    log_in(page, url, town)
    open_queue(page, url)
    review_id = town.waiting()[0].id
    page.keyboard.press("a")
    expect(page.locator(f"#undo-{review_id}")).to_contain_text("goes out at")
    picture(page, "undo")
    page.keyboard.press("u")
    expect(page.locator("#toast")).to_contain_text("Taken back")
    expect(row_of(page, review_id)).to_be_visible()
    expect(page.locator(".undo")).to_have_count(0)
    goes_on(town, seconds=60)
    assert _status(town, review_id) is ReviewStatus.OPEN
    assert town.refunded() == 0


def test_of_two_supervisors_who_press_at_once_one_wins_and_the_other_hears_it(
    page: Page, second: Page, url: str, town: Town
) -> None:
    review_id = town.waiting()[0].id
    log_in(page, url, town)
    enter(second, url, another_link(town))
    open_queue(page, url)
    # The slower one looks at a page that has not heard of it yet.
    second.route("**/review?part=**", lambda route: route.abort())
    open_queue(second, url)
    page.locator(f"#approve-{review_id}").click()
    expect(row_of(page, review_id)).to_have_count(0)
    second.locator(f"#approve-{review_id}").click()
    expect(second.locator("#toast")).to_contain_text("approved by Supervisor Person")
    assert _status(town, review_id) is ReviewStatus.APPROVING


def test_a_batch_with_one_stale_hold_approves_nothing_or_the_fresh_ones(
    page: Page, url: str, town: Town, picture: Picture
) -> None:
    names = crowd(town, 3)
    chosen = {item.order_id: item.id for item in town.waiting() if item.order_id in names}
    log_in(page, url, town)
    open_queue(page, url, "?q=so-500")
    for review_id in chosen.values():
        row_of(page, review_id).locator(".pick input").check()
    town.happen("sales_order.delivered", names[1])
    page.get_by_role("button", name="Approve selected").click()
    expect(page.locator("#toast")).to_contain_text("Nothing was approved")
    expect(page.locator("#toast")).to_contain_text(names[1])
    expect(row_of(page, chosen[names[1]]).locator(".warn")).to_contain_text("Changed")
    picture(page, "batch-stale")
    assert {_status(town, one) for one in chosen.values()} == {
        ReviewStatus.OPEN,
        ReviewStatus.STALE,
    }
    # What has changed is no longer selected: it has to be looked at again.
    expect(row_of(page, chosen[names[1]]).locator(".pick input")).not_to_be_checked()
    page.get_by_label("Leave out what has changed").check()
    page.get_by_role("button", name="Approve selected").click()
    expect(page.locator("#toast")).to_contain_text("2 approved")
    assert _status(town, chosen[names[0]]) is ReviewStatus.APPROVING
    assert _status(town, chosen[names[1]]) is ReviewStatus.STALE


def test_a_batch_is_rejected_for_one_reason_and_nothing_goes_out(
    page: Page, url: str, town: Town, picture: Picture
) -> None:
    names = crowd(town, 3)
    chosen = [item.id for item in town.waiting() if item.order_id in names]
    log_in(page, url, town)
    open_queue(page, url, "?q=so-500")
    for review_id in chosen:
        row_of(page, review_id).locator(".pick input").check()
    form = page.locator("form:has(button[value=reject]):has(button[value=approve])")
    form.locator("details.reject summary").click()
    reject = form.locator("details.reject[open] button[value=reject]")
    expect(reject).to_be_visible()
    picture(page, "batch-reject")
    page.set_viewport_size({"width": 360, "height": 740})
    reject.scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    picture(page, "batch-reject-phone")
    form.locator("details.reject select").select_option(index=1)
    reject.click()
    expect(page.locator("#toast")).to_contain_text("3 rejected")
    assert {_status(town, one) for one in chosen} == {ReviewStatus.REJECTED}
    assert not town.settle()


def test_an_edit_beyond_ones_own_authority_is_refused_and_a_small_one_needs_somebody_else(
    page: Page, second: Page, url: str, town: Town, picture: Picture
) -> None:
    name = town.order("so-9000", captured=40_000)
    review = town.held(refund(name, 5_000))
    log_in(page, url, town)
    open_queue(page, url, f"?q={name}")
    page.keyboard.press("e")
    field = page.get_by_label("Amount (EUR)")
    expect(field).to_be_focused()
    field.fill("150.00")
    picture(page, "edit")
    page.get_by_role("button", name="Change it").click()
    expect(page.locator("#toast")).to_contain_text("more than you may decide alone")
    assert _status(town, review.id) is ReviewStatus.OPEN

    field.fill("12.00")
    page.get_by_role("button", name="Change it").click()
    expect(page.locator("#toast")).to_contain_text("Changed. Somebody else must decide")
    edited = page.locator("li.hold").filter(has_text="12.00")
    expect(edited).to_contain_text("Supervisor Person has changed it")
    picture(page, "edited")
    edited.get_by_role("button", name="Approve").click()
    expect(page.locator("#toast")).to_contain_text("not yours to do")
    enter(second, url, another_link(town))
    open_queue(second, url, f"?q={name}")
    second.locator("li.hold").get_by_role("button", name="Approve").click()
    expect(second.locator(".undo")).to_contain_text("12.00")


def test_above_a_limit_two_different_people_must_approve(
    page: Page, second: Page, url: str, town: Town, picture: Picture
) -> None:
    name = town.order("so-9000", captured=40_000)
    review = town.held(refund(name, 20_000))
    log_in(page, url, town)
    open_queue(page, url, f"?q={name}")
    page.locator(f"#approve-{review.id}").click()
    expect(page.locator("#toast")).to_contain_text("A second person must approve it too")
    expect(row_of(page, review.id)).to_contain_text("Supervisor Person has approved")
    picture(page, "four-eyes")
    page.locator(f"#approve-{review.id}").click()
    expect(page.locator("#toast")).to_contain_text("not yours to do")
    assert _status(town, review.id) is ReviewStatus.OPEN
    enter(second, url, another_link(town))
    open_queue(second, url, f"?q={name}")
    second.locator(f"#approve-{review.id}").click()
    expect(second.locator(".undo")).to_contain_text("200.00")
    assert _status(town, review.id) is ReviewStatus.APPROVING


def test_filters_stand_in_the_address_and_come_back_with_it(
    page: Page, url: str, town: Town
) -> None:
    crowd(town, 60)
    refunds = sum(item.action.kind == "refund" for item in town.waiting())
    log_in(page, url, town)
    rows = open_queue(page, url)
    page.get_by_label("What", exact=True).select_option("refund")
    expect(page).to_have_url(f"{url}/review?kind=refund")
    expect(page.locator("#queue-sum")).to_contain_text(f"1–50 of {refunds}")
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(f"{url}/review?kind=refund&page=2")
    expect(rows).to_have_count(refunds - 50)
    page.reload()
    expect(rows).to_have_count(refunds - 50)
    expect(page.get_by_label("What", exact=True)).to_have_value("refund")
    page.go_back()
    expect(rows).to_have_count(50)
    page.locator("#q").fill("so-5001")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(f"{url}/review?q=so-5001&kind=refund")
    page.locator("#q").fill("nothing like this")
    expect(page.locator("#holds-empty")).to_contain_text("Nothing that waits is like this.")


def test_a_hold_is_claimed_asked_about_answered_and_escalated(
    page: Page, second: Page, url: str, town: Town, picture: Picture
) -> None:
    review_id = town.waiting()[0].id
    log_in(page, url, town)
    page.goto(f"{url}/review/{review_id}")
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_role("button", name="Release")).to_be_visible()
    page.keyboard.press("i")
    page.get_by_label("What do you need to know?").fill("Was it <b>ever</b> picked up?")
    page.locator("[data-tool=ask]").get_by_role("button", name="Ask").click()
    expect(page.locator("#tools .question")).to_contain_text("Was it <b>ever</b> picked up?")
    enter(second, url, another_link(town))
    open_queue(second, url)
    expect(row_of(second, review_id)).to_contain_text("Supervisor Person is on it")
    second.locator(f"#approve-{review_id}").click()
    expect(second.locator("#toast")).to_contain_text("Supervisor Person")
    assert _status(town, review_id) is ReviewStatus.OPEN
    second.goto(f"{url}/review/{review_id}")
    second.locator("[data-tool=ask] summary").click()
    second.locator("[data-tool=ask] textarea").fill("No, never.")
    second.locator("[data-tool=ask]").get_by_role("button", name="Answer").click()
    expect(page.locator("#tools .answer")).to_contain_text("No, never.")
    picture(page, "asked")
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_role("button", name="Claim")).to_be_visible()
    page.get_by_role("button", name="Escalate").click()
    expect(page.locator("#toast")).to_contain_text("Escalated")
    open_queue(page, url)
    expect(row_of(page, review_id)).to_contain_text("escalated 1×")


def test_a_bypass_takes_two_people_and_is_red_on_every_page(
    page: Page, second: Page, url: str, town: Town, picture: Picture
) -> None:
    log_in(page, url, town)
    page.locator("#bypass-form summary").click()
    page.get_by_label("What it lets through").fill("hub:h1")
    page.locator("#bypass-reason").fill("The storm: coupons must go out")
    page.locator("#bypass-form").get_by_role("button", name="Ask for a bypass").click()
    expect(page.locator("#bypasses")).to_contain_text("waits for a second person")
    expect(page.locator("#bypasses").get_by_role("button", name="Confirm")).to_have_count(0)
    expect(page.locator("#alarm")).to_be_hidden()
    log_in(second, url, town, Role.OPERATOR)
    second.locator("#bypasses").get_by_role("button", name="Confirm").click()
    for where in (page, second):
        expect(where.locator("#alarm")).to_contain_text("Breakers bypassed: hub Hub North")
    for address in ("/review", "/ledger", "/order/so-1003"):
        page.goto(url + address)
        expect(page.locator("#alarm")).to_contain_text("coupons must go out")
    picture(page, "alarm")
    second.locator("#bypasses").get_by_role("button", name="End it").click()
    expect(page.locator("#alarm")).to_be_hidden()
