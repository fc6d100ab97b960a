"""One page being made: the transaction, the language, the zones and the names it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from makegood.api.console.sentences import Speaker
from makegood.api.console.show import Show, zone_of
from makegood.domain.roles import Role
from makegood.gates import persons
from makegood.ledger.entries import SYSTEM
from makegood.state import query

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from makegood.api.console.words import Words
    from makegood.domain.entities import Hub
    from makegood.domain.money import Money
    from makegood.domain.policy import Policies
    from makegood.gates.persons import Principal


_AGENT: Final = "agent:"


class Scene:
    """One page being made: the transaction, the language, the zones and the names it needs."""

    def __init__(
        self, tx: Connection, now_us: int, policies: Policies, who: Principal, words: Words
    ) -> None:
        """Read what every page needs."""
        self.tx = tx
        self.now_us = now_us
        self.policies = policies
        self.who = who
        self.words = words
        self.show = Show(words, now_us)
        self.hubs: dict[str, Hub] = {hub.id: hub for hub in query.hubs(tx)}
        self.speak = Speaker(self.show, {hub.id: hub.name for hub in self.hubs.values()})
        self.names = persons.names(tx)

    def zone(self, hub_id: str) -> ZoneInfo:
        """Return the zone in which a hub's times are shown: policy's, or the hub's own."""
        known = self.hubs.get(hub_id)
        named = self.policies.approvals.hub_zones.get(hub_id)
        return zone_of(named or (known.zone if known else "UTC"))

    def zone_of_part(self, part: str) -> ZoneInfo:
        """Return the zone in which entries of a part of the ledger are shown: its hub's own."""
        return self.zone(part) if part in self.hubs else self.place[1]

    @property
    def place(self) -> tuple[str, ZoneInfo]:
        """The hub by whose clock a page shows what belongs to no hub, and its zone."""
        first = next(iter(self.hubs.values()), None)
        return (self.speak.hub(first.id), self.zone(first.id)) if first else ("", self.zone(""))

    @property
    def may_decide(self) -> bool:
        """Whether the person who looks may decide anything at all."""
        return not self.who.roles.isdisjoint({Role.OPERATOR, Role.SUPERVISOR})

    def currency(self, order_id: str, money: Money | None = None) -> str:
        """Return the currency of some money or, where there is none, of the order it is about."""
        if money is not None:
            return money.currency
        found = query.sales_orders(self.tx, [order_id]).get(order_id)
        return found.currency if found is not None else ""

    def name(self, actor: str) -> str:
        """Return who did something: a person by name, an agent, or the engine."""
        if actor == SYSTEM:
            return self.words("who.system")
        if actor.startswith(_AGENT):
            return self.words("scope.agent", name=actor.removeprefix(_AGENT))
        return self.names.get(actor, actor)
