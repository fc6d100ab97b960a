"""Deadlines: a hold that waits long warns, climbs the ladder, and expires; it never approves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select

from makegood.clock import MINUTE
from makegood.domain.authority import (
    WAITING_REVIEWS,
    ActionStatus,
    ObligationStatus,
    ReviewStatus,
)
from makegood.gates import review_records, review_settling
from makegood.gates.desk_watch import AT_ONCE
from makegood.gates.review_items import REVIEW
from makegood.ledger.entries import SYSTEM
from makegood.ledger.kinds import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

    from makegood.domain.policy import Policies
    from makegood.gates.review_items import ReviewItem


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
    """Take the steps that are due on up to `AT_ONCE` holds; call it again until there are none.

    What expires is not warned of as well.
    """
    found = _waiting(tx, _any_due(now_us, policies))
    expired = [review for review in found if review.deadline_us <= now_us]
    waits = [review for review in found if review.deadline_us > now_us]
    return Due(
        expired=tuple(_expire(tx, review, now_us) for review in expired),
        warned=tuple(_warn(tx, waits, now_us, policies)),
        escalated=tuple(_escalate(tx, waits, now_us, policies)),
    )


def expire_due(tx: Connection, now_us: int) -> list[str]:
    """End up to `AT_ONCE` reviews whose deadline passed without a decision; return their ids."""
    due = _waiting(tx, REVIEW.c.deadline_us <= now_us)
    return [_expire(tx, review, now_us) for review in due]


def _expire(tx: Connection, review: ReviewItem, now_us: int) -> str:
    review_records.end(tx, review, ReviewStatus.EXPIRED, now_us)
    review_records.end_action(
        tx, [review.action_id], ActionStatus.EXPIRED, ObligationStatus.RELEASED
    )
    review_records.record(tx, EntryKind.REVIEW_EXPIRED, review, SYSTEM, now_us, {})
    return review.id


def _warn(
    tx: Connection, waits: Sequence[ReviewItem], now_us: int, policies: Policies
) -> Iterator[str]:
    by_us = _by_us(now_us, policies.approvals.deadline.warn_minutes, policies)
    for review in waits:
        if review.warned_us is not None or review.deadline_us > by_us:
            continue
        review_records.update(tx, review.id, {"warned_us": now_us})
        body = {"deadline_us": review.deadline_us}
        review_records.record(tx, EntryKind.REVIEW_WARNED, review, SYSTEM, now_us, body)
        yield review.id


def _escalate(
    tx: Connection, waits: Sequence[ReviewItem], now_us: int, policies: Policies
) -> Iterator[str]:
    """Let each hold climb as far as its time has come; a rung that a person took it up counts."""
    ladder = policies.approvals.deadline.ladder
    for review in waits:
        for height, rung in reversed(list(enumerate(ladder, 1))):
            by_us = _by_us(now_us, rung.after_minutes, policies)
            if review.level < height and review.deadline_us <= by_us:
                review_records.climb(tx, review, height - review.level, policies)
                body = {"level": height, "tell": rung.tell, "deadline_us": review.deadline_us}
                record = review_records.record
                record(tx, EntryKind.REVIEW_ESCALATED, review, SYSTEM, now_us, body)
                yield review.id
                break


def _by_us(now_us: int, minutes: int, policies: Policies) -> int:
    """Return the latest deadline of a review that has waited so long."""
    return now_us + (policies.approvals.deadline.expire_minutes - minutes) * MINUTE


def _any_due(now_us: int, policies: Policies) -> ColumnElement[bool]:
    deadline = policies.approvals.deadline
    by_us = _by_us(now_us, deadline.warn_minutes, policies)
    rungs = (
        and_(
            REVIEW.c.level < height,
            REVIEW.c.deadline_us <= _by_us(now_us, rung.after_minutes, policies),
        )
        for height, rung in enumerate(deadline.ladder, 1)
    )
    return or_(
        REVIEW.c.deadline_us <= now_us,
        and_(REVIEW.c.warned_us.is_(None), REVIEW.c.deadline_us <= by_us),
        *rungs,
    )


def _waiting(tx: Connection, which: ColumnElement[bool]) -> list[ReviewItem]:
    """Return holds that wait and are due, locked before anything is written."""
    waits = and_(REVIEW.c.status.in_(list(WAITING_REVIEWS)), which)
    query = select(REVIEW.c.id).where(waits).order_by(REVIEW.c.deadline_us, REVIEW.c.id)
    ids = tx.execute(query.limit(AT_ONCE)).scalars().all()
    found = review_settling.lock(tx, ids)
    # Decided in the moment before they were locked, they do not wait any more.
    return [review for review in found if review.status in WAITING_REVIEWS]
