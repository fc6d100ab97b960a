"""`/v1/ledger`: what was decided and done, and whether the record still holds together."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from makegood.api.routes.listing import Limit, Listing, Out
from makegood.api.seam import House
from makegood.events import audit
from makegood.ledger import entries
from makegood.ledger.kinds import EntryKind

router = APIRouter(prefix="/v1", tags=["ledger"])

About = Annotated[
    str, Query(description="An id, or KIND/ID of an entity such as sales_order/so-00012.")
]


class EntryOut(Out):
    """An entry of the ledger; `hash` is its RFC 6962 leaf hash and `prev` the one before it."""

    part: str
    seq: int
    kind: EntryKind
    at_us: int
    actor: str
    refs: tuple[str, ...]
    body: dict[str, Any]
    prev: str
    hash: str


class ProblemOut(Out):
    """One place where the ledger does not hold together."""

    part: str
    seq: int
    what: str


class VerifiedOut(Out):
    """What a verification found; `problems` stops at the first hundred."""

    sound: bool
    partitions: int
    entries: int
    problems: tuple[ProblemOut, ...]


@router.get("/ledger")
def list_entries(house: House, about: About = "", limit: Limit = 500) -> Listing[EntryOut]:
    """List the entries about something, oldest first; without `about`, the newest first."""
    with house.store.read() as tx:
        found = entries.about(tx, about, limit) if about else entries.latest(tx, limit)
    return Listing(items=tuple(EntryOut.of(entry) for entry in found))


@router.get("/ledger/verify")
def verify_ledger(house: House) -> VerifiedOut:
    """Check every hash, every link and every head, and the event log against them."""
    with house.store.read() as tx:
        report = audit.everything(tx)
    return VerifiedOut.of(report)
