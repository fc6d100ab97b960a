"""The company's records: what its parts share, by id."""

from __future__ import annotations

from dataclasses import dataclass, field

from makegood.replay.company.model import Courier, Customer, Fulfilment, Hub, Order
from makegood.replay.company.problems import unknown


@dataclass(slots=True)
class Records:
    """Frozen records in dictionaries; a change puts a new record in the old one's place."""

    orders: dict[str, Order] = field(default_factory=dict[str, Order])
    customers: dict[str, Customer] = field(default_factory=dict[str, Customer])
    hubs: dict[str, Hub] = field(default_factory=dict[str, Hub])
    fulfilments: dict[str, Fulfilment] = field(default_factory=dict[str, Fulfilment])
    couriers: dict[str, Courier] = field(default_factory=dict[str, Courier])

    def order(self, order_id: str) -> Order:
        """Return an order; raise Refused (404) when there is none of this id."""
        found = self.orders.get(order_id)
        if found is None:
            raise unknown("order", order_id)
        return found

    def customer(self, customer_id: str) -> Customer:
        """Return a customer; raise Refused (404) when there is none of this id."""
        found = self.customers.get(customer_id)
        if found is None:
            raise unknown("customer", customer_id)
        return found

    def hub(self, hub_id: str) -> Hub:
        """Return a hub; raise Refused (404) when there is none of this id."""
        found = self.hubs.get(hub_id)
        if found is None:
            raise unknown("hub", hub_id)
        return found

    def fulfilment(self, fulfilment_id: str) -> Fulfilment:
        """Return a fulfilment; raise Refused (404) when there is none of this id."""
        found = self.fulfilments.get(fulfilment_id)
        if found is None:
            raise unknown("fulfilment", fulfilment_id)
        return found

    def courier(self, courier_id: str) -> Courier:
        """Return a courier; raise Refused (404) when there is none of this id."""
        found = self.couriers.get(courier_id)
        if found is None:
            raise unknown("courier", courier_id)
        return found

    def put(self, record: Order | Customer | Hub | Fulfilment | Courier) -> None:
        """Put a record in its place."""
        match record:
            case Order():
                self.orders[record.id] = record
            case Customer():
                self.customers[record.id] = record
            case Hub():
                self.hubs[record.id] = record
            case Fulfilment():
                self.fulfilments[record.id] = record
            case Courier():
                self.couriers[record.id] = record
