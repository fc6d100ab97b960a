"""The desk of one run: it takes proposals in memory, and reads out how far they have come."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, select

from makegood.domain.actions import read_action
from makegood.domain.authority import ActionStatus, ReviewStatus
from makegood.proposals.types import ActionOutcome
from makegood.store import tables
from makegood.store.sql import table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.proposals.types import Proposal
    from makegood.runtime.run_records import Run
    from makegood.store.session import Store

ACTION: Final = table(tables.authority.Action)
REVIEW: Final = table(tables.authority.Review)
PROPOSAL: Final = table(tables.incidents.Proposal)


class RunDesk:
    """The `Desk` of one run; nothing that is submitted is acted on before the run has stopped."""

    def __init__(self, store: Store, run: Run) -> None:
        """Serve one run."""
        self._store = store
        self._run = run
        self._run_id = run.id
        self._submitted: dict[int, tuple[Proposal, str]] = {}

    def submit(self, proposal: Proposal) -> str:
        """Take a proposal and return the digest of what stands for its attempt.

        It is of this run, whatever it says: switches, breakers and limits go by its agent.
        """
        run = self._run
        whose = {"run_id": run.id, "incident_id": run.incident_id, "agent": run.agent}
        proposal = replace(proposal, **whose, round=run.round)
        with self._store.read() as tx:
            stored = _stored(tx, self._run_id, proposal.attempt)
        if stored is not None:
            return stored
        taken = self._submitted.get(proposal.attempt)
        if taken is None:
            taken = self._submitted[proposal.attempt] = (proposal, proposal.digest())
        return taken[1]

    def take(self) -> list[tuple[Proposal, str]]:
        """Return what was submitted and not taken yet, with its digests."""
        taken = [self._submitted[attempt] for attempt in sorted(self._submitted)]
        self._submitted.clear()
        return taken

    def outcomes(self, proposal_digest: str) -> tuple[ActionOutcome, ...] | None:
        """Return how far each action has come, or None while the gate has not judged it."""
        mine = and_(PROPOSAL.c.run_id == self._run_id, PROPOSAL.c.digest == proposal_digest)
        columns = (ACTION.c.position, ACTION.c.body, ACTION.c.status, ACTION.c.why)
        with self._store.read() as tx:
            proposal_id = tx.execute(select(PROPOSAL.c.id).where(mine)).scalar_one_or_none()
            if proposal_id is None:
                return None
            rows = tx.execute(
                select(*columns, REVIEW.c.status.label("review"), REVIEW.c.reason)
                .select_from(ACTION.outerjoin(REVIEW, REVIEW.c.action_id == ACTION.c.id))
                .where(ACTION.c.proposal_id == proposal_id)
                .order_by(ACTION.c.position)
            ).all()
        return tuple(
            ActionOutcome(
                index=row.position,
                action=read_action(row.body),
                status=ActionStatus(row.status),
                review=ReviewStatus(row.review) if row.review else None,
                reason=row.reason or row.why,
            )
            for row in rows
        )


def _stored(tx: Connection, run_id: str, attempt: int) -> str | None:
    mine = and_(PROPOSAL.c.run_id == run_id, PROPOSAL.c.attempt == attempt)
    return tx.execute(select(PROPOSAL.c.digest).where(mine)).scalar_one_or_none()
