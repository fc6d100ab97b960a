"""Ways out for orders that the plan leaves late: what they are made of, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from agents.ending import ending
from agents.other_hubs import other_hubs
from agents.situation import Situation
from makegood.sdk import (
    MINUTE,
    Action,
    ActionKind,
    AgentContext,
    Around,
    Cause,
    Choice,
    Notify,
    Options,
    Plan,
    Proposed,
    Reassign,
    Reroute,
    Reschedule,
    Way,
    WayKind,
    choose,
    endangered,
)

NEW_PROMISE: Final = "new_promise"
_MOVES: Final = (WayKind.COURIER, WayKind.PARTNER)
_AS_PLANNED: Final = (WayKind.PLANNED, WayKind.SLOT)


@dataclass(frozen=True, slots=True)
class Taken:
    """Which way each order goes that the plan leaves late, by its fulfilment order's id.

    `options` is None where none is late.
    """

    options: Options | None = None

    def way(self, fulfilment_id: str) -> Way | None:
        """Return the way that an order takes, or None where the plan serves it."""
        return None if self.options is None else self.options.taken.get(fulfilment_id)

    def after(self, choice: Choice) -> Choice:
        """Return a choice with the arrival that its way gives it, by the promise as it stands."""
        way = self.way(choice.order.id)
        if way is None or way.kind in _AS_PLANNED or way.kind is WayKind.CANCEL:
            return choice
        to = way.to if way.kind in _MOVES else None
        return replace(choice, to_courier=to, arrives_us=way.arrives_us, late_us=way.late_us)

    def is_ended(self, choice: Choice) -> bool:
        """Say whether an order is to end."""
        way = self.way(choice.order.id)
        return way is not None and way.kind is WayKind.CANCEL

    def count(self, kind: WayKind) -> int:
        """Return how many orders go one kind of way."""
        ways = self.options.taken.values() if self.options else ()
        return sum(way.kind is kind for way in ways)


def take(
    context: AgentContext,
    situation: Situation,
    plan: Plan,
    late: Sequence[Choice],
    warned: frozenset[str],
) -> Taken:
    """Choose a way for each order that the plan leaves late."""
    if not late:
        return Taken()
    around = _around(context, situation, late, warned)
    ways = endangered(plan, late, around)
    return Taken(choose(ways, around.units(), context.policies, context.stamp))


def _around(
    context: AgentContext, situation: Situation, late: Sequence[Choice], warned: frozenset[str]
) -> Around:
    sales = situation.sales
    orders = [choice.order for choice in late]
    elsewhere, stocked = other_hubs(context, situation, orders)
    ends = {each.order_id: ending(sales[each.order_id], Cause.UNDELIVERABLE) for each in orders}
    return Around(
        conditions=situation.conditions,
        policies=context.policies,
        values={o.id: sales[o.order_id].total_minor for o in orders},
        currencies={o.id: sales[o.order_id].currency for o in orders},
        vehicles={
            load.courier.id: load.courier.vehicle for load in (*situation.couriers, *situation.lost)
        },
        frozen=situation.frozen,
        partners=situation.partners,
        elsewhere=elsewhere,
        stocked=stocked,
        repromised=frozenset(
            one.order_id for one in situation.earlier if one.kind is ActionKind.RESCHEDULE
        ),
        endable=warned,
        ends={order_id: "+".join(one.kind for one in made) for order_id, made in ends.items()},
    )


def proposals(
    situation: Situation,
    taken: Taken,
    late: Sequence[Choice],
    decision: int,
    cause: Cause,
) -> list[Proposed]:
    """Return what else than the plan's own moves is to be done, explained by one decision.

    An order that ends is not done anything else to.
    """
    ended = {choice.order.order_id for choice in late if taken.is_ended(choice)}
    found: list[Proposed] = []
    for choice in late:
        way = taken.way(choice.order.id)
        if way is None or (choice.order.order_id in ended and way.kind is not WayKind.CANCEL):
            continue
        doubts = _doubts(situation, way)
        found += [
            Proposed(action, decision, choice.order.id, doubts)
            for action in _actions(situation, choice, way, cause)
        ]
    return found


def told(situation: Situation, taken: Taken, late: Sequence[Choice], plan: int) -> list[Proposed]:
    """Tell the customers of later slots, explained by the plan's decision."""
    return [
        Proposed(
            Notify(
                hub_id=choice.order.hub_id,
                order_id=choice.order.order_id,
                customer_id=situation.sales[choice.order.order_id].customer_id,
                cause=Cause.LATE,
                template=NEW_PROMISE,
                minutes=-(-_moved_us(choice, way) // MINUTE),
            ),
            plan,
            choice.order.id,
            situation.doubts,
        )
        for choice in late
        if (way := taken.way(choice.order.id)) is not None and way.kind is WayKind.SLOT
    ]


def _moved_us(choice: Choice, way: Way) -> int:
    return way.promised_us - (choice.arrives_us - choice.late_us)


def _doubts(situation: Situation, way: Way) -> tuple[str, ...]:
    own = situation.doubtful_couriers.get(way.to) if way.kind in _MOVES else None
    return situation.doubts if own is None else (*situation.doubts, own)


def _actions(situation: Situation, choice: Choice, way: Way, cause: Cause) -> tuple[Action, ...]:
    order, sale = choice.order, situation.sales[choice.order.order_id]
    match way.kind:
        case WayKind.COURIER | WayKind.PARTNER:
            return (
                Reassign(
                    hub_id=order.hub_id,
                    order_id=sale.id,
                    customer_id=sale.customer_id,
                    cause=cause,
                    fulfilment_id=order.id,
                    assignment=order.assignment,
                    from_courier=order.courier_id,
                    to_courier=way.to,
                ),
            )
        case WayKind.HUB:
            return (
                Reroute(
                    hub_id=order.hub_id,
                    order_id=sale.id,
                    customer_id=sale.customer_id,
                    cause=cause,
                    fulfilment_id=order.id,
                    assignment=order.assignment,
                    to_hub=way.to,
                ),
            )
        case WayKind.SLOT:
            return (
                Reschedule(
                    hub_id=sale.hub_id,
                    order_id=sale.id,
                    customer_id=sale.customer_id,
                    cause=Cause.LATE,
                    promised_us=way.promised_us,
                ),
            )
        case WayKind.CANCEL:
            return ending(sale, Cause.UNDELIVERABLE)
        case WayKind.PLANNED | WayKind.KEEP:
            return ()
