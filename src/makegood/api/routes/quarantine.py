"""`/v1/quarantine`: events that were set aside, why, and trying them again."""

from __future__ import annotations

from fastapi import APIRouter

from makegood.api.auth import Who
from makegood.api.routes.events import EventOutcomeOut
from makegood.api.routes.listing import Limit, Listing, Out
from makegood.api.seam import House
from makegood.events import quarantine

router = APIRouter(prefix="/v1", tags=["quarantine"])


class QuarantinedOut(Out):
    """An event that was set aside; `end` is empty while it is open, `sent_by` a person's id."""

    id: str
    reason: str
    field: str
    problem: str
    mend: str
    source: str
    event_id: str
    type: str
    entity: str
    event_seq: int | None
    size: int
    kept: bool
    received_us: int
    end: str
    ended_by: str
    ended_us: int | None
    sent_by: str


@router.get("/quarantine")
def list_quarantine(
    house: House, limit: Limit = 200, *, ended: bool = False
) -> Listing[QuarantinedOut]:
    """List what is set aside, newest first; with `ended`, what no longer is too."""
    with house.store.read() as tx:
        found = quarantine.items(tx, ended=ended, limit=limit)
    return Listing(items=tuple(QuarantinedOut.of(item) for item in found))


@router.post("/quarantine/{quarantine_id}/requeue")
def requeue(house: House, who: Who, quarantine_id: str) -> EventOutcomeOut:
    """Try an event again, after what was wrong has been put right, in the name of who sent it."""
    return EventOutcomeOut.of(house.requeue(quarantine_id, who))
