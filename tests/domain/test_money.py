"""Money is whole minor units of a known currency."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from makegood.domain.money import MAX_MINOR, Money, minor_digits


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1990, "EUR", "19.90 EUR"),
        (5, "CNY", "0.05 CNY"),
        (0, "USD", "0.00 USD"),
        (1990, "JPY", "1990 JPY"),
        (1990, "KWD", "1.990 KWD"),
        (MAX_MINOR, "EUR", "90071992547409.91 EUR"),
    ],
)
def test_money_is_shown_with_the_decimals_of_its_currency(
    minor: int, currency: str, text: str
) -> None:
    assert str(Money(minor=minor, currency=currency)) == text


@pytest.mark.parametrize("minor", [-1, MAX_MINOR + 1, 1.0, 1.5, "1", True, None, float("nan")])
def test_money_is_a_whole_number_that_is_not_negative(minor: object) -> None:
    with pytest.raises(ValidationError, match="minor"):
        Money.model_validate({"minor": minor, "currency": "EUR"})


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "ABC", "XAU", "XDR", " EUR", 978, None])
def test_a_currency_is_an_iso_4217_code_with_minor_units(currency: object) -> None:
    with pytest.raises(ValidationError, match="currency"):
        Money.model_validate({"minor": 1, "currency": currency})


def test_what_is_wrong_with_a_currency_is_said_plainly() -> None:
    with pytest.raises(ValueError, match="'ABC' is not an ISO 4217 code; use one such as EUR"):
        minor_digits("ABC")
    with pytest.raises(ValueError, match="XAU has no minor units"):
        minor_digits("XAU")


amounts = st.integers(0, MAX_MINOR // 2)


@given(amounts, amounts)
def test_a_sum_is_exact(one: int, other: int) -> None:
    a, b = (Money(minor=minor, currency="EUR") for minor in (one, other))
    assert a.plus(b) == b.plus(a) == Money(minor=one + other, currency="EUR")


def test_two_currencies_are_not_added() -> None:
    with pytest.raises(ValueError, match="cannot add USD to EUR"):
        Money(minor=1, currency="EUR").plus(Money(minor=1, currency="USD"))


def test_money_is_not_changed() -> None:
    money = Money(minor=1, currency="EUR")
    with pytest.raises(ValidationError):
        money.minor = 2  # pyright: ignore[reportAttributeAccessIssue] -- that is the test
    with pytest.raises(ValidationError, match="extra"):
        Money.model_validate({"minor": 1, "currency": "EUR", "major": 0})
