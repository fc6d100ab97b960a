"""What a hold's page says: why it was not sent, what is left, what stands beside it, amounts."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from makegood.domain.actions import ActionKind
from makegood.domain.authority import ReviewStatus
from makegood.domain.roles import Role
from makegood.store.session import Store
from tests.api.town import Town
from tests.gates.world import cancel, refund

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makegood.clock import VirtualClock


@pytest.fixture
def town(sqlite_url: str, clock: VirtualClock) -> Iterator[Town]:
    """A quiet town on SQLite: what pages say does not depend on the database."""
    store = Store.open(sqlite_url)
    yield Town(store, clock)
    store.close()


@pytest.fixture
def client(town: Town) -> Iterator[TestClient]:
    """Asks the town's application as a supervisor does."""
    with TestClient(town.app, headers=town.bearer(Role.SUPERVISOR)) as asking:
        yield asking


def plain(text: str) -> str:
    """Return what a page says, without its tags, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).replace("\xa0", " ").split())


def region(client: TestClient, path: str, name: str, language: str = "en") -> str:
    """Return the markup of one region of a page."""
    joint = "&" if "?" in path else "?"
    headers = {"accept": "application/json", "accept-language": language}
    answer = client.get(f"{path}{joint}part={name}", headers=headers)
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["regions"][name]["html"]
    return found


def said(client: TestClient, path: str, name: str, language: str = "en") -> str:
    """Return what one region of a page says."""
    return plain(region(client, path, name, language))


def test_a_decided_hold_that_was_not_sent_says_why(town: Town, client: TestClient) -> None:
    review = town.held(refund(town.order("so-1")))
    path = f"/review/{review.id}"
    assert "ot sent" not in said(client, path, "decide")
    town.reject(review.id)
    assert "Not sent: per_supervisor rejected it (Not owed)." in said(client, path, "decide")
    assert "未发出：per_supervisor 已拒绝（不应支付）。" in said(client, path, "decide", "zh")
    late = town.held(refund(town.order("so-2")))
    town.pass_time(500)
    town.expire()
    shown = said(client, f"/review/{late.id}", "decide")
    assert "Not sent: nobody decided before its deadline." in shown


def test_what_is_approved_but_kept_back_says_by_what(town: Town, client: TestClient) -> None:
    review = town.held(refund(town.order("so-1")))
    path = f"/review/{review.id}"
    town.approve(review.id)
    assert "Not sent yet: it waits for its turn." in said(client, path, "decide")
    assert town.executor.intend() == 1
    town.stop("hub:h1")
    town.executor.dispatch()
    shown = said(client, path, "decide")
    assert "Not sent yet: the kill switch is set for hub Hub North." in shown
    assert "尚未发出：紧急停止已启用（站点 Hub North）。" in said(client, path, "decide", "zh")
    town.go_on("hub:h1")
    town.settle()
    shown = said(client, path, "decide")
    assert "ot sent" not in shown
    assert "confirmed" in shown


def test_a_hold_that_turned_void_says_what_is_no_longer_so(town: Town, client: TestClient) -> None:
    review = town.held(cancel(town.order("so-1")))
    town.happen("sales_order.delivered", "so-1")
    town.approve(review.id)
    assert town.review(review.id).status is ReviewStatus.VOID
    note = town.review(review.id).note
    assert note
    assert f"Not sent: {note}." in said(client, f"/review/{review.id}", "decide")


def test_what_failed_outside_is_told_and_not_taken_for_a_reference(
    town: Town, client: TestClient
) -> None:
    review = town.held(refund(town.order("so-1")))
    town.books[ActionKind.REFUND].mood = "refuses"
    town.approve(review.id)
    town.settle()
    shown = region(client, f"/review/{review.id}", "decide")
    assert "reference no" not in plain(shown)
    assert '<p class="small muted reference">no</p>' in shown


def test_a_hold_says_how_much_of_the_orders_money_is_left(town: Town, client: TestClient) -> None:
    town.order("so-1", captured=5000)
    first = town.held(refund("so-1", 1990))
    path = f"/review/{first.id}"
    shown = said(client, path, "decide")
    assert "€50.00 of the €50.00 captured is left to pay back · €30.10 after this" in shown
    town.approve(first.id)
    town.settle()
    shown = said(client, path, "decide")
    assert "€30.10 of the €50.00 captured is left to pay back" in shown
    assert "after this" not in shown
    order = said(client, "/order/so-1", "order")
    assert "Paid back €19.90" in order
    assert "Left to pay back €30.10" in order
    town.refund_reported("so-1", 1990)
    assert "€30.10 of the €50.00" in said(client, path, "decide")
    town.refund_reported("so-1", 1000)
    assert "€20.10 of the €50.00" in said(client, path, "decide")


def test_an_end_and_its_refund_show_one_another(town: Town, client: TestClient) -> None:
    town.order("so-1")
    end = town.held(cancel("so-1"))
    shown = said(client, f"/review/{end.id}", "decide")
    assert "Nothing pays its money back." in shown
    assert "Nothing pays its money back." in said(client, "/review", "queue")
    back = town.held(refund("so-1", 5000))
    of_end = region(client, f"/review/{end.id}", "decide")
    assert "Nothing pays its money back." not in of_end
    assert f'<a href="/review/{back.id}">Pay €50.00 back for order so-1</a>' in of_end
    assert "held for a person" in plain(of_end)
    of_back = region(client, f"/review/{back.id}", "decide")
    assert f'<a href="/review/{end.id}">Cancel order so-1, worth €50.00</a>' in of_back
    town.approve(back.id)
    assert "granted" in said(client, f"/review/{end.id}", "decide")
    town.settle()
    assert re.search(r"Pay €50.00 back for order so-1 done", said(client, "/review", "queue"))
    town.order("so-2")
    alone = town.held(refund("so-2"))
    assert "Beside it" not in said(client, f"/review/{alone.id}", "decide")


def test_an_end_of_an_order_that_was_never_paid_keeps_nobodys_money(
    town: Town, client: TestClient
) -> None:
    total = {"minor": 4000, "currency": "EUR"}
    town.happen("sales_order.placed", "so-9", customer_id="c-so-9", total=total)
    end = town.held(cancel("so-9", 4000))
    assert "Nothing pays" not in said(client, f"/review/{end.id}", "decide")


def test_why_an_end_holds_is_told_with_its_amount_in_both_languages(
    town: Town, client: TestClient
) -> None:
    town.order("so-1")
    town.held(refund("so-1", 1990))
    end = town.held(cancel("so-1"))
    assert "cancel.keeps_money" in end.rules
    queue = f"/review?q={end.id}"
    english, chinese = said(client, queue, "queue"), said(client, queue, "queue", "zh")
    assert "€30.10 of the order would be kept: nothing pays it back" in english
    assert "订单款项中有 €30.10 会被留下，没有任何退款" in chinese
    again = town.held(refund("so-1", 500, lines=("l1",)))
    queue = f"/review?q={again.id}"
    assert "€19.90 for the whole order is asked for already" in said(client, queue, "queue")
    assert "整单已有一笔 €19.90 的退款申请" in said(client, queue, "queue", "zh")


def test_the_sum_of_what_waits_counts_the_money_of_an_order_once(
    town: Town, client: TestClient
) -> None:
    town.order("so-1")
    town.propose(cancel("so-1"), refund("so-1", 5000))
    assert len(town.waiting()) == 2
    assert re.search(r"1–2 of 2 · €50.00 ", said(client, "/review", "queue") + " ")
    assert "€50.00 waiting" in said(client, "/", "figures")
    assert "€" not in said(client, "/review?kind=cancel", "queue").split("Cancel order")[0]
