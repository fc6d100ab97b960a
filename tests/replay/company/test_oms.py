"""The order management system: queryable by key, and it never repeats an answer."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from makegood.clock import MINUTE
from makegood.replay.company import Company, System
from makegood.replay.company.model import FulfilmentStatus, Order, OrderStatus
from tests.replay.company.serving import client_of, living_company

AT_HUB = (FulfilmentStatus.CREATED, FulfilmentStatus.READY)


def order_at_hub(company: Company, lines: int = 1) -> Order:
    return next(
        each
        for each in company.records.orders.values()
        if each.fulfilment_ids
        and len(each.lines) >= lines
        and company.records.fulfilment(each.fulfilment_ids[0]).status in AT_HUB
    )


def command(
    client: httpx.Client,
    order: Order,
    name: str,
    key: str,
    body: Mapping[str, object] | None = None,
) -> httpx.Response:
    path = f"/oms/orders/{order.id}/{name}"
    return client.post(path, json=body, headers={"Idempotency-Key": key})


def test_a_cancelled_order_frees_its_courier_and_its_stock_and_pays_nothing_back() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    order = order_at_hub(company)
    company.tape.take()
    with client_of(company, clock, System.ORDERS) as client:
        done = command(client, order, "cancel", "k1", {"reason": "weather"})
        read = client.get(f"/oms/orders/{order.id}").json()
    assert done.status_code == 200
    assert read["status"] == "cancelled"
    assert all(order.fulfilment_ids[0] not in c.waiting for c in company.fleet.couriers())
    assert company.payments.balance(order.id).refunded_minor == 0
    told = [each["type"] for each in company.tape.take() if order.id in str(each["subject"])]
    released = ["reservation.released"] * len(order.lines)
    assert told[:2] + told[-2:] == [
        "sales_order.cancelled",
        released[0],
        "fulfilment_order.unassigned",
        "fulfilment_order.cancelled",
    ]


def test_a_repeated_cancel_is_refused_and_the_first_is_found_by_its_key() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    order = order_at_hub(company)
    with client_of(company, clock, System.ORDERS) as client:
        first = command(client, order, "cancel", "k1", {"reason": "weather"}).json()
        second = command(client, order, "cancel", "k1", {"reason": "weather"})
        found = client.get("/oms/commands", params={"key": ["k1", "k2"]}).json()["commands"]
    assert (second.status_code, second.json()["title"]) == (409, "already-cancelled")
    assert found == [first]


def test_an_order_on_its_way_cannot_be_cancelled() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    gone = next(
        each
        for each in company.records.fulfilments.values()
        if each.status is FulfilmentStatus.PICKED_UP
    )
    order = company.records.order(gone.order_id)
    with client_of(company, clock, System.ORDERS) as client:
        answer = command(client, order, "cancel", "k1", {"reason": "weather"})
    assert (answer.status_code, answer.json()["title"]) == (409, "already-picked-up")
    assert company.records.order(order.id) == order


def test_a_held_order_does_not_leave_and_a_released_one_does() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    order = order_at_hub(company)
    with client_of(company, clock, System.ORDERS) as client:
        assert command(client, order, "hold", "k1").status_code == 200
        assert command(client, order, "hold", "k2").json()["title"] == "already-held"
        clock.advance(60 * MINUTE)
        company.catch_up()
        still = company.records.fulfilment(order.fulfilment_ids[0])
        assert still.status in AT_HUB
        assert command(client, order, "release", "k3").status_code == 200
        assert command(client, order, "release", "k4").json()["title"] == "not-held"
        clock.advance(60 * MINUTE)
        company.catch_up()
    assert company.records.order(order.id).status is OrderStatus.COMPLETED


def test_a_split_order_is_delivered_in_two_parts_with_every_line_once() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    order = order_at_hub(company, lines=2)
    with client_of(company, clock, System.ORDERS) as client:
        everything = {"line_ids": [line.line_id for line in order.lines]}
        assert command(client, order, "split", "k1", everything).status_code == 422
        assert command(client, order, "split", "k2", {"line_ids": ["1"]}).status_code == 200
    split = company.records.order(order.id)
    parts = [company.records.fulfilment(each).line_ids for each in split.fulfilment_ids]
    assert sorted(line for part in parts for line in part) == [x.line_id for x in order.lines]
    clock.advance(120 * MINUTE)
    company.catch_up()
    assert company.records.order(order.id).status is OrderStatus.COMPLETED


def test_a_new_promise_lies_in_the_future_and_does_not_change_what_counts_as_kept() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    order = order_at_hub(company)
    with client_of(company, clock, System.ORDERS) as client:
        late = {"promised_us": clock.now_us()}
        assert command(client, order, "reschedule", "k1", late).status_code == 422
        later = {"promised_us": order.promised_us + 30 * MINUTE}
        assert command(client, order, "reschedule", "k2", later).status_code == 200
    moved = company.records.order(order.id)
    assert moved.promised_us == later["promised_us"]
    assert moved.first_promised_us == order.first_promised_us
    delivery = company.records.fulfilment(order.fulfilment_ids[0])
    assert delivery.promised_us == later["promised_us"]


def test_a_stopped_hub_takes_no_more_orders() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    with client_of(company, clock, System.ORDERS) as client:
        stop = client.post("/oms/hubs/hub-north/stop", headers={"Idempotency-Key": "k1"})
        again = client.post("/oms/hubs/hub-north/stop", headers={"Idempotency-Key": "k2"})
    before = {each.id for each in company.records.orders.values()}
    clock.advance(60 * MINUTE)
    company.catch_up()
    after = [each for each in company.records.orders.values() if each.id not in before]
    assert (stop.status_code, again.status_code) == (200, 409)
    assert after
    assert all(each.hub_id != "hub-north" for each in after)


def test_orders_and_customers_are_read_many_at_once_and_unknown_ids_are_left_out() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    with client_of(company, clock) as client:
        orders = client.get("/oms/orders", params={"ids": "so-00002,nothing,so-00001"}).json()
        customers = client.get("/oms/customers", params={"ids": "cus-0001,nobody"}).json()
        missing = client.get("/oms/orders/nothing")
    assert [each["id"] for each in orders["orders"]] == ["so-00002", "so-00001"]
    assert [each["id"] for each in customers["customers"]] == ["cus-0001"]
    assert (missing.status_code, missing.json()["title"]) == (404, "unknown-order")
