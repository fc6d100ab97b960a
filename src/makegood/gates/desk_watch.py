"""The live mark: holds whose facts move turn stale at once, and not only when somebody decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, select, union

from makegood.domain.authority import WAITING_REVIEWS, ActionStatus
from makegood.events.log import LOG
from makegood.gates import review_records, review_settling
from makegood.gates.review_items import ACTION, REVIEW
from makegood.store.sql import among

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from makegood.domain.policy import Policies

MOST_EVENTS: Final = 5_000
AT_ONCE: Final = 200
"""How many holds are looked at in one transaction, so that other writers wait for moments only."""
_WAITING: Final = (
    select(REVIEW.c.id).where(REVIEW.c.status.in_(list(WAITING_REVIEWS))).order_by(REVIEW.c.id)
)
# Two statements in one, because no database goes by two indexes where there is an `or`.
_STANDING: Final = union(
    *(
        select(ACTION.c.id).where(among(column, "refs"), ACTION.c.status == ActionStatus.HELD)
        for column in (ACTION.c.entity, ACTION.c.resource)
    )
)
_OF_ACTIONS: Final = _WAITING.where(among(REVIEW.c.action_id, "actions"))
_SINCE: Final = (
    select(LOG.c.seq, LOG.c.entity_kind, LOG.c.entity_id)
    .where(LOG.c.seq > bindparam("seq"))
    .order_by(LOG.c.seq)
    .limit(MOST_EVENTS)
)


def newest_event(tx: Connection) -> int:
    """Return the number of the newest event, 0 where there is none."""
    return tx.execute(select(func.max(LOG.c.seq))).scalar_one() or 0


def waiting(tx: Connection) -> list[str]:
    """Return the ids of all holds that wait, to look at after a start."""
    return list(tx.execute(_WAITING).scalars())


def touched_since(tx: Connection, seq: int) -> tuple[int, list[str]]:
    """Return the number of the last event looked at, and the holds that events since may touch."""
    rows = tx.execute(_SINCE, {"seq": seq}).all()
    if not rows:
        return seq, []
    refs = sorted({f"{row.entity_kind}/{row.entity_id}" for row in rows})
    actions = list(tx.execute(_STANDING, {"refs": refs}).scalars())
    ids = tx.execute(_OF_ACTIONS, {"actions": actions}).scalars() if actions else ()
    return rows[-1].seq, list(ids)


def mark(tx: Connection, review_ids: Sequence[str], now_us: int, policies: Policies) -> list[str]:
    """Look at holds again; return those that turned stale, or void where it is material."""
    marked: list[str] = []
    for review in review_settling.lock(tx, review_ids):
        if review.status not in WAITING_REVIEWS:
            continue
        if review_records.moved(tx, review, now_us, policies.digest()):
            marked.append(review.id)
            review_records.void_if_material(tx, review.id, policies, now_us)
    return marked
