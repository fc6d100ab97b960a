"""What every listing and every money field of the API looks like."""

from __future__ import annotations

from typing import Annotated, Final, Generic, Self, TypeVar

from fastapi import Query

from makegood.domain.frozen import Frozen
from makegood.domain.money import Money

T = TypeVar("T")

REASON: Final = "Why. It stays on the ledger for good, so it names no customer."
Limit = Annotated[int, Query(ge=1, le=1000, description="The most rows to return.")]


class Out(Frozen):
    """An answer that is made from a record of the same field names."""

    @classmethod
    def of(cls, record: object) -> Self:
        """Return the record (a dataclass or a database row) as this answer."""
        return cls.model_validate(record, from_attributes=True)


class Listing(Frozen, Generic[T]):
    """Rows of one noun."""

    items: tuple[T, ...]


class Done(Frozen):
    """It was done."""

    done: bool = True


def money_of(minor: int | None, currency: str) -> Money | None:
    """Return an amount as stored in two columns, or None where there is none."""
    return Money(minor=minor, currency=currency) if minor is not None and currency else None
