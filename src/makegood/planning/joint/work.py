"""What a joint plan is made of; nothing here loads a compiler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from makegood.domain.conditions import Conditions
from makegood.domain.entities import FulfilmentOrder
from makegood.domain.forecast import CourierLoad
from makegood.domain.policy import Policies


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """All open deliveries of a hub (ids distinct), and everybody who holds or may get one.

    `lost` couriers are given nothing, but may come back to what they hold. `values` is the money
    at stake in minor units by fulfilment order; `frozen` are ids that stay where they are, as
    everything does that was picked up.
    """

    orders: Sequence[FulfilmentOrder]
    couriers: Sequence[CourierLoad]
    conditions: Conditions
    policies: Policies
    lost: Sequence[CourierLoad] = ()
    values: Mapping[str, int] = field(default_factory=dict[str, int])
    frozen: frozenset[str] = frozenset()

    def complete(self) -> Work:
        """Return this work with the deliveries that couriers hold and that were not named."""
        known = {each.id: each for each in self.orders}
        for load in (*self.couriers, *self.lost):
            for each in load.held:
                known.setdefault(each.id, each)
        return replace(self, orders=tuple(known.values()))

    def may_move(self, order: FulfilmentOrder) -> bool:
        """Say whether an order may change hands."""
        return order.picked_up_us is None and order.id not in self.frozen
