"""Which open deliveries of a hub will be late, as things stand, without changing any plan.

The prediction is the one that plans are made with too (`makegood.domain.forecast`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makegood.domain.conditions import Conditions, Rain
from makegood.domain.forecast import CourierLoad, foresee
from makegood.domain.geo import Point

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makegood.domain.entities import FulfilmentOrder
    from makegood.domain.policy import Detection
    from makegood.incidents.view import HubView


@dataclass(frozen=True, slots=True)
class Outlook:
    """The predicted arrival of each open delivery, in the order of the view's `fulfilments`."""

    arrives_us: tuple[int, ...]

    def late_by_us(self, fulfilments: Sequence[FulfilmentOrder]) -> list[int | None]:
        """Return predicted arrival less promise for each, negative when early, None if unpromised.

        `fulfilments` are those of the view that the outlook was made from.
        """
        return [
            None if order.promised_us is None else arrives_us - order.promised_us
            for order, arrives_us in zip(fulfilments, self.arrives_us, strict=True)
        ]


def predict(view: HubView, policy: Detection, now_us: int, rain: Rain) -> Outlook:
    """Predict every open delivery of a hub, in this rain."""
    held: dict[str | None, list[FulfilmentOrder]] = defaultdict(list)
    for order in view.fulfilments:
        held[order.courier_id].append(order)
    couriers = [CourierLoad(one, tuple(held.pop(one.id, ()))) for one in view.couriers]
    waiting = [order for orders in held.values() for order in orders]
    conditions = Conditions(_home(view), rain, policy.travel, now_us)
    lost = [CourierLoad(one) for one in view.lost]
    arrives = foresee(couriers, waiting, conditions, lost).arrives_us
    return Outlook(tuple(arrives[order.id] for order in view.fulfilments))


def endangered(view: HubView, outlook: Outlook, margin_us: int) -> tuple[str, ...]:
    """Return the deliveries predicted later than their promise less the margin, sorted."""
    return tuple(
        sorted(
            order.id
            for order, arrives_us in zip(view.fulfilments, outlook.arrives_us, strict=True)
            if order.promised_us is not None and arrives_us > order.promised_us - margin_us
        )
    )


def _home(view: HubView) -> Point:
    """Return the hub's place, or that of an order where it is not known."""
    if view.hub.position is not None:
        return view.hub.position
    places = (order.pick_up or order.drop_off for order in view.fulfilments)
    return next((place for place in places if place is not None), Point(0.0, 0.0))
