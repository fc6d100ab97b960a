"""The commands that ask a daemon, against one that runs, with a sandbox company behind it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from makegood.clock import MINUTE, SystemClock, to_rfc3339
from makegood.domain.money import Money
from tests.cli.houses import Served, company_served, outside, served, until

if TYPE_CHECKING:
    from collections.abc import Generator

    from makegood.replay.company import Company

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    home = tmp_path_factory.mktemp("house")
    with company_served() as (company, url), served(home, outside(url, company)) as found:
        _tell(found, company)
        yield found


def _order(number: int) -> list[tuple[int, str, str, dict[str, Any]]]:
    """An order that was paid a while ago, and whose stock then turned out to be missing."""
    order, total = f"so-{number}", {"minor": 2_000, "currency": "CNY"}
    line = {"line_id": "1", "sku": "tea", "quantity": 1, "price": total}
    wanted = {"order_id": order, "line_id": "1", "sku": "tea", "quantity": 1}
    placed = {"customer_id": f"cus-{number}", "total": total, "lines": [line]}
    return [
        (8, "sales_order.placed", order, placed),
        (8, "sales_order.payment_captured", order, {"amount": total}),
        (7, "reservation.requested", f"{order}-r1", wanted),
        (6, "reservation.failed", f"{order}-r1", {"reason": "out_of_stock"}),
    ]


def _events() -> list[dict[str, Any]]:
    now_us = SystemClock().now_us()
    told: list[tuple[int, str, str, dict[str, Any]]] = [
        (9, "hub.registered", "hub-1", {"name": "One", "zone": "Asia/Shanghai"}),
        *_order(1),
        *_order(2),
        (5, "sales_order.flown", "so-1", {}),
    ]
    return [
        {
            "specversion": "1.0",
            "id": str(number),
            "source": "/shop",
            "type": kind,
            "subject": subject,
            "hub": "hub-1",
            "time": to_rfc3339(now_us - ago * MINUTE),
            "data": data,
        }
        for number, (ago, kind, subject, data) in enumerate(told)
    ]


def _tell(house: Served, company: Company) -> None:
    for number in (1, 2):
        paid = Money(minor=2_000, currency="CNY")
        company.payments.capture(f"so-{number}", f"cus-{number}", paid, "hub-1")
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    with house.http(house.source_token("/shop")) as http:
        answer = http.post("/v1/events", content=json.dumps(_events()), headers=headers)
    assert answer.status_code == 207, answer.text


def _refund_of(house: Served, order: str) -> dict[str, Any]:
    """Return the review of an order's refund, once there is one."""
    waited = ("open", "stale", "approved", "rejected")
    every = [part for status in waited for part in ("--status", status)]

    def found() -> dict[str, Any] | None:
        rows = house.run("review", "list", "--json", *every).json
        wanted = (r for r in rows if r["order_id"] == order and r["action"]["kind"] == "refund")
        return next(wanted, None)

    return until(found)


def test_a_held_refund_is_shown_approved_once_and_paid(house: Served) -> None:
    review = _refund_of(house, "so-1")
    listed = house.run("review", "list")
    assert review["id"] in listed.out
    assert "20.00 CNY" in listed.out
    shown = house.run("review", "show", review["id"])
    assert shown.out.startswith("Pay back 20.00 CNY on order so-1 (out of stock).")
    approved = house.run("review", "approve", review["id"], "--seen", review["seen"])
    assert approved.code == 0, approved.err
    assert "is approved" in approved.out
    again = house.run("review", "approve", review["id"], "--seen", review["seen"])
    assert again.code == 1
    assert "was approved by" in again.err

    def paid() -> bool:
        rows = house.run("effect", "list", "--order", "so-1", "--json").json
        return any(r["action"]["kind"] == "refund" and r["status"] == "confirmed" for r in rows)

    assert until(paid)


def test_a_rejected_refund_cannot_be_approved_any_more(house: Served) -> None:
    review = _refund_of(house, "so-2")
    unknown = house.run("review", "reject", review["id"], "--reason", "mood")
    assert unknown.code == 2
    assert "reason" in unknown.err
    rejected = house.run("review", "reject", review["id"], "--reason", "other_remedy")
    assert rejected.code == 0, rejected.err
    after = house.run("review", "approve", review["id"], "--seen", review["seen"])
    assert after.code == 1
    assert "was rejected by" in after.err


def test_an_order_is_shown_with_its_parts_and_what_was_done(house: Served) -> None:
    _refund_of(house, "so-2")
    shown = house.run("order", "show", "so-2")
    assert shown.code == 0, shown.err
    for piece in ("20.00 CNY", "so-2-r1", "out of stock", "refund", "sales_order.placed"):
        assert piece in shown.out
    assert house.run("order", "show", "so-2", "--json").json["order"]["id"] == "so-2"
    missing = house.run("order", "show", "so-99")
    assert (missing.code, missing.out) == (1, "")


def test_an_incident_leads_to_its_decision_and_to_the_ledger(house: Served) -> None:
    review = _refund_of(house, "so-1")
    (incident,) = (
        row for row in house.run("incident", "list", "--json").json if row["kind"] == "anomaly"
    )
    shown = house.run("incident", "show", incident["id"])
    assert "Evidence:" in shown.out
    assert review["run_id"] in shown.out
    hint = f"makegood decision show {review['action_id']}"
    assert hint in house.run("review", "show", review["id"]).out
    decided = house.run(*hint.split()[1:])
    assert decided.code == 0, decided.err
    assert "was chosen" in decided.out
    assert "POINTS" in decided.out
    written = house.run("ledger", "show", incident["id"])
    assert "incident_opened" in written.out


def test_an_event_that_could_not_be_read_lies_in_quarantine(house: Served) -> None:
    (item,) = house.run("quarantine", "list", "--json").json
    assert item["field"] == "type"
    listed = house.run("quarantine", "list")
    assert "sales_order.flown" in listed.out
    tried = house.run("quarantine", "requeue", item["id"])
    assert tried.code == 0, tried.err
    assert "quarantined" in tried.out


def test_a_token_works_until_it_is_revoked(house: Served) -> None:
    added = house.run("person", "add", "Eve", "--role", "auditor", "--json").json
    secret = house.run("token", "add", added["id"], "--label", "laptop").out.strip()
    auditor = Served(house.process, house.home, house.url, secret, house.more)
    assert auditor.run("review", "list").code == 0
    refused = auditor.run("kill", "set", "everything", "--reason", "no")
    assert refused.code == 1
    assert "role" in refused.err
    (token,) = (t for t in house.run("token", "list", "--json").json if t["label"] == "laptop")
    assert house.run("token", "revoke", token["id"]).code == 0
    assert auditor.run("review", "list").code == 2
    assert "Eve" in house.run("person", "list").out


def test_the_kill_switch_is_set_listed_and_cleared(house: Served) -> None:
    assert house.run("kill", "set", "kind:split", "--reason", "drill").code == 0
    listed = house.run("kill", "list")
    assert "kind:split" in listed.out
    assert "drill" in listed.out
    assert house.run("kill", "clear", "kind:split").code == 0
    assert "kind:split" not in house.run("kill", "list").out
    wrong = house.run("kill", "set", "planet:earth", "--reason", "drill")
    assert wrong.code == 2
    assert "everything" in wrong.err
