"""The ladder: what it gives, what it never exceeds, and that it can be walked again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makegood.clock import MINUTE
from makegood.domain.decisions import Decision
from makegood.domain.money import Money
from makegood.planning import Claim, Given, compensate, explain, recompute
from tests.planning.city import STAMP, policies

POLICY = policies().compensation


def claim(minutes: int, *, value: int = 8_000, tier: str = "standard", late: int = 0) -> Claim:
    return Claim(
        order_id="ord-1",
        customer_id="cus-1",
        late_us=minutes * MINUTE,
        value=Money(minor=value, currency="CNY"),
        tier=tier,
        late_orders=late,
    )


def minor(one: Claim, given: Given | None = None) -> int:
    made = compensate([one], given or Given(), POLICY, STAMP)
    assert made is not None
    amount = made.awards[0].amount
    return amount.minor if amount else 0


@pytest.mark.parametrize(
    ("one", "amount"),
    [
        (claim(-20), 0),
        (claim(7), 0),
        (claim(8), 150),  # 90 + 0.2 % of 80.00 = 106, rounded up to 50
        (claim(15), 350),  # 270 + 40
        (claim(30, tier="gold"), 700),  # (450 + 64) x 1.3 = 668
        (claim(30, late=2), 650),  # 514 + 20 % = 616
        (claim(30, late=9), 700),  # history adds 30 % at most
        (claim(30, tier="platinum"), 550),  # an unknown tier is standard
        (claim(44), 550),
        (claim(45), 1800),  # 1530 + 232
        (claim(90, value=1_000_000), 3000),  # an order's cap
    ],
)
def test_what_the_ladder_gives(one: Claim, amount: int) -> None:
    assert minor(one) == amount


def test_a_currency_without_amounts_gets_no_coupon() -> None:
    one = Claim(
        order_id="o", customer_id="c", late_us=90 * MINUTE, value=Money(minor=9, currency="JPY")
    )
    assert minor(one) == 0


def test_what_a_customer_was_given_before_counts() -> None:
    assert minor(claim(60), Given(customers={"cus-1": 2_500})) == 500
    assert minor(claim(60), Given(customers={"cus-1": 9_999})) == 0


claims = st.lists(
    st.builds(
        Claim,
        order_id=st.uuids().map(str),
        customer_id=st.sampled_from(["a", "b", "c"]),
        late_us=st.integers(-30, 200).map(lambda minutes: minutes * MINUTE),
        value=st.integers(0, 10**6).map(lambda m: Money(minor=m, currency="CNY")),
        tier=st.sampled_from(["standard", "gold", "none"]),
        late_orders=st.integers(0, 5),
    ),
    min_size=1,
    max_size=30,
    unique_by=lambda one: one.order_id,
)


@given(claims, st.integers(0, 300_000))
def test_no_cap_is_ever_exceeded(some: list[Claim], hub_hour: int) -> None:
    made = compensate(some, Given(hub_hour=hub_hour), POLICY, STAMP)
    assert made is not None
    given: dict[str, int] = {}
    for one, award in zip(some, made.awards, strict=True):
        amount = award.amount.minor if award.amount else 0
        assert amount <= 3_000
        given[one.customer_id] = given.get(one.customer_id, 0) + amount
    assert all(amount <= 3_000 for amount in given.values())
    assert sum(given.values()) <= max(0, 300_000 - hub_hour)


@given(claims)
def test_the_ladder_is_walked_again_from_its_record(some: list[Claim]) -> None:
    made = compensate(some, Given(), POLICY, STAMP)
    assert made is not None
    again = Decision.model_validate_json(made.decision.model_dump_json())
    assert recompute(again) == tuple(subject.chosen for subject in made.decision.subjects)
    for subject, award in zip(made.decision.subjects, made.awards, strict=True):
        explained = explain(made.decision, subject.id)
        amount = award.amount.minor if award.amount else 0
        assert explained.score == amount
        assert sum(part.points for part in explained.contributions) == amount


def test_the_minutes_to_the_next_rung_flip_it() -> None:
    made = compensate([claim(11)], Given(), POLICY, STAMP)
    assert made is not None
    explained = explain(made.decision, "ord-1")
    assert explained.rejected is not None
    assert explained.rejected.key == "from-15"
    assert [(flip.name, flip.by) for flip in explained.flips] == [("delay", 4)]
    assert explained.margin == 200


def test_from_the_top_rung_less_delay_flips_it() -> None:
    made = compensate([claim(46)], Given(), POLICY, STAMP)
    assert made is not None
    [flip] = explain(made.decision, "ord-1").flips
    assert flip.by == -2
