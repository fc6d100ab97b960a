"""What follows a decision: the grant, the obligation, other holds of the same, and asking again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, select

from makegood.clock import MINUTE
from makegood.domain.authority import (
    PENDING_REVIEWS,
    ActionStatus,
    GrantStatus,
    ObligationStatus,
    ReviewStatus,
)
from makegood.domain.canonical import derive_id
from makegood.errors import Conflict
from makegood.gates import counters, obligations, review_limits, review_records, velocity
from makegood.gates.review_items import ACTION, REVIEW, ReviewItem, get, get_locked, some
from makegood.ledger.entries import SYSTEM, about
from makegood.ledger.kinds import EntryKind
from makegood.store import tables
from makegood.store.sql import insert, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from makegood.domain.actions import Action
    from makegood.domain.policy import Policies
    from makegood.gates.obligations import Owed

GRANT = table(tables.authority.Grant)
OBLIGATION = table(tables.authority.Obligation)


def lock(tx: Connection, review_ids: Sequence[str]) -> list[ReviewItem]:
    """Lock reviews and what they would settle; return those there are, hub by hub.

    Everybody locks reviews by id, then obligations, then counters, and only then writes the
    ledger: so two who do much at once cannot block each other for ever. A hold that owns what one
    of these would settle is locked with them, because it is superseded if that one is approved.
    """
    everyone = sorted({*review_ids, *_owners(tx, review_ids)})
    query = select(REVIEW.c.id).where(REVIEW.c.id.in_(everyone)).order_by(REVIEW.c.id)
    tx.execute(query.with_for_update()).all()
    found = sorted(some(tx, review_ids), key=lambda review: (review.hub_id, review.id))
    obligations.load(tx, sorted({review.obligation_id for review in found}))
    return found


def lock_one(tx: Connection, review_id: str) -> ReviewItem:
    """Lock one review as `lock` does; raise NotFound when there is none of that id."""
    lock(tx, [review_id])
    return get(tx, review_id)


def lock_all(
    tx: Connection, review_ids: Sequence[str], policies: Policies, now_us: int
) -> list[ReviewItem]:
    """Lock all that deciding several reviews touches, counters too; return those there are."""
    found = lock(tx, review_ids)
    actions = [review.action for review in found]
    review_limits.lock(tx, actions, policies.approvals.limits, now_us)
    return found


def _owners(tx: Connection, review_ids: Sequence[str]) -> list[str]:
    """Return the reviews of the holds that own what some reviews would settle."""
    own = ACTION.join(REVIEW, REVIEW.c.action_id == ACTION.c.id)
    mine = select(ACTION.c.obligation_id).select_from(own).where(REVIEW.c.id.in_(list(review_ids)))
    owners = select(OBLIGATION.c.action_id).where(OBLIGATION.c.id.in_(mine))
    pending = REVIEW.c.status.in_(list(PENDING_REVIEWS))
    query = select(REVIEW.c.id).where(REVIEW.c.action_id.in_(owners), pending)
    return list(tx.execute(query).scalars())


def owed_by(tx: Connection, review: ReviewItem) -> Owed:
    """Return the obligation that a review's action would settle, locked."""
    return obligations.load(tx, [review.obligation_id])[review.obligation_id]


def require_free(tx: Connection, review: ReviewItem, owed: Owed) -> bool:
    """Say whether an action owns its obligation; raise Conflict where another settles it."""
    if owed.status is ObligationStatus.RELEASED:
        return False
    if owed.status is not ObligationStatus.OPEN:
        raise Conflict(f"what it would settle is {owed.status} already, by {owed.action_id}")
    if owed.action_id == review.action_id:
        return True
    query = select(ACTION.c.status).where(ACTION.c.id == owed.action_id).with_for_update()
    status = tx.execute(query).scalar_one()
    if status != ActionStatus.HELD:
        raise Conflict(f"{owed.action_id} settles the same, and is {status}")
    return False


def take_obligation(tx: Connection, review: ReviewItem, owed: Owed, now_us: int) -> None:
    """Make an action the owner of its obligation; a hold that owned it is superseded.

    Raises:
        Conflict: it is settled, or another action is settling it.

    """
    if require_free(tx, review, owed):
        return
    obligations.take_over(tx, owed, review.action_id, review.digest, review.action.money)
    if owed.status is ObligationStatus.OPEN:
        other = get(tx, derive_id("rev", owed.action_id))
        supersede(tx, other, review.id, now_us)


def grant(
    tx: Connection, review: ReviewItem, given_by: str, now_us: int, policies: Policies
) -> str:
    """Write the grant of an approved action; return its id."""
    grant_id = derive_id("grt", review.id, review.version)
    row = {
        "id": grant_id,
        "action_id": review.action_id,
        "obligation_id": review.obligation_id,
        "digest": review.digest,
        "policy_digest": policies.digest(),
        "fingerprint": review.fingerprint,
        "status": GrantStatus.UNSPENT,
        "given_by": given_by,
        "granted_us": now_us,
        "expires_us": now_us + policies.approvals.grant_minutes * MINUTE,
    }
    insert(tx, GRANT, [row])
    subject = velocity.Subject(review.action, review.agent)
    velocity.note_decision(tx, policies.breakers.velocity, subject, now_us, rejected=False)
    change = ACTION.update().where(ACTION.c.id == review.action_id)
    tx.execute(change.values(status=ActionStatus.GRANTED))
    body = {
        "grant_id": grant_id,
        "digest": review.digest,
        "fingerprint": review.fingerprint,
        "first_by": review.first_by,
    }
    review_records.record(tx, EntryKind.REVIEW_APPROVED, review, given_by, now_us, body)
    return grant_id


def lock_same(tx: Connection, review_id: str) -> ReviewItem:
    """Lock a review together with the other holds of the same, which a no to it ends.

    Raises:
        NotFound: there is no such review.

    """
    same = _same(tx, get(tx, review_id).action)
    lock(tx, [review_id, *same])
    return get(tx, review_id)


def supersede_same(tx: Connection, rejected: ReviewItem, now_us: int) -> None:
    """End the other holds of what a person just said no to."""
    for review_id in _same(tx, rejected.action):
        supersede(tx, get_locked(tx, review_id), rejected.id, now_us)


def _same(tx: Connection, action: Action) -> list[str]:
    """Return the holds of the same kind and cause for the same entity."""
    mine = (
        ACTION.c.order_id == action.order_id
        if action.facts.money_out
        else ACTION.c.entity == str(action.entity)
    )
    same = and_(
        REVIEW.c.status.in_(list(PENDING_REVIEWS)),
        ACTION.c.kind == action.kind,
        ACTION.c.cause == action.cause,
        mine,
    )
    query = select(REVIEW.c.id).join(ACTION, ACTION.c.id == REVIEW.c.action_id).where(same)
    return list(tx.execute(query.order_by(REVIEW.c.id)).scalars())


def supersede(tx: Connection, review: ReviewItem, by: str, now_us: int) -> None:
    """End a hold that another one made needless."""
    review_records.end(tx, review, ReviewStatus.SUPERSEDED, now_us, replaced_by=by)
    review_records.end_action(
        tx, [review.action_id], ActionStatus.SUPERSEDED, ObligationStatus.REJECTED
    )
    review_records.record(tx, EntryKind.REVIEW_SUPERSEDED, review, SYSTEM, now_us, {"by": by})


def ask_again(tx: Connection, action_id: str, why: str, now_us: int) -> bool:
    """Reopen the review of an approved action whose grant turned void; say whether there is one."""
    query = select(REVIEW.c.id).where(REVIEW.c.action_id == action_id).with_for_update()
    review_id = tx.execute(query).scalar_one_or_none()
    if review_id is None:
        return False
    review = get(tx, review_id)
    deadline_us = max(review.deadline_us, now_us + _given_us(tx, review))
    later = {
        "first_by": "",
        "deadline_us": deadline_us,
        "priority": review.priority + (deadline_us - review.deadline_us),
        "warned_us": None,
    }
    reopen(tx, review, f"approved, but not carried out: {why}", **later)
    body = {"approved_by": review.decided_by}
    review_records.record(tx, EntryKind.REVIEW_REOPENED, review, SYSTEM, now_us, body)
    review_records.moved(tx, review, now_us)
    tx.execute(ACTION.update().where(ACTION.c.id == action_id).values(status=ActionStatus.HELD))
    return True


def _given_us(tx: Connection, review: ReviewItem) -> int:
    """Return how long people had for a review when it was opened.

    The review itself does not say so any more: its deadline moves each time that it asks again.
    """
    opened = [e for e in about(tx, review.id) if e.kind is EntryKind.REVIEW_OPENED]
    if not opened:
        return review.deadline_us - review.opened_us
    return int(opened[0].body["deadline_us"]) - opened[0].at_us


def reopen(tx: Connection, review: ReviewItem, why: str, **more: str | int | None) -> None:
    """Let a review wait again; what its approval had reserved is given back."""
    counters.release(tx, [review.action_id])
    reopened = {
        "status": ReviewStatus.OPEN,
        "why": why,
        "decided_by": "",
        "decided_us": None,
        "approving_until_us": None,
    }
    review_records.update(tx, review.id, reopened | more)
