"""What order management knows of stock: what is short, and where else it could come from.

The records are the outside's own and on purpose not the types of `makegood.domain`. A company
without a stockroom knows only what its orders' lines are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from makegood.domain.geo import Point
from makegood.domain.money import Money
from makegood.replay.company.model import Fulfilment, Order
from makegood.replay.company.problems import Refused


@dataclass(frozen=True, slots=True)
class HubStock:
    """Pieces of an article that a hub can spare for another hub's order."""

    hub_id: str
    units: int
    position: Point


@dataclass(frozen=True, slots=True)
class OtherArticle:
    """An article that the customer takes instead, and what the line would cost with it."""

    sku: str
    units: int
    price: Money


@dataclass(frozen=True, slots=True)
class Supply:
    """Pieces that are due at the order's own hub, and that nobody waits for yet."""

    at_us: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStock:
    """One line of an order: whether its goods are missing, and where they could come from."""

    line_id: str
    sku: str
    quantity: int
    price: Money
    short: bool = False
    spares: tuple[HubStock, ...] = ()
    instead: tuple[OtherArticle, ...] = ()
    due: Supply | None = None


@dataclass(frozen=True, slots=True)
class OrderStock:
    """Where the goods of an order could come from."""

    order_id: str
    lines: tuple[LineStock, ...]


class Stock(Protocol):
    """Whoever keeps the stock, as orders and deliveries ask them."""

    def sources(self, order: Order) -> OrderStock:
        """Say where an order's goods could come from."""
        ...

    def check_substitute(self, order: Order, line_id: str, sku: str) -> None:
        """Raise Refused unless a line that is short may be filled by another article."""
        ...

    def substitute(self, order: Order, line_id: str, sku: str) -> None:
        """Fill a line that is short by another article, at no more than it cost."""
        ...

    def ask_again(self, order: Order) -> None:
        """Ask for what is short out of what is due, if anything is."""
        ...

    def check_move(self, delivery: Fulfilment, to_hub: str) -> None:
        """Raise Refused unless a hub has what a delivery that is short needs."""
        ...

    def moved(self, delivery: Fulfilment, from_hub: str) -> None:
        """Take a delivery's goods from the hub that serves it now."""
        ...

    def paid_back(self, order_id: str, minor: int) -> None:
        """Strike the lines that are short once the customer has their price back."""
        ...

    def is_hopeless(self, order: Order) -> bool:
        """Say whether goods of an open order are missing and none are asked for."""
        ...

    def is_struck(self, order: Order) -> bool:
        """Say whether lines of an order were struck, so that it never comes whole."""
        ...


class NoStock:
    """A company that counts no stock: nothing is ever short."""

    def sources(self, order: Order) -> OrderStock:
        """Name the lines alone."""
        return OrderStock(order.id, plain_lines(order))

    def check_substitute(self, order: Order, line_id: str, sku: str) -> None:
        """Refuse: nothing is short."""
        raise Refused(409, "not-short", f"line {line_id!r} of {order.id!r} needs no {sku!r}")

    def substitute(self, order: Order, line_id: str, sku: str) -> None:
        """Never asked, as `check_substitute` refuses."""

    def ask_again(self, order: Order) -> None:
        """Nothing is short."""

    def check_move(self, delivery: Fulfilment, to_hub: str) -> None:
        """Every hub has everything."""

    def moved(self, delivery: Fulfilment, from_hub: str) -> None:
        """Every hub has everything."""

    def paid_back(self, order_id: str, minor: int) -> None:
        """Nothing is short."""

    def is_hopeless(self, order: Order) -> bool:  # noqa: ARG002 -- as the protocol has it
        """Nothing is short."""
        return False

    def is_struck(self, order: Order) -> bool:  # noqa: ARG002 -- as the protocol has it
        """Nothing is short."""
        return False


def plain_lines(order: Order) -> tuple[LineStock, ...]:
    """Return an order's lines with nothing known of their stock."""
    return tuple(
        LineStock(line_id=x.line_id, sku=x.sku, quantity=x.quantity, price=x.price)
        for x in order.lines
    )
