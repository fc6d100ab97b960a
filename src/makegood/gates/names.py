"""The names an action gives: counters, kill switches and rejections go by them, so they are true.

An agent that named another hub would slip past that hub's kill switch, and one that named
another customer, or none, past what is counted for each customer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.domain.actions import Floor
from makegood.domain.authority import Verdict
from makegood.domain.entities import FulfilmentOrder, SalesOrder

if TYPE_CHECKING:
    from makegood.domain.actions import Action
    from makegood.domain.entities import Entity
    from makegood.gates.candidates import Candidate


def check(candidate: Candidate, entity: Entity | None) -> None:
    """Deny an action that names another order, hub or customer than the entity it is about.

    What keeps people safe passes whatever it names.
    """
    action = candidate.action
    if action.facts.floor is Floor.NEVER_HELD:
        return
    if isinstance(entity, SalesOrder | FulfilmentOrder):
        for name in _wrong(action, entity):
            why = f"the {name} it names is not that of {entity.ref}"
            candidate.say(f"names.{name}", Verdict.DENY, why)


def _wrong(action: Action, entity: SalesOrder | FulfilmentOrder) -> list[str]:
    order_id = entity.order_id if isinstance(entity, FulfilmentOrder) else entity.id
    said = {"hub": action.hub_id, "customer": action.customer_id, "order": action.order_id}
    true = {"hub": entity.hub_id, "customer": entity.customer_id, "order": order_id}
    return [name for name in said if said[name] != true[name]]
