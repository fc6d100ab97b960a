"""Faults: what the client sees, and what the books say beside it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from makegood.clock import SECOND
from makegood.replay.company import Company, Fault, FaultKind, System
from tests.replay.company.serving import client_of, paid_company, served

ROUTE = "POST /payments/refunds"
BODY: dict[str, Any] = {"order_id": "so-1", "amount": {"minor": 100, "currency": "CNY"}}
KEY = {"Idempotency-Key": "k1"}


def refund(client: httpx.Client) -> httpx.Response:
    return client.post("/payments/refunds", json=BODY, headers=KEY)


def refunded(company: Company) -> int:
    return company.payments.balance("so-1").refunded_minor


def test_a_failing_route_fails_so_often_and_does_nothing() -> None:
    company, clock = paid_company(("so-1", 1000))
    company.faults.lay(Fault(route=ROUTE, kind=FaultKind.FAIL, times=2))
    with client_of(company, clock, System.REFUNDS) as client:
        statuses = [refund(client).status_code for _ in range(3)]
    assert statuses == [500, 500, 201]
    assert refunded(company) == 100


def test_a_dropped_answer_was_acted_on_and_the_same_key_finds_it() -> None:
    company, clock = paid_company(("so-1", 1000))
    company.faults.lay(Fault(route=ROUTE, kind=FaultKind.DROP))
    with client_of(company, clock, System.REFUNDS) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            refund(client)
        assert refunded(company) == 100
        again = refund(client)
    assert again.headers["idempotent-replayed"] == "true"
    assert refunded(company) == 100


def test_a_lost_request_was_not_acted_on() -> None:
    company, clock = paid_company(("so-1", 1000))
    company.faults.lay(Fault(route=ROUTE, kind=FaultKind.LOSE))
    with client_of(company, clock, System.REFUNDS) as client, pytest.raises(httpx.TransportError):
        refund(client)
    assert refunded(company) == 0


@pytest.mark.parametrize(("acts", "minor"), [(True, 100), (False, 0)])
def test_an_unknown_answer_may_or_may_not_have_been_acted_on(acts: bool, minor: int) -> None:  # noqa: FBT001 -- a parameter of the test
    company, clock = paid_company(("so-1", 1000))
    company.faults.lay(Fault(route=ROUTE, kind=FaultKind.UNKNOWN, acts=acts))
    with client_of(company, clock, System.REFUNDS) as client:
        assert refund(client).status_code == 504
    assert refunded(company) == minor


def test_a_late_answer_times_out_after_acting_and_takes_virtual_time_only() -> None:
    company, clock = paid_company(("so-1", 1000))
    company.faults.lay(Fault(route=ROUTE, kind=FaultKind.DELAY, seconds=3600))
    company.faults.lay(Fault(route=ROUTE, kind=FaultKind.DELAY, seconds=1))
    began_us = clock.now_us()
    with client_of(company, clock, System.REFUNDS) as client:
        with pytest.raises(httpx.ReadTimeout):
            refund(client)
        assert clock.now_us() - began_us == 2 * SECOND
        assert refunded(company) == 100
        assert refund(client).status_code == 201
    assert clock.now_us() - began_us == 3 * SECOND


def test_a_fault_lets_requests_pass_first_and_other_routes_alone() -> None:
    company, clock = paid_company(("so-1", 1000))
    company.faults.lay(Fault(route="POST /payments/*", kind=FaultKind.FAIL, times=None, after=1))
    with client_of(company, clock, System.REFUNDS) as client:
        statuses = [refund(client).status_code for _ in range(3)]
        assert client.get("/payments/orders/so-1").status_code == 200
    assert statuses == [201, 500, 500]


def test_faults_are_laid_and_taken_away_over_the_admin_route() -> None:
    company, clock = paid_company(("so-1", 1000))
    with client_of(company, clock, System.REFUNDS) as client:
        laid = client.post("/admin/faults", json={"route": ROUTE, "kind": "fail", "times": None})
        assert laid.status_code == 201
        assert refund(client).status_code == 500
        assert client.delete("/admin/faults").status_code == 204
        assert refund(client).status_code == 201
        bad = client.post("/admin/faults", json={"route": "payments", "kind": "explode"})
    assert bad.status_code == 422
    assert "body.route" in bad.json()["detail"]


def test_the_same_faults_strike_over_a_real_socket() -> None:
    company, _ = paid_company(("so-1", 1000))
    company.faults.lay(Fault(route=ROUTE, kind=FaultKind.DROP))
    company.faults.lay(Fault(route=ROUTE, kind=FaultKind.DELAY, seconds=30))
    company.faults.lay(Fault(route=ROUTE, kind=FaultKind.FAIL))
    credential = company.credentials.by_system[System.REFUNDS]
    headers = {"Authorization": f"Bearer {credential}"}
    with (
        served(company) as url,
        httpx.Client(base_url=url, headers=headers, timeout=0.3) as client,
    ):
        with pytest.raises(httpx.RemoteProtocolError):
            refund(client)
        assert refunded(company) == 100
        with pytest.raises(httpx.ReadTimeout):
            refund(client)
        assert refund(client).status_code == 500
        assert refund(client).headers["idempotent-replayed"] == "true"
    assert refunded(company) == 100
