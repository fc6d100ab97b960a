"""What ways out are made of, besides the plan for couriers of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from makegood.domain.conditions import Conditions
from makegood.domain.entities import Hub
from makegood.domain.forecast import CourierLoad
from makegood.domain.limits import room_of
from makegood.domain.policy import Policies


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another hub: its place and weather, and the couriers on shift there."""

    hub: Hub
    couriers: tuple[CourierLoad, ...]
    conditions: Conditions

    @property
    def room(self) -> int:
        """How many of its couriers could take one more order."""
        return sum(load.free > 0 for load in self.couriers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What ways out are made of, besides the plan for one's own couriers.

    `values` is the money at stake in minor units and `currencies` its currency, by fulfilment
    order; `vehicles` by courier. What is in `frozen` stays where it is. `stocked` names the other
    hubs that have all goods of a fulfilment order. `repromised` are sales orders whose promise was
    moved before, and `endable` those that may be ended by now, as their customers were warned;
    `ends` says by which actions (`refund+cancel`).
    """

    conditions: Conditions
    policies: Policies
    values: Mapping[str, int]
    currencies: Mapping[str, str]
    vehicles: Mapping[str, str]
    frozen: frozenset[str] = frozenset()
    partners: Sequence[CourierLoad] = ()
    elsewhere: Sequence[Elsewhere] = ()
    stocked: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    repromised: frozenset[str] = frozenset()
    endable: frozenset[str] = frozenset()
    ends: Mapping[str, str] = field(default_factory=dict[str, str])

    def units(self) -> dict[str, int]:
        """Return how many orders may use each partner's rider and each other hub."""
        limits = self.conditions.travel.limits
        riders = {
            load.courier.id: max(
                0, room_of(load.courier, limits.get(load.courier.vehicle)) - load.load
            )
            for load in self.partners
        }
        return riders | {there.hub.id: there.room for there in self.elsewhere}
