"""The city's life: the same for the same seed, told in the catalogue's words, and in trouble."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from makegood.clock import HOUR, MINUTE, SECOND, VirtualClock, from_rfc3339
from makegood.events.schema import CATALOGUE, Envelope
from makegood.replay.company import CityPlan, Company
from makegood.replay.company.model import CourierStatus, FulfilmentStatus
from tests.replay.company.serving import SMALL_PLAN, START_US, whole_events


def lived(plan: CityPlan, hours: int = 4) -> Company:
    clock = VirtualClock(START_US)
    company = Company(clock, plan=plan)
    clock.advance(hours * HOUR)
    company.catch_up()
    return company


def test_how_often_the_company_is_stepped_changes_nothing_that_happens() -> None:
    by_minute = whole_events(SMALL_PLAN, MINUTE)
    assert by_minute == whole_events(SMALL_PLAN, 17 * SECOND)
    assert by_minute == whole_events(SMALL_PLAN, 3 * HOUR)


def test_another_seed_is_another_day() -> None:
    assert whole_events(SMALL_PLAN, HOUR) != whole_events(replace(SMALL_PLAN, seed=8), HOUR)


def test_every_event_is_one_of_the_catalogue_and_no_id_comes_twice() -> None:
    events: list[Any] = whole_events(CityPlan(seed=3), HOUR)
    for event in events:
        read = Envelope.model_validate(event)
        CATALOGUE[read.type].read(read.data)
        assert read.hub
    assert len({event["id"] for event in events}) == len(events)
    sequences = [int(event["sequence"]) for event in events]
    assert sequences == sorted(set(sequences))
    times = [from_rfc3339(event["time"]) for event in events]
    assert times == sorted(times)


def test_every_status_change_is_one_that_the_catalogue_allows() -> None:
    statuses: dict[tuple[str, str], str] = {}
    events: list[Any] = whole_events(CityPlan(seed=4, flooded_share=0.2), HOUR)
    for event in events:
        known = CATALOGUE[event["type"]]
        entity = (str(known.kind), event["subject"])
        was = statuses.get(entity, "")
        assert was in known.move.frm, (event, was)
        statuses[entity] = was if known.move.to is None else known.move.to
    ends = Counter(status for (kind, _), status in statuses.items() if kind == "fulfilment_order")
    assert ends["delivered"] > 250
    assert ends["failed"] > 5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_calm_day_keeps_nearly_every_promise_and_the_storm_breaks_a_third(seed: int) -> None:
    calm = lived(CityPlan(seed=seed, peak_mm_h=0.0, flooded_share=0.0, stuck_share=0.0)).score()
    storm = lived(CityPlan(seed=seed)).score()
    assert calm.orders == storm.orders == 330
    assert calm.kept >= 0.95 * calm.orders
    assert 0.5 * storm.orders < storm.kept < 0.8 * storm.orders


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_some_orders_of_the_storms_last_phase_are_hopeless(seed: int) -> None:
    company = lived(CityPlan(seed=seed, flooded_share=0.2))
    hopeless = [
        each
        for each in company.records.fulfilments.values()
        if each.ready_us > each.promised_us + 60 * MINUTE
    ]
    assert 5 <= len(hopeless) <= 30
    assert {each.hub_id for each in hopeless} == {"hub-north"}
    assert all(each.assignment == 0 or each.ready_us < company.now_us for each in hopeless)
    assert company.score().undeliverable >= 5


def test_a_few_paid_orders_have_no_stock_and_no_delivery() -> None:
    company = lived(CityPlan(seed=1))
    stuck = [each for each in company.records.orders.values() if not each.fulfilment_ids]
    assert len(stuck) == 4
    for order in stuck:
        assert company.payments.balance(order.id).captured_minor == order.total.minor


def test_couriers_in_shelter_leave_what_waits_for_them_until_somebody_moves_it() -> None:
    clock = VirtualClock(START_US)
    company = Company(clock, plan=CityPlan(seed=1))
    clock.advance(50 * MINUTE)
    company.catch_up()
    sheltering = [c for c in company.fleet.couriers() if c.status is CourierStatus.SHELTERING]
    stuck = {each for courier in sheltering for each in courier.waiting}
    assert len(sheltering) >= 4
    assert stuck
    clock.advance(5 * MINUTE)
    company.catch_up()
    for each in stuck:
        delivery = company.records.fulfilment(each)
        assert delivery.status in (
            FulfilmentStatus.CREATED,
            FulfilmentStatus.READY,
            FulfilmentStatus.FAILED,
        )


def test_nobody_ever_carries_more_than_they_can() -> None:
    clock = VirtualClock(START_US)
    company = Company(clock, plan=CityPlan(seed=2))
    for _ in range(40):
        clock.advance(5 * MINUTE)
        company.catch_up()
        for courier in company.fleet.couriers():
            held = [company.records.fulfilment(i) for i in (*courier.waiting, *courier.carried)]
            assert courier.load == sum(each.load for each in held) <= courier.capacity
            assert all(each.courier_id == courier.id for each in held)


def test_what_a_command_changes_is_emitted_with_the_next_step() -> None:
    events: list[dict[str, Any]] = []
    clock = VirtualClock(START_US)
    company = Company(clock, plan=SMALL_PLAN, emit=events.extend)
    clock.advance(20 * MINUTE)
    assert company.step() == len(events) > 0
    events.clear()
    order = next(each for each in company.records.orders.values() if each.status == "open")
    company.oms.hold("k1", order.id)
    assert events == []
    assert company.step() == 1
    assert (events[0]["type"], events[0]["subject"]) == ("sales_order.put_on_hold", order.id)
