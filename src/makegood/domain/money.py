"""Money: integer minor units with an ISO 4217 code."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Annotated, Self

import iso4217
from pydantic import AfterValidator, Field

from makegood.domain.frozen import Frozen

MAX_MINOR = 2**53 - 1


@cache
def minor_digits(currency: str) -> int:
    """Return how many decimals a currency has (ISO 4217), such as 2 for EUR and 0 for JPY.

    Raises:
        ValueError: the code is unknown, or the currency has no minor units (XAU, XDR).

    """
    try:
        known = iso4217.Currency(currency)
    except ValueError:
        message = f"{currency!r} is not an ISO 4217 code; use one such as EUR or CNY"
        raise ValueError(message) from None
    exponent = known.exponent
    if exponent is None:
        message = f"{currency} has no minor units, so no amount can be paid in it"
        raise ValueError(message)
    return exponent


def _known(currency: str) -> str:
    minor_digits(currency)
    return currency


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_known)]


class Money(Frozen):
    """An amount in minor units (cents) of one currency; never negative."""

    minor: int = Field(ge=0, le=MAX_MINOR, strict=True)
    currency: Currency

    def __str__(self) -> str:
        """Return the amount in major units with its code, such as `19.90 EUR`."""
        digits = minor_digits(self.currency)
        return f"{Decimal(self.minor).scaleb(-digits):f} {self.currency}"

    def plus(self, other: Money) -> Self:
        """Return the sum; raise ValueError when the currencies differ."""
        if other.currency != self.currency:
            message = f"cannot add {other.currency} to {self.currency}"
            raise ValueError(message)
        return type(self)(minor=self.minor + other.minor, currency=self.currency)
