"""Messages: one for each key, and never an address in the answer."""

from __future__ import annotations

from makegood.clock import MINUTE
from makegood.replay.company import System
from tests.replay.company.serving import client_of, living_company


def test_a_message_is_sent_once_for_its_key_and_found_by_order_and_key() -> None:
    company, clock = living_company()
    clock.advance(5 * MINUTE)
    body = {"order_id": "so-00001", "template": "late_apology", "minutes": 12}
    with client_of(company, clock, System.NOTIFICATIONS) as client:
        first = client.post("/notifications", json=body, headers={"Idempotency-Key": "k1"})
        again = client.post("/notifications", json=body, headers={"Idempotency-Key": "k1"})
        batch = client.post(
            "/notifications:batch",
            json={"items": [{"key": "k1", **body}, {"key": "k2", **body, "minutes": 13}]},
        ).json()
        by_order = client.get("/notifications", params={"order": "so-00001"}).json()
        by_key = client.get("/notifications", params={"key": ["k2"]}).json()
    assert first.json() == again.json()
    assert [each["reference"] for each in batch["outcomes"]] == ["no_000001", "no_000002"]
    assert [each["id"] for each in by_order["notifications"]] == ["no_000001", "no_000002"]
    assert [each["id"] for each in by_key["notifications"]] == ["no_000002"]


def test_a_template_is_a_name_and_not_a_text() -> None:
    company, clock = living_company()
    with client_of(company, clock, System.NOTIFICATIONS) as client:
        answer = client.post(
            "/notifications",
            json={"order_id": "so-1", "template": "Dear customer, click here"},
            headers={"Idempotency-Key": "k1"},
        )
    assert answer.status_code == 422
    assert company.notifications.sent == {}
