"""What an action says of its entity, and limits, switches and deciders go by, is true.

An agent that named another hub would slip past that hub's kill switch, one that named another
customer, or none, past what is counted for each customer, and one that ended an order of 20,000
as if it were worth a cent, past who decides on that much. Entities move on, so this is looked at
where an action is judged, where it is approved, and where its grant is spent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.domain.actions import Cancel, Floor, Merge, StopService
from makegood.domain.authority import Verdict
from makegood.domain.entities import EntityKind, EntityRef, FulfilmentOrder, SalesOrder
from makegood.domain.money import Money
from makegood.proposals import sense

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makegood.domain.actions import Action
    from makegood.gates.candidates import Candidate
    from makegood.gates.fingerprints import Entities


def check(candidate: Candidate, entities: Entities) -> None:
    """Deny an action that says of its entity what is not so."""
    for rule, why in _wrong(candidate.action, entities):
        candidate.say(rule, Verdict.DENY, why)


def trouble(action: Action, entities: Entities) -> str:
    """Return what an action says of its entity that is not so any more, or nothing."""
    return "; ".join(why for _, why in _wrong(action, entities))


def _wrong(action: Action, entities: Entities) -> Iterator[tuple[str, str]]:
    """Say by rule what is wrong; what keeps people safe passes whatever else it names."""
    entity = entities.get(action.entity)
    if isinstance(action, StopService) and entity is None:
        yield "names.hub", f"there is no hub {action.hub_id}"
    if action.facts.floor is Floor.NEVER_HELD:
        return
    if isinstance(entity, SalesOrder | FulfilmentOrder):
        yield from _other(action, entity)
    if isinstance(entity, SalesOrder):
        yield from _value(action, entity)
        for field, why in sense.lines(action, entity):
            yield f"names.{field.partition('.')[0]}", why
        yield from _merged(action, entity, entities)


def _other(action: Action, entity: SalesOrder | FulfilmentOrder) -> Iterator[tuple[str, str]]:
    order_id = entity.order_id if isinstance(entity, FulfilmentOrder) else entity.id
    said = {"hub": action.hub_id, "customer": action.customer_id, "order": action.order_id}
    true = {"hub": entity.hub_id, "customer": entity.customer_id, "order": order_id}
    for name, value in said.items():
        if value != true[name]:
            yield f"names.{name}", f"the {name} it names is not that of {entity.ref}"


def _value(action: Action, order: SalesOrder) -> Iterator[tuple[str, str]]:
    if isinstance(action, Cancel) and order.currency:
        worth = Money(minor=order.worth_minor, currency=order.currency)
        if action.amount != worth:
            yield "names.amount", f"the order is worth {worth}, and not {action.amount}"


def _merged(action: Action, order: SalesOrder, entities: Entities) -> Iterator[tuple[str, str]]:
    if not isinstance(action, Merge):
        return
    other = entities.get(EntityRef(EntityKind.SALES_ORDER, action.with_order))
    if not isinstance(other, SalesOrder):
        yield "names.with_order", f"there is no order {action.with_order}"
    elif other.customer_id != order.customer_id or other.id == order.id:
        yield "names.with_order", f"{other.ref} is not another order of the same customer"
