"""What a hold's page says: why it was not sent, what is left, what stands beside it, amounts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import iso4217
import pytest
from fastapi.testclient import TestClient

from makegood.api.console.sentences import Speaker
from makegood.api.console.show import Show
from makegood.api.console.words import Words
from makegood.domain.actions import (
    ActionKind,
    ChangeAddress,
    ChangeItems,
    ChangePayment,
    Exchange,
    Reroute,
    Return,
)
from makegood.domain.authority import ReviewStatus
from makegood.domain.policy import Amounts
from makegood.domain.roles import Role
from makegood.store.session import Store
from tests.api.looking import Quiet, plain, region, said
from tests.gates import desk
from tests.gates.world import REVIEW, about, cancel, eur, refund

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makegood.clock import VirtualClock
    from makegood.domain.actions import Action

MOVE = {"fulfilment_id": "f-so-1", "assignment": 0, "to_hub": "h2"}


@pytest.fixture
def town(sqlite_url: str, clock: VirtualClock) -> Iterator[Quiet]:
    """A quiet town on SQLite: what pages say does not depend on the database."""
    store = Store.open(sqlite_url)
    yield Quiet(store, clock)
    store.close()


@pytest.fixture
def client(town: Quiet) -> Iterator[TestClient]:
    """Asks the town's application as a supervisor does."""
    with TestClient(town.app, headers=town.bearer(Role.SUPERVISOR)) as asking:
        yield asking


def test_a_decided_hold_that_was_not_sent_says_why(town: Quiet, client: TestClient) -> None:
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


def test_what_is_approved_but_kept_back_says_by_what(town: Quiet, client: TestClient) -> None:
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


def test_a_hold_that_turned_void_says_what_is_no_longer_so(town: Quiet, client: TestClient) -> None:
    review = town.held(cancel(town.order("so-1")))
    town.happen("sales_order.delivered", "so-1")
    town.approve(review.id)
    assert town.review(review.id).status is ReviewStatus.VOID
    note = town.review(review.id).note
    assert note
    assert f"Not sent: {note}." in said(client, f"/review/{review.id}", "decide")


def test_what_failed_outside_is_told_and_not_taken_for_a_reference(
    town: Quiet, client: TestClient
) -> None:
    review = town.held(refund(town.order("so-1")))
    town.books[ActionKind.REFUND].mood = "refuses"
    town.approve(review.id)
    town.settle()
    shown = region(client, f"/review/{review.id}", "decide")
    assert "reference no" not in plain(shown)
    assert '<p class="small muted reference">no</p>' in shown


def test_a_hold_says_how_much_of_the_orders_money_is_left(town: Quiet, client: TestClient) -> None:
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


def test_an_end_and_its_refund_show_one_another(town: Quiet, client: TestClient) -> None:
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
    town: Quiet, client: TestClient
) -> None:
    total = {"minor": 4000, "currency": "EUR"}
    town.happen("sales_order.placed", "so-9", customer_id="c-so-9", total=total)
    end = town.held(cancel("so-9", 4000))
    assert "Nothing pays" not in said(client, f"/review/{end.id}", "decide")


def test_why_an_end_holds_is_told_with_its_amount_in_both_languages(
    town: Quiet, client: TestClient
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
    town: Quiet, client: TestClient
) -> None:
    town.order("so-1")
    town.propose(cancel("so-1"), refund("so-1", 5000))
    assert len(town.waiting()) == 2
    assert re.search(r"1–2 of 2 · €50.00 ", said(client, "/review", "queue") + " ")
    assert "€50.00 waiting" in said(client, "/", "figures")
    assert "€" not in said(client, "/review?kind=cancel", "queue").split("Cancel order")[0]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_amount_has_as_many_decimals_as_its_currency_whatever_it_is(language: str) -> None:
    show = Show(Words(language), 0)
    for currency in iso4217.Currency:
        if currency.exponent is None:
            continue
        whole, digits = 1234, currency.exponent
        text = show.minor(whole * 10**digits + 5 * bool(digits), currency.code)
        number = re.sub(r"[^\d.]", "", text.replace(currency.code, "").strip()).strip(".")
        assert number == f"{whole}" + (f".{5:0{digits}}" if digits else ""), (currency.code, text)


@pytest.mark.parametrize(
    ("currency", "minor", "shown", "step", "entered", "becomes"),
    [
        ("JPY", 4200, "4200", "1", "3900", 3900),
        ("KWD", 4250, "4.250", "0.001", "3.905", 3905),
        ("EUR", 4200, "42.00", "0.01", "39", 3900),
    ],
)
def test_an_amount_is_edited_in_its_currencys_own_decimals(
    town: Quiet,
    client: TestClient,
    currency: str,
    minor: int,
    shown: str,
    step: str,
    entered: str,
    becomes: int,
) -> None:
    total = {"minor": 9000, "currency": currency}
    town.happen("sales_order.placed", "so-1", customer_id="c-so-1", total=total)
    town.happen("sales_order.payment_captured", "so-1", amount=total)
    town.policy(
        "approvals",
        rules=tuple(
            rule.model_copy(update={"up_to": Amounts({currency: 100_000})})
            if rule.up_to.root
            else rule
            for rule in town.policies.approvals.rules
        ),
    )
    review = town.held(refund("so-1", amount={"minor": minor, "currency": currency}))
    form = region(client, f"/review/{review.id}", "tools")
    assert f'name="field-amount" type="number" value="{shown}" step="{step}" min="0"' in form
    made = client.post(
        f"/review/{review.id}/edit",
        data={"seen": review.seen, "field-amount": entered},
        headers={"accept": "application/json"},
    )
    assert made.status_code == 200, made.text
    money = town.review(made.json()["review"]).action.money
    assert money is not None
    assert (money.minor, money.currency) == (becomes, currency)
    too_fine = {"seen": review.seen, "field-amount": "1.2345"}
    headers = {"accept": "application/json"}
    answer = client.post(f"/review/{review.id}/edit", data=too_fine, headers=headers)
    assert answer.status_code == 422


def test_what_weighed_in_a_choice_without_money_is_in_the_orders_currency(
    town: Quiet, client: TestClient
) -> None:
    town.order("so-1")
    review = town.chosen(Reroute.model_validate(about("so-1") | MOVE), value_at_risk=12_800)
    assert review.action.money is None
    for path, part in ((f"/review/{review.id}", "weighed"), ("/review", "queue")):
        shown = said(client, path, part)
        assert "€128.00" in shown
        assert "€256.00" in shown or part == "queue"
        assert not re.search(r"(?<!by )12,800", shown)
    page = plain(client.get(f"/decision/{review.action_id}").text)
    assert "€128.00" in page


def test_lines_are_ticked_in_the_form_and_an_edit_shows_what_was_before(
    town: Quiet, client: TestClient
) -> None:
    price = {"minor": 2000, "currency": "EUR"}
    lines = [
        {"line_id": name, "sku": f"sku-{name}", "quantity": 1, "price": price}
        for name in ("l1", "l2")
    ]
    total = {"minor": 4000, "currency": "EUR"}
    more = {"customer_id": "c-so-1", "total": total, "lines": lines}
    town.happen("sales_order.placed", "so-1", **more)
    town.happen("sales_order.payment_captured", "so-1", amount=total)
    review = town.held(refund("so-1", 1500, lines=("l1",)))
    form = region(client, f"/review/{review.id}", "tools")
    boxes = re.findall(r'type="checkbox" name="(line-\d)" value="(l\d)"( checked)?', form)
    assert boxes == [("line-0", "l1", " checked"), ("line-1", "l2", "")]
    assert "l2 · 1 × sku-l2, €20.00" in plain(form)
    assert "Amount (EUR) now: €15.00" in plain(form)
    assert "With none ticked it is about the whole order." in plain(form)
    path, headers = f"/review/{review.id}/edit", {"accept": "application/json"}
    as_it_was = {"seen": review.seen, "field-lines": "boxes", "line-0": "l1"}
    assert client.post(path, data=as_it_was, headers=headers).status_code == 422
    data = {"seen": review.seen, "field-lines": "boxes", "line-1": "l2", "field-amount": "18.00"}
    made = client.post(path, data=data, headers=headers)
    assert made.status_code == 200, made.text
    new = town.review(made.json()["review"])
    assert new.action.model_dump()["lines"] == ("l2",)
    shown = said(client, f"/review/{new.id}", "moved")
    assert "What Supervisor Person changed Fact Proposed Now" in shown
    assert "Amount (EUR) €15.00 €18.00" in shown
    assert "lines l1 l2" in shown.lower()
    assert "ot sent: Supervisor Person changed it" in said(client, f"/review/{review.id}", "decide")


@pytest.mark.parametrize(
    ("action", "english", "chinese"),
    [
        (
            Return.model_validate(about("so-1") | {"lines": ("l1",), "amount": eur(700)}),
            "Take 1 line of order so-1 back and pay €7.00 back",
            "订单 so-1 的 1 行商品退货，并退款 €7.00",
        ),
        (
            Exchange.model_validate(about("so-1") | {"lines": ("l1", "l2"), "skus": ("s9",)}),
            "Exchange 2 lines of order so-1 for s9",
            "将订单 so-1 的 2 行商品换成 s9",
        ),
        (
            ChangeItems.model_validate(about("so-1") | {"lines": ("l1",), "skus": ("s9",)}),
            "Change 1 line of order so-1 to s9",
            "将订单 so-1 的 1 行商品改为 s9",
        ),
        (
            ChangeAddress.model_validate(about("so-1") | {"request_id": "r1"}),
            "Deliver order so-1 to another address",
            "将订单 so-1 送到另一地址",
        ),
        (
            ChangePayment.model_validate(about("so-1") | {"method": "card-2", "amount": eur(100)}),
            "Charge order so-1 to card-2 and pay €1.00 back",
            "订单 so-1 改用 card-2 付款，并退款 €1.00",
        ),
    ],
)
def test_changes_of_an_order_are_told_in_a_sentence(
    action: Action, english: str, chinese: str
) -> None:
    zone = ZoneInfo("UTC")
    for language, sentence in (("en", english), ("zh", chinese)):
        speaker = Speaker(Show(Words(language), 0), {})
        assert speaker.action(action, zone) == sentence


def test_every_kind_of_action_has_a_sentence_of_its_own() -> None:
    for language in ("en", "zh"):
        words = Words(language)
        assert [kind for kind in ActionKind if not words.has(f"act.{kind}")] == []


@pytest.mark.parametrize(
    "doubt",
    [
        "5.00 RMB for the same is asked for beside it",
        "5.00 XAU for the same is asked for beside it",
        f"{'9' * 5000}.00 EUR for the same is asked for beside it",
        f"{'9' * 40} EUR of it would be kept: so",
        "not done: " * 400 + "so",
        "approved, but not carried out: the breaker x is open: more than 9 in 60 min",
    ],
)
def test_what_others_write_like_a_sentence_of_the_house_breaks_no_page(
    town: Quiet, client: TestClient, doubt: str
) -> None:
    town.one(refund(town.order("so-1")), doubts=(doubt,))
    (review,) = town.waiting()
    for path in ("/", "/review", f"/review/{review.id}", f"/decision/{review.action_id}"):
        for language in ("en", "zh"):
            answer = client.get(path, headers={"accept-language": language})
            assert answer.status_code == 200, (path, language)


def test_the_end_of_an_order_adds_nothing_to_what_is_selected(
    town: Quiet, client: TestClient
) -> None:
    town.propose(refund(town.order("so-1"), 5000), cancel("so-1"))
    held = {item.action.kind: item.id for item in town.waiting()}
    page = client.get("/review").text
    picks = {
        kind: re.search(rf'<input[^>]*name="pick-{one}"[^>]*>', page) for kind, one in held.items()
    }
    summed = {kind: bool(found and "data-minor" in found[0]) for kind, found in picks.items()}
    assert summed == {ActionKind.REFUND: True, ActionKind.CANCEL: False}


def test_what_was_changed_is_told_beside_what_it_was_made_of(
    town: Quiet, client: TestClient
) -> None:
    other = town.held(refund(town.order("so-1"), 700, lines=("1",)))
    first = town.held(refund("so-1", 1990))
    made = desk.edit(town, first.id, amount=desk.eur(990))
    with town.store.write() as tx:
        gave_way = REVIEW.update().where(REVIEW.c.id == other.id)
        tx.execute(gave_way.values(replaced_by=made.id))
    shown = client.get(f"/review/{made.id}").text
    assert "€19.90" in shown
    assert "€7.00" not in region(client, f"/review/{made.id}", "moved")


def test_an_error_page_does_not_mind_a_broken_referer(client: TestClient) -> None:
    answer = client.get("/order/nope", headers={"referer": "http://[x/"})
    assert answer.status_code == 404
