"""Runs as the store has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, select

from makegood.domain.authority import RunStatus
from makegood.ledger.entries import Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.store import tables
from makegood.store.sql import table

if TYPE_CHECKING:
    from sqlalchemy import Connection

RUN: Final = table(tables.incidents.Run)
PROPOSAL: Final = table(tables.incidents.Proposal)
ACTION: Final = table(tables.authority.Action)
_OUTCOMES: Final = (
    select(ACTION.c.status, func.count().label("count"))
    .join(PROPOSAL, PROPOSAL.c.id == ACTION.c.proposal_id)
    .where(PROPOSAL.c.run_id == bindparam("run"))
    .group_by(ACTION.c.status)
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it stands."""

    id: str
    incident_id: str
    hub_id: str
    agent: str
    round: int
    status: RunStatus
    attempts: int
    open_reviews: int


def of_row(row: Any) -> Run:  # noqa: ANN401 -- a database row
    """Return a run as its row says it stands."""
    return Run(
        row.id,
        row.incident_id,
        row.hub_id,
        row.agent,
        row.round,
        RunStatus(row.status),
        row.attempts,
        row.open_reviews,
    )


def row_of(run: Run, now_us: int) -> dict[str, Any]:
    """Return the row of a run that begins."""
    return {
        "id": run.id,
        "incident_id": run.incident_id,
        "hub_id": run.hub_id,
        "agent": run.agent,
        "round": run.round,
        "status": run.status,
        "started_us": now_us,
        "updated_us": now_us,
    }


def note_end(tx: Connection, run: Run, status: RunStatus, now_us: int) -> None:
    """Put on the ledger that a run ended, how, and what came of its actions by then."""
    outcomes = {row.status: row.count for row in tx.execute(_OUTCOMES, {"run": run.id})}
    body = {"run_id": run.id, "status": status, "round": run.round, "outcomes": outcomes}
    refs = (run.id, run.incident_id)
    draft = Draft(run.hub_id, EntryKind.RUN_ENDED, now_us, f"agent:{run.agent}", body, refs)
    append(tx, [draft])
