"""One turn of the house, from what happened to what was done about it.

    event -> state -> incident -> proposal -> gate -> effect -> ledger

| stage    | where                      | when                                             |
|----------|----------------------------|--------------------------------------------------|
| event    | `events.ingest`            | as it comes in, over HTTP or from a file         |
| state    | `state.projection`         | in the same transaction as its event             |
| incident | `incidents.passes.examine` | each turn, for hubs that something happened at   |
| proposal | `runtime.runs` and agents  | when an incident opens, and again while it lasts |
| gate     | `gates.judge`              | as soon as a run has proposed                    |
| effect   | `effects.executor`         | as soon as something is granted                  |
| ledger   | `ledger.entries`           | in the transaction of whatever it records        |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from makegood.clock import MINUTE, stopwatch_s
from makegood.domain.incidents import IncidentKind
from makegood.incidents import book
from makegood.incidents.passes import examine
from makegood.incidents.watch import Watch
from makegood.proposals.standing import unsettled
from makegood.runtime.reader import StoreReader
from makegood.state import query
from makegood.store import tables
from makegood.store.sql import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from makegood.clock import Clock
    from makegood.domain.incidents import Incident
    from makegood.domain.policy import Policies
    from makegood.runtime.runs import Runs
    from makegood.store.session import Store

RUN: Final = table(tables.incidents.Run)


class Loop:
    """The turns. One thread of one process owns it."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        policies: Callable[[], Policies],
        runs: Runs,
        act: Callable[[], int],
    ) -> None:
        """Take what a turn needs; `act` ends it, by carrying out what is granted."""
        self._store = store
        self._clock = clock
        self._policies = policies
        self._runs = runs
        self._act = act
        self._watch = Watch()

    def touch(self, hubs: Iterable[str]) -> None:
        """Note that something happened at these hubs."""
        self._watch.touch(hubs)

    def turn(self) -> int:
        """Take one turn; return how much there was to do."""
        began_s = stopwatch_s()
        opened = self._detect()
        done = len(opened)
        for run in self._runs.to_wake():
            self._runs.drive(run)
            done += 1
        for incident in self._due():
            for run in self._runs.begin(incident):
                self._runs.drive(run, began_s)
                done += 1
        return done + self._act()

    def look(self) -> int:
        """Open and close incidents and let no agent work on them; return how many opened."""
        return len(self._detect())

    def _detect(self) -> tuple[Incident, ...]:
        now_us = self._clock.now_us()
        with self._store.read() as tx:
            every = [hub.id for hub in query.hubs(tx)]
            hubs = self._watch.due(every, book.hubs_with_open(tx), now_us)
        if not hubs:
            return ()
        with self._store.write() as tx:
            changes = examine(tx, hubs, self._policies().detection, now_us)
        self._watch.looked(hubs, now_us)
        return changes.opened

    def _due(self) -> list[Incident]:
        """Return open incidents with endangered orders whose next round is due."""
        every_us = self._policies().detection.rounds.every_minutes * MINUTE
        now_us = self._clock.now_us()
        with self._store.read() as tx:
            troubled = [i for i in book.open_incidents(tx) if i.orders or i.sales_orders]
            mine = RUN.c.incident_id.in_([one.id for one in troubled])
            begun = select(RUN.c.incident_id, func.max(RUN.c.started_us)).where(mine)
            last = {row[0]: row[1] for row in tx.execute(begun.group_by(RUN.c.incident_id))}
        due = [one for one in troubled if one.id not in last or now_us - last[one.id] >= every_us]
        return [one for one in due if one.id not in last or self._has_news(one)]

    def _has_news(self, incident: Incident) -> bool:
        """Say whether a further round has something to do: stock does not move as rain does."""
        if incident.kind is not IncidentKind.ANOMALY:
            return True
        earlier = StoreReader(self._store, self._clock).earlier(incident.sales_orders)
        return bool(unsettled(incident.sales_orders, earlier))
