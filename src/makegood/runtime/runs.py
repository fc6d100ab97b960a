"""Runs: an agent's LangGraph thread, driven from one stop to the next.

A graph is driven until it waits or ends. What it submitted is then judged, and its effects are
carried out; if nothing waits for a person or for the outside, it goes on at once, and otherwise
waits. It is always resumed by the id of its one interrupt, with a value that says nothing: the
outcome is what the database says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, or_, select

from makegood.clock import stopwatch_s
from makegood.domain.authority import PENDING_REVIEWS, UNDER_WAY, RunStatus
from makegood.domain.canonical import derive_id
from makegood.incidents import book
from makegood.logs import bound, get_logger
from makegood.planning import Stamp
from makegood.proposals.types import AgentContext
from makegood.runtime import interrupts, run_records, submission
from makegood.runtime.desk import RunDesk
from makegood.runtime.reader import StoreReader
from makegood.runtime.run_records import RUN, Run
from makegood.store import tables
from makegood.store.sql import insert, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.language_models import BaseChatModel
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from sqlalchemy import Connection

    from makegood.clock import Clock
    from makegood.domain.incidents import Incident
    from makegood.gates.rules import Rulebook
    from makegood.proposals.types import Proposal
    from makegood.proposals.validate import Fault
    from makegood.sdk import Connections
    from makegood.store.session import Store
    from makegood.workspace.loader import Workspace

ACTION: Final = table(tables.authority.Action)
REVIEW: Final = table(tables.authority.Review)
INCIDENT: Final = table(tables.incidents.Incident)
MOST_ATTEMPTS: Final = 3
MOST_STEPS: Final = 60
log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """What runs need of the house.

    `intend` spends the grants that wait, and `act` carries out what they permit, or has it
    carried out by somebody else.
    """

    store: Store
    clock: Clock
    workspace: Workspace
    rulebook: Callable[[], Rulebook]
    intend: Callable[[], int]
    act: Callable[[], int]
    reads: Connections
    checkpoints: BaseCheckpointSaver[str]
    seed: int = 0
    model: BaseChatModel | None = None


class Runs:
    """Begins, drives and wakes runs. One thread of one process owns it."""

    def __init__(self, desks: Desks) -> None:
        """Take what runs need."""
        self._house = desks

    @property
    def checkpoints(self) -> BaseCheckpointSaver[str]:
        """Where the threads are kept."""
        return self._house.checkpoints

    @property
    def rulebook(self) -> Rulebook:
        """What the gate judges proposals by now."""
        return self._house.rulebook()

    @property
    def reads(self) -> Connections:
        """The connections that tools read by."""
        return self._house.reads

    def begin(self, incident: Incident) -> list[Run]:
        """Begin the incident's next round: one run for each agent that works on its kind."""
        entries = self._house.workspace.agents_for(incident.kind)
        number = incident.round + 1
        now_us = self._house.clock.now_us()
        runs = [
            Run(
                derive_id("run", incident.id, number, entry.name),
                incident.id,
                incident.hub_id,
                entry.name,
                number,
                RunStatus.RUNNING,
                0,
                0,
            )
            for entry in entries
        ]
        with self._house.store.note() as tx:
            change = INCIDENT.update().where(INCIDENT.c.id == incident.id)
            tx.execute(change.values(round=number))
            insert(tx, RUN, [run_records.row_of(run, now_us) for run in runs])
        return runs

    def drive(self, run: Run, since_s: float | None = None) -> Run:
        """Drive a run until it waits for people, is done or has failed; return how it stands.

        `since_s` is when the clock on its decision time began (`stopwatch_s`).
        """
        began_s = stopwatch_s() if since_s is None else since_s
        with bound(run_id=run.id, incident_id=run.incident_id, agent=run.agent):
            try:
                return self._drive(run, began_s)
            except Exception as error:
                # The edge of an agent: workspace code, and whatever a model makes it do.
                log.exception("run failed")
                return self._failed(run, f"{type(error).__name__}: {error}")

    def to_wake(self) -> list[Run]:
        """Return waiting runs that have something to go on with.

        Fewer reviews are open than when they began to wait, or none is and nothing that they
        proposed is under way any more.
        """
        still = and_(REVIEW.c.run_id == RUN.c.id, REVIEW.c.status.in_(list(PENDING_REVIEWS)))
        open_now = select(func.count()).select_from(REVIEW).where(still).scalar_subquery()
        under_way = select(ACTION.c.run_id).where(ACTION.c.status.in_(list(UNDER_WAY)))
        over = and_(open_now == 0, RUN.c.id.not_in(under_way))
        fewer = or_(RUN.c.open_reviews > open_now, over)
        return self._select(and_(RUN.c.status == RunStatus.WAITING, fewer))

    def unfinished(self) -> list[Run]:
        """Return runs that nobody drives any more: those that a dead process had under way."""
        return self._select(RUN.c.status == RunStatus.RUNNING)

    def start_again(self, run: Run) -> Run:
        """Drive an unfinished run from where its proposal, if it made one, says it is."""
        tried = replace(run, attempts=run.attempts + 1)
        if tried.attempts > MOST_ATTEMPTS:
            return self._failed(run, f"given up after {MOST_ATTEMPTS} attempts")
        with self._house.store.write() as tx:
            tx.execute(RUN.update().where(RUN.c.id == run.id).values(attempts=tried.attempts))
        # Reasoning may be redone: what was proposed already stands, and is met again.
        self._house.checkpoints.delete_thread(run.id)
        return self.drive(tried)

    def _select(self, wanted: Any) -> list[Run]:  # noqa: ANN401 -- a condition
        with self._house.store.read() as tx:
            rows = tx.execute(select(RUN).where(wanted).order_by(RUN.c.started_us, RUN.c.id)).all()
        return [run_records.of_row(row) for row in rows]

    def _drive(self, run: Run, began_s: float) -> Run:
        house = self._house
        with house.store.read() as tx:
            incident = book.get(tx, run.incident_id)
        desk = RunDesk(house.store, run)
        context = self._context(run, incident, desk)
        graph = (
            house.workspace.agents[run.agent].build(context).compile(checkpointer=house.checkpoints)
        )
        config = {"configurable": {"thread_id": run.id}, "recursion_limit": MOST_STEPS}
        # An untouched thread has no checkpoint; one with an interrupt is only ever resumed by it.
        given: Any = interrupts.going_on(graph, config) or {"attempt": 0}
        for _ in range(MOST_STEPS):
            with house.reads.bound():
                state = graph.invoke(given, config, durability="sync")
            judged = self._submit(run, incident, desk, began_s)
            interrupt_id = interrupts.stopped_at(state)
            if interrupt_id is None:
                return self._done(run)
            waiting, under_way = self._open(run)
            if (waiting or under_way) and not judged:
                return self._wait(run, waiting, interrupt_id)
            given = interrupts.by_id(interrupt_id)
        return self._failed(run, f"it stopped {MOST_STEPS} times without anything to wait for")

    def _context(self, run: Run, incident: Incident, desk: RunDesk) -> AgentContext:
        house, rulebook = self._house, self._house.rulebook()
        return AgentContext(
            incident=incident,
            run_id=run.id,
            agent=run.agent,
            round=run.round,
            clock=house.clock,
            policies=rulebook.policies,
            stamp=Stamp(rulebook.policy_digest, rulebook.workspace_digest),
            seed=house.seed,
            state=StoreReader(house.store, house.clock),
            desk=desk,
            tools=house.workspace.read_tools,
            model=house.model,
        )

    def _submit(self, run: Run, incident: Incident, desk: RunDesk, began_s: float) -> int:
        house = self._house
        submitted = desk.take()
        for proposal, digest in submitted:
            kept, dropped = submission.check(
                proposal, StoreReader(house.store, house.clock), self.rulebook.policies
            )
            keep = partial(self._keep, run, incident, kept, digest, dropped)
            house.store.write_again(keep)
            house.intend()
            self._note_decision(run, began_s)
            house.act()
        return len(submitted)

    def _keep(
        self,
        run: Run,
        incident: Incident,
        kept: Proposal,
        digest: str,
        dropped: tuple[Fault, ...],
        tx: Connection,
    ) -> None:
        now_us, rulebook = self._house.clock.now_us(), self._house.rulebook()
        submission.submit(tx, rulebook, incident, kept, digest, dropped, now_us)
        named = RUN.update().where(RUN.c.id == run.id)
        tx.execute(named.values(proposal_id=submission.id_of(kept)))

    def _note_decision(self, run: Run, began_s: float) -> None:
        took_us = round((stopwatch_s() - began_s) * 1_000_000)
        now_us = self._house.clock.now_us()
        first = and_(RUN.c.id == run.id, RUN.c.decided_us.is_(None))
        with self._house.store.note() as tx:
            tx.execute(RUN.update().where(first).values(decided_us=now_us, decision_us=took_us))

    def _open(self, run: Run) -> tuple[int, int]:
        """Return how many reviews of a run are open, and how many of its actions under way."""
        waiting = REVIEW.c.status.in_(list(PENDING_REVIEWS))
        reviews = select(func.count()).select_from(REVIEW).where(REVIEW.c.run_id == run.id, waiting)
        acting = ACTION.c.status.in_(list(UNDER_WAY))
        actions = select(func.count()).select_from(ACTION).where(ACTION.c.run_id == run.id, acting)
        with self._house.store.read() as tx:
            return tx.execute(reviews).scalar_one(), tx.execute(actions).scalar_one()

    def _wait(self, run: Run, waiting: int, interrupt_id: str) -> Run:
        return self._end(run, RunStatus.WAITING, interrupt_id=interrupt_id, open_reviews=waiting)

    def _done(self, run: Run) -> Run:
        ended = self._end(run, RunStatus.DONE, interrupt_id="", open_reviews=0)
        self._house.checkpoints.delete_thread(run.id)
        return ended

    def _failed(self, run: Run, why: str) -> Run:
        return self._end(run, RunStatus.FAILED, detail=why)

    def _end(self, run: Run, status: RunStatus, **values: str | int) -> Run:
        now_us, store = self._house.clock.now_us(), self._house.store

        def end(tx: Connection) -> None:
            change = RUN.update().where(RUN.c.id == run.id)
            tx.execute(change.values(status=status, updated_us=now_us, **values))
            if status in (RunStatus.DONE, RunStatus.FAILED):
                run_records.note_end(tx, run, status, now_us)

        # That it waits for people must outlast anything; what has ended would only end again.
        (store.write_again if status is RunStatus.WAITING else store.note_again)(end)
        return replace(run, status=status, open_reviews=int(values.get("open_reviews", 0)))
