"""What deciding a review locks, and what follows: other holds of the same, and asking again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from makegood.domain.authority import (
    PENDING_REVIEWS,
    ActionStatus,
    ObligationStatus,
    ReviewStatus,
)
from makegood.gates import counters, obligations, rejections, review_records
from makegood.gates.review_items import ACTION, REVIEW, ReviewItem, get, some
from makegood.ledger.entries import SYSTEM, about
from makegood.ledger.kinds import EntryKind
from makegood.store import tables
from makegood.store.sql import among, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from makegood.domain.actions import Action
    from makegood.gates.obligations import Owed

OBLIGATION = table(tables.authority.Obligation)
_LOCK: Final = (
    select(REVIEW.c.id).where(among(REVIEW.c.id, "ids")).order_by(REVIEW.c.id).with_for_update()
)
_OWED: Final = (
    select(ACTION.c.obligation_id)
    .select_from(ACTION.join(REVIEW, REVIEW.c.action_id == ACTION.c.id))
    .where(among(REVIEW.c.id, "ids"))
)
_OWNERS: Final = select(REVIEW.c.id).where(
    REVIEW.c.action_id.in_(select(OBLIGATION.c.action_id).where(OBLIGATION.c.id.in_(_OWED))),
    REVIEW.c.status.in_(list(PENDING_REVIEWS)),
)
_SAME: Final = (
    select(REVIEW.c.id, ACTION.c.kind, ACTION.c.order_id, ACTION.c.entity, ACTION.c.cause)
    .join(ACTION, ACTION.c.id == REVIEW.c.action_id)
    .where(REVIEW.c.status.in_(list(PENDING_REVIEWS)))
)
# Two statements, because no database goes by two indexes where there is an `or`.
_OF_ORDERS: Final = _SAME.where(among(ACTION.c.order_id, "refs"))
_OF_ENTITIES: Final = _SAME.where(among(ACTION.c.entity, "refs"))


def lock(tx: Connection, review_ids: Sequence[str]) -> list[ReviewItem]:
    """Lock reviews and what they would settle; return those there are, hub by hub.

    Everybody locks reviews by id, then obligations, then counters, and only then writes the
    ledger: so two who do much at once cannot block each other for ever. A hold that owns what one
    of these would settle is locked with them, because it is superseded if that one is approved.
    """
    return lock_owed(tx, review_ids)[0]


def lock_owed(
    tx: Connection, review_ids: Sequence[str]
) -> tuple[list[ReviewItem], dict[str, Owed]]:
    """Do as `lock` does, and return what the reviews would settle as well, by its ids."""
    tx.execute(_LOCK, {"ids": sorted({*review_ids, *_owners(tx, review_ids)})}).all()
    found = sorted(some(tx, review_ids), key=lambda review: (review.hub_id, review.id))
    return found, obligations.load(tx, sorted({review.obligation_id for review in found}))


def lock_one(tx: Connection, review_id: str) -> ReviewItem:
    """Lock one review as `lock` does; raise NotFound when there is none of that id."""
    lock(tx, [review_id])
    return get(tx, review_id)


def _owners(tx: Connection, review_ids: Sequence[str]) -> list[str]:
    """Return the reviews of the holds that own what some reviews would settle."""
    return list(tx.execute(_OWNERS, {"ids": list(review_ids)}).scalars())


def owed_by(tx: Connection, review: ReviewItem) -> Owed:
    """Return the obligation that a review's action would settle, locked."""
    return obligations.load(tx, [review.obligation_id])[review.obligation_id]


def same(tx: Connection, actions: Sequence[Action]) -> list[str]:
    """Return the pending holds that a no to some actions is final for, theirs among them.

    Sorted by id, as they are locked.
    """
    said_no = {rejections.about(action) for action in actions}
    orders = {"refs": sorted({action.order_id for action in actions})}
    entities = {"refs": sorted({str(action.entity) for action in actions})}
    rows = [*tx.execute(_OF_ORDERS, orders), *tx.execute(_OF_ENTITIES, entities)]
    return sorted({row.id for row in rows if rejections.about_row(row) in said_no})


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
