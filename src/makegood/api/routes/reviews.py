"""`/v1/review`: what waits for people, and what they do with it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field

from makegood.api import decisions, problems
from makegood.api.auth import Who
from makegood.api.decisions import BatchOut, Decided
from makegood.api.idempotency import Repeatable
from makegood.api.reviewed import NoteOut, ReviewOut, notes_of
from makegood.api.routes.listing import Limit, Listing
from makegood.api.seam import House
from makegood.domain.authority import WAITING_REVIEWS, ReviewStatus
from makegood.domain.frozen import Frozen
from makegood.gates import reviews

router = APIRouter(prefix="/v1", tags=["review"])

Statuses = Annotated[list[ReviewStatus] | None, Query(alias="status")]
Seen = Annotated[str, Field(min_length=1, description="The review's `seen`, as it was shown.")]
_MOST: Final = 500


class ApprovalIn(Frozen):
    """A yes to exactly what was seen."""

    seen: Seen


class RejectionIn(Frozen):
    """A no, which is final for this kind of action on this order for this cause."""

    reason: reviews.Reason
    comment: str = Field(default="", max_length=2000)


class NoIn(RejectionIn):
    """A no to one hold; with `seen` to just what was shown, and to nothing that has moved since."""

    seen: Seen | None = None


class EditIn(Frozen):
    """What to change of the action that was seen: the fields that the review calls editable."""

    seen: Seen
    changes: dict[str, Any] = Field(min_length=1, max_length=20)


class QuestionIn(Frozen):
    """What somebody wants to know before they decide."""

    question: str = Field(min_length=1, max_length=2000)


class AnswerIn(Frozen):
    """The answer to the question that is open."""

    answer: str = Field(min_length=1, max_length=2000)


class ChoiceIn(Frozen):
    """One hold of a batch, as it was shown."""

    review_id: str = Field(min_length=1)
    seen: Seen


class BatchIn(Frozen):
    """Holds to decide on: all or none, or with `fresh_only` those that can be decided.

    They are approved, or rejected where `rejection` says why.
    """

    items: tuple[ChoiceIn, ...] = Field(min_length=1, max_length=_MOST)
    fresh_only: bool = False
    rejection: RejectionIn | None = None


@router.get("/review")
def list_reviews(
    house: House, status: Statuses = None, hub: str | None = None, limit: Limit = 500
) -> Listing[ReviewOut]:
    """List reviews, the most urgent first; without a status, those that wait."""
    with house.store.read() as tx:
        found = reviews.queue(tx, status or WAITING_REVIEWS, hub, limit)
    return Listing(items=tuple(ReviewOut.of(item) for item in found))


@router.post("/review/batch", response_model=BatchOut)
def decide_batch(house: House, who: Who, once: Repeatable, wanted: BatchIn) -> Response | BatchOut:
    """Decide on many holds, each as it was shown; 409 when nothing was done, with why for each."""
    choices = [reviews.Choice(one.review_id, one.seen) for one in wanted.items]
    fresh_only, no = wanted.fresh_only, wanted.rejection
    if no is None:
        made = decisions.batch(house, once, who, choices, fresh_only=fresh_only)
    else:
        said = (choices, no.reason, no.comment)
        made = decisions.reject_batch(house, once, who, *said, fresh_only=fresh_only)
    if made.done:
        return made
    mistakes = tuple(
        problems.Mistake(field=f"items.{index}", problem=result.detail)
        for index, result in enumerate(made.results)
        if not result.ok
    )
    return problems.response(problems.nothing_done(mistakes))


@router.get("/review/{review_id}")
def get_review(house: House, review_id: str) -> ReviewOut:
    """Return one review."""
    with house.store.read() as tx:
        return ReviewOut.of(reviews.get(tx, review_id))


@router.get("/review/{review_id}/note")
def list_notes(house: House, review_id: str) -> Listing[NoteOut]:
    """List what was asked and answered on a hold, oldest first."""
    with house.store.read() as tx:
        return Listing(items=notes_of(tx, house.vault, review_id))


@router.post("/review/{review_id}/approve")
def approve_review(
    house: House, who: Who, once: Repeatable, review_id: str, approval: ApprovalIn
) -> Decided:
    """Approve what was seen; 409 says what happened instead when somebody or something moved."""
    return decisions.approve(house, once, who, review_id, approval.seen)


@router.post("/review/{review_id}/reject")
def reject_review(house: House, who: Who, once: Repeatable, review_id: str, no: NoIn) -> Decided:
    """Reject an action for good; with `seen`, 409 when it is not what was seen any more."""
    return decisions.reject(house, once, who, review_id, no.reason, no.comment, seen=no.seen)


@router.post("/review/{review_id}/edit")
def edit_review(
    house: House, who: Who, once: Repeatable, review_id: str, wanted: EditIn
) -> ReviewOut:
    """Change what is held; the answer is the new hold, which another person decides."""
    return decisions.edit(house, once, who, review_id, wanted.seen, wanted.changes)


@router.post("/review/{review_id}/claim")
def claim_review(house: House, who: Who, once: Repeatable, review_id: str) -> ReviewOut:
    """Take a hold to look at, so that nobody else decides it for a while."""
    return decisions.claim(house, once, who, review_id)


@router.post("/review/{review_id}/release")
def release_review(house: House, who: Who, once: Repeatable, review_id: str) -> ReviewOut:
    """Give a hold back that you had taken."""
    return decisions.release(house, once, who, review_id)


@router.post("/review/{review_id}/escalate")
def escalate_review(house: House, who: Who, once: Repeatable, review_id: str) -> ReviewOut:
    """Pass a hold one rung up the ladder, and leave its decision to another person."""
    return decisions.escalate(house, once, who, review_id)


@router.post("/review/{review_id}/ask")
def ask_review(
    house: House, who: Who, once: Repeatable, review_id: str, wanted: QuestionIn
) -> ReviewOut:
    """Ask for more information; the deadline goes on."""
    return decisions.ask(house, once, who, review_id, wanted.question)


@router.post("/review/{review_id}/answer")
def answer_review(
    house: House, who: Who, once: Repeatable, review_id: str, given: AnswerIn
) -> ReviewOut:
    """Answer the question that is open on a hold."""
    return decisions.answer(house, once, who, review_id, given.answer)


@router.post("/review/{review_id}/undo")
def undo_review(house: House, who: Who, once: Repeatable, review_id: str) -> ReviewOut:
    """Take your own approval back while its time to undo, which the console gives, lasts."""
    return decisions.undo(house, once, who, review_id)
