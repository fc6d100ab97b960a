"""Reviews: what waits for people, and what they decide.

A review binds the action's digest and the fingerprint of what it stands on; a decision names
both, as the page showed them (`seen`). If either has moved, nothing is approved and the review
asks again with what is true now. Two reviewers race on the review's row, and one of them wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select

from makegood.clock import MINUTE, to_rfc3339
from makegood.domain.authority import (
    WAITING_REVIEWS,
    ActionStatus,
    GrantStatus,
    ObligationStatus,
    ReviewStatus,
)
from makegood.domain.canonical import derive_id
from makegood.errors import Conflict, NotAllowed
from makegood.gates import obligations, rejections, review_records
from makegood.gates.review_items import (
    ACTION,
    REVIEW,
    ReviewItem,
    decided,
    get,
    get_locked,
    of_run,
    queue,
)
from makegood.ledger.entries import SYSTEM
from makegood.ledger.kinds import EntryKind
from makegood.store import tables
from makegood.store.sql import insert, table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.domain.policy import Policies
    from makegood.domain.roles import Role

__all__ = [
    "Approval",
    "Decider",
    "Reason",
    "ReviewItem",
    "approve",
    "ask_again",
    "decided",
    "expire_due",
    "get",
    "of_run",
    "queue",
    "reject",
]

GRANT = table(tables.authority.Grant)


class Reason(StrEnum):
    """Why a person says no."""

    NOT_OWED = "not_owed"
    WRONG_AMOUNT = "wrong_amount"
    ALREADY_SETTLED = "already_settled"
    OTHER_REMEDY = "other_remedy"
    SUSPECTED_FRAUD = "suspected_fraud"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Decider:
    """The person who decides, with the roles they have now."""

    person_id: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Approval:
    """How an approval went: `grant_id` is empty where the review asks again or for a second."""

    review_id: str
    status: ReviewStatus
    grant_id: str
    detail: str


def approve(
    tx: Connection,
    review_id: str,
    decider: Decider,
    seen: str,
    now_us: int,
    policies: Policies,
) -> Approval:
    """Approve what the reviewer saw; the grant is written in this same transaction.

    A review whose facts have moved is not approved: it asks again, and the answer says STALE
    (commit the transaction all the same, so that the difference is kept).

    Raises:
        NotFound: there is no such review.
        Conflict: it was decided already, its deadline has passed, or its obligation is settled.
        NotAllowed: policy does not let this person decide it.

    """
    review = get_locked(tx, review_id)
    _require_waiting(review, now_us)
    deciders = _require_authority(review, decider, policies)
    if rejections.stands(tx, review.action):
        raise Conflict(f"a person said no to a {review.action.kind} here for {review.action.cause}")
    if seen != review.seen or review_records.moved(tx, review, now_us, policies.digest()):
        return Approval(review_id, ReviewStatus.STALE, "", _stale_text(review, get(tx, review_id)))
    if deciders > 1 and not review.first_by:
        review_records.update(tx, review_id, {"first_by": decider.person_id})
        detail = "a second person must approve it too"
        return Approval(review_id, ReviewStatus.OPEN, "", detail)
    if deciders > 1 and review.first_by == decider.person_id:
        raise NotAllowed("you approved it already; a second person must approve it too")
    _take_obligation(tx, review, now_us)
    review_records.update(tx, review_id, _decision(ReviewStatus.APPROVED, decider, now_us))
    grant_id = _grant(tx, review, decider, now_us, policies)
    body = {
        "grant_id": grant_id,
        "digest": review.digest,
        "fingerprint": review.fingerprint,
        "first_by": review.first_by,
    }
    review_records.record(tx, EntryKind.REVIEW_APPROVED, review, decider.person_id, now_us, body)
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
        Conflict: it was decided already, or its deadline has passed.
        NotAllowed: policy does not let this person decide it.

    """
    review = get_locked(tx, review_id)
    _require_waiting(review, now_us)
    _require_authority(review, decider, policies)
    values = _decision(ReviewStatus.REJECTED, decider, now_us)
    review_records.update(tx, review_id, values | {"reason": reason, "comment": comment})
    rejections.record(tx, review.action, review.action_id, now_us)
    review_records.end_action(
        tx, [review.action_id], ActionStatus.REJECTED, ObligationStatus.REJECTED
    )
    body = {"reason": reason, "comment_sealed": comment is not None}
    review_records.record(tx, EntryKind.REVIEW_REJECTED, review, decider.person_id, now_us, body)
    _supersede(tx, review, now_us)


def expire_due(tx: Connection, now_us: int) -> list[str]:
    """End reviews whose deadline has passed without a decision; return their ids."""
    due = and_(REVIEW.c.status.in_(list(WAITING_REVIEWS)), REVIEW.c.deadline_us <= now_us)
    query = select(REVIEW.c.id).where(due).order_by(REVIEW.c.id).with_for_update()
    ids = list(tx.execute(query).scalars())
    for review_id in ids:
        review = get(tx, review_id)
        review_records.update(tx, review_id, {"status": ReviewStatus.EXPIRED, "decided_us": now_us})
        review_records.end_action(
            tx, [review.action_id], ActionStatus.EXPIRED, ObligationStatus.RELEASED
        )
        review_records.record(tx, EntryKind.REVIEW_EXPIRED, review, SYSTEM, now_us, {})
    return ids


def ask_again(tx: Connection, action_id: str, why: str, now_us: int) -> bool:
    """Reopen the review of an approved action whose grant turned void; say whether there is one."""
    query = select(REVIEW.c.id).where(REVIEW.c.action_id == action_id).with_for_update()
    review_id = tx.execute(query).scalar_one_or_none()
    if review_id is None:
        return False
    review = get(tx, review_id)
    reopened = {
        "status": ReviewStatus.OPEN,
        "why": f"approved, but not carried out: {why}",
        "decided_by": "",
        "decided_us": None,
        "first_by": "",
        "deadline_us": max(review.deadline_us, now_us + (review.deadline_us - review.opened_us)),
    }
    review_records.update(tx, review_id, reopened)
    review_records.moved(tx, review, now_us)
    tx.execute(ACTION.update().where(ACTION.c.id == action_id).values(status=ActionStatus.HELD))
    return True


def _require_waiting(review: ReviewItem, now_us: int) -> None:
    if review.status not in WAITING_REVIEWS:
        by = f" by {review.decided_by}" if review.decided_by else ""
        at = f" at {to_rfc3339(review.decided_us)}" if review.decided_us is not None else ""
        raise Conflict(f"review {review.id} was {review.status}{by}{at}")
    if now_us >= review.deadline_us:
        raise Conflict(f"review {review.id} expired at {to_rfc3339(review.deadline_us)}")


def _require_authority(review: ReviewItem, decider: Decider, policies: Policies) -> int:
    money = review.action.money
    minor, currency = (money.minor, money.currency) if money else (None, "")
    rule = policies.approvals.rule_for(review.action.kind, minor, currency)
    if rule is None:
        raise NotAllowed(f"policy lets nobody decide a {review.action.kind} of {money}")
    if decider.roles.isdisjoint(rule.roles):
        wanted = " or ".join(rule.roles)
        raise NotAllowed(f"a {review.action.kind} of {money} is decided by a {wanted}")
    if decider.person_id == review.agent:
        raise NotAllowed("nobody approves their own request")
    return rule.deciders


def _stale_text(was: ReviewItem, review: ReviewItem) -> str:
    moved = [f"{fact} of {ref} was {then}, is {now}" for ref, fact, then, now in review.changed]
    if was.policy_digest != review.policy_digest:
        moved.append("the policies are others than when it was held")
    return "; ".join(moved) or "it is not what the page showed; look again"


def _take_obligation(tx: Connection, review: ReviewItem, now_us: int) -> None:
    owed = obligations.load(tx, [review.obligation_id])[review.obligation_id]
    money = review.action.money
    if owed.status is ObligationStatus.RELEASED:
        obligations.take_over(tx, owed, review.action_id, review.digest, money)
        return
    if owed.status is not ObligationStatus.OPEN:
        raise Conflict(f"what it would settle is {owed.status} already, by {owed.action_id}")
    if owed.action_id == review.action_id:
        return
    status = tx.execute(
        select(ACTION.c.status).where(ACTION.c.id == owed.action_id).with_for_update()
    ).scalar_one()
    if status != ActionStatus.HELD:
        raise Conflict(f"{owed.action_id} settles the same, and is {status}")
    obligations.take_over(tx, owed, review.action_id, review.digest, money)
    other = get(tx, derive_id("rev", owed.action_id))
    _supersede_one(tx, other, review.id, now_us)


def _grant(
    tx: Connection, review: ReviewItem, decider: Decider, now_us: int, policies: Policies
) -> str:
    grant_id = derive_id("grt", review.id, review.version)
    row = {
        "id": grant_id,
        "action_id": review.action_id,
        "obligation_id": review.obligation_id,
        "digest": review.digest,
        "policy_digest": policies.digest(),
        "fingerprint": review.fingerprint,
        "status": GrantStatus.UNSPENT,
        "given_by": decider.person_id,
        "granted_us": now_us,
        "expires_us": now_us + policies.approvals.grant_minutes * MINUTE,
    }
    insert(tx, GRANT, [row])
    change = ACTION.update().where(ACTION.c.id == review.action_id)
    tx.execute(change.values(status=ActionStatus.GRANTED))
    return grant_id


def _supersede(tx: Connection, rejected: ReviewItem, now_us: int) -> None:
    action = rejected.action
    mine = (
        ACTION.c.order_id == action.order_id
        if action.facts.money_out
        else ACTION.c.entity == str(action.entity)
    )
    same = and_(
        REVIEW.c.status.in_(list(WAITING_REVIEWS)),
        ACTION.c.kind == action.kind,
        ACTION.c.cause == action.cause,
        mine,
    )
    query = select(REVIEW.c.id).join(ACTION, ACTION.c.id == REVIEW.c.action_id).where(same)
    for review_id in tx.execute(query.order_by(REVIEW.c.id)).scalars().all():
        _supersede_one(tx, get_locked(tx, review_id), rejected.id, now_us)


def _supersede_one(tx: Connection, review: ReviewItem, by: str, now_us: int) -> None:
    review_records.update(tx, review.id, {"status": ReviewStatus.SUPERSEDED, "decided_us": now_us})
    review_records.end_action(
        tx, [review.action_id], ActionStatus.SUPERSEDED, ObligationStatus.REJECTED
    )
    review_records.record(tx, EntryKind.REVIEW_SUPERSEDED, review, SYSTEM, now_us, {"by": by})


def _decision(status: ReviewStatus, decider: Decider, now_us: int) -> dict[str, Any]:
    return {"status": status, "decided_by": decider.person_id, "decided_us": now_us}
