"""Which entity is meant: its class and id."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EntityKind(StrEnum):
    """The classes of entity; the value is the table, the route and the CLI noun."""

    SALES_ORDER = "sales_order"
    FULFILMENT_ORDER = "fulfilment_order"
    RESERVATION = "reservation"
    WAYBILL = "waybill"
    RETURN_TICKET = "return_ticket"
    COURIER = "courier"
    HUB = "hub"
    STOCK = "stock"


@dataclass(frozen=True, slots=True, order=True)
class EntityRef:
    """One entity by class and id."""

    kind: EntityKind
    id: str

    def __str__(self) -> str:
        """Return `kind/id`."""
        return f"{self.kind}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> EntityRef:
        """Return the reference written as `kind/id`; raise ValueError when it is not one."""
        kind, _, entity_id = text.partition("/")
        return cls(EntityKind(kind), entity_id)
