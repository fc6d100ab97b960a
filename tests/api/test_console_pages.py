"""What the pages say: one count of everything, times by each hub's clock, a decision's story."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from makegood.api import figures
from makegood.api.console import search
from makegood.api.console.chart import SERIES
from makegood.api.console.option_words import option
from makegood.api.console.sentences import Speaker
from makegood.api.console.show import Show, zone_of
from makegood.api.console.words import Words
from makegood.clock import MINUTE, to_datetime
from makegood.domain.actions import Reroute
from makegood.domain.roles import Role
from makegood.gates import reviews
from makegood.ledger.kinds import EntryKind
from makegood.state import query
from makegood.store.session import Store
from tests.api.looking import Quiet, plain, region, said
from tests.gates.world import about, cancel, refund

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makegood.clock import VirtualClock


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


def _ids(text: str) -> list[str]:
    return re.findall(r'<li class="hold row(?: urgent)?" id="hold-(rev_\w+)"', text)


def test_a_deadline_is_told_by_the_hubs_clock_and_as_time_left(
    town: Quiet, client: TestClient
) -> None:
    review = town.held(refund(town.order("so-1")))
    town.pass_time(7)
    at = to_datetime(review.deadline_us).astimezone(zone_of("Asia/Shanghai"))
    left = (review.deadline_us - town.clock.now_us()) // MINUTE
    told = f"held 7 min · until {at:%H:%M}, {left} min left"
    for path, part in (("/review", "queue"), ("/", "first"), (f"/review/{review.id}", "decide")):
        assert told in said(client, path, part)
    assert f"{at:%H:%M} 截止，还剩 {left} 分钟" in said(client, "/review", "queue", "zh")


def test_what_is_marked_urgent_stands_before_what_is_not(town: Quiet, client: TestClient) -> None:
    deadline = town.policies.approvals.deadline
    town.order("so-1")
    first = town.held(refund("so-1", 500))
    assert "urgent" not in region(client, "/review", "queue")
    town.pass_time(deadline.warn_minutes - 5)
    town.orders("so-2", captured=90_000)
    much = town.held(refund("so-2", 80_000))
    queue = region(client, "/review", "queue")
    assert _ids(queue)[0] == much.id
    marked = re.findall(r'row urgent" id="hold-(rev_\w+)"', queue)
    assert marked == _ids(queue)[: len(marked)]
    town.pass_time(5)
    queue = region(client, "/review", "queue")
    with town.store.write() as tx:
        reviews.look_at_deadlines(tx, town.clock.now_us(), town.policies)
    queue = region(client, "/review", "queue")
    assert town.review(first.id).warned_us is not None
    marked = re.findall(r'row urgent" id="hold-(rev_\w+)"', queue)
    assert set(marked) == {first.id, much.id}
    assert "reminder sent" in plain(queue)


def test_the_first_page_counts_a_promise_at_risk_in_one_way(
    town: Quiet, client: TestClient
) -> None:
    town.storm(orders=24)
    with town.store.read() as tx:
        (named,) = {incident.orders for incident in figures.book.open_incidents(tx)}
        counts = figures.count(tx, town.clock.now_us())
        found = figures.endangered(tx, named, town.clock.now_us())
        open_ = [one for one in query.open_fulfilments(tx, "h1") if one.id in named]
    past = [one for one in open_ if (one.promised_us or 0) < town.clock.now_us()]
    assert len(open_) < len(named)
    assert (found.at_risk, found.late) == (len(open_) - len(past), len(past))
    assert 0 < counts.promises_at_risk < len(named)
    assert found.at_risk == counts.promises_at_risk
    assert found.late > 0
    assert f"{counts.promises_at_risk} promises at risk" in said(client, "/", "figures")
    shown = said(client, "/", "incidents")
    assert f"{found.at_risk} promises at risk, {found.late} already late" in shown
    holds = len(town.waiting())
    page = client.get("/").text
    assert f"{holds} holds for you" in plain(page)
    assert f"all {holds} in the queue" in plain(page)
    assert f'<b class="count">{holds}<' in page


def test_a_decisions_story_begins_with_what_set_it_off_and_the_evidence(
    town: Quiet, client: TestClient
) -> None:
    town.storm(orders=14)
    review = town.waiting()[0]
    way = region(client, f"/decision/{review.action_id}", "journey")
    names = re.findall(r'<div class="stage-head"><b>([^<]+)</b>', way)
    assert names[:3] == ["What set it off", "Incident", "The order until then"]
    first = plain(way.split("</li>\n    <li")[0])
    assert "What set it off" in first
    assert "Hub North: weather observed" in first
    assert "rain in mm/h 14.2" in first
    evidence = re.search(r"Incident</b>.*?<ul class=\"evidence\">(.*?)</ul>", way, re.DOTALL)
    assert evidence
    assert evidence[1].count("<li>") == 4
    assert "rain 14.2 mm/h at Hub North, policy says 8 mm/h" in plain(evidence[1]).lower() or (
        "rain 14.2 mm/h at Hub North" in plain(evidence[1])
    )
    chinese = region(client, f"/decision/{review.action_id}", "journey", "zh")
    assert re.findall(r'<div class="stage-head"><b>([^<]+)</b>', chinese)[0] == "起因事件"


def test_times_of_the_ledger_are_those_of_each_entrys_hub(town: Quiet, client: TestClient) -> None:
    town.happen("hub.registered", "h1", name="Hub North", zone="Asia/Shanghai")
    town.policy("approvals", hub_zones={"h9": "America/Sao_Paulo"})
    town.tell_at(0, "h9", ("hub.registered", "h9", {"name": "South", "zone": "America/Sao_Paulo"}))
    town.held(refund(town.order("so-1")))
    total = {"minor": 5000, "currency": "EUR"}
    about_it = {"customer_id": "c-so-9", "total": total}
    town.tell_at(
        0,
        "h9",
        ("sales_order.placed", "so-9", about_it),
        ("sales_order.payment_captured", "so-9", {"amount": total}),
    )
    town.propose(refund("so-9", hub_id="h9"))
    here = to_datetime(town.clock.now_us())
    lines = region(client, "/ledger?group=decisions", "lines")
    for order, zone, offset in (
        ("so-1", "Asia/Shanghai", "UTC+08:00"),
        ("so-9", "America/Sao_Paulo", "UTC-03:00"),
    ):
        at = f"{here.astimezone(zone_of(zone)):%Y-%m-%d %H:%M:%S} {offset}"
        (line,) = [one for one in lines.split("<li ") if f"/order/{order}" in one]
        assert f"<time>{at}</time>" in line
    local = here.astimezone(zone_of("America/Sao_Paulo"))
    assert f"<time>{local:%H:%M:%S}</time>" in region(client, "/order/so-9", "entries")


def test_the_ledger_opens_with_its_latest_entries_and_whether_it_is_sound(
    town: Quiet, client: TestClient
) -> None:
    town.order("so-1")
    town.pass_time(1)
    town.held(refund("so-1"))
    page = client.get("/ledger").text
    with town.store.read() as tx:
        entries = sum(head[1] for head in search.heads(tx))
    assert re.search(rf'id="verified"><strong>Sound at [\d:]+: {entries} entries', page)
    first = plain(region(client, "/ledger", "lines").split("<li ")[1])
    assert "Pay €19.90 back for order so-1" in first
    chinese = client.get("/ledger", headers={"accept-language": "zh"}).text
    assert f"核验完整：3 个分区，共 {entries} 条记录。" in chinese


@pytest.mark.parametrize(
    ("path", "english", "chinese"),
    [
        ("/review/none", "There is nothing here.", "这里没有内容。"),
        ("/decision/none", "There is nothing here.", "这里没有内容。"),
        ("/no-such-page", "There is nothing here.", "这里没有内容。"),
    ],
)
def test_an_error_is_told_in_plain_words_with_a_way_back(
    client: TestClient, path: str, english: str, chinese: str
) -> None:
    for language, words in (("en", english), ("zh", chinese)):
        answer = client.get(path, headers={"accept-language": language, "accept": "text/html"})
        assert answer.status_code == 404
        assert words in answer.text
        assert '<a class="button" href="/">' in answer.text


def test_an_error_after_a_form_leads_back_to_the_page_it_was_on(
    town: Quiet, client: TestClient
) -> None:
    review = town.held(refund(town.order("so-1")))
    path = f"/review/{review.id}/reject"
    came = {"referer": f"http://testserver/review/{review.id}?x=1"}
    answer = client.post(path, data={"reason": "luck"}, headers=came)
    assert answer.status_code == 422
    assert "Something in the form is not right; nothing was done." in answer.text
    assert f'<a class="button primary" href="/review/{review.id}?x=1">' in answer.text
    elsewhere = {"referer": "https://evil.example/review"}
    answer = client.post(path, data={"reason": "luck"}, headers=elsewhere)
    assert "Back to where you were" not in answer.text


@pytest.mark.parametrize(
    ("key", "english", "chinese"),
    [
        ("keep", "leave it as it is", "维持现状"),
        ("wait", "wait", "继续等待"),
        ("rung-15", "what is given from 15 min late", "延误 15 分钟起的补偿档"),
        ("from-150", "what is given from 2 h 30 min late", "延误 2 小时 30 分钟起的补偿档"),
        ("reassign+to:K7", "reassign to K7", "改派 至 K7"),
        ("reroute+to:h1+notify", "reroute to Hub North + notify", "改站点 至 Hub North + 通知"),
        ("cancel+refund", "Cancellation + Refund", "取消订单 + 退款"),
        ("K7", "courier K7", "骑手 K7"),
    ],
)
def test_an_option_is_told_in_words(key: str, english: str, chinese: str) -> None:
    for language, words in (("en", english), ("zh", chinese)):
        speaker = Speaker(Show(Words(language), 0), {"h1": "Hub North"})
        assert option(speaker, key, zone_of("UTC")) == words


def test_a_better_option_that_was_not_chosen_is_never_worse_by_less_than_nothing(
    town: Quiet, client: TestClient
) -> None:
    town.order("so-1")
    move = {"fulfilment_id": "f-so-1", "assignment": 0, "to_hub": "h2"}
    review = town.chosen(Reroute.model_validate(about("so-1") | move), lateness=600)
    shown = said(client, f"/review/{review.id}", "weighed")
    assert "Best rejected option: leave it as it is worse by 600 points" in shown
    town.order("so-2")
    move["fulfilment_id"] = "f-so-2"
    town.chosen(Reroute.model_validate(about("so-2") | move), lateness=-600)
    better = next(one for one in town.waiting() if one.order_id == "so-2")
    shown = said(client, f"/review/{better.id}", "weighed")
    assert "better by 600 points" in shown
    assert "-600" not in shown.replace("\u2212", "-").split("better by")[1].split("Late")[0]


def test_old_data_are_told_with_their_age(town: Quiet, client: TestClient) -> None:
    doubts = ("the weather at the hub is 31 minutes old", "the position of K7 is not known")
    town.order("so-1")
    (judged,) = town.propose(refund("so-1"), doubts=doubts)
    review = next(one for one in town.waiting() if one.action_id == judged.action_id)
    english = said(client, f"/review?q={review.id}", "queue")
    chinese = said(client, f"/review?q={review.id}", "queue", "zh")
    assert "the weather that the agent went by was 31 min old" in english
    assert "the agent did not know where K7 is" in english
    assert "智能体所依据的天气数据在 31 分钟前" in chinese
    assert "智能体不知道骑手 K7 的位置" in chinese


def test_the_chart_tells_every_ending_apart(town: Quiet, client: TestClient) -> None:
    assert SERIES == ("opened", "approved", "rejected", "expired", "superseded", "void")
    gone = town.held(cancel(town.order("so-1")))
    town.happen("sales_order.delivered", "so-1")
    town.approve(gone.id)
    rejected = town.held(refund(town.order("so-2")))
    town.reject(rejected.id)
    assert town.told(EntryKind.REVIEW_VOID)
    chart = region(client, "/", "chart")
    drawn = chart.split("<figcaption")[0]
    assert {what: drawn.count(f'rect class="{what}"') for what in SERIES} == {
        "opened": 1,
        "approved": 0,
        "rejected": 1,
        "expired": 0,
        "superseded": 0,
        "void": 1,
    }
    assert [
        one for one in SERIES if f'rect class="{one}"' not in chart.split("<figcaption")[1]
    ] == []
    style = client.get("/static/desk.css").text
    colours = [re.search(rf"rect\.{what} {{ fill: ([^;]+);", style) for what in SERIES]
    assert len({one[1] for one in colours if one}) == len(SERIES)
