"""`/v1/incident` and `/v1/run`: promises in danger, and the agents that work on them."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import select

from makegood.api.routes.listing import Limit, Listing, Out
from makegood.api.seam import House
from makegood.domain.authority import RunStatus
from makegood.domain.incidents import Incident, IncidentStatus
from makegood.errors import NotFound
from makegood.incidents import book
from makegood.store.sql import table
from makegood.store.tables.incidents import Run

router = APIRouter(prefix="/v1", tags=["incident"])
RUN = table(Run)


class RunOut(Out):
    """One round of an agent's work on an incident; `id` is the LangGraph thread's."""

    id: str
    incident_id: str
    hub_id: str
    agent: str
    round: int
    status: RunStatus
    proposal_id: str
    started_us: int
    updated_us: int
    decided_us: int | None
    attempts: int
    detail: str


@router.get("/incident")
def list_incidents(
    house: House,
    status: IncidentStatus | None = None,
    hub: str | None = None,
    limit: Limit = 100,
) -> Listing[Incident]:
    """List incidents: open ones the worst first, otherwise the newest first."""
    with house.store.read() as tx:
        if status is IncidentStatus.OPEN:
            found = book.open_incidents(tx, hub)
        else:
            found = book.latest(tx, limit)
    wanted = [
        one
        for one in found
        if (status is None or one.status is status) and (hub is None or one.hub_id == hub)
    ]
    return Listing(items=tuple(wanted[:limit]))


@router.get("/incident/{incident_id}")
def get_incident(house: House, incident_id: str) -> Incident:
    """Return one incident with its evidence."""
    with house.store.read() as tx:
        return book.get(tx, incident_id)


@router.get("/run", tags=["run"])
def list_runs(
    house: House,
    incident_id: str | None = None,
    status: RunStatus | None = None,
    limit: Limit = 100,
) -> Listing[RunOut]:
    """List runs, newest first."""
    query = select(RUN).order_by(RUN.c.started_us.desc(), RUN.c.id).limit(limit)
    if incident_id is not None:
        query = query.where(RUN.c.incident_id == incident_id)
    if status is not None:
        query = query.where(RUN.c.status == status.value)
    with house.store.read() as tx:
        return Listing(items=tuple(RunOut.of(row) for row in tx.execute(query)))


@router.get("/run/{run_id}", tags=["run"])
def get_run(house: House, run_id: str) -> RunOut:
    """Return one run."""
    with house.store.read() as tx:
        row = tx.execute(select(RUN).where(RUN.c.id == run_id)).one_or_none()
    if row is None:
        raise NotFound(f"run {run_id}")
    return RunOut.of(row)
