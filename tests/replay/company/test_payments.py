"""Payments: a key pays once, and the books never give back more than was taken."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from makegood.clock import DAY, SECOND
from makegood.replay.company import System
from makegood.replay.company.model import PayOut
from makegood.replay.company.problems import Refused
from tests.replay.company.serving import client_of, paid_company, served, yuan


def refund_body(order_id: str = "so-1", minor: int = 1990) -> dict[str, Any]:
    return {"order_id": order_id, "amount": {"minor": minor, "currency": "CNY"}, "reason": "late"}


def test_the_same_key_and_body_get_the_first_refund_again() -> None:
    company, clock = paid_company(("so-1", 5000))
    with client_of(company, clock, System.REFUNDS) as client:
        first = client.post(
            "/payments/refunds", json=refund_body(), headers={"Idempotency-Key": "k1"}
        )
        clock.advance(3600 * SECOND)
        second = client.post(
            "/payments/refunds", json=refund_body(), headers={"Idempotency-Key": "k1"}
        )
        balance = client.get("/payments/orders/so-1").json()
    assert first.status_code == second.status_code == 201
    assert second.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert balance == snapshot(
        {
            "order_id": "so-1",
            "currency": "CNY",
            "captured_minor": 5000,
            "refunded_minor": 1990,
        }
    )


def test_the_same_key_with_another_body_is_refused_and_pays_nothing() -> None:
    company, clock = paid_company(("so-1", 5000))
    with client_of(company, clock, System.REFUNDS) as client:
        client.post("/payments/refunds", json=refund_body(), headers={"Idempotency-Key": "k1"})
        other = client.post(
            "/payments/refunds", json=refund_body(minor=2000), headers={"Idempotency-Key": "k1"}
        )
    assert other.status_code == 422
    assert other.headers["content-type"] == "application/problem+json"
    assert other.json()["title"] == "key-reused"
    assert company.payments.balance("so-1").refunded_minor == 1990


def test_a_key_older_than_its_lifetime_pays_again_but_can_be_looked_up_for_ever() -> None:
    company, clock = paid_company(("so-1", 5000))
    wanted = PayOut("so-1", yuan(1000), "late")
    company.payments.refund("k1", wanted)
    clock.advance(DAY - 1)
    company.catch_up()
    _, replayed = company.payments.refund("k1", wanted)
    assert replayed
    clock.advance(1)
    company.catch_up()
    made, replayed = company.payments.refund("k1", wanted)
    assert (made.id, replayed) == ("re_000002", False)
    assert [each.id for each in company.payments.refunds_under(["k1"])] == [
        "re_000001",
        "re_000002",
    ]


def test_the_coupon_credential_cannot_refund_and_the_refund_credential_gives_no_coupon() -> None:
    company, clock = paid_company(("so-1", 5000))
    key = {"Idempotency-Key": "k1"}
    with client_of(company, clock, System.COUPONS) as coupons:
        refused = coupons.post("/payments/refunds", json=refund_body(), headers=key)
        assert coupons.post("/payments/coupons", json=refund_body(), headers=key).is_success
    with client_of(company, clock, System.REFUNDS) as refunds:
        assert refunds.post("/payments/coupons", json=refund_body(), headers=key).status_code == 403
    with client_of(company, clock) as nobody:
        assert nobody.post("/payments/refunds", json=refund_body()).status_code == 401
    assert refused.status_code == 403
    assert company.payments.refunds == {}
    assert len(company.payments.coupons) == 1


@pytest.mark.parametrize(
    ("body", "status", "title"),
    [
        (refund_body(minor=5001), 409, "exceeds-captured"),
        (refund_body(minor=0), 422, "amount"),
        (refund_body(minor=-1), 422, "invalid"),
        (refund_body(order_id="so-2"), 404, "unknown-paid-order"),
        ({**refund_body(), "amount": {"minor": 1, "currency": "EUR"}}, 422, "currency"),
        ({**refund_body(), "amount": {"minor": 1, "currency": "XAU"}}, 422, "invalid"),
        ({**refund_body(), "extra": 1}, 422, "invalid"),
    ],
)
def test_a_refund_that_is_not_right_is_refused_by_name(
    body: dict[str, Any], status: int, title: str
) -> None:
    company, clock = paid_company(("so-1", 5000))
    with client_of(company, clock, System.REFUNDS) as client:
        answer = client.post("/payments/refunds", json=body, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["title"]) == (status, title)
    assert company.payments.refunds == {}


def test_a_refund_without_a_key_is_refused() -> None:
    company, clock = paid_company(("so-1", 5000))
    with client_of(company, clock, System.REFUNDS) as client:
        answer = client.post("/payments/refunds", json=refund_body())
    assert (answer.status_code, answer.json()["title"]) == (400, "key-missing")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["k1", "k2", "k3", "k4"]),
            st.sampled_from(["so-1", "so-2"]),
            st.integers(min_value=0, max_value=900),
            st.integers(min_value=0, max_value=DAY // 2),
        ),
        max_size=40,
    )
)
def test_no_sequence_of_refunds_gives_back_more_than_was_taken(
    asked: list[tuple[str, str, int, int]],
) -> None:
    company, clock = paid_company(("so-1", 1000), ("so-2", 250))
    paid = {"so-1": 0, "so-2": 0}
    for key, order_id, minor, later_us in asked:
        clock.advance(later_us)
        company.catch_up()
        with contextlib.suppress(Refused):
            _, replayed = company.payments.refund(key, PayOut(order_id, yuan(minor), ""))
            paid[order_id] += 0 if replayed else minor
    made = company.payments.refunds.values()
    for order_id, captured in (("so-1", 1000), ("so-2", 250)):
        total = sum(each.paid.amount.minor for each in made if each.paid.order_id == order_id)
        assert total == paid[order_id] == company.payments.balance(order_id).refunded_minor
        assert total <= captured


def test_refunds_racing_over_real_sockets_pay_each_key_once_and_never_too_much() -> None:
    company, _ = paid_company(("so-1", 1000))
    with served(company) as url, httpx.Client(base_url=url, timeout=10.0) as client:
        credential = company.credentials.by_system[System.REFUNDS]

        def refund(number: int) -> int:
            return client.post(
                "/payments/refunds",
                json=refund_body(minor=300),
                headers={
                    "Authorization": f"Bearer {credential}",
                    "Idempotency-Key": f"k{number % 6}",
                },
            ).status_code

        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(refund, range(48)))
    # 1000 has room for three refunds of 300: three keys win, the other three lose for good.
    assert sorted(set(statuses)) == [201, 409]
    assert len(company.payments.refunds) == 3
    assert len({each.key for each in company.payments.refunds.values()}) == 3
    assert company.payments.balance("so-1").refunded_minor == 900


def test_money_is_taken_once_for_an_order() -> None:
    company, _ = paid_company(("so-1", 1000))
    with pytest.raises(Refused, match="already paid"):
        company.payments.capture("so-1", "cus-1", yuan(1000))


def test_a_batch_of_coupons_gives_the_good_ones_and_names_the_bad() -> None:
    company, clock = paid_company(("so-1", 1000), ("so-2", 1000))
    items = [
        {"key": "c1", **refund_body("so-1", 300)},
        {"key": "c2", **refund_body("so-9", 300)},
        {"key": "c3", **refund_body("so-2", 300)},
    ]
    with client_of(company, clock, System.COUPONS) as client:
        first = client.post("/payments/coupons:batch", json={"items": items}).json()
        again = client.post("/payments/coupons:batch", json={"items": items}).json()
        found = client.get("/payments/coupons", params={"key": ["c1", "c2"]}).json()
    assert first == again
    assert first["outcomes"] == snapshot(
        [
            {"key": "c1", "done": True, "reference": "co_000001", "problem": "", "detail": ""},
            {
                "key": "c2",
                "done": False,
                "reference": "",
                "problem": "unknown-paid-order",
                "detail": "there is no paid order 'so-9'",
            },
            {"key": "c3", "done": True, "reference": "co_000002", "problem": "", "detail": ""},
        ]
    )
    assert [each["id"] for each in found["coupons"]] == ["co_000001"]
