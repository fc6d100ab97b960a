"""Events over HTTP: one or a batch, and what is wrong with one costs no other its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from makegood.api.routes.events import BATCH, MOST, ONE
from makegood.clock import HOUR, to_rfc3339
from makegood.domain.roles import Role
from makegood.gates.persons import PERSON
from makegood.state import query

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.town import Town


def _event(town: Town, number: int, **changes: object) -> dict[str, Any]:
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"o-{number}",
        "source": "https://oms.example/north",
        "type": "sales_order.placed",
        "subject": f"so-{number}",
        "time": to_rfc3339(town.clock.now_us()),
        "hub": "h1",
        "data": {"customer_id": f"c-{number}", "total": {"minor": 1990, "currency": "EUR"}},
    }
    return event | changes


def _send(client: TestClient, town: Town, body: object, kind: str = BATCH) -> Any:  # noqa: ANN401 -- its answer
    content = body if isinstance(body, (bytes, str)) else json.dumps(body)
    headers = town.bearer(Role.SOURCE) | {"Content-Type": kind}
    return client.post("/v1/events", content=content, headers=headers)


def _orders(town: Town, *numbers: int) -> list[bool]:
    ids = [f"so-{number}" for number in numbers]
    with town.store.read() as tx:
        found = query.sales_orders(tx, ids)
    return [name in found for name in ids]


def test_one_event_is_taken_in_and_its_repeat_is_a_duplicate(
    client: TestClient, town: Town
) -> None:
    first = _send(client, town, _event(town, 1), ONE)
    assert first.status_code == 200
    assert first.json()["outcomes"][0]["outcome"] == "accepted"
    again = _send(client, town, _event(town, 1), f"{ONE}; charset=utf-8")
    assert (again.status_code, again.json()["counts"]) == (200, {"duplicate": 1})
    assert _orders(town, 1) == [True]


def test_a_broken_event_of_a_batch_leaves_the_rest_in(client: TestClient, town: Town) -> None:
    broken = _event(town, 2)
    broken["data"] = broken["data"] | {"total": {"minor": -5, "currency": "EUR"}}
    batch = [_event(town, 1), broken, _event(town, 3), "no event at all"]
    answer = _send(client, town, batch)
    assert answer.status_code == 207
    outcomes = answer.json()["outcomes"]
    assert [one["outcome"] for one in outcomes] == [
        "accepted",
        "quarantined",
        "accepted",
        "quarantined",
    ]
    assert outcomes[1]["field"] == "data.total.minor"
    assert outcomes[1]["quarantine_id"]
    assert _orders(town, 1, 2, 3) == [True, False, True]


def test_nan_in_one_event_of_a_batch_names_its_field_and_leaves_the_rest_in(
    client: TestClient, town: Town
) -> None:
    bad = _event(town, 2, data={"customer_id": "c", "total": {"minor": 1, "currency": "EUR"}})
    bad["data"]["drop_off"] = {"lat": float("nan"), "lon": 1.0}
    answer = _send(client, town, [_event(town, 1), bad])
    assert answer.status_code == 207
    found = answer.json()["outcomes"][1]
    assert found["field"] == "data.drop_off.lat"
    assert _orders(town, 1, 2) == [True, False]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "sales_order.teleported"}, "type"),
        ({"hub": "h9"}, "hub"),
        ({"time": "2026-07-14T10:00:00"}, "time"),
        ({"data": {"customer_id": "c"}}, "data.total"),
        ({"data": {"customer_id": "c", "total": {"minor": 1, "currency": "XAU"}}}, "data.total"),
    ],
)
def test_a_single_event_that_is_wrong_is_a_problem_that_names_the_field(
    client: TestClient, town: Town, changes: dict[str, Any], field: str
) -> None:
    answer = _send(client, town, _event(town, 1, **changes), ONE)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"].startswith(field)
    assert answer.json()["mend"]


def test_an_event_of_the_future_is_a_problem(client: TestClient, town: Town) -> None:
    later = to_rfc3339(town.clock.now_us() + HOUR)
    answer = _send(client, town, _event(town, 1, time=later), ONE)
    assert (answer.status_code, answer.json()["field"]) == (422, "time")


def test_a_token_speaks_only_for_its_own_sources(client: TestClient, town: Town) -> None:
    foreign = _event(town, 1, source="https://oms.example.evil/north")
    answer = _send(client, town, foreign, ONE)
    assert answer.status_code == 403
    mixed = _send(client, town, [foreign, _event(town, 2)])
    assert mixed.status_code == 207
    assert [one["outcome"] for one in mixed.json()["outcomes"]] == ["refused", "accepted"]
    assert _orders(town, 1, 2) == [False, True]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"[]", "application/json", 415),
        (b"{}", BATCH, 422),
        (b"[", BATCH, 422),
        (b"\xff[]", BATCH, 422),
        (b"[" * 100_000, BATCH, 422),
        (json.dumps([{}] * (MOST + 1)), BATCH, 422),
    ],
)
def test_what_is_no_batch_says_so(
    client: TestClient, town: Town, body: bytes, kind: str, status: int
) -> None:
    answer = _send(client, town, body, kind)
    assert answer.status_code == status
    assert answer.json()["mend"]


def test_invalid_utf_8_in_a_single_event_is_a_problem(client: TestClient, town: Town) -> None:
    body = json.dumps(_event(town, 1)).encode().replace(b"c-1", b"c-\xff")
    answer = _send(client, town, body, ONE)
    assert answer.status_code == 422
    assert "UTF-8" in answer.json()["detail"]


def test_what_was_set_aside_is_listed_and_can_be_tried_again(
    client: TestClient, town: Town
) -> None:
    _send(client, town, [_event(town, 1, hub="h2")])
    headers = town.bearer(Role.OPERATOR)
    (item,) = client.get("/v1/quarantine", headers=headers).json()["items"]
    assert (item["field"], item["kept"], item["end"]) == ("hub", True, "")
    still = client.post(f"/v1/quarantine/{item['id']}/requeue", headers=headers).json()
    assert still["outcome"] == "quarantined"
    town.happen("hub.registered", "h2")
    again = client.post(f"/v1/quarantine/{item['id']}/requeue", headers=headers).json()
    assert again["outcome"] == "accepted"
    assert client.get("/v1/quarantine", headers=headers).json()["items"] == []
    assert _orders(town, 1) == [True]


@pytest.mark.parametrize(
    "broken", [{"time": "later"}, {"data": {"nothing": "known"}}, {"type": "sales_order.paid"}]
)
def test_a_broken_event_of_a_foreign_source_is_refused_and_not_set_aside(
    client: TestClient, town: Town, broken: dict[str, Any]
) -> None:
    """Set aside, an operator would try it again without asking who had sent it."""
    later = {"time": to_rfc3339(town.clock.now_us() + HOUR)}
    changes = later if "time" in broken else broken
    foreign = _event(town, 1, source="https://payments.example/", **changes)
    answer = _send(client, town, [foreign, _event(town, 2, **changes)])
    outcomes = [one["outcome"] for one in answer.json()["outcomes"]]
    assert outcomes == ["refused", "quarantined"]
    [item] = client.get("/v1/quarantine", headers=town.bearer(Role.OPERATOR)).json()["items"]
    assert item["source"] == "https://oms.example/north"


def test_what_was_set_aside_is_tried_again_in_the_name_of_who_sent_it(
    client: TestClient, town: Town
) -> None:
    late = _event(town, 1, time=to_rfc3339(town.clock.now_us() + HOUR))
    quarantine_id = _send(client, town, [late]).json()["outcomes"][0]["quarantine_id"]
    headers = town.bearer(Role.OPERATOR)
    [item] = client.get("/v1/quarantine", headers=headers).json()["items"]
    with town.store.write() as tx:
        mine = PERSON.c.id == item["sent_by"]
        assert tx.execute(update(PERSON).where(mine).values(sources='["/another"]')).rowcount == 1
    town.pass_time(61)
    again = client.post(f"/v1/quarantine/{quarantine_id}/requeue", headers=headers)
    assert again.json()["outcome"] == "refused"
    assert _orders(town, 1) == [False]
    [still] = client.get("/v1/quarantine", headers=headers).json()["items"]
    assert still["id"] == quarantine_id
