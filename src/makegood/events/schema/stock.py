"""What can happen to stock: how much of one article lies at one hub."""

from __future__ import annotations

from typing import ClassVar, Final

from makegood.domain.entities import EntityKind, Stock
from makegood.domain.statuses import StockStatus as S
from makegood.events.schema.base import NEW, Code, Count, Delta, EventData, Id, Move, move


class _StockEvent(EventData[Stock]):
    kind: ClassVar[EntityKind] = EntityKind.STOCK


class Counted(_StockEvent):
    """Somebody counted; this is the truth from here on."""

    type: ClassVar[str] = "stock.counted"
    move: ClassVar[Move] = move(NEW, S.COUNTED, to=S.COUNTED)

    sku: Id
    on_hand: Count

    def apply(self, was: Stock, at_us: int) -> Stock:
        """Replace the quantity."""
        return was.but(sku=self.sku, on_hand=self.on_hand, counted_us=at_us)


class Adjusted(_StockEvent):
    """Goods came or went; below zero means that more was sold than there is."""

    type: ClassVar[str] = "stock.adjusted"
    move: ClassVar[Move] = move(S.COUNTED)

    by: Delta
    reason: Code = "unknown"

    def apply(self, was: Stock, at_us: int) -> Stock:  # noqa: ARG002
        """Add to the quantity."""
        return was.but(on_hand=was.on_hand + self.by)


TYPES: Final = (Counted, Adjusted)
