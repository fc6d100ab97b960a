"""Approving and rejecting over HTTP, against the real gate on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from makegood.domain.authority import ReviewStatus
from makegood.domain.roles import Role
from makegood.gates import persons, tokens
from makegood.gates.review_items import REVIEW
from makegood.ledger.entries import latest
from makegood.ledger.kinds import EntryKind
from tests.gates.world import refund

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.town import Town


def _held(town: Town, order_id: str = "so-1") -> str:
    town.order(order_id)
    return town.hold(order_id)


def _show(client: TestClient, town: Town, review_id: str) -> dict[str, Any]:
    answer = client.get(f"/v1/review/{review_id}", headers=town.bearer(Role.SUPERVISOR))
    assert answer.status_code == 200
    return answer.json()


def _approve(client: TestClient, town: Town, review_id: str, seen: str, **headers: str) -> Any:  # noqa: ANN401 -- the client's answer
    return client.post(
        f"/v1/review/{review_id}/approve",
        json={"seen": seen},
        headers=town.bearer(Role.SUPERVISOR) | headers,
    )


def test_what_was_seen_is_approved_and_then_paid_once(client: TestClient, town: Town) -> None:
    review_id = _held(town)
    shown = _show(client, town, review_id)
    assert shown["action"]["amount"] == {"minor": 3850, "currency": "EUR"}
    heard = town.changes.version
    answer = _approve(client, town, review_id, shown["seen"])
    assert answer.status_code == 200
    assert answer.json()["status"] == ReviewStatus.APPROVED
    assert answer.json()["grant_id"]
    assert town.changes.version > heard, "the executor was not woken"
    town.executor.settle()
    assert town.refunded() == 3850
    effect = client.get(
        f"/v1/effect/{shown['action_id']}", headers=town.bearer(Role.SUPERVISOR)
    ).json()
    assert (effect["status"], effect["reference"]) == ("confirmed", effect["key"])
    assert town.ledger_is_sound()


def test_a_decision_is_the_persons_and_not_the_tokens(client: TestClient, town: Town) -> None:
    review_id = _held(town)
    _approve(client, town, review_id, town.waiting()[0].seen)
    assert _show(client, town, review_id)["decided_by"] == town.people[Role.SUPERVISOR].id


def test_something_else_than_was_seen_is_not_approved(client: TestClient, town: Town) -> None:
    review_id = _held(town)
    answer = _approve(client, town, review_id, "0" * 32)
    assert answer.status_code == 409
    town.executor.settle()
    assert town.refunded() == 0


def test_what_moved_since_it_was_shown_is_not_approved_and_the_difference_is_kept(
    client: TestClient, town: Town
) -> None:
    review_id = _held(town)
    seen = town.waiting()[0].seen
    town.happen("sales_order.delivered", "so-1")
    answer = _approve(client, town, review_id, seen)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:makegood:problem:stale"
    assert "delivered_us" in answer.json()["detail"]
    shown = _show(client, town, review_id)
    assert shown["status"] == "stale"
    assert shown["changed"][0][1] == "delivered_us"
    town.executor.settle()
    assert town.refunded() == 0
    again = _approve(client, town, review_id, shown["seen"])
    assert again.json()["status"] == "approved"


def test_the_second_of_two_deciders_hears_what_the_first_did(
    client: TestClient, town: Town
) -> None:
    review_id = _held(town)
    seen = town.waiting()[0].seen
    assert _approve(client, town, review_id, seen).status_code == 200
    late = client.post(
        f"/v1/review/{review_id}/reject",
        json={"reason": "not_owed"},
        headers=town.bearer(Role.SUPERVISOR),
    )
    assert late.status_code == 409
    assert "approved by" in late.json()["detail"]


def test_racing_deciders_never_both_win(client: TestClient, town: Town) -> None:
    for number in range(6):
        review_id = _held(town, f"so-{number}")
        seen = _show(client, town, review_id)["seen"]
        headers = town.bearer(Role.SUPERVISOR)
        calls = (
            ("approve", {"seen": seen}),
            ("reject", {"reason": "other"}),
            ("approve", {"seen": seen}),
        )
        where = f"/v1/review/{review_id}/"
        with ThreadPoolExecutor(len(calls)) as pool:
            waiting = [
                pool.submit(client.post, where + verb, json=body, headers=headers)
                for verb, body in calls
            ]
            codes = sorted(each.result().status_code for each in waiting)
        assert codes == [200, 409, 409]
    assert town.ledger_is_sound()


def test_a_rejection_is_final_and_its_words_are_sealed(client: TestClient, town: Town) -> None:
    review_id = _held(town)
    comment = "The customer Li Hua called: it came after all"
    answer = client.post(
        f"/v1/review/{review_id}/reject",
        json={"reason": "not_owed", "comment": comment},
        headers=town.bearer(Role.SUPERVISOR),
    )
    assert answer.json()["status"] == "rejected"
    with town.store.read() as tx:
        row = tx.execute(REVIEW.select().where(REVIEW.c.id == review_id)).one()
        assert b"Li Hua" not in row.comment
        key = town.vault.key(tx, "c-so-1")
        assert key.unseal(row.comment, review_id.encode()).decode() == comment
        assert "Li Hua" not in repr(latest(tx))
    town.executor.settle()
    assert town.refunded() == 0
    assert town.verdict(refund("so-1", 3851)) == "deny"


def test_a_rejection_of_what_was_seen_says_no_to_nothing_that_has_moved(
    client: TestClient, town: Town
) -> None:
    review_id = _held(town)
    headers, where = town.bearer(Role.SUPERVISOR), f"/v1/review/{review_id}/reject"
    no = {"reason": "not_owed", "seen": town.waiting()[0].seen}
    town.happen("sales_order.delivered", "so-1")
    answer = client.post(where, json=no, headers=headers)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:makegood:problem:stale"
    shown = _show(client, town, review_id)
    assert shown["status"] == "stale"
    assert shown["changed"][0][1] == "delivered_us"
    again = client.post(where, json=no | {"seen": shown["seen"]}, headers=headers)
    assert again.json()["status"] == "rejected"


def test_a_rejection_needs_a_reason_of_the_list(client: TestClient, town: Town) -> None:
    review_id = _held(town)
    answer = client.post(
        f"/v1/review/{review_id}/reject",
        json={"reason": "because"},
        headers=town.bearer(Role.SUPERVISOR),
    )
    assert (answer.status_code, answer.json()["field"]) == (422, "reason")


def test_policy_says_who_decides_beyond_the_route(client: TestClient, town: Town) -> None:
    review_id = _held(town)
    seen = town.waiting()[0].seen
    answer = client.post(
        f"/v1/review/{review_id}/approve",
        json={"seen": seen},
        headers=town.bearer(Role.OPERATOR),
    )
    assert answer.status_code == 403
    assert "decided by a supervisor" in answer.json()["detail"]


def test_above_the_limit_a_second_token_of_the_same_person_is_not_a_second_person(
    client: TestClient, town: Town
) -> None:
    town.order("so-1", captured=40_000)
    review_id = town.hold("so-1", minor=30_000)
    seen = town.waiting()[0].seen
    first = _approve(client, town, review_id, seen)
    assert (first.status_code, first.json()["status"]) == (200, "open")
    with town.store.write() as tx:
        mine = town.people[Role.SUPERVISOR].id
        at_us = town.clock.now_us()
        other_token = tokens.add_token(tx, town.operator, mine, at_us=at_us).secret
        friend = persons.add_person(tx, town.operator, "Sue", [Role.SUPERVISOR], at_us=at_us)
        friends = tokens.add_token(tx, town.operator, friend.id, at_us=at_us).secret
    where, body = f"/v1/review/{review_id}/approve", {"seen": seen}
    mine_again = client.post(where, json=body, headers={"Authorization": f"Bearer {other_token}"})
    assert mine_again.status_code == 403
    second = client.post(where, json=body, headers={"Authorization": f"Bearer {friends}"})
    assert second.json()["status"] == "approved"


def test_the_queue_lists_what_waits_and_on_demand_what_ended(
    client: TestClient, town: Town
) -> None:
    first, second = _held(town, "so-1"), _held(town, "so-2")
    _approve(client, town, first, _show(client, town, first)["seen"])
    headers = town.bearer(Role.AUDITOR)
    waiting = client.get("/v1/review", headers=headers).json()["items"]
    assert [one["id"] for one in waiting] == [second]
    ended = client.get("/v1/review?status=approved", headers=headers).json()["items"]
    assert [one["id"] for one in ended] == [first]
    assert client.get("/v1/review?hub=h2", headers=headers).json()["items"] == []


def test_an_approval_over_http_stands_on_the_ledger_under_its_person(
    client: TestClient, town: Town
) -> None:
    review_id = _held(town)
    _approve(client, town, review_id, town.waiting()[0].seen)
    person = town.people[Role.SUPERVISOR].id
    answer = client.get(f"/v1/ledger?about={person}", headers=town.bearer(Role.AUDITOR))
    kinds = [entry["kind"] for entry in answer.json()["items"]]
    assert EntryKind.REVIEW_APPROVED in kinds
    verified = client.get("/v1/ledger/verify", headers=town.bearer(Role.AUDITOR)).json()
    assert verified["sound"] is True
    assert verified["entries"] > 5
