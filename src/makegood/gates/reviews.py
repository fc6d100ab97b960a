"""Reviews: what waits for people, and what they decide.

A review binds the action's digest and the fingerprint of what it stands on; a decision names
both, as the page showed them (`seen`). If either has moved, nothing is approved and the review
asks again with what is true now. Two reviewers race on the review's row, and one of them wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from makegood.domain.authority import ActionStatus, ObligationStatus, ReviewStatus
from makegood.errors import Conflict, NotAllowed
from makegood.gates import (
    rejections,
    review_authority,
    review_limits,
    review_records,
    review_settling,
    velocity,
)
from makegood.gates.desk_batch import approve_all
from makegood.gates.desk_claims import claim, escalate, release
from makegood.gates.desk_deadlines import Due, expire_due, look_at_deadlines
from makegood.gates.desk_notes import Note, NoteKind, answer, ask, notes
from makegood.gates.review_edits import edit
from makegood.gates.review_items import (
    ReviewItem,
    decided,
    get,
    of_run,
    queue,
    some,
)
from makegood.gates.review_settling import ask_again
from makegood.gates.review_types import Approval, Batch, BatchResult, Choice, Decider, Reason
from makegood.gates.review_undo import finish_due, is_due, undo
from makegood.ledger.kinds import EntryKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from makegood.domain.policy import Policies

__all__ = [
    "Approval",
    "Batch",
    "BatchResult",
    "Choice",
    "Decider",
    "Due",
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
    policies: Policies,
    undo_us: int = 0,
) -> Approval:
    """Approve what the reviewer saw; the grant is written in this same transaction.

    With `undo_us` it is only written after that time, by `finish_due`, unless the person takes
    the approval back before. A review whose facts have moved is not approved: it asks again and
    the answer says STALE, or VOID where policy calls the change material (commit the transaction
    all the same, so that the difference is kept).

    Raises:
        NotFound: there is no such review.
        Conflict: it was decided already, its deadline has passed, somebody else has taken it, or
            its obligation is settled.
        NotAllowed: policy does not let this person decide it.

    """
    review = review_settling.lock_one(tx, review_id)
    review_authority.require_waiting(tx, review, now_us)
    review_authority.require_unclaimed(tx, review, decider, now_us)
    owed = review_settling.owed_by(tx, review)
    deciders = review_authority.require(tx, review, decider, policies, now_us)
    if rejections.stands(tx, review.action):
        raise Conflict(f"a person said no to a {review.action.kind} here for {review.action.cause}")
    rules, subject = policies.breakers.velocity, velocity.Subject(review.action, review.agent)
    velocity.require_passage(tx, rules, subject, now_us)
    if seen != review.seen or review_records.moved(tx, review, now_us, policies.digest()):
        return _not_as_seen(tx, review, policies, now_us)
    if review.changed and (why := _void(tx, review, policies, now_us)):
        return Approval(review_id, ReviewStatus.VOID, "", why)
    if deciders > 1 and not review_authority.first_yes(tx, review):
        return _first_of_two(tx, review, decider, now_us)
    if deciders > 1 and review.first_by == decider.person_id:
        raise NotAllowed("you approved it already; a second person must approve it too")
    review_limits.note(tx, review.action_id, review.action, policies.approvals.limits, now_us)
    if undo_us > 0:
        review_settling.require_free(tx, review, owed)
        return _begin_window(tx, review, decider, now_us, now_us + undo_us)
    review_settling.take_obligation(tx, review, owed, now_us)
    review_records.end(tx, review, ReviewStatus.APPROVED, now_us, decided_by=decider.person_id)
    grant_id = review_settling.grant(tx, review, decider.person_id, now_us, policies)
    return Approval(review_id, ReviewStatus.APPROVED, grant_id, "")


def reject(
    tx: Connection,
    review_id: str,
    decider: Decider,
    reason: Reason,
    comment: bytes | None,
    now_us: int,
    policies: Policies,
) -> None:
    """Say no, finally, for (kind, entity, cause); other holds of the same are superseded.

    `comment` is a person's free text, already sealed.

    Raises:
        NotFound: there is no such review.
        Conflict: it was decided already, its deadline has passed, or somebody else has taken it.
        NotAllowed: policy does not let this person decide it.

    """
    review = review_settling.lock_same(tx, review_id)
    review_authority.require_waiting(tx, review, now_us)
    review_authority.require_unclaimed(tx, review, decider, now_us)
    review_authority.require_role(review, decider, policies)
    said = {"decided_by": decider.person_id, "reason": reason, "comment": comment}
    review_records.end(tx, review, ReviewStatus.REJECTED, now_us, **said)
    rejections.record(tx, review.action, review.action_id, now_us)
    review_records.end_action(
        tx, [review.action_id], ActionStatus.REJECTED, ObligationStatus.REJECTED
    )
    subject = velocity.Subject(review.action, review.agent)
    velocity.note_decision(tx, policies.breakers.velocity, subject, now_us, rejected=True)
    body = {"reason": reason, "comment_sealed": comment is not None}
    _record(tx, EntryKind.REVIEW_REJECTED, review, decider, now_us, body)
    review_settling.supersede_same(tx, review, now_us)


def batch(
    tx: Connection,
    decider: Decider,
    choices: Sequence[Choice],
    now_us: int,
    policies: Policies,
    *,
    fresh_only: bool = False,
    undo_us: int = 0,
) -> Batch:
    """Approve an explicit list, each as the page showed it: all of them, or none.

    With `fresh_only` those that can be approved are, and the others are left. Each answer says
    how its hold fared; commit the transaction all the same, so that differences are kept.
    """

    def one(choice: Choice) -> Approval:
        return approve(tx, choice.review_id, decider, choice.seen, now_us, policies, undo_us)

    return approve_all(tx, choices, one, now_us, policies, fresh_only=fresh_only)


def _not_as_seen(tx: Connection, review: ReviewItem, policies: Policies, now_us: int) -> Approval:
    if why := _void(tx, review, policies, now_us):
        return Approval(review.id, ReviewStatus.VOID, "", why)
    return Approval(review.id, ReviewStatus.STALE, "", _stale_text(review, get(tx, review.id)))


def _void(tx: Connection, review: ReviewItem, policies: Policies, now_us: int) -> str:
    return review_records.void_if_material(tx, review.id, policies, now_us)


def _first_of_two(tx: Connection, review: ReviewItem, decider: Decider, now_us: int) -> Approval:
    released = {"claimed_by": "", "claimed_until_us": None}
    review_records.update(tx, review.id, {"first_by": decider.person_id, **released})
    _record(tx, EntryKind.REVIEW_SECONDED, review, decider, now_us, {"digest": review.digest})
    detail = "a second person must approve it too"
    return Approval(review.id, ReviewStatus.OPEN, "", detail)


def _begin_window(
    tx: Connection, review: ReviewItem, decider: Decider, now_us: int, until_us: int
) -> Approval:
    window = {"decided_by": decider.person_id, "approving_until_us": until_us}
    review_records.end(tx, review, ReviewStatus.APPROVING, now_us, **window)
    body = {"until_us": until_us, "digest": review.digest}
    _record(tx, EntryKind.REVIEW_APPROVING, review, decider, now_us, body)
    return Approval(review.id, ReviewStatus.APPROVING, "", "")


def _stale_text(was: ReviewItem, review: ReviewItem) -> str:
    moved = [f"{fact} of {ref} was {then}, is {now}" for ref, fact, then, now in review.changed]
    if was.policy_digest != review.policy_digest:
        moved.append("the policies are others than when it was held")
    return "; ".join(moved) or "it is not what the page showed; look again"


def _record(
    tx: Connection,
    kind: EntryKind,
    review: ReviewItem,
    decider: Decider,
    now_us: int,
    body: dict[str, Any],
) -> None:
    review_records.record(tx, kind, review, decider.person_id, now_us, body)
