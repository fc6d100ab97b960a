"""Events that wait for their predecessor.

They are in the log, and the fold tries them again whenever an earlier event arrives; so nothing
here decides what is true. It only keeps a deadline, after which a person is told: the event goes
to quarantine with the reason, and leaves it by itself should its predecessor come after all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, select, update

from makegood.domain.entities import EntityKind
from makegood.events import quarantine
from makegood.events.log import LOG
from makegood.events.model import IngestContext, Waiting
from makegood.store.sql import among, insert, table
from makegood.store.tables.events import EventParked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from makegood.store.session import Store

PARKED: Final = table(EventParked)
_MEND: Final = "send the missing event, or discard this one"
_OF_ENTITIES: Final = select(PARKED).where(
    PARKED.c.entity_kind == bindparam("kind"),
    among(PARKED.c.entity_id, "ids"),
)


def waiting_of(tx: Connection, kind: EntityKind, ids: Sequence[str]) -> list[Waiting]:
    """Return what waits at these entities."""
    rows = tx.execute(_OF_ENTITIES, {"kind": kind.value, "ids": list(ids)})
    return [
        Waiting(row.seq, kind, row.entity_id, row.effective_us, row.hopeless, row.problem)
        for row in rows
    ]


def is_empty(tx: Connection) -> bool:
    """Say whether nothing waits anywhere."""
    return tx.execute(select(PARKED.c.seq).limit(1)).first() is None


def park(tx: Connection, waiting: Sequence[Waiting], context: IngestContext) -> dict[int, str]:
    """Park events, and quarantine the hopeless ones at once; return those ids by number."""
    now_us = context.clock.now_us()
    told = _quarantine(tx, [w for w in waiting if w.hopeless], context, quarantine.CONTRADICTION)
    insert(
        tx,
        PARKED,
        [
            {
                "seq": w.seq,
                "entity_kind": w.kind.value,
                "entity_id": w.entity_id,
                "effective_us": w.effective_us,
                "hopeless": w.hopeless,
                "problem": w.problem,
                "deadline_us": now_us + context.limits.park_us,
                "quarantine_id": told.get(w.seq, ""),
            }
            for w in waiting
        ],
    )
    return told


def release(tx: Connection, seqs: Sequence[int], context: IngestContext) -> None:
    """Let events go that have taken effect, and end their quarantine if they were in it."""
    if not seqs:
        return
    mine = PARKED.c.seq.in_(seqs)
    told = select(PARKED.c.quarantine_id).where(mine, PARKED.c.quarantine_id != "")
    for item in tx.execute(told).scalars().all():
        quarantine.resolve(tx, item, context, "it has taken effect")
    tx.execute(delete(PARKED).where(mine))


def expire(store: Store, context: IngestContext) -> int:
    """Quarantine the parked events whose deadline has passed; return how many."""
    now_us = context.clock.now_us()
    late = PARKED.c.deadline_us <= now_us
    query = select(PARKED).where(late, PARKED.c.quarantine_id == "").order_by(PARKED.c.seq)
    with store.write() as tx:
        overdue = [
            Waiting(
                row.seq,
                EntityKind(row.entity_kind),
                row.entity_id,
                row.effective_us,
                row.hopeless,
                row.problem,
            )
            for row in tx.execute(query.with_for_update())
        ]
        told = _quarantine(tx, overdue, context, quarantine.OVERDUE)
        for seq, item in told.items():
            tx.execute(update(PARKED).where(PARKED.c.seq == seq).values(quarantine_id=item))
    return len(overdue)


def park_again(tx: Connection, seq: int, context: IngestContext) -> bool:
    """Give a quarantined event of the log another deadline; False if it waits no longer."""
    deadline_us = context.clock.now_us() + context.limits.park_us
    again = update(PARKED).where(PARKED.c.seq == seq)
    return bool(tx.execute(again.values(deadline_us=deadline_us, quarantine_id="")).rowcount)


def _quarantine(
    tx: Connection, waiting: Sequence[Waiting], context: IngestContext, reason: str
) -> dict[int, str]:
    if not waiting:
        return {}
    query = select(LOG.c.seq, LOG.c.source, LOG.c.event_id, LOG.c.type, LOG.c.person_id)
    rows: dict[int, Any] = {
        row.seq: row for row in tx.execute(query.where(LOG.c.seq.in_([w.seq for w in waiting])))
    }
    items: list[quarantine.Item] = []
    for w in waiting:
        row = rows[w.seq]
        items.append(
            quarantine.Item(
                reason=reason,
                field="type",
                problem=w.problem,
                mend=_MEND,
                source=row.source,
                event_id=row.event_id,
                type=row.type,
                entity=f"{w.kind.value}/{w.entity_id}",
                event_seq=w.seq,
                person_id=row.person_id or "",
            )
        )
    return dict(zip((w.seq for w in waiting), quarantine.add(tx, items, context), strict=True))
