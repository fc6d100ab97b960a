"""Events that were set aside, with the reason, until a person requeues or discards them.

What came in is kept sealed under a key of its own, because it may hold anything. An item's id
follows from an HMAC of what came in, so that the same broken event sent again is one item.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, select

from makegood.domain.canonical import derive_id
from makegood.errors import Conflict, NotFound
from makegood.ledger.entries import EVENTS, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.ledger.privacy import ITEM, Vault
from makegood.store.sql import insert, insert_new, table
from makegood.store.tables.events import EventQuarantine, EventQuarantineOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from makegood.events.model import IngestContext

QUARANTINE: Final = table(EventQuarantine)
ENDS: Final = table(EventQuarantineOutcome)
INVALID: Final = "invalid"
CONFLICT: Final = "conflict"
CONTRADICTION: Final = "contradiction"
OVERDUE: Final = "overdue"
_FINGERPRINTS: Final = "#quarantine"


class End(StrEnum):
    """How an item ended."""

    REQUEUED = "requeued"
    DISCARDED = "discarded"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An event to set aside; `raw` is what came in, `event_seq` its number if it is in the log."""

    reason: str
    field: str
    problem: str
    mend: str
    source: str = ""
    event_id: str = ""
    type: str = ""
    entity: str = ""
    event_seq: int | None = None
    person_id: str = ""
    raw: bytes | None = None
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """An item as it stands; `end` is empty while it is open, `kept` says if it can be requeued.

    `sent_by` is the person (or `local`) in whose name it came in.
    """

    id: str
    reason: str
    field: str
    problem: str
    mend: str
    source: str
    event_id: str
    type: str
    entity: str
    event_seq: int | None
    size: int
    kept: bool
    received_us: int
    end: str
    ended_by: str
    ended_us: int | None
    sent_by: str = ""


def add(tx: Connection, items: Sequence[Item], context: IngestContext) -> list[str]:
    """Set events aside and say so in the ledger; return the items' ids."""
    if not items:
        return []
    now_us, vault = context.clock.now_us(), context.vault
    fingerprint = vault.ensure(tx, [_FINGERPRINTS], now_us)[_FINGERPRINTS]
    ids: list[str] = []
    for item in items:
        known = item.raw if item.raw is not None else b""
        mark = fingerprint.mac(known) if fingerprint and known else ""
        at_us = 0 if mark else now_us
        ids.append(derive_id("q", mark, item.source, item.event_id, item.reason, at_us))
    there = set(tx.execute(select(QUARANTINE.c.id).where(QUARANTINE.c.id.in_(ids))).scalars())
    new = {key: item for key, item in zip(ids, items, strict=True) if key not in there}
    keys = vault.ensure(tx, [ITEM + key for key, item in new.items() if item.raw], now_us)
    rows: list[dict[str, Any]] = []
    for key, item in new.items():
        own = keys.get(ITEM + key)
        sealed = own.seal(item.raw, key.encode()) if own and item.raw else None
        rows.append(_row(key, item, sealed, now_us, context.actor))
    insert(tx, QUARANTINE, rows)
    append(tx, [_entry(key, item, context, now_us) for key, item in new.items()])
    return ids


def _row(key: str, item: Item, sealed: bytes | None, now_us: int, sent_by: str) -> dict[str, Any]:
    return {
        "id": key,
        "reason": item.reason,
        "source": item.source,
        "event_id": item.event_id,
        "type": item.type,
        "entity": item.entity,
        "event_seq": item.event_seq,
        "field": item.field,
        "problem": item.problem,
        "mend": item.mend,
        "size": item.size or len(item.raw or b""),
        "sealed": sealed,
        "person_id": item.person_id,
        "received_us": now_us,
        "sent_by": sent_by,
    }


def _entry(key: str, item: Item, context: IngestContext, now_us: int) -> Draft:
    body = {
        "id": key,
        "reason": item.reason,
        "source": item.source,
        "event_id": item.event_id,
        "seq": item.event_seq,
        "field": item.field,
        "problem": item.problem,
    }
    refs = (key, item.entity) if item.entity else (key,)
    return Draft(EVENTS, EntryKind.EVENT_QUARANTINED, now_us, context.actor, body, refs)


_ENTRY_KINDS: Final = {
    End.REQUEUED: EntryKind.EVENT_REQUEUED,
    End.DISCARDED: EntryKind.EVENT_DISCARDED,
    End.RESOLVED: EntryKind.EVENT_RESOLVED,
}


def end(tx: Connection, item_id: str, how: End, context: IngestContext, why: str = "") -> None:
    """End an item, once.

    Raises:
        Conflict: it has ended already.

    """
    if not _end(tx, item_id, how, context, why):
        raise Conflict(f"quarantine item {item_id} has ended already")


def resolve(tx: Connection, item_id: str, context: IngestContext, why: str) -> None:
    """End an item whose event has taken effect after all, unless a person ended it before."""
    _end(tx, item_id, End.RESOLVED, context, why)


def _end(tx: Connection, item_id: str, how: End, context: IngestContext, why: str) -> bool:
    now_us = context.clock.now_us()
    row = {
        "quarantine_id": item_id,
        "outcome": how.value,
        "actor": context.actor,
        "why": why,
        "at_us": now_us,
    }
    if not insert_new(tx, ENDS, row):
        return False
    body = {"id": item_id, "why": why}
    append(tx, [Draft(EVENTS, _ENTRY_KINDS[how], now_us, context.actor, body, (item_id,))])
    return True


def _query() -> Select[Any]:
    joined = QUARANTINE.outerjoin(ENDS, ENDS.c.quarantine_id == QUARANTINE.c.id)
    end_columns = (ENDS.c.outcome, ENDS.c.actor, ENDS.c.at_us)
    return select(QUARANTINE, *end_columns).select_from(joined)


def _item(row: Any) -> Quarantined:  # noqa: ANN401 -- a database row
    return Quarantined(
        id=row.id,
        reason=row.reason,
        field=row.field,
        problem=row.problem,
        mend=row.mend,
        source=row.source,
        event_id=row.event_id,
        type=row.type,
        entity=row.entity,
        event_seq=row.event_seq,
        size=row.size,
        kept=row.sealed is not None or row.event_seq is not None,
        received_us=row.received_us,
        end=row.outcome or "",
        ended_by=row.actor or "",
        ended_us=row.at_us,
        sent_by=row.sent_by,
    )


def items(tx: Connection, *, ended: bool = False, limit: int = 200) -> list[Quarantined]:
    """Return the newest items, the open ones only unless `ended`."""
    query = _query() if ended else _query().where(ENDS.c.quarantine_id.is_(None))
    ordered = query.order_by(QUARANTINE.c.received_us.desc(), QUARANTINE.c.id).limit(limit)
    return [_item(row) for row in tx.execute(ordered)]


def get(tx: Connection, item_id: str) -> Quarantined:
    """Return one item; raise NotFound when there is none of that id."""
    row = tx.execute(_query().where(QUARANTINE.c.id == item_id)).one_or_none()
    if row is None:
        raise NotFound(f"quarantine item {item_id}")
    return _item(row)


def payload(tx: Connection, vault: Vault, item_id: str) -> bytes:
    """Return what came in.

    Raises:
        NotFound: there is no such item, or it was too big to keep.
        KeyDestroyed: it was erased.

    """
    query = select(QUARANTINE.c.sealed).where(QUARANTINE.c.id == item_id)
    sealed = tx.execute(query).scalar_one_or_none()
    if sealed is None:
        raise NotFound(f"what came in as quarantine item {item_id} was not kept")
    return vault.key(tx, ITEM + item_id).unseal(sealed, item_id.encode())


def discard(tx: Connection, item_id: str, context: IngestContext, why: str) -> None:
    """End an item without taking it in.

    Raises:
        NotFound: there is no such item.
        Conflict: it has ended already.

    """
    get(tx, item_id)
    end(tx, item_id, End.DISCARDED, context, why)
