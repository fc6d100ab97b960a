"""`/v1/review`: what waits for people, and their yes or no."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from makegood.api.auth import Who
from makegood.api.decisions import Decided, approve, reject
from makegood.api.idempotency import Repeatable
from makegood.api.routes.listing import Limit, Listing, Out
from makegood.api.seam import House
from makegood.domain.actions import Action
from makegood.domain.authority import WAITING_REVIEWS, ReviewStatus
from makegood.domain.frozen import Frozen
from makegood.gates import reviews

router = APIRouter(prefix="/v1", tags=["review"])

Statuses = Annotated[list[ReviewStatus] | None, Query(alias="status")]


class ReviewOut(Out):
    """A hold; `seen` must come back with a decision, and stands for exactly what is shown here.

    `changed` lists facts that moved since it was opened: entity, fact, before, now.
    """

    id: str
    status: ReviewStatus
    action_id: str
    run_id: str
    incident_id: str
    proposal_id: str
    agent: str
    hub_id: str
    order_id: str
    customer_id: str
    action: Action
    digest: str
    fingerprint: str
    seen: str
    rules: tuple[str, ...]
    why: str
    opened_us: int
    deadline_us: int
    first_by: str
    decided_by: str
    decided_us: int | None
    reason: str
    changed: tuple[tuple[str, str, str | int | None, str | int | None], ...]


class ApprovalIn(Frozen):
    """A yes to exactly what was seen."""

    seen: str = Field(min_length=1, description="The review's `seen`, as it was shown.")


class RejectionIn(Frozen):
    """A no, which is final for this kind of action on this order for this cause."""

    reason: reviews.Reason
    comment: str = Field(default="", max_length=2000)


@router.get("/review")
def list_reviews(
    house: House, status: Statuses = None, hub: str | None = None, limit: Limit = 500
) -> Listing[ReviewOut]:
    """List reviews, the nearest deadline first; without a status, those that wait."""
    with house.store.read() as tx:
        found = reviews.queue(tx, status or WAITING_REVIEWS, hub, limit)
    return Listing(items=tuple(ReviewOut.of(item) for item in found))


@router.get("/review/{review_id}")
def get_review(house: House, review_id: str) -> ReviewOut:
    """Return one review."""
    with house.store.read() as tx:
        return ReviewOut.of(reviews.get(tx, review_id))


@router.post("/review/{review_id}/approve")
def approve_review(
    house: House, who: Who, once: Repeatable, review_id: str, approval: ApprovalIn
) -> Decided:
    """Approve what was seen; 409 says what happened instead when somebody or something moved."""
    return approve(house, once, who, review_id, approval.seen)


@router.post("/review/{review_id}/reject")
def reject_review(
    house: House, who: Who, once: Repeatable, review_id: str, no: RejectionIn
) -> Decided:
    """Reject an action for good."""
    return reject(house, once, who, review_id, no.reason, no.comment)
