"""What the ways out of an order without goods are reckoned with: the order, hubs and couriers.

When a delivery arrives is foreseen by itself, with the couriers of the hub that it would leave from
and what they hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind
from makegood.domain.conditions import Conditions
from makegood.domain.entities import FulfilmentOrder, SalesOrder
from makegood.domain.forecast import CourierLoad, foresee
from makegood.domain.geo import Point, distance_m
from makegood.domain.policy import Policies
from makegood.domain.sourcing import Sourcing
from makegood.domain.statuses import FulfilmentStatus
from makegood.planning.stock_factors import Outcome, Part, Values, values_of


@dataclass(frozen=True, slots=True)
class Short:
    """One paid order, its delivery where one was planned, and where goods could come from.

    `refused` are kinds of action that are not to be proposed for it again.
    """

    order: SalesOrder
    delivery: FulfilmentOrder | None
    sourcing: Sourcing
    refused: frozenset[ActionKind] = frozenset()


@dataclass(frozen=True, slots=True)
class StockHub:
    """What a hub's deliveries depend on, and the couriers who would bring them."""

    conditions: Conditions
    couriers: Sequence[CourierLoad] = ()


@dataclass(frozen=True, slots=True)
class StockScene:
    """The hubs that goods could leave from, by id, and the policy. The own hub is among them."""

    hubs: Mapping[str, StockHub]
    policies: Policies
    now_us: int
    riding_us: dict[tuple[str, str, int], int] = field(
        default_factory=dict[tuple[str, str, int], int]
    )

    def arrives_us(self, short: Short, hub_id: str, ready_us: int) -> int:
        """Return when a delivery that is packed at a hub then would arrive."""
        order, hub = short.order, self.hubs[hub_id]
        drop_off = short.delivery.drop_off if short.delivery else order.drop_off
        known = (order.id, hub_id, ready_us)
        if known not in self.riding_us:
            alone = FulfilmentOrder(
                id=order.id,
                hub_id=hub_id,
                status=FulfilmentStatus.CREATED,
                order_id=order.id,
                pick_up=hub.conditions.home,
                drop_off=drop_off,
                load=short.delivery.load if short.delivery else 1,
                ready_us=ready_us,
                promised_us=order.promised_us,
            )
            arrives = foresee(hub.couriers, [alone], hub.conditions).arrives_us
            self.riding_us[known] = arrives[order.id]
        return self.riding_us[known]

    def packed_us(self) -> int:
        """Return when goods that are picked from now on are packed."""
        return self.now_us + self.policies.objectives.ways.repack_minutes * MINUTE

    def way_m(self, short: Short, hub_id: str) -> int:
        """Return the metres of road from a hub to the customer, and 0 where that is not known."""
        drop_off: Point | None = short.order.drop_off
        if short.delivery and short.delivery.drop_off:
            drop_off = short.delivery.drop_off
        if drop_off is None:
            return 0
        conditions = self.hubs[hub_id].conditions
        return conditions.travel.road_m(distance_m(conditions.home, drop_off))

    def value(self, outcome: Outcome) -> Values:
        """Return an outcome's raw factors."""
        return values_of(outcome, self.now_us, self.policies)

    def nothing(self, short: Short) -> Values:
        """Return the raw factors of an order that is never served."""
        return self.value(outcome_of(short, (Part(short.order.total_minor, None),)))


def outcome_of(short: Short, parts: tuple[Part, ...], **more: int) -> Outcome:
    """Return what comes of an order in these parts, against its first promise."""
    return Outcome(parts=parts, promised_us=short.order.promised_us or 0, **more)
