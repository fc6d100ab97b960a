"""What the HTTP edge needs of the house, and how a handler reaches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Request

from makegood.events import ingest as events
from makegood.events import quarantine
from makegood.gates import persons
from makegood.gates.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from sqlalchemy import Connection

    from makegood.clock import Clock
    from makegood.domain.policy import Policies
    from makegood.events.model import EventOutcome, IngestContext, Raw, Receipt
    from makegood.gates.persons import Principal
    from makegood.gates.rules import Rulebook
    from makegood.ledger.privacy import Vault
    from makegood.runtime.changes import Changes
    from makegood.runtime.house import House as WholeHouse
    from makegood.store.session import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The house as handlers see it: what they may use, and nothing that acts on the outside.

    `clock` is the house's time; `wall` is the time people live in, by which logins expire even
    while a replay runs fast. `ready` turns false when the house drains.
    """

    store: Store
    clock: Clock
    wall: Clock
    vault: Vault
    changes: Changes
    current_policies: Callable[[], Policies]
    current_rulebook: Callable[[], Rulebook]
    current_agents: Callable[[], Collection[str]]
    take_in: Callable[[Sequence[Raw], str, tuple[str, ...]], Receipt]
    ingest_context: Callable[[str, tuple[str, ...]], IngestContext]
    ready: Callable[[], bool]
    secure_cookies: bool = False
    door: Throttle = field(default_factory=Throttle)

    @classmethod
    def of(cls, house: WholeHouse, wall: Clock, ready: Callable[[], bool]) -> Desk:
        """Return a house as handlers see it."""
        return cls(
            store=house.store,
            clock=house.clock,
            wall=wall,
            vault=house.vault,
            changes=house.changes,
            current_policies=lambda: house.policies,
            current_rulebook=lambda: house.rulebook,
            current_agents=lambda: house.workspace.agents,
            take_in=house.ingest,
            ingest_context=house.ingest_context,
            ready=ready,
            secure_cookies=house.settings.secure_cookies,
        )

    @property
    def policies(self) -> Policies:
        """The policies in force."""
        return self.current_policies()

    @property
    def rulebook(self) -> Rulebook:
        """What the gate judges by now."""
        return self.current_rulebook()

    @property
    def agents(self) -> Collection[str]:
        """The names of the workspace's agents."""
        return self.current_agents()

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do some work in one transaction, again where other writers get in its way.

        What was done is then announced: the executor looks for grants, pages refresh.
        """
        done = self.store.write_again(work)
        self.changes.publish()
        return done

    def ingest(self, batch: Sequence[Raw], who: Principal) -> Receipt:
        """Take events in, in the name of somebody who speaks for some sources."""
        return self.take_in(batch, who.id, who.sources)

    def requeue(self, quarantine_id: str, who: Principal) -> EventOutcome:
        """Try a quarantined event again, on an operator's word, as whoever sent it.

        An operator says that it is whole by now, and not that it speaks for another source.
        """
        with self.store.read() as tx:
            sent_by = quarantine.get(tx, quarantine_id).sent_by
            sources = persons.sources_of(tx, sent_by)
        context = self.ingest_context(who.id, ("*",) if sources is None else sources)
        outcome = events.requeue(self.store, quarantine_id, context)
        self.changes.publish()
        return outcome


def desk_of(request: Request) -> Desk:
    """Return the house that this application serves."""
    desk = request.app.state.desk
    if not isinstance(desk, Desk):
        raise TypeError(desk)
    return desk


House = Annotated[Desk, Depends(desk_of)]
