"""What an action says of money and lines, held against the lines of its order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from makegood.domain.actions import ACTIONS, Action
from makegood.domain.entities import OrderLine, SalesOrder
from makegood.domain.money import Money
from makegood.proposals import sense

ORDER = SalesOrder(
    id="o",
    hub_id="h1",
    status="placed",
    customer_id="c",
    currency="EUR",
    total_minor=6_000,
    captured_minor=6_000,
    lines=(
        OrderLine("a", "sku-a", 1, Money(minor=1_000, currency="EUR")),
        OrderLine("b", "sku-b", 2, Money(minor=2_000, currency="EUR")),
        OrderLine("c", "sku-c", 1, Money(minor=3_000, currency="EUR")),
    ),
)
KINDS = ("refund", "return", "exchange", "change_items")


def action(kind: str, lines: list[str], minor: int | None) -> Action:
    body: dict[str, Any] = {
        "kind": kind,
        "hub_id": "h1",
        "order_id": "o",
        "customer_id": "c",
        "cause": "returned" if kind == "return" else "goodwill",
        "lines": lines,
    }
    if kind in {"exchange", "change_items"}:
        body["skus"] = ["other"] * len(lines)
    if minor is not None:
        body["amount"] = {"minor": minor, "currency": "EUR"}
    return ACTIONS.validate_python(body)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("lines", "most"), [(["a"], 1_000), (["a", "b"], 3_000), (["c"], 3_000)])
def test_no_more_is_paid_back_than_what_the_lines_cost(
    kind: str, lines: list[str], most: int
) -> None:
    assert list(sense.lines(action(kind, lines, most), ORDER)) == []
    said = list(sense.lines(action(kind, lines, most + 1), ORDER))
    assert said == [
        ("amount.minor", f"it is more than the {most / 100:.2f} EUR that its lines cost")
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_that_is_named_twice_is_paid_back_once(kind: str) -> None:
    twice = action(kind, ["a", "a"], 1_001)
    assert [field for field, _ in sense.lines(twice, ORDER)] == ["amount.minor"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_that_the_order_does_not_have_is_named(kind: str) -> None:
    said = list(sense.lines(action(kind, ["a", "z"], 5), ORDER))
    assert said == [("lines", "the order has no line z")]


@pytest.mark.parametrize("kind", KINDS[1:])
def test_what_pays_nothing_back_is_not_bounded(kind: str) -> None:
    assert list(sense.lines(action(kind, ["a"], None), ORDER)) == []
    assert list(sense.amount(action(kind, ["a"], None), ORDER)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_more_is_paid_back_than_is_left_of_what_was_captured(kind: str) -> None:
    left = replace(ORDER, refunded_minor=5_500)
    assert list(sense.amount(action(kind, ["a"], 500), left)) == []
    assert [field for field, _ in sense.amount(action(kind, ["a"], 501), left)] == ["amount.minor"]
