"""What the company does comes back as events, and Makegood's picture becomes the company's own."""

from __future__ import annotations

from typing import Any

import orjson

from makegood.clock import HOUR, MINUTE, VirtualClock
from makegood.events.ingest import ingest
from makegood.events.model import IngestContext, Outcome
from makegood.ledger.privacy import Vault
from makegood.replay.company import Company, System
from makegood.replay.company.model import CourierStatus, Fulfilment, FulfilmentStatus, PayOut
from makegood.state import query
from makegood.state.projection import project
from makegood.store.session import Store
from tests.replay.company.serving import SMALL_PLAN, START_US, client_of, yuan


def status_of(delivery: Fulfilment) -> str:
    """What Makegood calls the state of a delivery: ready is a fact there, not a status."""
    if delivery.status in (FulfilmentStatus.CREATED, FulfilmentStatus.READY):
        return "created" if delivery.courier_id is None else "assigned"
    return delivery.status.value


def interfere(company: Company, clock: VirtualClock) -> None:
    """Do what an agent would: reassign, cancel, hold, refund and give a coupon."""
    records = company.records
    moved, cancelled, held = [
        each
        for each in records.fulfilments.values()
        if each.status in ("created", "ready") and each.courier_id is not None
    ][:3]
    with client_of(company, clock, System.FLEET) as client:
        other = next(
            each
            for each in records.couriers.values()
            if each.id != moved.courier_id
            and each.status is not CourierStatus.SHELTERING
            and each.load + moved.load <= each.capacity
        )
        body = {
            "fulfilment_id": moved.id,
            "courier_id": other.id,
            "expected_assignment": moved.assignment,
        }
        path = "/fleet/assignments"
        assert client.post(path, json=body, headers={"Idempotency-Key": "1"}).is_success
    company.oms.cancel("2", cancelled.order_id, "weather")
    company.oms.hold("3", held.order_id)
    company.payments.refund("4", PayOut(cancelled.order_id, yuan(100), "weather"))
    company.payments.coupon("5", PayOut(moved.order_id, yuan(300), "late"))


def test_makegoods_picture_of_a_whole_storm_is_the_companys_own(store: Store) -> None:
    clock = VirtualClock(START_US)
    events: list[dict[str, Any]] = []
    company = Company(clock, plan=SMALL_PLAN, emit=events.extend)
    context = IngestContext(clock=clock, vault=Vault(), project=project)
    outcomes: list[Outcome] = []
    for minute in range(0, 4 * 60, 20):
        clock.advance(20 * MINUTE)
        company.step()
        receipt = ingest(store, [orjson.dumps(each) for each in events], context)
        outcomes += [each.outcome for each in receipt.outcomes]
        events.clear()
        if minute == 20:
            interfere(company, clock)
    assert clock.now_us() == START_US + 4 * HOUR
    assert set(outcomes) == {Outcome.ACCEPTED}
    assert len(outcomes) > 500
    with store.read() as tx:
        for delivery in company.records.fulfilments.values():
            known = query.fulfilments(tx, [delivery.id])[delivery.id]
            assert (known.status, known.assignment, known.delivered_us) == (
                status_of(delivery),
                delivery.assignment,
                delivery.delivered_us,
            )
        for order in company.records.orders.values():
            sold = query.sales_orders(tx, [order.id])[order.id]
            balance = company.payments.balance(order.id)
            assert (sold.captured_minor, sold.refunded_minor) == (
                balance.captured_minor,
                balance.refunded_minor,
            )
            assert sold.promised_us == order.promised_us
        loads = query.courier_loads(tx, list(company.records.couriers))
        own = {each.id: each.load for each in company.fleet.couriers()}
        assert {each: loads.get(each, 0) for each in own} == own
