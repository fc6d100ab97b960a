"""What pages show against what the town holds: bars, deadlines, maps, feeds, breakers, charts.

Each reads the page and reckons the same from the store or the decision by itself.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from typing import TYPE_CHECKING

import orjson
import pytest
from fastapi.testclient import TestClient

from makegood.api.console import holds
from makegood.api.console.show import zone_of
from makegood.clock import MINUTE, to_datetime
from makegood.domain.actions import ActionKind, Coupon, Refund, Reroute
from makegood.domain.authority import RunStatus
from makegood.domain.roles import Role
from makegood.ledger.entries import ENTRY
from makegood.planning.explain import explain
from makegood.state import query
from makegood.store.session import Store
from tests.api.looking import Quiet, plain, region, said
from tests.gates.world import about, coupon, refund

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makegood.clock import VirtualClock

SHANGHAI = zone_of("Asia/Shanghai")


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


@pytest.mark.parametrize(
    ("shares_bp", "percents"),
    [
        ([7_143, 2_743, 114], [72, 27, 1]),
        ([3_334, 3_333, 3_333], [34, 33, 33]),
        ([10_000], [100]),
        ([9_950, 50], [100, 0]),
        ([], []),
    ],
)
def test_percents_of_a_decision_sum_to_a_hundred(shares_bp: list[int], percents: list[int]) -> None:
    assert holds.whole_percents(shares_bp) == percents


def test_bars_are_the_decisions_contributions_with_widths_and_percents(
    town: Quiet, client: TestClient
) -> None:
    town.storm(orders=14)
    review = next(one for one in town.waiting() if one.order_id == "so-1006")
    # What the town's agents weighed for it: base 5.00, value 1.92, rounding 0.10.
    weighed = region(client, f"/review/{review.id}", "weighed").split("<h3")[0]
    bars = re.findall(
        r"<dt>([^<]+)</dt>.*?rect class=\"fill(?P<minus> minus)?\" width=\"(\d+)\".*?"
        r"bar-share\">([^<]+)<.*?bar-value\">([^<]+)<",
        weighed,
        re.DOTALL,
    )
    assert [(name, value) for name, _, _, _, value in bars] == [
        ("Base", "CN¥5.00"),
        ("Order value", "CN¥1.92"),
        ("Rounding", "CN¥0.10"),
    ]
    assert [(int(width), share) for _, _, width, share, _ in bars] == [
        (71, "71%"),
        (27, "27%"),
        (2, "2%"),
    ]
    assert sum(int(share.rstrip("%")) for _, _, _, share, _ in bars) == 100


def test_the_best_rejected_option_and_what_would_flip_it_are_the_explanations(
    town: Quiet, client: TestClient
) -> None:
    town.storm(orders=14)
    review = next(one for one in town.waiting() if one.order_id == "so-1006")
    decision = town.decision_of(review)
    found = explain(decision, review.subject)
    assert found.rejected is not None
    shown = said(client, f"/review/{review.id}", "weighed")
    rung = found.rejected.key.removeprefix("rung-")
    assert f"Best rejected option: what is given from {rung} min late" in shown
    assert f"worse by {found.margin} points" in shown
    flips = shown.split("What would flip it")[1].strip()
    assert len(found.flips) > 0
    for flip in found.flips:
        by = abs(flip.by)
        text = f"{by} min" if flip.unit == "min" else f"CN¥{by / 100:.2f}"
        assert f"{text}" in flips
    assert flips.count(" by ") == len(found.flips)


def test_every_factor_that_could_flip_a_choice_is_named(town: Quiet, client: TestClient) -> None:
    town.order("so-1")
    move = {"fulfilment_id": "f-so-1", "assignment": 0, "to_hub": "h2"}
    action = Reroute.model_validate(about("so-1") | move)
    review = town.chosen(action, lateness=1_200, value_at_risk=4_000)
    found = explain(town.decision_of(review), review.subject)
    assert [flip.name for flip in found.flips] == ["lateness", "value_at_risk"]
    shown = said(client, f"/review/{review.id}", "weighed").split("What would flip it")[1]
    # Points are seconds and cents here, and both options are 5,200 of them apart.
    assert "Lateness by 86 min" in shown
    assert "Value at risk by €52.01" in shown


def test_the_bar_of_a_deadline_is_the_time_that_has_passed(town: Quiet, client: TestClient) -> None:
    review = town.held(refund(town.order("so-1")))
    whole = review.deadline_us - review.opened_us
    for minutes in (0, 30, 45):
        town.pass_time(minutes)
        passed = (town.clock.now_us() - review.opened_us) * 100 // whole
        row = region(client, "/review", "queue")
        bar = re.search(r'class="meter".*?class="fill" width="(\d+)"', row)
        assert bar
        assert int(bar[1]) == passed
        assert f"held {(town.clock.now_us() - review.opened_us) // MINUTE} " in plain(row)
    assert passed == 62


def test_a_hold_says_by_which_rules_and_for_which_cause(town: Quiet, client: TestClient) -> None:
    review = town.held(coupon(town.order("so-1"), 400))
    row = region(client, "/review", "queue")
    assert re.findall(r"<code[^>]*>([^<]+)</code>", row) == list(review.rules)
    assert "€4.00 is more than the €3.00 that goes out without a person" in plain(row)
    assert "the promise is late" in plain(row)
    assert "it cannot be delivered" not in plain(row)


def test_decided_before_are_the_other_actions_on_the_order_and_customer(
    town: Quiet, client: TestClient
) -> None:
    town.order("so-1")
    total = {"minor": 5000, "currency": "EUR"}
    town.happen("sales_order.placed", "so-2", customer_id="c-so-1", total=total)
    town.happen("sales_order.payment_captured", "so-2", amount=total)
    first = town.held(refund("so-1", 1000, lines=("l1",)))
    town.reject(first.id)
    town.pass_time(2)
    other = town.held(refund("so-2", 700, customer_id="c-so-1"))
    town.held(refund(town.order("so-3")))
    town.pass_time(2)
    now = town.held(coupon("so-1", 400))
    before = region(client, f"/review/{now.id}", "before")
    items = [plain(one) for one in before.split("<li>")[1:]]
    assert len(items) == 2
    assert "Pay €7.00 back for order so-2" in items[0]
    assert "same customer" in items[0]
    assert "held for a person" in items[0]
    assert "Pay €10.00 back for 1 line of order so-1" in items[1]
    assert "this order" in items[1]
    assert "rejected" in items[1]
    assert f"{to_datetime(first.opened_us).astimezone(SHANGHAI):%H:%M}" in items[1]
    assert f'href="/review/{other.id}"' in before


def test_an_orders_timeline_is_every_event_of_it_the_newest_first(
    town: Quiet, client: TestClient
) -> None:
    town.order("so-1")
    town.courier("K1")
    town.pass_time(3)
    town.assigned("so-1", "K1")
    with town.store.read() as tx:
        events = query.timeline(tx, "so-1")
    shown = region(client, "/order/so-1", "timeline")
    times = re.findall(r"<time>([^<]+)</time>", shown)
    assert times == [
        f"{to_datetime(one.occurred_us).astimezone(SHANGHAI):%H:%M:%S}" for one in reversed(events)
    ]
    verbs = re.findall(r"<b>[^<]*: ([^<]+)</b>", shown)
    assert verbs == [one.type.rpartition(".")[2].replace("_", " ") for one in reversed(events)]
    assert verbs[0] == "assigned"
    assert "courier K1" in plain(shown)


def test_the_map_shows_every_courier_and_delivery_and_what_is_on_board(
    town: Quiet, client: TestClient
) -> None:
    town.storm(orders=14)
    town.happen(
        "fulfilment_order.created", "f-big", order_id="so-1000", customer_id="c-so-1000", load=3
    )
    town.happen("fulfilment_order.assigned", "f-big", courier_id="K01")
    with town.store.read() as tx:
        loads = [one for one in query.couriers(tx, "h1") if one.courier.position is not None]
        open_ = query.open_fulfilments(tx, "h1")
    shown = region(client, "/", "map").split("<figcaption")[0]
    busy = {load.courier.id: len(load.fulfilments) for load in loads}
    assert [load.load for load in loads] != [len(load.fulfilments) for load in loads]
    told = dict(re.findall(r"<title>(K\d+): (\d+) deliver(?:y|ies)</title>", shown))
    assert {name: int(number) for name, number in told.items()} == busy
    assert shown.count('class="courier free"') == sum(not number for number in busy.values())
    placed = [one for one in open_ if one.drop_off is not None]
    assert len(re.findall(r'<circle class="drop ', shown)) == len(placed)
    ways = re.findall(r'<line class="way ', shown)
    assert len(ways) == sum(one.picked_up_us is not None for one in open_)
    late = [one for one in placed if (one.promised_us or 0) < town.clock.now_us()]
    assert shown.count('<circle class="drop late"') == len(late)


def test_feeds_say_their_age_and_whether_they_are_stale(town: Quiet, client: TestClient) -> None:
    limits = town.policies.detection.feeds
    town.happen("hub.weather_observed", "h1", rain_mm_h=1.0, rain_forecast_mm_h=1.0)
    half = limits.weather_stale_minutes // 2
    town.pass_time(half)
    feeds = region(client, "/", "feeds")
    weather = feeds.split("<li")[1]
    assert f"Weather, Hub North {half} min ago" in plain(weather)
    assert "is-stale" not in weather
    assert 'class="fill" width="50"' in weather
    assert f"trusted for {limits.weather_stale_minutes} min" in plain(weather)
    town.pass_time(limits.weather_stale_minutes)
    weather = region(client, "/", "feeds").split("<li")[1]
    assert "is-stale" in weather
    assert f"stale {half + limits.weather_stale_minutes} min ago" in plain(weather)
    assert 'class="fill" width="100"' in weather


def test_agents_at_work_are_counted_by_what_their_runs_do(town: Quiet, client: TestClient) -> None:
    assert "No agent is at work." in said(client, "/", "agents")
    town.runs("storm", RunStatus.RUNNING, RunStatus.WAITING, RunStatus.WAITING, RunStatus.DONE)
    town.runs("parcels", RunStatus.FAILED)
    shown = [plain(one) for one in region(client, "/", "agents").split("<li>")[1:]]
    assert len(shown) == 2
    assert "parcels 1 run failed" in shown[0]
    assert "storm 1 run at work 2 runs wait for people" in shown[1]
    assert "failed" not in shown[1]


def test_failed_effects_are_shown_with_why_for_a_day(town: Quiet, client: TestClient) -> None:
    review = town.held(refund(town.order("so-1")))
    town.books[ActionKind.REFUND].mood = "refuses"
    town.approve(review.id)
    town.settle()
    shown = region(client, "/", "effects")
    assert "Pay €19.90 back for order so-1 failed" in plain(shown)
    assert "1 attempt · no" in plain(shown)
    assert "/decide" not in shown
    town.pass_time(24 * 60 + 1)
    assert "Everything that was sent has an answer." in said(client, "/", "effects")


def test_a_breaker_says_how_full_it_is(town: Quiet, client: TestClient) -> None:
    rule = next(one for one in town.policies.breakers.velocity if one.name == "refunds-an-hour")
    assert rule.max_amount is not None
    cap = rule.max_amount.of("EUR") or 0
    town.orders("so-1", captured=cap)
    town.policy(
        "approvals",
        rules=tuple(
            one.model_copy(update={"up_to": type(rule.max_amount)({"EUR": cap}), "deciders": 1})
            if one.up_to.root
            else one
            for one in town.policies.approvals.rules
        ),
    )
    review = town.held(refund("so-1", cap * 3 // 4))
    town.approve(review.id)
    town.settle()
    shown = region(client, "/", "breakers")
    mine = next(one for one in shown.split("<li ") if "refunds-an-hour" in one)
    assert f"€{cap * 3 // 4 / 100:,.2f} of €{cap / 100:,.2f}" in plain(mine)
    assert 'class="fill" width="75"' in mine
    assert "closed" in plain(mine)


def test_columns_of_the_chart_are_as_high_as_what_they_count(
    town: Quiet, client: TestClient
) -> None:
    town.orders("so-1", "so-2", "so-3", "so-4")
    made = [town.held(refund(name)) for name in ("so-1", "so-2", "so-3", "so-4")]
    town.pass_time(25)
    for review in made[:3]:
        town.reject(review.id)
    chart = region(client, "/", "chart").split("<figcaption")[0]
    columns = re.findall(
        r'rect class="(\w+)" x="([\d.]+)" y="[\d.]+" width="[\d.]+" height="([\d.]+)"'
        r"[^>]*><title>([^<]+)</title>",
        chart,
    )
    assert [(what, label.split(": ")[1]) for what, _, _, label in columns] == [
        ("opened", "4 came"),
        ("rejected", "3 rejected"),
    ]
    (_, first_x, first_height, first_label), (_, second_x, second_height, _) = columns
    assert float(first_height) * 3 == pytest.approx(float(second_height) * 4, abs=0.6)
    opened = to_datetime(made[0].opened_us).astimezone(SHANGHAI)
    assert first_label.startswith(f"{opened:%H:}{opened.minute // 10}0")
    step = (float(second_x) - float(first_x)) / 2
    assert step == pytest.approx((640 - 30) / 36, abs=0.1)


def test_times_are_by_the_zone_that_policy_gives_a_hub(town: Quiet, client: TestClient) -> None:
    review = town.held(refund(town.order("so-1")))
    at = to_datetime(review.deadline_us)
    assert f"until {at.astimezone(SHANGHAI):%H:%M}," in said(client, "/review", "queue")
    town.policy("approvals", hub_zones={"h1": "America/Bogota"})
    bogota = zone_of("America/Bogota")
    assert f"until {at.astimezone(bogota):%H:%M}," in said(client, "/review", "queue")


def test_an_export_holds_every_line_in_both_forms(town: Quiet, client: TestClient) -> None:
    town.held(refund(town.order("so-1")))
    with town.store.read() as tx:
        hashes = {row.hash.hex() for row in tx.execute(ENTRY.select())}
    lines = client.get("/ledger/export?form=jsonl").text.splitlines()
    assert {orjson.loads(line)["hash"] for line in lines} == hashes
    table = list(csv.reader(io.StringIO(client.get("/ledger/export?form=csv").text)))
    assert [row[-1] for row in table[1:]] == [orjson.loads(line)["hash"] for line in lines]


def test_the_sum_of_the_queue_is_of_what_is_shown_by_currency(
    town: Quiet, client: TestClient
) -> None:
    town.storm(orders=14)
    town.held(refund(town.order("so-1"), 1234))
    items = town.waiting()
    sums: Counter[str] = Counter()
    for item in items:
        assert isinstance(item.action, Refund | Coupon) or item.action.kind == ActionKind.CANCEL
        if item.action.money is not None and item.action.kind != ActionKind.CANCEL:
            sums[item.action.money.currency] += item.action.money.minor
    text = f"CN¥{sums['CNY'] / 100:,.2f} + €{sums['EUR'] / 100:,.2f}"
    assert text in said(client, "/review", "queue")
    assert f"{text} waiting" in said(client, "/", "figures")
    only = sum(
        item.action.money.minor
        for item in items
        if item.action.kind == ActionKind.COUPON and item.action.money is not None
    )
    assert f"· CN¥{only / 100:,.2f} " in said(client, "/review?kind=coupon", "queue")
