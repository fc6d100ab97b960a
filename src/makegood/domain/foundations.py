"""What actions of a kind stand on, without an action: the facts, and what statuses there are."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from makegood.domain.entities import (
    Courier,
    Entity,
    EntityKind,
    FulfilmentOrder,
    Hub,
    SalesOrder,
)
from makegood.domain.expressions import CLASSES
from makegood.domain.money import Money
from makegood.domain.statuses import (
    CourierStatus,
    FulfilmentStatus,
    HubStatus,
    SalesOrderStatus,
)

if TYPE_CHECKING:
    from enum import StrEnum

    from makegood.domain.action_base import ActionBase
    from makegood.domain.actions import ActionKind

_ENTITIES: Final[dict[EntityKind, tuple[type[Entity], type[StrEnum]]]] = {
    EntityKind.SALES_ORDER: (SalesOrder, SalesOrderStatus),
    EntityKind.FULFILMENT_ORDER: (FulfilmentOrder, FulfilmentStatus),
    EntityKind.COURIER: (Courier, CourierStatus),
    EntityKind.HUB: (Hub, HubStatus),
}


@cache
def facts_under(kind: ActionKind) -> dict[str, frozenset[EntityKind]]:
    """Return the facts that actions of a kind stand on, each with the entities it is a fact of."""
    found: dict[str, set[EntityKind]] = defaultdict(set)
    for footing in _any(kind).stands_on():
        for fact in footing.facts:
            found[fact].add(footing.ref.kind)
    return {fact: frozenset(entities) for fact, entities in found.items()}


@cache
def statuses_under(kind: ActionKind) -> frozenset[str]:
    """Return the statuses of what actions of a kind stand on, where they stand on a status."""
    entities = facts_under(kind).get("status", frozenset())
    return frozenset(status.value for each in entities for status in _ENTITIES[each][1])


@cache
def known_facts(kind: ActionKind) -> frozenset[str]:
    """Return the facts that the entity which actions of a kind are about can have."""
    entity, _ = _ENTITIES[_any(kind).entity.kind]
    return frozenset(entity.rests_on)


def _any(kind: ActionKind) -> ActionBase:
    """Return an action of a kind with nothing of meaning in it, to ask what it stands on."""
    model = CLASSES[kind]
    values: dict[str, Any] = dict.fromkeys(model.model_fields, "-")
    values |= {"kind": kind, "amount": Money(minor=1, currency="EUR")}
    return model.model_construct(**values)
