"""The fleet: an assignment stands on the one that it replaces."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from makegood.clock import MINUTE
from makegood.domain.geo import distance_m
from makegood.replay.company import Company, System
from makegood.replay.company.model import (
    Courier,
    CourierStatus,
    Fulfilment,
    FulfilmentStatus,
)
from tests.replay.company.serving import client_of, living_company

AT_HUB = (FulfilmentStatus.CREATED, FulfilmentStatus.READY)


def waiting_delivery(company: Company) -> Fulfilment:
    return next(
        each
        for each in company.records.fulfilments.values()
        if each.status in AT_HUB and each.courier_id is not None
    )


def someone_else(company: Company, delivery: Fulfilment) -> Courier:
    return next(
        each
        for each in company.records.couriers.values()
        if each.id != delivery.courier_id
        and each.status not in (CourierStatus.OFF, CourierStatus.SHELTERING)
        and each.load + delivery.load <= each.capacity
    )


def ask(delivery: Fulfilment, courier: Courier, expected: int | None = None) -> dict[str, Any]:
    return {
        "fulfilment_id": delivery.id,
        "courier_id": courier.id,
        "expected_assignment": delivery.assignment if expected is None else expected,
    }


def post(client: httpx.Client, path: str, body: dict[str, Any], key: str) -> httpx.Response:
    return client.post(path, json=body, headers={"Idempotency-Key": key})


def test_a_reassignment_moves_the_delivery_the_loads_and_the_number_and_is_told() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    delivery = waiting_delivery(company)
    other = someone_else(company, delivery)
    before = company.records.courier(delivery.courier_id or "")
    company.tape.take()
    with client_of(company, clock, System.FLEET) as client:
        answer = post(client, "/fleet/assignments", ask(delivery, other), "k1")
        repeated = post(client, "/fleet/assignments", ask(delivery, other), "k1")
    assert answer.status_code == 201
    assert repeated.json() == answer.json()
    after = company.records.fulfilment(delivery.id)
    assert (after.courier_id, after.assignment) == (other.id, delivery.assignment + 1)
    assert company.records.courier(before.id).load == before.load - delivery.load
    assert company.records.courier(other.id).load == other.load + delivery.load
    told = [each for each in company.tape.take() if each["subject"] == delivery.id]
    assert told[0]["type"] == "fulfilment_order.assigned"
    assert told[0]["data"] == {"courier_id": other.id, "assignment": after.assignment}


def test_an_assignment_based_on_an_older_picture_is_refused() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    delivery = waiting_delivery(company)
    other = someone_else(company, delivery)
    with client_of(company, clock, System.FLEET) as client:
        stale = post(client, "/fleet/assignments", ask(delivery, other, expected=0), "k1")
    assert (stale.status_code, stale.json()["title"]) == (409, "assignment-moved")
    assert company.records.fulfilment(delivery.id) == delivery


def test_a_delivery_on_board_cannot_be_reassigned_but_recalled() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    on_board = next(
        each
        for each in company.records.fulfilments.values()
        if each.status is FulfilmentStatus.PICKED_UP
    )
    carrier = company.records.courier(on_board.courier_id or "")
    other = someone_else(company, on_board)
    with client_of(company, clock, System.FLEET) as client:
        refused = post(client, "/fleet/assignments", ask(on_board, other), "k1")
        recalled = post(
            client,
            f"/fleet/fulfilments/{on_board.id}/recall",
            {"expected_assignment": on_board.assignment},
            "k2",
        )
    assert (refused.status_code, refused.json()["title"]) == (409, "already-picked-up")
    assert recalled.status_code == 200
    assert company.records.fulfilment(on_board.id).status is FulfilmentStatus.FAILED
    assert company.records.courier(carrier.id).load == carrier.load - on_board.load


def test_a_full_or_absent_courier_gets_nothing() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    delivery = waiting_delivery(company)
    other = someone_else(company, delivery)
    company.records.put(
        Courier(
            **{
                name: getattr(other, name)
                for name in other.__slots__
                if name not in {"id", "capacity", "load", "status"}
            },
            id="full",
            capacity=2,
            load=2,
            status=CourierStatus.IDLE,
        )
    )
    with client_of(company, clock, System.FLEET) as client:
        full = post(
            client, "/fleet/assignments", {**ask(delivery, other), "courier_id": "full"}, "k1"
        )
        nobody = post(
            client, "/fleet/assignments", {**ask(delivery, other), "courier_id": "ghost"}, "k2"
        )
    assert (full.status_code, full.json()["title"]) == (409, "courier-full")
    assert (nobody.status_code, nobody.json()["title"]) == (404, "unknown-courier")


def test_a_batch_answers_each_item_and_one_refusal_leaves_the_others() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    delivery = waiting_delivery(company)
    other = someone_else(company, delivery)
    items = [
        {"key": "b1", **ask(delivery, other, expected=0)},
        {"key": "b2", **ask(delivery, other)},
        {"key": "b3", **ask(delivery, other)},
    ]
    with client_of(company, clock, System.FLEET) as client:
        answer = client.post("/fleet/assignments:batch", json={"items": items}).json()
        found = client.get("/fleet/commands", params={"key": ["b1", "b2", "b3"]}).json()
    outcomes = [(each["key"], each["done"], each["problem"]) for each in answer["outcomes"]]
    assert outcomes == [
        ("b1", False, "assignment-moved"),
        ("b2", True, ""),
        ("b3", False, "assignment-moved"),
    ]
    assert [each["key"] for each in found["commands"]] == ["b2"]


def test_couriers_who_are_full_exchange_what_they_have() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    [one, other, third] = _full_couriers(company, 3)
    items = [
        {"key": "x1", **_ask_for(company, one.waiting[0], other.id)},
        {"key": "x2", **_ask_for(company, other.waiting[0], one.id)},
        # There is no room for this one, whoever else moves.
        {"key": "x3", **_ask_for(company, third.waiting[0], one.id)},
    ]
    with client_of(company, clock, System.FLEET) as client:
        answer = client.post("/fleet/assignments:batch", json={"items": items}).json()
        again = client.post("/fleet/assignments:batch", json={"items": items}).json()
    outcomes = [(each["key"], each["done"], each["problem"]) for each in answer["outcomes"]]
    assert outcomes == [("x1", True, ""), ("x2", True, ""), ("x3", False, "courier-full")]
    assert again == answer
    holders = [company.records.fulfilment(str(each["fulfilment_id"])).courier_id for each in items]
    assert holders == [other.id, one.id, third.id]
    for courier in (one, other, third):
        now = company.records.courier(courier.id)
        assert (now.load, len(now.waiting)) == (courier.load, len(courier.waiting))


def test_what_may_not_leave_makes_no_room() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    [one, other, third] = _full_couriers(company, 3)
    leaving = _ask_for(company, one.waiting[0], other.id) | {"expected_assignment": 99}
    items = [
        {"key": "x1", **leaving},
        {"key": "x2", **_ask_for(company, other.waiting[0], one.id)},
        {"key": "x3", **_ask_for(company, third.waiting[0], other.id)},
    ]
    with client_of(company, clock, System.FLEET) as client:
        answer = client.post("/fleet/assignments:batch", json={"items": items}).json()
    problems = [each["problem"] for each in answer["outcomes"]]
    assert problems == ["assignment-moved", "courier-full", "courier-full"]


def _full_couriers(company: Company, count: int) -> list[Courier]:
    """Return couriers who wait at their hub with something, and let each have just room for it."""
    idle = [each for each in company.records.couriers.values() if each.waiting]
    full = [replace(each, capacity=each.load) for each in idle[:count]]
    for each in full:
        company.records.put(each)
    return full


def _ask_for(company: Company, fulfilment_id: str, courier_id: str) -> dict[str, object]:
    delivery = company.records.fulfilment(fulfilment_id)
    return {
        "fulfilment_id": fulfilment_id,
        "courier_id": courier_id,
        "expected_assignment": delivery.assignment,
    }


def test_an_unassigned_delivery_has_no_courier_and_a_rerouted_one_another_hub() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    delivery = waiting_delivery(company)
    to_hub = next(each for each in company.records.hubs if each != delivery.hub_id)
    with client_of(company, clock, System.FLEET) as client:
        expected = {"expected_assignment": delivery.assignment}
        path = f"/fleet/fulfilments/{delivery.id}"
        assert post(client, f"{path}/unassign", expected, "u1").status_code == 200
        unassigned = company.records.fulfilment(delivery.id)
        again = post(
            client, f"{path}/unassign", {"expected_assignment": unassigned.assignment}, "u2"
        )
        moved = {"expected_assignment": unassigned.assignment, "to_hub": to_hub}
        assert post(client, f"{path}/reroute", moved, "u3").status_code == 200
    assert (unassigned.courier_id, unassigned.assignment) == (None, delivery.assignment)
    assert (again.status_code, again.json()["title"]) == (409, "not-assigned")
    assert company.records.fulfilment(delivery.id).hub_id == to_hub


def test_a_courier_is_read_where_they_are_between_two_events() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    with client_of(company, clock) as client:
        answer = client.get("/fleet/couriers", params={"hub": "hub-north"}).json()["couriers"]
        clock.advance(20_000_000)
        later = client.get("/fleet/couriers", params={"hub": "hub-north"}).json()["couriers"]
        unknown = client.get("/fleet/couriers", params={"hub": "hub-nowhere"})
    riding = [each["id"] for each in answer if each["status"] in {"to_hub", "to_customer"}]
    moved = {
        each["id"]: each["position"] != then["position"]
        for each, then in zip(answer, later, strict=True)
    }
    assert riding
    assert any(moved[each] for each in riding)
    assert unknown.status_code == 404


@pytest.mark.parametrize("wrong", [None, System.ORDERS, System.REFUNDS])
def test_only_the_fleet_credential_moves_couriers(wrong: System | None) -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    delivery = waiting_delivery(company)
    with client_of(company, clock, wrong) as client:
        body = ask(delivery, someone_else(company, delivery))
        answer = post(client, "/fleet/assignments", body, "k1")
    assert answer.status_code == (401 if wrong is None else 403)
    assert company.records.fulfilment(delivery.id) == delivery


def test_couriers_start_near_their_hub() -> None:
    company, _ = living_company()
    for courier in company.records.couriers.values():
        hub = company.records.hub(courier.hub_id)
        assert distance_m(courier.position, hub.position) < 500
