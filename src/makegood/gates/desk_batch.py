"""Batches: many holds decided at once, each exactly as the page showed it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from makegood.domain.authority import ReviewStatus
from makegood.errors import Conflict, InvalidInput, NotAllowed, NotFound
from makegood.gates.review_items import some
from makegood.gates.review_types import Approval, Batch, BatchResult, Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from makegood.gates.sitting import Sitting

MOST: Final = 500
_FAILED: Final = (ReviewStatus.STALE, ReviewStatus.VOID)
_LEFT: Final = "left as it was: another hold of the batch could not be decided"


def require_sound(choices: Sequence[Choice]) -> list[str]:
    """Return the ids of the reviews that a batch names.

    Raises:
        InvalidInput: the list is empty, too long, or names a review twice.

    """
    if not 1 <= len(choices) <= MOST:
        raise InvalidInput("items", f"has {len(choices)} holds", f"send 1 to {MOST}")
    ids = [choice.review_id for choice in choices]
    if len(set(ids)) != len(ids):
        raise InvalidInput("items", "names a review twice", "name each hold once")
    return ids


def each(
    sitting: Sitting, choices: Sequence[Choice], decide: Callable[[Choice], Approval]
) -> list[BatchResult]:
    """Decide on each choice, in the order of the sitting; say how each fared."""
    rank = {review_id: place for place, review_id in enumerate(sitting.reviews)}
    ordered = sorted(choices, key=lambda choice: rank.get(choice.review_id, len(rank)))
    return [_one(sitting, choice, decide) for choice in ordered]


def _one(sitting: Sitting, choice: Choice, decide: Callable[[Choice], Approval]) -> BatchResult:
    try:
        made = decide(choice)
    except (Conflict, NotAllowed, NotFound) as error:
        found = sitting.reviews.get(choice.review_id)
        status = found.status if found else None
        detail = error.detail or str(error)
        return BatchResult(choice.review_id, ok=False, status=status, grant_id="", detail=detail)
    ok = made.status not in _FAILED
    return BatchResult(choice.review_id, ok, made.status, made.grant_id, made.detail)


def to_write(results: Sequence[BatchResult], *, fresh_only: bool) -> bool:
    """Say whether what was decided stands: all could be, or only those that could are wanted."""
    went = [result.ok for result in results]
    return any(went) if fresh_only else all(went)


def told(
    tx: Connection, choices: Sequence[Choice], results: Sequence[BatchResult], *, done: bool
) -> Batch:
    """Return how a batch went, in its own order; where nothing was done, as the holds are now."""
    by_id = {result.review_id: result for result in results}
    if not done:
        left = some(tx, [choice.review_id for choice in choices])
        by_id |= {review.id: _kept(by_id[review.id], review.status) for review in left}
    return Batch(done, tuple(by_id[choice.review_id] for choice in choices))


def _kept(result: BatchResult, status: ReviewStatus) -> BatchResult:
    return BatchResult(result.review_id, result.ok, status, "", result.detail or _LEFT)
