"""Where goods could come from that an order's own hub does not have, as order management says.

Frozen and free of I/O; units count pieces of an article, money is minor units of the order's
currency, instants are microseconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass

from makegood.domain.geo import Point


@dataclass(frozen=True, slots=True)
class Spare:
    """A hub that can spare pieces of an article for another hub's order, and where it lies."""

    hub_id: str
    units: int
    position: Point


@dataclass(frozen=True, slots=True)
class Swap:
    """An article that the customer takes instead, how many lie here, and what the line costs so.

    Nobody pays more for it: where it is dearer, the house bears the difference.
    """

    sku: str
    units: int
    price_minor: int


@dataclass(frozen=True, slots=True)
class Due:
    """When how many pieces are due at the order's own hub that nobody waits for yet."""

    at_us: int
    units: int


@dataclass(frozen=True, slots=True)
class LineSources:
    """One line: whether its goods are missing, and where they, or others, could come from."""

    line_id: str
    sku: str
    quantity: int
    price_minor: int
    short: bool
    spares: tuple[Spare, ...] = ()
    swaps: tuple[Swap, ...] = ()
    due: Due | None = None


@dataclass(frozen=True, slots=True)
class Sourcing:
    """Where the goods of one order could come from, line by line."""

    order_id: str
    lines: tuple[LineSources, ...]

    @property
    def short(self) -> tuple[LineSources, ...]:
        """The lines whose goods are missing."""
        return tuple(line for line in self.lines if line.short)
