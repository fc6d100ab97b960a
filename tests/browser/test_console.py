"""A supervisor's way through the console, in a real browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from makegood.clock import DAY
from makegood.domain.authority import ReviewStatus
from makegood.domain.roles import Role
from makegood.gates import kill, reviews
from tests.browser.desk import goes_on, log_in, open_queue

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

    from tests.api.town import Town
    from tests.browser.desk import Picture

pytestmark = pytest.mark.browser

PARTS = re.compile(r"[?&]part=")
CUSTOMER_ON_MAP = re.compile("Hub North, courier K.*customer")


def test_a_supervisor_approves_one_hold_rejects_one_and_sees_what_happened(
    page: Page, url: str, town: Town, picture: Picture
) -> None:
    log_in(page, url, town)
    holds = page.locator("li.hold")
    expect(holds).to_have_count(len(town.waiting()))
    expect(page.locator("#incidents")).to_contain_text("rain 14.2 mm/h at Hub North")
    picture(page, "now")

    review_id = str(holds.first.get_attribute("id")).removeprefix("hold-")
    sentence = holds.first.locator("h3").inner_text()
    holds.first.get_by_role("button", name="Approve").click()
    expect(page.locator(f"#undo-{review_id}")).to_contain_text(sentence)
    expect(page.locator(f"#hold-{review_id}")).to_have_count(0)
    just = page.locator(f"#just-{review_id}")
    expect(just).to_contain_text("not sent yet")
    goes_on(town, seconds=9)
    expect(just.locator(".steps .done")).to_have_count(3)
    expect(just).to_contain_text("approved by Supervisor Person")
    expect(just).to_contain_text("reference obl_")
    expect(page.locator(".undo")).to_have_count(0)

    second = str(holds.first.get_attribute("id")).removeprefix("hold-")
    holds.first.locator("details.reject summary").click()
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
    log_in(page, url, town)
    holds = page.locator("li.hold")
    before = holds.count()
    holds.first.locator("details.reject summary").click()
    holds.first.get_by_label("Note").fill("half a sent")
    arrived = town.hold("so-1001")
    town.changes.publish()
    expect(holds).to_have_count(before + 1)
    expect(page.locator(f"#hold-{arrived}")).to_be_visible()
    writing = page.locator("details.reject[open]")
    expect(writing.get_by_label("Note")).to_have_value("half a sent")
    expect(writing.get_by_label("Note")).to_be_focused()


def test_only_the_regions_that_a_change_is_about_are_fetched(
    page: Page, url: str, town: Town
) -> None:
    log_in(page, url, town)
    page.wait_for_timeout(1000)
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if r.url.startswith(url) else None)
    with town.store.write() as tx:
        kill.set_switch(tx, "kind:refund", town.operator.id, "Paid twice", town.clock.now_us())
    town.changes.publish()
    expect(page.locator("#alarm")).to_contain_text("Stopped: Refund")
    assert asked, "nothing was fetched"
    parts = {part for one in asked for part in one.partition("part=")[2].split("%2C")}
    assert {"alarm", "stops", "clock"} <= parts
    assert parts.isdisjoint({"map", "did", "first", "incidents", "chart"})
    assert all("part=" in one for one in asked), "a whole page was fetched"


def test_a_stale_hold_says_what_changed_and_is_not_approved(
    page: Page, url: str, town: Town, picture: Picture
) -> None:
    open_queue_as(page, url, town)
    review = next(item for item in town.waiting() if item.action.kind == "refund")
    town.happen("sales_order.delivered", review.order_id)
    page.locator(f"#approve-{review.id}").click()
    expect(page.locator("#toast")).to_contain_text("as it is now; nothing was approved")
    expect(page.locator(f"#hold-{review.id} .warn")).to_contain_text("delivered")
    picture(page, "stale")
    page.goto(f"{url}/review/{review.id}")
    expect(page.locator("#moved del").first).to_be_visible()
    expect(page.locator("#moved tr").filter(has_text="delivered").locator("ins")).to_have_text(
        "18:11"
    )
    picture(page, "stale-hold")
    with town.store.read() as tx:
        assert reviews.get(tx, review.id).status is ReviewStatus.STALE
    assert town.refunded() == 0


def open_queue_as(page: Page, url: str, town: Town, role: Role = Role.SUPERVISOR) -> None:
    log_in(page, url, town, role)
    open_queue(page, url)


def test_the_slower_of_two_supervisors_hears_what_the_faster_one_did(
    page: Page, url: str, town: Town
) -> None:
    open_queue_as(page, url, town)
    review = town.waiting()[0]
    # A page that follows at once finds the hold gone; this one has not come that far yet.
    page.route(PARTS, lambda route: route.abort())
    town.approve(review.id)
    page.locator(f"#approve-{review.id}").click()
    expect(page.locator("#toast")).to_contain_text("decided already: approved by")
    page.unroute(PARTS)
    page.reload()
    expect(page.locator(f"#hold-{review.id}")).to_have_count(0)


def test_one_hold_and_one_order_show_everything(
    page: Page, url: str, town: Town, picture: Picture
) -> None:
    log_in(page, url, town)
    page.locator("li.hold h3 a").first.click()
    expect(page.locator("h1")).to_contain_text("order so-")
    expect(page.locator(".bars").first).to_contain_text("%")
    expect(page.locator("#where svg[role=img]")).to_have_attribute("aria-label", CUSTOMER_ON_MAP)
    expect(page.locator("#journey .journey > li")).to_have_count(6)
    expect(page.locator("#weighed")).to_contain_text("What would flip it")
    expect(page.locator("#before")).to_be_visible()
    picture(page, "hold")
    page.locator("#order h2 a").click()
    expect(page.locator("#timeline")).to_contain_text("Sales order: placed")
    picture(page, "order")


def test_an_auditor_follows_one_decision_and_exports_it_but_cannot_decide(
    page: Page, url: str, town: Town, picture: Picture
) -> None:
    review = town.waiting()[0]
    town.approve(review.id)
    town.executor.settle()
    log_in(page, url, town, Role.AUDITOR)
    expect(page.locator("#first")).to_contain_text("You can look, but not decide.")
    expect(page.locator(".decide")).to_have_count(0)
    page.goto(f"{url}/ledger")
    page.get_by_label("Sales order").fill(review.order_id)
    page.get_by_role("button", name="Search").click()
    page.locator("#lines a").filter(has_text=review.order_id).first.click()
    begins = ["What set it off", "Incident", "The order until then"]
    expect(page.locator("#journey li b")).to_have_text(
        [*begins, "Proposal", "Gate", "Review", "Grant", "Effect"]
    )
    picture(page, "decision")
    page.goto(f"{url}/ledger?order={review.order_id}")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV").click()
    text = waiting.value.path().read_text(encoding="utf-8")
    assert "review_approved" in text
    assert "effect_confirmed" in text
    assert all(review.order_id in line for line in text.splitlines()[1:])
    page.get_by_role("button", name="Verify now").click()
    expect(page.locator("#verified")).to_contain_text("Sound")
    picture(page, "ledger")


def test_a_used_link_and_an_expired_one_say_so(
    page: Page, url: str, town: Town, picture: Picture
) -> None:
    link = town.link(Role.SUPERVISOR)
    page.goto(url + link)
    page.wait_for_url(url + "/")
    page.get_by_role("button", name="Log out").click()
    expect(page.locator(".doorway")).to_contain_text("You are logged out.")
    picture(page, "login")
    page.goto(url + link)
    expect(page.locator("[role=alert]")).to_contain_text("used up or expired")
    late = town.link(Role.SUPERVISOR)
    town.wall.advance(DAY)
    page.goto(url + late)
    expect(page.locator("[role=alert]")).to_contain_text("used up or expired")
    picture(page, "expired-link")


def test_a_page_that_looks_again_while_somebody_logs_out_does_not_call_that_off(
    page: Page, url: str, town: Town
) -> None:
    page.goto(url + town.link(Role.SUPERVISOR))
    page.wait_for_url(url + "/")
    looks: list[Route] = []
    leaves: list[Route] = []

    def keep(route: Route) -> None:
        (leaves if route.request.method == "POST" else looks).append(route)

    page.route(PARTS, keep)
    page.route("**/logout", keep)
    with page.expect_request(PARTS):
        page.evaluate("void live.fetchRegions(live.regions())")
    with page.expect_request("**/logout"):
        page.get_by_role("button", name="Log out").click(no_wait_after=True)
    with page.expect_response(PARTS):
        looks[0].fulfill(status=401)
    leaves[0].continue_()
    expect(page.locator(".doorway")).to_contain_text("You are logged out.")


def test_the_console_works_without_scripts(browser: Browser, url: str, town: Town) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url + town.link(Role.SUPERVISOR))
    page.get_by_role("button", name="Log in with this link").click()
    page.goto(f"{url}/review?kind=refund")
    refunds = [item for item in town.waiting() if item.action.kind == "refund"]
    expect(page.locator("li.hold")).to_have_count(len(refunds))
    page.locator(f"#approve-{refunds[0].id}").click()
    expect(page.locator("#toast")).to_contain_text("Approved")
    page.locator(".undo button").click()
    expect(page.locator("#toast")).to_contain_text("Taken back")
    page.locator(f"#hold-{refunds[0].id} .pick input").check()
    page.get_by_role("button", name="Approve selected").click()
    expect(page.locator("#toast")).to_contain_text("Approved")
    with town.store.read() as tx:
        assert reviews.get(tx, refunds[0].id).status is ReviewStatus.APPROVING
    context.close()
