"""Batches: many holds approved at once, each exactly as the page showed it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from makegood.domain.authority import WAITING_REVIEWS, ReviewStatus
from makegood.errors import Conflict, InvalidInput, NotAllowed, NotFound
from makegood.gates import review_records
from makegood.gates.review_items import get_locked, some
from makegood.gates.review_settling import lock_all
from makegood.gates.review_types import Approval, Batch, BatchResult, Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from makegood.domain.policy import Policies

MOST: Final = 500
_WENT_WELL: Final = (ReviewStatus.APPROVED, ReviewStatus.APPROVING, ReviewStatus.OPEN)


def approve_all(
    tx: Connection,
    choices: Sequence[Choice],
    approve: Callable[[Choice], Approval],
    now_us: int,
    policies: Policies,
    *,
    fresh_only: bool,
) -> Batch:
    """Approve each choice; unless `fresh_only`, one that cannot be takes all others back.

    Raises:
        InvalidInput: the list is empty, too long, or names a review twice.

    """
    _require_sound(choices)
    ids = [choice.review_id for choice in choices]
    found = {review.id: rank for rank, review in enumerate(lock_all(tx, ids, policies, now_us))}
    ordered = sorted(choices, key=lambda choice: found.get(choice.review_id, len(found)))
    whole = tx.begin_nested()
    results = [_one(tx, choice, approve) for choice in ordered]
    done = any(result.ok for result in results)
    if fresh_only or all(result.ok for result in results):
        whole.commit()
    else:
        whole.rollback()
        results = [_kept(tx, result, now_us, policies) for result in results]
        done = False
    place = {choice.review_id: index for index, choice in enumerate(choices)}
    return Batch(done, tuple(sorted(results, key=lambda result: place[result.review_id])))


def _require_sound(choices: Sequence[Choice]) -> None:
    if not 1 <= len(choices) <= MOST:
        raise InvalidInput("items", f"has {len(choices)} holds", f"send 1 to {MOST}")
    if len({choice.review_id for choice in choices}) != len(choices):
        raise InvalidInput("items", "names a review twice", "name each hold once")


def _one(tx: Connection, choice: Choice, approve: Callable[[Choice], Approval]) -> BatchResult:
    step = tx.begin_nested()
    try:
        made = approve(choice)
    except (Conflict, NotAllowed, NotFound) as error:
        step.rollback()
        found = some(tx, [choice.review_id])
        status = found[0].status if found else None
        detail = error.detail or str(error)
        return BatchResult(choice.review_id, ok=False, status=status, grant_id="", detail=detail)
    step.commit()
    ok = made.status in _WENT_WELL
    return BatchResult(choice.review_id, ok, made.status, made.grant_id, made.detail)


def _kept(tx: Connection, result: BatchResult, now_us: int, policies: Policies) -> BatchResult:
    """Return a result of a batch that was taken back; what had moved is marked all the same."""
    if result.status is None:
        return result
    review = get_locked(tx, result.review_id)
    if not result.ok and review.status in WAITING_REVIEWS:
        review_records.moved(tx, review, now_us, policies.digest())
        review_records.void_if_material(tx, review.id, policies, now_us)
        review = get_locked(tx, result.review_id)
    detail = result.detail or "left as it was: another hold of the batch could not be approved"
    return BatchResult(result.review_id, result.ok, review.status, "", detail)
