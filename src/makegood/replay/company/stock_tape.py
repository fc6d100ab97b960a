"""What happens to stock and to reservations once a shelf count was wrong, told on the tape.

A reservation is told of under its order's hub, wherever its goods come from: it stays one entity.
"""

from __future__ import annotations

from makegood.replay.company.happenings import Tape, money_data, reservation_id
from makegood.replay.company.model import Hub, Line, Order


class StockTape:
    """Tells on the company's one tape."""

    def __init__(self, tape: Tape) -> None:
        """Tell on `tape`."""
        self._tape = tape

    def not_found(self, order: Order, line: Line) -> None:
        """Tell that a line's goods, set aside by the count, are not there; the count was wrong."""
        failed = {"reason": "not_found"}
        self._tape.tell("reservation.failed", reservation_id(order, line), order.hub_id, failed)
        counted = {"sku": line.sku, "on_hand": 0}
        self._tape.tell("stock.counted", f"{order.hub_id}:{line.sku}", order.hub_id, counted)

    def asked_again(self, order: Order, line: Line) -> None:
        """Tell that stock is asked for once more, for this line as it stands now."""
        asked = {
            "order_id": order.id,
            "line_id": line.line_id,
            "sku": line.sku,
            "quantity": line.quantity,
        }
        self._tape.tell("reservation.requested", reservation_id(order, line), order.hub_id, asked)

    def set_aside(self, order: Order, line: Line, hub_id: str) -> None:
        """Tell that a line's goods are set aside, out of a hub's stock."""
        self._tape.tell("reservation.confirmed", reservation_id(order, line), order.hub_id, {})
        self._adjusted(hub_id, line.sku, -line.quantity, "sold")

    def exchanged(self, order: Order, line: Line, from_hub: str, to_hub: str) -> None:
        """Tell that another hub's goods are taken for a line, and the first one's are put back."""
        del order
        self._adjusted(from_hub, line.sku, line.quantity, "put_back")
        self._adjusted(to_hub, line.sku, -line.quantity, "sold")

    def freed(self, order: Order, line: Line) -> None:
        """Tell that nobody waits for a line's goods any more."""
        self._tape.tell("reservation.released", reservation_id(order, line), order.hub_id, {})

    def came(self, hub: Hub, sku: str, units: int) -> None:
        """Tell that goods came in."""
        self._adjusted(hub.id, sku, units, "supplied")

    def items_changed(self, order: Order) -> None:
        """Tell an order's lines as they stand now, and their total."""
        lines = [
            {
                "line_id": line.line_id,
                "sku": line.sku,
                "quantity": line.quantity,
                "price": money_data(line.price),
            }
            for line in order.lines
        ]
        data = {"total": money_data(order.total), "lines": lines}
        self._tape.tell("sales_order.items_changed", order.id, order.hub_id, data)

    def _adjusted(self, hub_id: str, sku: str, by: int, reason: str) -> None:
        self._tape.tell("stock.adjusted", f"{hub_id}:{sku}", hub_id, {"by": by, "reason": reason})
