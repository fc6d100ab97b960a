"""The policy of approvals: what it refuses, and what it says of an action."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from makegood.domain.actions import ActionKind
from makegood.domain.money import Money
from makegood.domain.policy import Approvals, Deadline, MaterialChange, Priority
from makegood.workspace.policies import read_policies
from makegood.workspace.reference import reference_root


@pytest.fixture(scope="module")
def approvals() -> Approvals:
    policies, problems = read_policies(reference_root())
    assert policies is not None, problems
    return policies.approvals


@pytest.mark.parametrize(
    "change",
    [
        {"deadline": {"warn_minutes": 20, "ladder": [], "expire_minutes": 120}},
        {"claim_minutes": 0},
        {"undo_seconds": 61},
        {"limits": {"order_window_minutes": 0, "customer_window_minutes": 1}},
        {"limits": {"order_window_minutes": 1}},
        {"hub_zones": {"h1": "Mars/Olympus"}},
        {"materiality": [{"kinds": ["refund"], "fact": "weather"}]},
        {"materiality": [{"kinds": ["refund"], "fact": "status", "becomes": []}]},
        {"rules": []},
    ],
)
def test_a_policy_that_says_nonsense_is_refused(
    approvals: Approvals, change: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        Approvals.model_validate(approvals.model_dump() | change)


@pytest.mark.parametrize("missing", sorted(Approvals.model_fields))
def test_nothing_of_authority_has_a_default(approvals: Approvals, missing: str) -> None:
    said = approvals.model_dump()
    del said[missing]
    with pytest.raises(ValidationError, match=missing):
        Approvals.model_validate(said)


def test_a_ladder_neither_falls_nor_ends_after_the_deadline() -> None:
    def deadline(*rungs: int) -> Deadline:
        ladder = [{"after_minutes": each, "tell": ["supervisor"]} for each in rungs]
        return Deadline.model_validate(
            {"warn_minutes": 20, "ladder": ladder, "expire_minutes": 120}
        )

    assert len(deadline(20, 60, 120).ladder) == 3
    for rungs in ((19,), (60, 30), (121,)):
        with pytest.raises(ValidationError, match="must not fall"):
            deadline(*rungs)


def test_a_share_of_the_money_needs_an_amount_that_moves() -> None:
    with pytest.raises(ValidationError, match="by_bp needs an amount"):
        MaterialChange.model_validate({"kinds": ["refund"], "fact": "status", "by_bp": 1})


@pytest.mark.parametrize(
    ("before", "now", "material"),
    [(0, 499, False), (0, 500, True), (500, 0, True), (500, 1, False), (None, 1, True)],
)
def test_an_amount_is_material_from_its_share_of_the_money_on(
    before: int | None, now: int, *, material: bool
) -> None:
    rule = MaterialChange.model_validate(
        {"kinds": ["refund"], "fact": "refunded_minor", "by_bp": 5_000}
    )
    change = ("sales_order/o", "refunded_minor", before, now)
    money = Money(minor=1_000, currency="EUR")
    assert rule.covers(ActionKind.REFUND, money, change) is material
    assert not rule.covers(ActionKind.CANCEL, money, change)


def test_money_is_worth_minutes_up_to_a_most() -> None:
    worth = Priority.model_validate(
        {"unit": {"EUR": 1000}, "lead_minutes": 5, "most_minutes": 60, "rung_minutes": 30}
    )
    euros = {minor: Money(minor=minor, currency="EUR") for minor in (0, 199, 200, 1000, 10**9)}
    assert {minor: worth.lead_of(each) for minor, each in euros.items()} == {
        0: 0,
        199: 0,
        200: 1,
        1000: 5,
        10**9: 60,
    }
    assert worth.lead_of(None) == 0
    assert worth.lead_of(Money(minor=1, currency="GBP")) == 60
