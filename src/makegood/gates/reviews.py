"""Reviews: what waits for people, and what they decide.

A review binds the action's digest and the fingerprint of what it stands on; a decision names
both, as the page showed them (`seen`). If either has moved, nothing is approved and the review
asks again with what is true now. Two reviewers race on the review's row, and one of them wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.gates import desk_batch
from makegood.gates.desk_claims import claim, escalate, release
from makegood.gates.desk_deadlines import Due, expire_due, look_at_deadlines
from makegood.gates.desk_notes import Note, NoteKind, answer, ask, notes
from makegood.gates.review_approving import Approving
from makegood.gates.review_edits import edit
from makegood.gates.review_items import (
    ReviewItem,
    decided,
    get,
    of_run,
    queue,
    some,
)
from makegood.gates.review_rejecting import No, Rejecting
from makegood.gates.review_settling import ask_again
from makegood.gates.review_types import Approval, Batch, BatchResult, Choice, Decider, Reason
from makegood.gates.review_undo import finish_due, is_due, undo
from makegood.gates.sitting import Sitting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from makegood.gates.rules import Rulebook

__all__ = [
    "Approval",
    "Batch",
    "BatchResult",
    "Choice",
    "Decider",
    "Due",
    "No",
    "Note",
    "NoteKind",
    "Reason",
    "ReviewItem",
    "answer",
    "approve",
    "ask",
    "ask_again",
    "batch",
    "claim",
    "decided",
    "edit",
    "escalate",
    "expire_due",
    "finish_due",
    "get",
    "is_due",
    "look_at_deadlines",
    "notes",
    "of_run",
    "queue",
    "reject",
    "reject_batch",
    "release",
    "some",
    "undo",
]


def approve(
    tx: Connection,
    review_id: str,
    decider: Decider,
    seen: str,
    now_us: int,
    rulebook: Rulebook,
    undo_us: int = 0,
) -> Approval:
    """Approve what the reviewer saw; the grant is written in this same transaction.

    With `undo_us` it is only written after that time, by `finish_due`, unless the person takes
    the approval back before. A review whose facts have moved is not approved: it asks again and
    the answer says STALE, or VOID where policy calls the change material (commit the transaction
    all the same, so that the difference is kept).

    Raises:
        NotFound: there is no such review.
        Conflict: it was decided already, its deadline has passed, somebody else has taken it, a
            kill switch or an open breaker is over it, or its obligation is settled.
        NotAllowed: policy does not let this person decide it.

    """
    sitting = Sitting.of(tx, rulebook, [review_id], now_us, moves_breakers=not undo_us)
    approving = Approving(sitting, decider, undo_us)
    made = approving.approve(Choice(review_id, seen))
    approving.write()
    return made


def reject(
    tx: Connection,
    review_id: str,
    decider: Decider,
    reason: Reason,
    comment: bytes | None,
    now_us: int,
    rulebook: Rulebook,
    *,
    seen: str | None = None,
) -> Approval:
    """Say no, finally, for (kind, entity, cause); other holds of the same are superseded.

    `comment` is a person's free text, already sealed. With `seen` it is said to what the reviewer
    saw: a review whose facts have moved is not rejected, it asks again and the answer says STALE,
    or VOID (commit the transaction all the same, so that the difference is kept).

    Raises:
        NotFound: there is no such review.
        Conflict: it was decided already, its deadline has passed, or somebody else has taken it.
        NotAllowed: policy does not let this person decide it.

    """
    rejecting = Rejecting.of(tx, rulebook, [review_id], No(decider, reason), now_us)
    if seen is None:
        made = rejecting.reject(review_id)
    else:
        made = rejecting.reject_as_seen(Choice(review_id, seen))
    if rejecting.rejected:
        rejecting.write({review_id: comment})
    return made


def batch(
    tx: Connection,
    decider: Decider,
    choices: Sequence[Choice],
    now_us: int,
    rulebook: Rulebook,
    *,
    fresh_only: bool = False,
    undo_us: int = 0,
) -> Batch:
    """Approve an explicit list, each as the page showed it: all of them, or none.

    With `fresh_only` those that can be approved are, and the others are left. Each answer says
    how its hold fared; commit the transaction all the same, so that differences are kept.

    Raises:
        InvalidInput: the list is empty, too long, or names a review twice.

    """
    ids = desk_batch.require_sound(choices)
    sitting = Sitting.of(tx, rulebook, ids, now_us, moves_breakers=not undo_us)
    approving = Approving(sitting, decider, undo_us)
    results = desk_batch.each(sitting, choices, approving.approve)
    if made := desk_batch.to_write(results, fresh_only=fresh_only):
        approving.write()
    return desk_batch.told(tx, choices, results, done=made)


def reject_batch(
    tx: Connection,
    no: No,
    choices: Sequence[Choice],
    comments: Mapping[str, bytes | None],
    now_us: int,
    rulebook: Rulebook,
    *,
    fresh_only: bool = False,
) -> Batch:
    """Say no to an explicit list, each as the page showed it: to all of them, or to none.

    With `fresh_only` it is said to those that it can be said to. `comments` are sealed, by the
    ids of the reviews. Commit the transaction all the same, so that differences are kept.

    Raises:
        InvalidInput: the list is empty, too long, or names a review twice.

    """
    ids = desk_batch.require_sound(choices)
    rejecting = Rejecting.of(tx, rulebook, ids, no, now_us)
    results = desk_batch.each(rejecting.sitting, choices, rejecting.reject_as_seen)
    if made := desk_batch.to_write(results, fresh_only=fresh_only):
        rejecting.write(comments)
    return desk_batch.told(tx, choices, results, done=made)
