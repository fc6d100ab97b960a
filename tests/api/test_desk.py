"""The review desk over HTTP: claim, edit, ask, pass on, batch; and no time to undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from makegood.clock import SECOND
from makegood.domain.roles import Role
from makegood.gates import persons, reviews, tokens
from makegood.gates.desk_notes import NOTE
from makegood.gates.reviews import Decider
from makegood.ledger.entries import latest
from tests.api.town import Town
from tests.gates.world import REVIEW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.testclient import TestClient

    from makegood.clock import VirtualClock


@pytest.fixture
def town(sqlite_url: str, clock: VirtualClock) -> Iterator[Town]:
    """One town on SQLite: the gate's own tests run on both databases."""
    from makegood.store.session import Store

    store = Store.open(sqlite_url)
    yield Town(store, clock)
    store.close()


@pytest.fixture
def sue(town: Town) -> dict[str, str]:
    """What a second supervisor sends along."""
    with town.store.write() as tx:
        at_us = town.clock.now_us()
        friend = persons.add_person(tx, town.operator, "Sue", [Role.SUPERVISOR], at_us=at_us)
        token = tokens.add_token(tx, town.operator, friend.id, at_us=at_us).secret
    return {"Authorization": f"Bearer {token}"}


def held(town: Town, order_id: str = "so-1", minor: int = 3_850, captured: int = 5_000) -> str:
    town.order(order_id, captured=captured)
    return town.hold(order_id, minor=minor)


def send(
    client: TestClient,
    town: Town,
    where: str,
    body: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Any:  # noqa: ANN401 -- the client's answer
    headers = headers or town.bearer(Role.SUPERVISOR)
    return client.post(f"/v1/review/{where}", json=body or {}, headers=headers)


def seen(town: Town, review_id: str) -> str:
    return town.review(review_id).seen


def test_a_claim_keeps_others_from_deciding_and_names_who_has_it(
    client: TestClient, town: Town, sue: dict[str, str]
) -> None:
    review_id = held(town)
    mine = send(client, town, f"{review_id}/claim")
    assert (mine.status_code, mine.json()["claimed_by"]) == (200, town.people[Role.SUPERVISOR].id)
    body = {"seen": seen(town, review_id)}
    refused = send(client, town, f"{review_id}/approve", body, sue)
    assert refused.status_code == 409
    assert "Supervisor Person has taken" in refused.json()["detail"]
    assert send(client, town, f"{review_id}/release").json()["claimed_by"] == ""
    assert send(client, town, f"{review_id}/approve", body, sue).status_code == 200


def test_the_second_to_decide_hears_the_name_of_the_first_and_when(
    client: TestClient, town: Town, sue: dict[str, str]
) -> None:
    review_id = held(town)
    body = {"seen": seen(town, review_id)}
    send(client, town, f"{review_id}/approve", body)
    late = send(client, town, f"{review_id}/approve", body, sue)
    assert late.status_code == 409
    assert "was approved by Supervisor Person at 2026-07-14T" in late.json()["detail"]


def test_an_edit_answers_with_the_new_hold_which_another_person_decides(
    client: TestClient, town: Town, sue: dict[str, str]
) -> None:
    review_id = held(town)
    body = {"seen": seen(town, review_id), "changes": {"amount": {"minor": 9, "currency": "EUR"}}}
    new = send(client, town, f"{review_id}/edit", body).json()
    assert new["action"]["amount"] == {"minor": 9, "currency": "EUR"}
    assert new["edited_by"] == town.people[Role.SUPERVISOR].id
    assert new["editable"] == ["amount", "lines"]
    yes = {"seen": new["seen"]}
    own = send(client, town, f"{new['id']}/approve", yes)
    assert (own.status_code, own.json()["detail"][:13]) == (403, "you edited it")
    with town.store.write() as tx:
        mine = town.people[Role.SUPERVISOR].id
        second = tokens.add_token(tx, town.operator, mine, at_us=town.clock.now_us()).secret
    by_token = {"Authorization": f"Bearer {second}"}
    assert send(client, town, f"{new['id']}/approve", yes, by_token).status_code == 403
    assert send(client, town, f"{new['id']}/approve", yes, sue).status_code == 200
    town.executor.settle()
    assert town.refunded() == 9


def test_an_edit_that_cannot_be_names_its_field(client: TestClient, town: Town) -> None:
    review_id = held(town)
    body = {"seen": seen(town, review_id), "changes": {"order_id": "so-2"}}
    answer = send(client, town, f"{review_id}/edit", body)
    assert (answer.status_code, answer.json()["field"]) == (422, "changes.order_id")
    assert answer.json()["mend"] == "change amount, lines"
    beyond = {"amount": {"minor": 20_000, "currency": "EUR"}}
    body = {"seen": seen(town, review_id), "changes": beyond}
    assert send(client, town, f"{review_id}/edit", body).status_code == 403
    body["seen"] = "0" * 32
    assert send(client, town, f"{review_id}/edit", body).status_code == 409


def test_words_asked_and_answered_are_sealed_and_go_with_the_customer(
    client: TestClient, town: Town, sue: dict[str, str]
) -> None:
    review_id = held(town)
    question = "Did Li Hua get the second parcel?"
    asked = send(client, town, f"{review_id}/ask", {"question": question})
    assert asked.json()["asked_by"] == town.people[Role.SUPERVISOR].id
    answered = send(client, town, f"{review_id}/answer", {"answer": "No, Li Hua did not."}, sue)
    assert answered.json()["asked_us"] is None
    listing = f"/v1/review/{review_id}/note"
    notes = client.get(listing, headers=town.bearer(Role.AUDITOR)).json()["items"]
    assert [n["words"] for n in notes] == [question, "No, Li Hua did not."]
    with town.store.write() as tx:
        assert all(b"Li Hua" not in row.words for row in tx.execute(NOTE.select()))
        assert "Li Hua" not in repr(latest(tx))
        town.vault.destroy(tx, "c-so-1", "test", town.clock.now_us())
    notes = client.get(listing, headers=town.bearer(Role.AUDITOR)).json()["items"]
    assert [n["words"] for n in notes] == ["", ""]
    refused = send(client, town, f"{review_id}/ask", {"question": question})
    assert (refused.status_code, refused.json()["field"]) == (422, "question")


def test_who_passes_a_hold_on_cannot_decide_it(client: TestClient, town: Town) -> None:
    review_id = held(town)
    passed = send(client, town, f"{review_id}/escalate").json()
    assert (passed["level"], passed["delegated_by"]) == (1, town.people[Role.SUPERVISOR].id)
    answer = send(client, town, f"{review_id}/approve", {"seen": seen(town, review_id)})
    assert answer.status_code == 403


def test_a_batch_with_one_stale_hold_approves_none_and_says_which(
    client: TestClient, town: Town
) -> None:
    ids = [held(town, f"so-{number}") for number in (1, 2)]
    items = [{"review_id": one, "seen": seen(town, one)} for one in ids]
    town.refund_reported("so-2", 100)
    answer = send(client, town, "batch", {"items": items})
    assert answer.status_code == 409
    (mistake,) = answer.json()["errors"]
    assert mistake["field"] == "items.1"
    assert mistake["problem"] == "refunded_minor of sales_order/so-2 was 0, is 100"
    assert [town.review(one).status for one in ids] == ["open", "stale"]
    fresh = send(client, town, "batch", {"items": items, "fresh_only": True})
    assert (fresh.status_code, fresh.json()["done"]) == (200, True)
    assert [one["status"] for one in fresh.json()["results"]] == ["approved", "stale"]


def test_a_batch_can_be_rejected_with_words_that_are_sealed_for_each(
    client: TestClient, town: Town
) -> None:
    ids = [held(town, f"so-{number}") for number in (1, 2)]
    items = [{"review_id": one, "seen": seen(town, one)} for one in ids]
    town.refund_reported("so-2", 100)
    no = {"reason": "wrong_amount", "comment": "Ann Other lives elsewhere"}
    none = send(client, town, "batch", {"items": items, "rejection": no})
    assert none.status_code == 409
    assert [town.review(one).status for one in ids] == ["open", "stale"]
    some = send(client, town, "batch", {"items": items, "rejection": no, "fresh_only": True})
    assert [one["status"] for one in some.json()["results"]] == ["rejected", "stale"]
    (kept,) = [row.comment for row in town.rows(REVIEW) if row.id == ids[0]]
    assert kept
    assert b"Ann" not in kept
    wrong = send(client, town, "batch", {"items": items, "rejection": {"reason": "because"}})
    assert wrong.status_code == 422


def test_a_batch_that_is_sent_again_is_done_once(client: TestClient, town: Town) -> None:
    review_id = held(town)
    body = {"items": [{"review_id": review_id, "seen": seen(town, review_id)}]}
    headers = town.bearer(Role.SUPERVISOR) | {"Idempotency-Key": "k1"}
    answers = [send(client, town, "batch", body, headers).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["done"]


def test_over_http_there_is_no_time_to_undo_but_what_the_console_gave_can_be_undone(
    client: TestClient, town: Town
) -> None:
    review_id = held(town)
    body = {"seen": seen(town, review_id), "undo_us": 8_000_000}
    assert send(client, town, f"{review_id}/approve", body).status_code == 422
    me = Decider(town.people[Role.SUPERVISOR].id, frozenset({Role.SUPERVISOR}))
    with town.store.write() as tx:
        now_us = town.clock.now_us()
        reviews.approve(
            tx, review_id, me, town.review(review_id).seen, now_us, town.rulebook, 8 * SECOND
        )
    shown = client.get(f"/v1/review/{review_id}", headers=town.bearer(Role.AUDITOR)).json()
    assert shown["approving_until_us"] == now_us + 8 * SECOND
    assert send(client, town, f"{review_id}/undo").json()["status"] == "open"
    assert send(client, town, f"{review_id}/undo").status_code == 409


def test_a_void_hold_says_what_was_material(client: TestClient, town: Town) -> None:
    review_id = held(town)
    was = seen(town, review_id)
    town.refund_reported("so-1", 3_850)
    answer = send(client, town, f"{review_id}/approve", {"seen": was})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:makegood:problem:stale")
    shown = client.get(f"/v1/review/{review_id}", headers=town.bearer(Role.AUDITOR)).json()
    assert (shown["status"], shown["note"]) == ("void", answer.json()["detail"])
