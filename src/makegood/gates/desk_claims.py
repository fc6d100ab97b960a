"""Taking a hold to look at, giving it back, and passing it up the ladder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from makegood.clock import MINUTE
from makegood.errors import Conflict, NotAllowed
from makegood.gates import review_authority, review_records
from makegood.gates.review_items import ReviewItem, get, get_locked
from makegood.ledger.kinds import EntryKind

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.domain.policy import Policies
    from makegood.gates.review_types import Decider


def claim(
    tx: Connection, review_id: str, decider: Decider, now_us: int, policies: Policies
) -> ReviewItem:
    """Take a hold, so that for policy's `claim_minutes` nobody else decides it; again renews it.

    Raises:
        NotFound: there is no such review.
        Conflict: it was decided already, or somebody else has it.
        NotAllowed: this person may not decide it, so they may not keep it from others.

    """
    review = get_locked(tx, review_id)
    review_authority.require_waiting(tx, review, now_us)
    review_authority.require_unclaimed(tx, review, decider, now_us)
    review_authority.require_role(review, decider, policies)
    if review.first_by == decider.person_id:
        raise NotAllowed("you approved it already; a second person must approve it too")
    until_us = min(now_us + policies.approvals.claim_minutes * MINUTE, review.deadline_us)
    mine = {"claimed_by": decider.person_id, "claimed_until_us": until_us}
    review_records.update(tx, review_id, mine)
    _record(tx, EntryKind.REVIEW_CLAIMED, review, decider, now_us, {"until_us": until_us})
    return get(tx, review_id)


def release(tx: Connection, review_id: str, decider: Decider, now_us: int) -> ReviewItem:
    """Give a hold back that this person had taken.

    Raises:
        NotFound: there is no such review.
        Conflict: this person does not have it.

    """
    review = get_locked(tx, review_id)
    review_authority.require_waiting(tx, review, now_us)
    if review.claimed_by != decider.person_id:
        raise Conflict(f"you have not taken review {review_id}")
    review_records.update(tx, review_id, {"claimed_by": "", "claimed_until_us": None})
    _record(tx, EntryKind.REVIEW_RELEASED, review, decider, now_us, {})
    return get(tx, review_id)


def escalate(
    tx: Connection, review_id: str, decider: Decider, now_us: int, policies: Policies
) -> ReviewItem:
    """Pass a hold one rung up the ladder; who does so leaves the decision to another person.

    Raises:
        NotFound: there is no such review.
        Conflict: it was decided already, somebody else has it, or it is at the top.
        NotAllowed: this person may not decide it.

    """
    review = get_locked(tx, review_id)
    review_authority.require_waiting(tx, review, now_us)
    review_authority.require_unclaimed(tx, review, decider, now_us)
    review_authority.require_role(review, decider, policies)
    ladder = policies.approvals.deadline.ladder
    if review.level >= len(ladder):
        raise Conflict(f"review {review_id} is at the top of the ladder")
    passed_on = " ".join(dict.fromkeys((*review.delegators, decider.person_id)))
    values = {"delegated_by": passed_on, "claimed_by": "", "claimed_until_us": None}
    if review.first_by == decider.person_id:
        # Who passes it on is none of the two who decide.
        values |= {"first_by": "", "first_roles": ""}
    review_records.climb(tx, review, 1, policies, **values)
    rung = ladder[review.level]
    body = {"level": review.level + 1, "tell": rung.tell, "deadline_us": review.deadline_us}
    _record(tx, EntryKind.REVIEW_ESCALATED, review, decider, now_us, body)
    return get(tx, review_id)


def _record(
    tx: Connection,
    kind: EntryKind,
    review: ReviewItem,
    decider: Decider,
    now_us: int,
    body: dict[str, Any],
) -> None:
    review_records.record(tx, kind, review, decider.person_id, now_us, body)
