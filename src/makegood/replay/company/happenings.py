"""What happened in the company, told as CloudEvents 1.0 in the types of Makegood's catalogue.

Every part reports here, and this is the only module of the company that knows the catalogue.
There is one source, and it counts its events in `sequence`, so that whoever gets them late or
twice can put them in order.
"""

from __future__ import annotations

from typing import Any, Final

from makegood.clock import HOUR, MINUTE, SECOND, Clock, to_rfc3339
from makegood.domain.geo import Point
from makegood.domain.money import Money
from makegood.replay.company.model import (
    Capture,
    Coupon,
    Courier,
    Customer,
    Fulfilment,
    Hub,
    Line,
    Order,
    Refund,
)
from makegood.replay.company.weather import QUARTER, RainField

SOURCE: Final = "/sandbox"
_LOOK_AHEAD_US: Final = HOUR
_KMH_A_M_S: Final = 3.6
_LOOK_STEP_US: Final = 10 * MINUTE
# Sequences keep to 15 digits, so that any JSON reader can hold them.
_PER_LIFE: Final = 100_000

Event = dict[str, Any]
Data = dict[str, Any]


class Tape:
    """The events that were not yet taken, oldest first."""

    def __init__(self, clock: Clock) -> None:
        """Stamp events with this clock."""
        self._clock = clock
        self._began_us = clock.now_us()
        self._events: list[Event] = []
        self._told = 0
        self.under: dict[str, str] = {}
        """The hub that what happens at a place is told under, where that is another."""

    def take(self) -> list[Event]:
        """Return what happened since the last call, oldest first."""
        taken, self._events = self._events, []
        return taken

    # --- orders ----------------------------------------------------------------------------

    def placed(self, order: Order, customer: Customer) -> None:
        """Tell that an order came in; the customer's name and phone are personal."""
        data = {
            "customer_id": order.customer_id,
            "customer_name": customer.name,
            "customer_phone": customer.phone,
            "total": money_data(order.total),
            "lines": [
                {
                    "line_id": line.line_id,
                    "sku": line.sku,
                    "quantity": line.quantity,
                    "price": money_data(line.price),
                }
                for line in order.lines
            ],
            "promised_at": to_rfc3339(order.promised_us),
            "drop_off": _place(order.drop_off),
            "note": order.note,
        }
        self.tell("sales_order.placed", order.id, order.hub_id, data)

    def captured(self, made: Capture, hub_id: str) -> None:
        """Tell that money was taken for an order."""
        data = {"amount": money_data(made.amount)}
        self.tell("sales_order.payment_captured", made.order_id, hub_id, data)

    def refunded(self, made: Refund, hub_id: str) -> None:
        """Tell that money was given back, and under which key it was asked for."""
        data = {"amount": money_data(made.paid.amount), "key": made.key}
        self.tell("sales_order.payment_refunded", made.paid.order_id, hub_id, data)

    def coupon_issued(self, made: Coupon, hub_id: str) -> None:
        """Tell that a coupon was given."""
        data = {"amount": money_data(made.paid.amount)}
        self.tell("sales_order.coupon_issued", made.paid.order_id, hub_id, data)

    def promised(self, order: Order) -> None:
        """Tell by when an order, and each of its deliveries, is promised now."""
        data = {"promised_at": to_rfc3339(order.promised_us)}
        self.tell("sales_order.promised", order.id, order.hub_id, data)

    def held(self, order: Order) -> None:
        """Tell that nobody works on an order until it is released."""
        self.tell("sales_order.put_on_hold", order.id, order.hub_id, {})

    def released(self, order: Order) -> None:
        """Tell that work on a held order goes on."""
        self.tell("sales_order.released", order.id, order.hub_id, {})

    def cancelled(self, order: Order, reason: str) -> None:
        """Tell that an order will not be delivered, and that its stock is free."""
        self.tell("sales_order.cancelled", order.id, order.hub_id, {"reason": reason})
        for line in order.lines:
            self.tell("reservation.released", reservation_id(order, line), order.hub_id, {})

    def completed(self, order: Order) -> None:
        """Tell that all of an order was delivered."""
        self.tell("sales_order.delivered", order.id, order.hub_id, {})

    # --- stock -----------------------------------------------------------------------------

    def counted(self, hub: Hub, sku: str, on_hand: int) -> None:
        """Tell how much of an article lies at a hub."""
        data = {"sku": sku, "on_hand": on_hand}
        self.tell("stock.counted", f"{hub.id}:{sku}", hub.id, data)

    def reserved(self, order: Order, failed: str = "") -> None:
        """Tell that stock was set aside for each line, save for the line that failed."""
        for line in order.lines:
            subject = reservation_id(order, line)
            asked = {
                "order_id": order.id,
                "line_id": line.line_id,
                "sku": line.sku,
                "quantity": line.quantity,
            }
            self.tell("reservation.requested", subject, order.hub_id, asked)
            if line.line_id == failed:
                self.tell("reservation.failed", subject, order.hub_id, {"reason": "out_of_stock"})
                continue
            self.tell("reservation.confirmed", subject, order.hub_id, {})
            taken = {"by": -line.quantity, "reason": "sold"}
            self.tell("stock.adjusted", f"{order.hub_id}:{line.sku}", order.hub_id, taken)

    # --- fulfilment orders -----------------------------------------------------------------

    def fulfilment_created(self, made: Fulfilment, order: Order, hub: Hub) -> None:
        """Tell that a delivery is to be made."""
        data = {
            "order_id": made.order_id,
            "customer_id": order.customer_id,
            "pick_up": _place(hub.position),
            "pick_up_id": hub.id,
            "drop_off": _place(made.drop_off),
            "load": made.load,
            "ready_at": to_rfc3339(made.ready_us),
            "promised_at": to_rfc3339(made.promised_us),
        }
        self.tell("fulfilment_order.created", made.id, made.hub_id, data)

    def fulfilment_promised(self, delivery: Fulfilment) -> None:
        """Tell by when a delivery is promised now."""
        data = {"promised_at": to_rfc3339(delivery.promised_us)}
        self.tell("fulfilment_order.promised", delivery.id, delivery.hub_id, data)

    def ready(self, delivery: Fulfilment) -> None:
        """Tell that a delivery is packed."""
        self.tell("fulfilment_order.ready", delivery.id, delivery.hub_id, {})

    def assigned(self, delivery: Fulfilment) -> None:
        """Tell which courier has a delivery now."""
        data = {"courier_id": delivery.courier_id, "assignment": delivery.assignment}
        self.tell("fulfilment_order.assigned", delivery.id, delivery.hub_id, data)

    def unassigned(self, delivery: Fulfilment) -> None:
        """Tell that a delivery has no courier any more."""
        self.tell("fulfilment_order.unassigned", delivery.id, delivery.hub_id, {})

    def rerouted(self, delivery: Fulfilment, from_hub: str, hub: Hub) -> None:
        """Tell that another hub serves a delivery."""
        data = {"to_hub": hub.id, "pick_up": _place(hub.position), "pick_up_id": hub.id}
        self.tell("fulfilment_order.rerouted", delivery.id, from_hub, data)

    def picked_up(self, delivery: Fulfilment) -> None:
        """Tell that a delivery is on board."""
        data = {"courier_id": delivery.courier_id}
        self.tell("fulfilment_order.picked_up", delivery.id, delivery.hub_id, data)

    def expected(self, delivery: Fulfilment, at_us: int) -> None:
        """Tell when a delivery will probably be handed over."""
        data = {"expected_at": to_rfc3339(at_us)}
        self.tell("fulfilment_order.expected", delivery.id, delivery.hub_id, data)

    def delivered(self, delivery: Fulfilment) -> None:
        """Tell that a delivery was handed over."""
        self.tell("fulfilment_order.delivered", delivery.id, delivery.hub_id, {})

    def failed(self, delivery: Fulfilment, reason: str) -> None:
        """Tell that a delivery did not come about."""
        data = {"reason": reason}
        self.tell("fulfilment_order.failed", delivery.id, delivery.hub_id, data)

    def fulfilment_cancelled(self, delivery: Fulfilment) -> None:
        """Tell that a delivery is not wanted any more."""
        self.tell("fulfilment_order.cancelled", delivery.id, delivery.hub_id, {})

    # --- couriers, hubs, weather -----------------------------------------------------------

    def courier_registered(self, courier: Courier) -> None:
        """Tell of a courier."""
        data = {
            "vehicle": courier.vehicle,
            "capacity": courier.capacity,
            "position": _place(courier.position),
        }
        self.tell("courier.registered", courier.id, courier.hub_id, data)

    def shift_started(self, courier: Courier) -> None:
        """Tell that a courier can be given deliveries."""
        data = {"ends_at": to_rfc3339(courier.shift_ends_us)}
        self.tell("courier.shift_started", courier.id, courier.hub_id, data)

    def shift_ended(self, courier: Courier) -> None:
        """Tell that a courier went home."""
        self.tell("courier.shift_ended", courier.id, courier.hub_id, {})

    def lost(self, courier: Courier) -> None:
        """Tell that a courier cannot be reached for now."""
        self.tell("courier.lost", courier.id, courier.hub_id, {"reason": "shelter"})

    def found(self, courier: Courier) -> None:
        """Tell that a courier is back."""
        self.tell("courier.found", courier.id, courier.hub_id, {})

    def position(self, courier: Courier) -> None:
        """Tell where a courier is."""
        data = {"position": _place(courier.position)}
        self.tell("courier.position", courier.id, courier.hub_id, data)

    def hub_registered(self, hub: Hub) -> None:
        """Tell of a hub."""
        data = {"name": hub.name, "zone": hub.zone, "position": _place(hub.position)}
        self.tell("hub.registered", hub.id, hub.id, data)

    def hub_stopped(self, hub: Hub) -> None:
        """Tell that a hub takes no new orders."""
        self.tell("hub.stopped", hub.id, hub.id, {"reason": "asked_to"})

    def rain(self, hub: Hub, field: RainField) -> None:
        """Tell the rain at a hub in mm/h, now, at most in the next hour and by quarter, and wind.

        The next hour is what the weather service says of it, which may err.
        """
        now_us = self._clock.now_us()
        field = field.as_seen(now_us)
        ahead = range(now_us, now_us + _LOOK_AHEAD_US + 1, _LOOK_STEP_US)
        data = {
            "rain_mm_h": round(field.rate(hub.position, now_us), 1),
            "rain_forecast_mm_h": round(max(field.rate(hub.position, t) for t in ahead), 1),
            "rain_quarters_mm_h": [
                round(field.fallen_mm(hub.position, end_us, QUARTER) * HOUR / QUARTER, 1)
                for end_us in range(now_us + QUARTER, now_us + _LOOK_AHEAD_US + 1, QUARTER)
            ],
            "wind_m_s": round(field.wind_kmh(hub.position, now_us) / _KMH_A_M_S, 1),
        }
        self.tell("hub.weather_observed", hub.id, hub.id, data)

    def tell(self, kind: str, subject: str, hub_id: str, data: Data) -> None:
        """Tell something of a type of the catalogue about a subject."""
        self._told += 1
        # Two lives of the company begin at different instants: their events never share an id.
        event: Event = {
            "specversion": "1.0",
            "id": f"{self._began_us}-{self._told}",
            "source": SOURCE,
            "type": kind,
            "subject": subject,
            "time": to_rfc3339(self._clock.now_us()),
            "datacontenttype": "application/json",
            "sequence": str(self._began_us // SECOND * _PER_LIFE + self._told),
            "data": data,
        }
        if hub_id:
            event["hub"] = self.under.get(hub_id, hub_id)
        self._events.append(event)


def _place(point: Point) -> Data:
    return {"lat": point.lat, "lon": point.lon}


def money_data(amount: Money) -> Data:
    """Return an amount as events have it."""
    return {"minor": amount.minor, "currency": amount.currency}


def reservation_id(order: Order, line: Line) -> str:
    """Return the id of the stock that is set aside for a line."""
    return f"{order.id}-r{line.line_id}"
