"""The console without a browser: what each page says, in two languages, and how little it sends."""

from __future__ import annotations

import csv
import html
import io
import re
import string
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import orjson
import pytest
from fastapi.testclient import TestClient

from makegood.api.console import filters as queue_filters
from makegood.api.console import search, words
from makegood.api.console.filters import Filters
from makegood.api.console.render import environment
from makegood.api.topics import Topic, of_kind
from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind, Refund
from makegood.domain.authority import ActionStatus, ReviewStatus
from makegood.domain.effects import Repeat
from makegood.domain.roles import Role
from makegood.gates import kill, reviews
from makegood.ledger.entries import leaf_hash
from makegood.ledger.kinds import EntryKind
from makegood.store.session import Store
from tests.api.town import Town
from tests.gates.world import refund

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makegood.clock import VirtualClock

CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def town(sqlite_url: str, clock: VirtualClock) -> Iterator[Town]:
    """A town in the storm on SQLite: what pages say does not depend on the database."""
    store = Store.open(sqlite_url)
    made = Town(store, clock)
    made.storm()
    yield made
    store.close()


def _get(client: TestClient, town: Town, path: str, **headers: str) -> str:
    role = Role(headers.pop("role", Role.SUPERVISOR))
    answer = client.get(path, headers=town.bearer(role) | headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def _parts(
    client: TestClient, town: Town, path: str, part: str, have: str = ""
) -> dict[str, dict[str, str]]:
    joint = "&" if "?" in path else "?"
    headers = town.bearer(Role.SUPERVISOR) | {"accept": "application/json", "x-have": have}
    answer = client.get(f"{path}{joint}part={part}", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, dict[str, str]] = answer.json()["regions"]
    return found


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_is_there_in_chinese_with_the_same_names_to_fill_in() -> None:
    english, chinese = words.CATALOGUES["en"], words.CATALOGUES["zh"]
    assert set(english) - set(chinese) == set()
    assert {key for key in english if _names(english[key]) != _names(chinese[key])} == set()


def test_what_english_takes_from_names_has_a_chinese_word_of_its_own() -> None:
    chinese = words.CATALOGUES["zh"]
    missing = [kind for kind in EntryKind if f"entry.{kind}" not in chinese]
    missing += [status for status in ReviewStatus if f"just.{status}" not in chinese]
    assert set(missing) <= {ReviewStatus.OPEN}


@pytest.mark.parametrize(
    ("accepted", "cookie", "language"),
    [
        ("", "", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "", "zh"),
        ("en-GB,zh;q=0.9", "", "en"),
        ("fr, zh;q=0.3", "", "zh"),
        ("de", "", "en"),
        ("en", "zh", "zh"),
        ("zh", "en", "en"),
        ("zh;q=x, en;q=0.1", "klingon", "en"),
    ],
)
def test_the_language_is_what_was_switched_to_or_what_the_browser_asks_for(
    accepted: str, cookie: str, language: str
) -> None:
    assert words.chosen({words.COOKIE: cookie}, accepted).language == language


def test_switching_the_language_goes_back_to_the_page_and_never_elsewhere(town: Town) -> None:
    with TestClient(town.app, follow_redirects=False) as client:
        answer = client.post("/language/zh", data={"then": "/login?then=/review"})
        assert answer.headers["location"] == "/login?then=/review"
        assert "登录" in client.get("/login").text
        for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example"):
            answer = client.post("/language/en", data={"then": elsewhere})
            assert answer.headers["location"] == "/"
        assert client.post("/language/xx").status_code == 404


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_is_made_in_both_languages(town: Town, language: str) -> None:
    review = town.waiting()[0]
    town.approve(review.id)
    town.executor.settle()
    pages = ["/", "/review", "/ledger?verify=1", f"/order/{review.order_id}"]
    pages += [f"/review/{review.id}", f"/review/{town.waiting()[0].id}"]
    pages += [f"/decision/{review.action_id}"]
    with TestClient(town.app) as client:
        for page in pages:
            text = _get(client, town, page, **{"accept-language": language})
            assert f'<html lang="{"zh-CN" if language == "zh" else "en"}">' in text
            main = text[text.index("<main") :]
            assert bool(CHINESE.search(main)) == (language == "zh"), page
            # What the policy of the page forbids: nothing inline, nothing from elsewhere.
            assert not re.search(r"<style|style=\"|\son[a-z]+=\"|<script>|https?://", text), page


def test_no_template_switches_escaping_off() -> None:
    made = environment()
    assert made.autoescape is True
    sources = [str(made.loader.get_source(made, name)[0]) for name in made.list_templates()]  # pyright: ignore[reportOptionalMemberAccess]
    assert len(sources) > 30
    assert not [source for source in sources if re.search(r"\|\s*safe|autoescape", source)]


def test_a_script_gets_only_the_regions_it_asks_for_and_only_what_is_new(town: Town) -> None:
    with TestClient(town.app) as client:
        found = _parts(client, town, "/", "figures,stops,no-such-region")
        assert set(found) == {"figures", "stops"}
        assert "<html" not in found["figures"]["html"]
        have = " ".join(f"{name}={one['mark']}" for name, one in found.items())
        assert _parts(client, town, "/", "figures,stops", have) == {}
        town.stop("kind:refund")
        assert set(_parts(client, town, "/", "figures,stops", have)) == {"stops"}


def test_rows_that_a_browser_has_are_not_sent_again(town: Town) -> None:
    with TestClient(town.app) as client:
        whole = _parts(client, town, "/review", "queue")["queue"]["html"]
        marks = dict(re.findall(r'id="(hold-rev_\w+)" data-item data-mark="([\d.]+)"', whole))
        assert len(marks) == len(town.waiting())
        arrived = town.hold("so-1001")
        have = " ".join(f"{name}={mark}" for name, mark in marks.items())
        again = _parts(client, town, "/review", "queue", have)["queue"]["html"]
        assert again.count("data-same") == len(marks)
        assert re.findall(r'id="hold-(rev_\w+)" data-item', again) == [arrived]
        assert len(again) < len(whole) / 2


def test_the_queue_is_filtered_by_its_address_and_paged_on_the_server(town: Town) -> None:
    names = [f"so-{6000 + number}" for number in range(70)]
    town.orders(*names)
    town.propose(*(refund(name) for name in names))
    kinds = [item.action.kind for item in town.waiting()]
    with TestClient(town.app) as client:
        assert _rows(_get(client, town, "/review")) == 50
        assert _rows(_get(client, town, "/review?page=2")) == len(kinds) - 50
        assert _rows(_get(client, town, "/review?page=99")) == len(kinds) - 50
        assert _rows(_get(client, town, "/review?kind=coupon")) == kinds.count(ActionKind.COUPON)
        assert _rows(_get(client, town, "/review?q=so-6001")) == 1
        assert _rows(_get(client, town, "/review?q=c-so-6002")) == 1
        assert _rows(_get(client, town, "/review?q=%25")) == 0
        assert _rows(_get(client, town, "/review?state=stale")) == 0
        assert _rows(_get(client, town, "/review?hub=nowhere")) == 0
        # What an address names wrongly counts as not named.
        assert _rows(_get(client, town, "/review?kind=bribe&sort=luck&page=-1&state=x")) == 50
        money = _get(client, town, "/review?sort=money")
        amounts = [float(one) for one in re.findall(r'class="money">CN¥([\d.]+)<', money)]
        assert amounts == sorted(amounts, reverse=True)


def _rows(text: str) -> int:
    return len(re.findall(r'<li class="hold row', text))


def test_a_view_of_the_queue_goes_into_an_address_and_back() -> None:
    view = Filters(q="so 1&2", hub="h/1", kind="refund", state="stale", sort="money", page=3)
    query = dict(_pairs(view.address()))
    assert Filters.of(query) == view
    assert Filters().address() == "/review"
    assert Filters.of({"page": "999999999999"}).page == 1
    for sort in queue_filters.SORTS:
        assert Filters(sort=sort).order


def _pairs(address: str) -> Iterator[tuple[str, str]]:
    yield from parse_qsl(address.partition("?")[2])


def test_text_of_customers_and_agents_is_shown_as_text(town: Town) -> None:
    evil = '<img src=x onerror="alert(1)">'
    town.order("so-evil")
    town.propose(refund("so-evil"), agent=evil)
    with town.store.write() as tx:
        kill.set_switch(tx, f"agent:{evil}", evil, evil, town.clock.now_us())
    review = next(item for item in town.waiting() if item.order_id == "so-evil")
    with TestClient(town.app) as client:
        for page in ("/", "/review", f"/review/{review.id}", f"/review?q={evil}", "/ledger"):
            text = _get(client, town, page)
            assert evil not in text, page
        assert html.escape(evil, quote=False).split("onerror")[0] in _get(
            client, town, f"/review/{review.id}"
        )


def test_the_ledger_is_found_by_order_person_customer_kind_and_day(town: Town) -> None:
    review = town.waiting()[0]
    order, customer = review.order_id, review.customer_id
    with TestClient(town.app) as client:
        form = {"seen": review.seen}
        supervisor = town.bearer(Role.SUPERVISOR)
        client.post(f"/review/{review.id}/approve", data=form, headers=supervisor)
        by_order = _lines(client, town, f"order={order}")
        kinds = {line["kind"] for line in by_order}
        assert kinds >= {"action_judged", "review_approving", "proposal_made"}
        led_to = {"proposal_made", "incident_opened", "incident_closed", "run_ended"}
        about = [line for line in by_order if line["kind"] not in led_to]
        assert all(f"sales_order/{order}" in line["refs"] for line in about)
        assert _lines(client, town, f"person={customer}") == by_order
        mine = _lines(client, town, "person=supervisor")
        person = town.people[Role.SUPERVISOR].id
        assert mine
        assert all(person in (line["actor"], *line["refs"]) for line in mine)
        assert {line["kind"] for line in _lines(client, town, "group=decisions")} <= {
            kind for kind in EntryKind if kind.startswith("review_")
        }
        assert _lines(client, town, "since=2026-07-15") == []
        assert _lines(client, town, "until=2026-07-13") == []
        assert _lines(client, town, "since=2026-07-14&until=2026-07-14")
        assert _lines(client, town, "since=nonsense&until=9999-12-31&after=1.2") == _lines(
            client, town, ""
        )


def _lines(client: TestClient, town: Town, query: str) -> list[dict[str, Any]]:
    text = _get(client, town, f"/ledger/export?form=jsonl&{query}", role=Role.AUDITOR)
    return [orjson.loads(orjson.loads(line)["entry"]) for line in text.splitlines()]


def test_an_export_holds_the_exact_text_of_each_hash_and_no_formulas(town: Town) -> None:
    with TestClient(town.app) as client:
        lines = _get(client, town, "/ledger/export?form=jsonl").splitlines()
        assert len(lines) > 50
        for line in lines:
            one = orjson.loads(line)
            assert leaf_hash(one["entry"].encode()).hex() == one["hash"]
        town.stop("agent:=cmd()")
        table = list(csv.reader(io.StringIO(_get(client, town, "/ledger/export"))))
        assert len(table) == len(lines) + 2
        assert not [cell for row in table for cell in row if cell.startswith(("=", "+", "@"))]


def test_pages_of_the_ledger_follow_one_another_without_a_gap(town: Town) -> None:
    everything = [(one["part"], one["seq"]) for one in _all(town)]
    seen: list[tuple[str, int]] = []
    after = ""
    zone = ZoneInfo("UTC")
    with town.store.read() as tx:
        while True:
            found = search.find(tx, search.Search(after=after), zone, 7)
            if not found:
                break
            seen += [(one.part, one.seq) for one in found]
            after = search.cursor(found[-1])
    assert seen == everything


def _all(town: Town) -> list[dict[str, Any]]:
    with TestClient(town.app) as client:
        return _lines(client, town, "")


def test_every_kind_of_entry_is_about_something() -> None:
    assert of_kind("review_opened") == (Topic.REVIEWS,)
    assert of_kind("never_heard_of") == (Topic.ALL,)
    groups = {kind for group in search.GROUPS for kind in search.kinds_of(group)}
    assert set(EntryKind) - groups == {EntryKind.GENESIS, EntryKind.STARTED}


def test_an_edit_in_a_form_becomes_the_actions_own_types(town: Town) -> None:
    (review, amount) = next(
        (item, item.action.amount) for item in town.waiting() if isinstance(item.action, Refund)
    )
    supervisor = town.bearer(Role.SUPERVISOR) | {"accept": "application/json"}
    path = f"/review/{review.id}/edit"
    with TestClient(town.app) as client:
        for wrong in ("much", "NaN", "1.234", "1e999999", ""):
            form = {"seen": review.seen, "field-amount": wrong}
            answer = client.post(path, data=form, headers=supervisor)
            assert answer.status_code == 422, wrong
        same = f"{amount.minor / 100:.2f}"
        form = {"seen": review.seen, "field-amount": same}
        assert client.post(path, data=form, headers=supervisor).status_code == 422
        form["field-amount"] = "1.50"
        answer = client.post(path, data=form, headers=supervisor)
        assert answer.status_code == 200, answer.text
    with town.store.read() as tx:
        made = reviews.get(tx, answer.json()["review"])
    assert made.action.money is not None
    assert made.action.money.minor == 150
    assert made.edited_by == town.people[Role.SUPERVISOR].id


def test_the_chart_counts_what_the_ledger_says(town: Town) -> None:
    waiting = town.waiting()
    town.reject(waiting[0].id)
    with TestClient(town.app) as client:
        text = _parts(client, town, "/", "chart")["chart"]["html"]
    assert f"{len(waiting)} holds came and 1 ended in the last 6 hours" in text
    assert text.count('rect class="rejected"') == 2  # one column, and its key


def test_a_person_says_in_the_console_how_an_effect_in_doubt_ended(town: Town) -> None:
    books = town.adapter(ActionKind.REFUND, Repeat.NEITHER)
    books.mood = "silent"
    review = next(item for item in town.waiting() if isinstance(item.action, Refund))
    town.approve(review.id)
    town.settle()
    supervisor = town.bearer(Role.SUPERVISOR)
    with TestClient(town.app, follow_redirects=False) as client:
        shown = _parts(client, town, "/", "effects")["effects"]["html"]
        found = re.search(r'action="(/effect/eff_\w+/decide)"', shown)
        assert found, shown
        assert "outcome unknown" in shown
        for wrong in ({"status": "perhaps", "note": "n"}, {"status": "confirmed", "note": " "}):
            assert client.post(found[1], data=wrong, headers=supervisor).status_code == 422
        form = {"status": "confirmed", "note": "It stands in their books."}
        assert client.post(found[1], data=form, headers=supervisor).status_code == 303
        shown = _parts(client, town, "/", "effects")["effects"]["html"]
    assert "Everything that was sent has an answer." in shown
    assert town.status(review.action_id) == ActionStatus.CONFIRMED


def test_a_person_ends_in_the_console_what_a_switch_keeps_from_being_sent(town: Town) -> None:
    town.order("so-77")
    review = town.held(refund("so-77"))
    town.approve(review.id)
    assert town.executor.intend() == 1
    town.stop("everything")
    town.executor.dispatch()
    headers = town.bearer(Role.SUPERVISOR)
    with TestClient(town.app) as client:
        assert "/decide" not in client.get("/", headers=headers).text
        town.clock.advance(2 * MINUTE)
        shown = client.get("/", headers=headers).text
        found = re.search(r'action="(/effect/eff_\w+/decide)"', shown)
        assert found
        form = {"status": "failed", "note": "the customer called", "csrf": "x"}
        answer = client.post(found[1], data=form, headers=headers, follow_redirects=False)
    assert answer.status_code == 303
    assert town.status(review.action_id) == ActionStatus.FAILED
    town.go_on("everything")
    town.executor.settle()
    assert town.refunded() == 0


def test_a_whole_page_of_the_queue_can_be_approved_as_one_batch(town: Town) -> None:
    names = [f"so-{7000 + number}" for number in range(50)]
    town.orders(*names)
    town.propose(*(refund(name) for name in names))
    mine = [item for item in town.waiting() if item.order_id in names]
    form = {f"pick-{item.id}": item.seen for item in mine}
    form |= {"then": "/review", "do": "approve", "csrf": "x"}
    headers = town.bearer(Role.SUPERVISOR) | {"accept": "application/json"}
    with TestClient(town.app) as client:
        answer = client.post("/review/batch", data=form, headers=headers)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["done"]) == 50


@pytest.mark.parametrize("unclear", [{}, {"do": ""}, {"do": "approve", "reason": "other"}])
def test_a_batch_that_does_not_say_plainly_what_it_wants_decides_nothing(
    town: Town, unclear: dict[str, str]
) -> None:
    item = town.waiting()[0]
    form = {f"pick-{item.id}": item.seen, "then": "/review", "csrf": "x"} | unclear
    headers = town.bearer(Role.SUPERVISOR) | {"accept": "application/json"}
    with TestClient(town.app) as client:
        answer = client.post("/review/batch", data=form, headers=headers)
    assert answer.status_code == 422, answer.text
    assert town.review(item.id).status is ReviewStatus.OPEN


def test_what_is_selected_on_the_queue_can_be_rejected_for_one_reason(town: Town) -> None:
    names = [f"so-{7100 + number}" for number in range(3)]
    town.orders(*names)
    town.propose(*(refund(name) for name in names))
    mine = [item for item in town.waiting() if item.order_id in names]
    form = {f"pick-{item.id}": item.seen for item in mine}
    form |= {"then": "/review", "do": "reject", "csrf": "x"}
    headers = town.bearer(Role.SUPERVISOR) | {"accept": "application/json"}
    with TestClient(town.app) as client:
        unsaid = client.post("/review/batch", data=form, headers=headers)
        answer = client.post("/review/batch", data=form | {"reason": "other"}, headers=headers)
    assert unsaid.status_code == 422
    assert answer.status_code == 200, answer.text
    assert answer.json()["said"] == "3 rejected, for good."
    assert {town.review(item.id).status for item in mine} == {ReviewStatus.REJECTED}


def test_all_that_can_still_be_undone_is_undone_at_once_and_what_went_out_is_told(
    town: Town,
) -> None:
    names = [f"so-{7200 + number}" for number in range(3)]
    town.orders(*names)
    town.propose(*(refund(name) for name in names))
    mine = [item for item in town.waiting() if item.order_id in names]
    form = {f"pick-{item.id}": item.seen for item in mine[:2]} | {"do": "approve", "csrf": "x"}
    undo = {f"undo-{item.id}": "yes" for item in mine} | {"then": "/review", "csrf": "x"}
    headers = town.bearer(Role.SUPERVISOR) | {"accept": "application/json"}
    with TestClient(town.app) as client:
        assert client.post("/review/batch", data=form, headers=headers).status_code == 200
        answer = client.post("/review/undo", data=undo, headers=headers)
        again = client.post("/review/undo", data=undo, headers=headers)
    assert answer.json()["said"] == "2 taken back; for 1 it was too late."
    assert again.status_code == 409
    assert {town.review(item.id).status for item in mine} == {ReviewStatus.OPEN}
