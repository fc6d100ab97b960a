"""Where goods could come from that an order's hub does not have, as order management knows."""

from __future__ import annotations

from makegood.sdk import Due, LineSources, Money, Point, Sourcing, Spare, Swap, reads, tool
from tools.reads.answers import Answer, in_parts, read


class _Place(Answer):
    lat: float
    lon: float


class _Hub(Answer):
    hub_id: str
    units: int
    position: _Place


class _Other(Answer):
    sku: str
    units: int
    price: Money


class _Supply(Answer):
    at_us: int
    units: int


class _Line(Answer):
    line_id: str
    sku: str
    quantity: int
    price: Money
    short: bool
    spares: tuple[_Hub, ...] = ()
    instead: tuple[_Other, ...] = ()
    due: _Supply | None = None


class _Order(Answer):
    order_id: str
    lines: tuple[_Line, ...]


class _Orders(Answer):
    orders: tuple[_Order, ...]


@tool(reads)
def sources(order_ids: list[str]) -> list[Sourcing]:
    """Read, line by line, which goods of orders are missing and where they could come from.

    That is: other hubs that can spare them, other articles that the customer takes, and goods that
    are due. An id that the system does not know is left out.

    Raises:
        ReadFailed: the order management system did not answer, or in another shape.

    """
    return [
        Sourcing(order.order_id, tuple(_line(line) for line in order.lines))
        for ids in in_parts(order_ids)
        for order in read("orders", "/oms/sources", _Orders, ids=ids).orders
    ]


def _line(line: _Line) -> LineSources:
    return LineSources(
        line_id=line.line_id,
        sku=line.sku,
        quantity=line.quantity,
        price_minor=line.price.minor,
        short=line.short,
        spares=tuple(
            Spare(one.hub_id, one.units, Point(one.position.lat, one.position.lon))
            for one in line.spares
        ),
        swaps=tuple(Swap(one.sku, one.units, one.price.minor) for one in line.instead),
        due=Due(line.due.at_us, line.due.units) if line.due else None,
    )
