"""The undo window: an approval that may be taken back, until its time has passed.

It is a status in the database, so it survives restarts. When it ends, everything is looked at
again before there is a grant: what moved meanwhile asks again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, select

from makegood.clock import to_rfc3339
from makegood.domain.authority import ReviewStatus
from makegood.errors import Conflict, NotAllowed
from makegood.gates import names, review_authority, review_granting, review_records, review_settling
from makegood.gates.review_items import REVIEW, ReviewItem, get_locked
from makegood.gates.review_types import Approval
from makegood.gates.sitting import Sitting
from makegood.ledger.entries import SYSTEM
from makegood.ledger.kinds import EntryKind

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from makegood.gates.review_granting import Yes
    from makegood.gates.review_types import Decider
    from makegood.gates.rules import Rulebook


def undo(tx: Connection, review_id: str, decider: Decider, now_us: int) -> None:
    """Take one's own approval back; the hold then waits as before.

    Raises:
        NotFound: there is no such review.
        Conflict: it is not being approved, or the time to undo has passed.
        NotAllowed: another person approved it.

    """
    review = get_locked(tx, review_id)
    until_us = review.approving_until_us
    if review.status is not ReviewStatus.APPROVING or until_us is None:
        review_authority.require_waiting(tx, review, now_us)
        raise Conflict(f"review {review_id} is {review.status}; there is nothing to undo")
    if review.decided_by != decider.person_id:
        raise NotAllowed("another person approved it; only they can undo that")
    if now_us >= until_us:
        raise Conflict(f"the time to undo ended at {to_rfc3339(until_us)}")
    review_settling.reopen(tx, review, review.why)
    review_records.record(tx, EntryKind.REVIEW_UNDONE, review, decider.person_id, now_us, {})


def is_due(tx: Connection, now_us: int) -> bool:
    """Say whether an undo window has ended; cheap enough to ask all the time."""
    return tx.execute(select(REVIEW.c.id).where(_due(now_us)).limit(1)).first() is not None


def finish_due(tx: Connection, now_us: int, rulebook: Rulebook) -> list[Approval]:
    """Grant what was approved and not undone in time, or ask again; return how each went."""
    ids = tx.execute(select(REVIEW.c.id).where(_due(now_us))).scalars().all()
    sitting = Sitting.of(tx, rulebook, ids, now_us)
    granted: list[Yes] = []
    # Undone in the moment before it was locked, or superseded by one that ended before it in this
    # list, it is no longer being approved.
    finished = [
        _finish(sitting, sitting.reviews[review_id], granted)
        for review_id in sitting.reviews
        if sitting.reviews[review_id].status is ReviewStatus.APPROVING
    ]
    review_granting.write(sitting, granted)
    return finished


def _due(now_us: int) -> ColumnElement[bool]:
    approving = REVIEW.c.status == ReviewStatus.APPROVING
    return and_(approving, REVIEW.c.approving_until_us <= now_us)


def _finish(sitting: Sitting, review: ReviewItem, granted: list[Yes]) -> Approval:
    if sitting.moved(review):
        return _moved(sitting, review)
    if why := _trouble(sitting, review):
        return _ask_again(sitting, review, why)
    try:
        yes = review_granting.say(sitting, review, review.decided_by)
    except Conflict as conflict:
        return _ask_again(sitting, review, conflict.detail)
    granted.append(yes)
    return Approval(review.id, ReviewStatus.APPROVED, yes.terms.grant_id, "")


def _trouble(sitting: Sitting, review: ReviewItem) -> str:
    if untrue := names.trouble(review.action, sitting.entities):
        return untrue
    if sitting.is_refused(review):
        return "a person said no to the same meanwhile"
    if sitting.gone.intersection((review.decided_by, review.first_by)):
        return "who approved it has left"
    return ""


def _moved(sitting: Sitting, review: ReviewItem) -> Approval:
    why = "approved, but what it stands on moved before the time to undo had passed"
    review_settling.reopen(sitting.tx, review, why, status=ReviewStatus.STALE)
    if note := sitting.void_if_material(review):
        return Approval(review.id, ReviewStatus.VOID, "", note)
    return Approval(review.id, ReviewStatus.STALE, "", why)


def _ask_again(sitting: Sitting, review: ReviewItem, why: str) -> Approval:
    tx, now_us = sitting.tx, sitting.now_us
    review_settling.reopen(tx, review, f"approved, but not granted: {why}")
    body = {"approved_by": review.decided_by}
    review_records.record(tx, EntryKind.REVIEW_REOPENED, review, SYSTEM, now_us, body)
    return Approval(review.id, ReviewStatus.OPEN, "", why)
