"""Another fleet: who rides for it, what it asks, and that nobody is given to it by chance."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from makegood.clock import MINUTE, VirtualClock
from makegood.domain.geo import distance_m
from makegood.replay.company import Company, System
from makegood.replay.company.city import CityParams, DistrictLife, draw, inhabit
from makegood.replay.company.city.params import Partner
from makegood.replay.company.model import Fulfilment, FulfilmentStatus
from makegood.replay.company.partners import PARTNER
from tests.replay.company.serving import START_US, client_of
from tests.replay.storm.test_storm import small

AT_HUB = (FulfilmentStatus.CREATED, FulfilmentStatus.READY)


def with_partner(**changes: float) -> CityParams:
    terms: dict[str, Any] = {
        "count": 2,
        "store": "store-canal",
        "m_s": 6.0,
        "capacity": 2,
        "halved_by_mm_h": 22.0,
        "range_m": 8_000,
        "fee_minor": 1_800,
    }
    return small(partner=Partner.model_validate(terms | changes))


def later(minutes: int, **changes: float) -> tuple[Company, DistrictLife, VirtualClock]:
    clock = VirtualClock(START_US)
    company, life = inhabit(clock, draw(with_partner(**changes), 4, START_US))
    clock.advance(minutes * MINUTE)
    company.catch_up()
    return company, life, clock


def waiting(company: Company) -> Fulfilment:
    return next(
        each
        for each in company.records.fulfilments.values()
        if each.status in AT_HUB and each.hub_id == "store-canal"
    )


def give(company: Company, clock: VirtualClock, delivery: Fulfilment, key: str) -> httpx.Response:
    body = {
        "fulfilment_id": delivery.id,
        "courier_id": "partner-01",
        "expected_assignment": delivery.assignment,
    }
    headers = {"Idempotency-Key": key}
    with client_of(company, clock, System.FLEET) as client:
        return client.post("/fleet/assignments", json=body, headers=headers)


def test_a_delivery_given_to_another_fleet_is_made_and_charged_once() -> None:
    company, _, clock = later(40)
    delivery = waiting(company)
    assert give(company, clock, delivery, "k1").status_code == 201
    assert give(company, clock, delivery, "k1").headers["Idempotent-Replayed"] == "true"
    [charge] = company.partners.charges
    assert (charge.fulfilment_id, charge.courier_id) == (delivery.id, "partner-01")
    assert charge.fee.minor == 1_800
    clock.advance(60 * MINUTE)
    company.catch_up()
    done = company.records.fulfilment(delivery.id)
    assert (done.status, done.courier_id) == (FulfilmentStatus.DELIVERED, "partner-01")
    assert len(company.partners.charges) == 1


def test_its_contract_free_riders_and_bill_can_be_read() -> None:
    company, _, clock = later(40)
    delivery = waiting(company)
    give(company, clock, delivery, "k1")
    with client_of(company, clock) as client:
        [found] = client.get("/fleet/partners").json()["partners"]
    assert found["contract"]["fee"] == {"minor": 1_800, "currency": "CNY"}
    full = company.records.courier("partner-01").load == 2
    assert found["free"] == (["partner-02"] if full else ["partner-01", "partner-02"])
    assert [each["fulfilment_id"] for each in found["charges"]] == [delivery.id]


def test_a_customer_out_of_its_range_is_refused_and_not_charged() -> None:
    company, _, clock = later(40, range_m=10)
    answer = give(company, clock, waiting(company), "k1")
    assert answer.status_code == 409
    assert "too far" in answer.json()["detail"]
    assert company.partners.charges == []


def test_nobody_but_a_decision_gives_it_anything() -> None:
    company, life, clock = later(30)
    for _ in range(12):
        clock.advance(10 * MINUTE)
        company.catch_up()
        assert not [each for each in life.riders() if each.vehicle == PARTNER]
    assert company.partners.charges == []


@pytest.mark.parametrize("rider", ["partner-01", "partner-02"])
def test_its_riders_wait_at_their_store(rider: str) -> None:
    company, _, _ = later(30)
    store = company.records.hub("store-canal")
    assert distance_m(company.records.courier(rider).position, store.position) < 50
