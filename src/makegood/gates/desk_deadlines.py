"""Deadlines: a hold that waits long warns, climbs the ladder, and expires; it never approves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, select

from makegood.clock import MINUTE
from makegood.domain.authority import (
    WAITING_REVIEWS,
    ActionStatus,
    ObligationStatus,
    ReviewStatus,
)
from makegood.gates import review_records
from makegood.gates.review_items import REVIEW, get
from makegood.ledger.entries import SYSTEM
from makegood.ledger.kinds import EntryKind

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from makegood.domain.policy import Policies


@dataclass(frozen=True, slots=True)
class Due:
    """The ids of reviews that were warned of, escalated and expired."""

    warned: tuple[str, ...]
    escalated: tuple[str, ...]
    expired: tuple[str, ...]

    @property
    def steps(self) -> int:
        """How many steps there were."""
        return len(self.warned) + len(self.escalated) + len(self.expired)


def look_at_deadlines(tx: Connection, now_us: int, policies: Policies) -> Due:
    """Take every step that is due: end first, so that what expired is not warned of as well."""
    expired = expire_due(tx, now_us)
    return Due(
        warned=tuple(_warn(tx, now_us, policies)),
        escalated=tuple(_escalate(tx, now_us, policies)),
        expired=tuple(expired),
    )


def expire_due(tx: Connection, now_us: int) -> list[str]:
    """End reviews whose deadline has passed without a decision; return their ids."""
    ids = _waiting(tx, REVIEW.c.deadline_us <= now_us)
    for review_id in ids:
        review = get(tx, review_id)
        review_records.end(tx, review, ReviewStatus.EXPIRED, now_us)
        review_records.end_action(
            tx, [review.action_id], ActionStatus.EXPIRED, ObligationStatus.RELEASED
        )
        review_records.record(tx, EntryKind.REVIEW_EXPIRED, review, SYSTEM, now_us, {})
    return ids


def _warn(tx: Connection, now_us: int, policies: Policies) -> list[str]:
    deadline = policies.approvals.deadline
    since = _reached(now_us, deadline.warn_minutes, policies)
    ids = _waiting(tx, and_(since, REVIEW.c.warned_us.is_(None)))
    for review_id in ids:
        review = get(tx, review_id)
        review_records.update(tx, review_id, {"warned_us": now_us})
        body = {"deadline_us": review.deadline_us}
        review_records.record(tx, EntryKind.REVIEW_WARNED, review, SYSTEM, now_us, body)
    return ids


def _escalate(tx: Connection, now_us: int, policies: Policies) -> list[str]:
    """Let each hold climb as far as its time has come; a rung that a person took it up counts."""
    done: list[str] = []
    ladder = policies.approvals.deadline.ladder
    for height, rung in reversed(list(enumerate(ladder, 1))):
        since = _reached(now_us, rung.after_minutes, policies)
        for review_id in _waiting(tx, and_(since, REVIEW.c.level < height)):
            review = get(tx, review_id)
            review_records.climb(tx, review, height - review.level, policies)
            body = {"level": height, "tell": list(rung.tell)}
            review_records.record(tx, EntryKind.REVIEW_ESCALATED, review, SYSTEM, now_us, body)
            done.append(review_id)
    return done


def _reached(now_us: int, minutes: int, policies: Policies) -> ColumnElement[bool]:
    """Return the condition that a review has waited so long, reckoned from its deadline."""
    left = policies.approvals.deadline.expire_minutes - minutes
    return REVIEW.c.deadline_us <= now_us + left * MINUTE


def _waiting(tx: Connection, which: ColumnElement[bool]) -> list[str]:
    waits = and_(REVIEW.c.status.in_(list(WAITING_REVIEWS)), which)
    query = select(REVIEW.c.id).where(waits).order_by(REVIEW.c.id).with_for_update()
    return list(tx.execute(query).scalars())
