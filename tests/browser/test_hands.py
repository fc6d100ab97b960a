"""What a hand that slips must not do at the queue: approve what nobody meant to approve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from makegood.clock import MINUTE, SECOND
from makegood.domain.authority import ReviewStatus
from makegood.domain.roles import Role
from makegood.gates import reviews
from tests.browser.desk import crowd, log_in, open_queue, row_of
from tests.gates.world import refund

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


def ids_of(page: Page) -> list[str]:
    """Return the ids of the holds that are shown, in their order."""
    return page.locator("li.hold").evaluate_all(
        "rows => rows.map((row) => row.id.replace('hold-', ''))"
    )


def current(page: Page) -> str:
    return page.evaluate("document.querySelector('li.hold.current')?.id.replace('hold-', '') || ''")


def test_a_second_press_right_after_a_decision_decides_nothing(
    page: Page, url: str, town: Town
) -> None:
    crowd(town, 4)
    log_in(page, url, town)
    open_queue(page, url)
    first, second, *_ = ids_of(page)
    page.keyboard.press("a")
    expect(row_of(page, first)).to_have_count(0)
    page.keyboard.press("a")
    page.wait_for_timeout(300)
    assert statuses(town, [second]) == {ReviewStatus.OPEN}
    assert current(page) == second
    expect(page.locator("#toast")).to_contain_text("look, then press again")
    expect(page.locator("li.hold.current:not(.arrived)")).to_have_count(1)
    page.keyboard.press("a")
    expect(row_of(page, second)).to_have_count(0)
    assert statuses(town, [first, second]) == {ReviewStatus.APPROVING}


def test_the_cursor_stays_on_its_hold_when_others_arrive_or_go(
    page: Page, url: str, town: Town
) -> None:
    crowd(town, 4)
    log_in(page, url, town)
    open_queue(page, url, "?sort=newest")
    shown = ids_of(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert current(page) == shown[2]
    arrived = town.hold("so-1001")
    town.approve(shown[0])
    town.changes.publish()
    expect(row_of(page, arrived)).to_be_visible()
    expect(row_of(page, shown[0])).to_have_count(0)
    assert current(page) == shown[2]
    expect(row_of(page, shown[2])).to_be_focused()


def test_when_somebody_else_decides_the_hold_under_the_cursor_keys_decide_nothing(
    page: Page, url: str, town: Town
) -> None:
    crowd(town, 4)
    log_in(page, url, town)
    open_queue(page, url)
    shown = ids_of(page)
    page.keyboard.press("j")
    town.approve(shown[1])
    town.changes.publish()
    expect(row_of(page, shown[1])).to_have_count(0)
    page.wait_for_timeout(900)
    page.keyboard.press("a")
    page.keyboard.press("r")
    page.wait_for_timeout(300)
    expect(page.locator("details.reject[open]")).to_have_count(0)
    expect(page.locator("#toast")).to_contain_text("on no hold")
    rest = [one for one in shown if one != shown[1]]
    assert statuses(town, rest) == {ReviewStatus.OPEN}
    page.keyboard.press("j")
    assert current(page) == shown[2]


def test_rows_keep_their_places_under_the_pointer_until_it_leaves(
    page: Page, url: str, town: Town
) -> None:
    crowd(town, 4)
    log_in(page, url, town)
    open_queue(page, url, "?sort=newest")
    shown = ids_of(page)
    button = page.locator(f"#approve-{shown[2]}")
    button.hover()
    before = button.bounding_box()
    town.clock.advance(SECOND)
    arrived = town.hold("so-1001")
    town.approve(shown[0])
    town.changes.publish()
    expect(page.locator("#news")).to_contain_text("1 new")
    assert button.bounding_box() == before
    assert [one for one in ids_of(page) if one != arrived] == shown
    assert before is not None
    page.mouse.down()
    page.mouse.up()
    expect(row_of(page, shown[2])).to_have_count(0)
    assert statuses(town, [shown[2]]) == {ReviewStatus.APPROVING}
    # The row has gone, and another press at the same place meets no other hold.
    page.mouse.down()
    page.mouse.up()
    page.wait_for_timeout(300)
    rest = [one for one in shown if one not in (shown[0], shown[2])]
    assert statuses(town, [*rest, arrived]) == {ReviewStatus.OPEN}
    page.mouse.move(5, 5)
    expect(row_of(page, arrived)).to_be_visible()
    expect(page.locator("#news")).to_be_hidden()
    expect(page.locator("li.room")).to_have_count(0)
    expect(row_of(page, shown[0])).to_have_count(0)
    assert ids_of(page)[0] == arrived


def test_a_press_that_falls_on_a_row_that_has_only_just_moved_there_decides_nothing(
    page: Page, url: str, town: Town
) -> None:
    crowd(town, 4)
    log_in(page, url, town)
    open_queue(page, url)
    shown = ids_of(page)
    box = page.locator(f"#approve-{shown[0]}").bounding_box()
    assert box is not None
    # As a thumb would: nothing hovers, and the rows move up before it comes down.
    page.evaluate(
        "(id) => { const s = hand.watch(); document.getElementById(id).remove(); s(); }",
        f"hold-{shown[0]}",
    )
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(300)
    assert statuses(town, shown) == {ReviewStatus.OPEN}


@pytest.mark.parametrize("key", ["a", "r"])
def test_a_key_that_is_held_down_decides_once(page: Page, url: str, town: Town, key: str) -> None:
    crowd(town, 4)
    log_in(page, url, town)
    open_queue(page, url)
    shown = ids_of(page)
    page.keyboard.down(key)
    for _ in range(25):
        page.wait_for_timeout(40)
        page.keyboard.down(key)
    page.keyboard.up(key)
    if key == "a":
        expect(row_of(page, shown[0])).to_have_count(0)
        assert statuses(town, shown[1:]) == {ReviewStatus.OPEN}
    else:
        expect(row_of(page, shown[0]).locator("details.reject[open]")).to_have_count(1)


def test_enter_that_is_held_down_on_a_button_presses_it_once(
    page: Page, url: str, town: Town
) -> None:
    crowd(town, 4)
    log_in(page, url, town)
    open_queue(page, url)
    shown = ids_of(page)
    page.locator(f"#approve-{shown[0]}").focus()
    for _ in range(25):
        page.keyboard.down("Enter")
        page.wait_for_timeout(40)
    page.keyboard.up("Enter")
    expect(page).to_have_url(f"{url}/review")
    assert statuses(town, shown[1:]) == {ReviewStatus.OPEN}


def test_what_has_the_focus_keeps_it_when_rows_move(page: Page, url: str, town: Town) -> None:
    crowd(town, 3)
    log_in(page, url, town)
    open_queue(page, url, "?sort=newest")
    shown = ids_of(page)
    for number, place in enumerate(("approve", "refuse", "pick", "to", "more")):
        field = page.locator(f"#{place}-{shown[1]}")
        field.focus()
        town.clock.advance(MINUTE)
        arrived = town.held(refund(town.order(f"so-{8000 + number}"))).id
        town.changes.publish()
        expect(row_of(page, arrived)).to_be_visible()
        expect(field).to_be_focused()


def test_with_holds_selected_a_key_asks_for_all_of_them_and_says_the_sum(
    page: Page, url: str, town: Town
) -> None:
    names = crowd(town, 3)
    chosen = [item.id for item in town.waiting() if item.order_id in names]
    others = [item.id for item in town.waiting() if item.order_id not in names]
    log_in(page, url, town)
    open_queue(page, url)
    for review_id in [*chosen, others[0]]:
        row_of(page, review_id).locator(".pick input").check()
    row_of(page, others[1]).focus()
    page.keyboard.press("a")
    page.keyboard.press("a")
    picked = page.locator("#picked")
    expect(picked).to_contain_text("4 selected · CN¥")
    expect(picked).to_contain_text("+ €59.70")
    expect(page.locator("#toast")).to_contain_text("Enter approves them: 4 selected · CN¥")
    expect(page.get_by_role("button", name="Approve selected")).to_be_focused()
    assert statuses(town, [*chosen, *others]) == {ReviewStatus.OPEN}
    page.keyboard.press("Escape")
    expect(row_of(page, others[1])).to_be_focused()
    row_of(page, others[0]).locator(".pick input").uncheck()
    expect(picked).to_have_text("3 selected · €59.70")
    page.keyboard.press("Shift+R")
    expect(page.locator("#batch-reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#batch-reason")).to_be_hidden()
    page.keyboard.press("Shift+A")
    page.keyboard.press("Enter")
    expect(page.locator("#take-back-all")).to_have_text("Undo all 3")
    assert statuses(town, chosen) == {ReviewStatus.APPROVING}
    assert statuses(town, others) == {ReviewStatus.OPEN}


def test_the_seconds_to_undo_run_down_and_all_of_a_batch_is_undone_at_once(
    page: Page, url: str, town: Town
) -> None:
    chosen = chosen_of(page, url, town, 4)
    page.keyboard.press("Shift+A")
    page.keyboard.press("Enter")
    seconds = page.locator(f"#undo-{chosen[-1]} .countdown, .undo .countdown").first
    expect(page.locator("#take-back-all")).to_be_visible()
    # The house's clock stands still in this test: what runs down is what the page counts.
    page.route("**/*part=*", lambda route: route.abort())
    was = int(seconds.inner_text().split()[0])
    expect(seconds).to_have_text(f"{was - 2} s")
    page.unroute("**/*part=*")
    page.keyboard.press("Shift+U")
    expect(page.locator("#toast")).to_contain_text("4 taken back")
    expect(page.locator(".undo")).to_have_count(0)
    for review_id in chosen:
        expect(row_of(page, review_id)).to_be_visible()
    assert statuses(town, chosen) == {ReviewStatus.OPEN}


def test_the_keys_of_a_batch_say_so_when_nothing_is_selected_and_stand_in_the_help(
    page: Page, url: str, town: Town
) -> None:
    log_in(page, url, town)
    open_queue(page, url)
    for key in ("Shift+A", "Shift+R"):
        page.keyboard.press(key)
        expect(page.locator("#toast")).to_contain_text("Nothing is selected")
    page.keyboard.press("?")
    for what in ("approve what is selected", "reject what is selected", "undo all", "give back"):
        expect(page.get_by_role("dialog")).to_contain_text(what)


def test_a_key_claims_a_hold_and_gives_it_back(page: Page, url: str, town: Town) -> None:
    log_in(page, url, town)
    open_queue(page, url)
    review_id = current(page)
    page.keyboard.press("c")
    expect(row_of(page, review_id)).to_contain_text("Supervisor Person is on it")
    assert current(page) == review_id
    page.keyboard.press("c")
    expect(row_of(page, review_id)).not_to_contain_text("is on it")
    page.goto(f"{url}/review/{review_id}")
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="Release")).to_be_visible()


def test_a_rejection_of_what_has_changed_rejects_nothing_and_shows_it_again(
    page: Page, url: str, town: Town
) -> None:
    log_in(page, url, town)
    open_queue(page, url)
    review = next(item for item in town.waiting() if item.action.kind == "refund")
    page.locator(f"#refuse-{review.id}").click()
    form = row_of(page, review.id).locator("details.reject form")
    form.get_by_label("Reason").select_option("not_owed")
    town.happen("sales_order.delivered", review.order_id)
    form.get_by_role("button", name="Reject for good").click()
    expect(page.locator("#toast")).to_contain_text("nothing was rejected")
    expect(row_of(page, review.id).locator(".warn")).to_contain_text("delivered")
    assert statuses(town, [review.id]) == {ReviewStatus.STALE}


def test_from_the_page_of_one_hold_a_key_goes_on_to_the_next(
    page: Page, url: str, town: Town
) -> None:
    log_in(page, url, town)
    first, second, third, *rest = [item.id for item in town.waiting()]
    page.goto(f"{url}/review/{first}")
    expect(page.locator("#live")).to_contain_text("Live")
    page.keyboard.press("j")
    page.wait_for_url(f"**/review/{second}")
    page.keyboard.press("a")
    page.locator("#go-on").click()
    page.wait_for_url(f"**/review/{third}")
    page.goto(f"{url}/review/{rest[-1]}")
    # After the last comes the most urgent.
    expect(page.get_by_role("link", name="Next hold")).to_have_attribute("href", f"/review/{first}")
    page.keyboard.press("n")
    page.wait_for_url(f"**/review/{first}")


_SHORT = """() => [...document.querySelectorAll(
    "main button, main summary, main .check, main .pick, main select, main input[type=search], " +
    "main textarea, .notes button, dialog button")]
  .filter((one) => one.checkVisibility() && !one.matches(".no-default"))
  .map((one) => [one.textContent.trim() || one.name, one.getBoundingClientRect()])
  .filter(([, box]) => box.height > 0 && box.height < 44)
  .map(([name, box]) => `${name}: ${Math.round(box.width)} x ${Math.round(box.height)}`)"""

_COVERED = """() => [...document.querySelectorAll("#batch, details.reject[open]")]
  .flatMap((form) => [...form.querySelectorAll("button, select, textarea, input")])
  .filter((one) => one.checkVisibility() && !one.matches(".no-default"))
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([, box]) => box.top >= 0 && box.bottom <= innerHeight)
  .filter(([one, box]) => {
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return box.left < 0 || box.right > innerWidth || !(one.contains(top) || one.labels &&
      [...one.labels].some((label) => label.contains(top)));
  }).map(([one]) => one.textContent.trim() || one.name)"""


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_on_a_phone_the_forms_fit_cover_little_and_have_targets_for_a_thumb(
    browser: Browser, url: str, town: Town, language: str
) -> None:
    crowd(town, 4)
    context = browser.new_context(viewport={"width": 360, "height": 760}, locale=language)
    page = context.new_page()
    page.goto(url + town.link(Role.SUPERVISOR))
    page.wait_for_url(url + "/")
    page.goto(f"{url}/review")
    assert page.evaluate(_SHORT) == []
    picks = page.locator("li.hold .pick input")
    for place in range(3):
        picks.nth(place).check()
    page.evaluate("scrollTo(0, 900)")
    # With the bar of the batch over it, most of the window is left for the rows.
    box = page.locator("#batch").bounding_box()
    assert box is not None
    assert box["height"] <= 170
    assert page.evaluate(_COVERED) == []
    page.locator("#batch details.reject summary").click()
    expect(page.locator("#picked")).to_be_in_viewport()
    expect(page.locator("#batch button[value=reject]")).to_be_in_viewport()
    assert page.evaluate(_COVERED) == []
    assert page.evaluate(_SHORT) == []
    page.keyboard.press("Escape")
    row = page.locator("li.hold").nth(2)
    row.locator("details.reject summary").click()
    row.locator("details.reject select").scroll_into_view_if_needed()
    assert page.evaluate(_COVERED) == []
    assert page.evaluate(_SHORT) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()
