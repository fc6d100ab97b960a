"""The append-only log of events: writing to it, reading it back, and checking it.

A row's `body` is the event as canonical JSON (RFC 8785) in which the personal values are
replaced by one HMAC over them under the person's key, and `digest` is SHA-256 over exactly those
bytes: it can be checked offline, with no key, also after the person was erased. The values
themselves stand in `sealed`, as one blob bound to the event's source and id.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
from sqlalchemy import bindparam, select, update

from makegood.domain.canonical import canonical
from makegood.events.model import Event, Logged
from makegood.events.schema import CATALOGUE
from makegood.store.sql import among, bulk, insert_new, table
from makegood.store.tables.events import EventHead, EventLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    from makegood.domain.entities import EntityKind
    from makegood.ledger.privacy import PersonKey, Vault

LOG: Final = table(EventLog)
HEAD: Final = table(EventHead)
_ONE: Final = "events"
_BATCH: Final = 1_000
_KNOWN: Final = select(LOG.c.source, LOG.c.event_id, LOG.c.digest).where(
    LOG.c.source == bindparam("source"), among(LOG.c.event_id, "ids")
)
_OF_ENTITIES: Final = (
    select(LOG.c.seq, LOG.c.body, LOG.c.sealed, LOG.c.person_id)
    .where(
        LOG.c.entity_kind == bindparam("kind"),
        among(LOG.c.entity_id, "ids"),
    )
    .order_by(LOG.c.seq)
)


class Packed(NamedTuple):
    """An event in the form in which the log keeps it."""

    event: Event
    body: bytes
    digest: str
    sealed: bytes | None
    person_id: str


def personal_values(event: Event) -> dict[str, Any]:
    """Return the values of an event's personal fields, of those that are there."""
    data = event.data
    return {name: data[name] for name in event.type.personal if name in data}


def pack(event: Event, key: PersonKey | None) -> Packed:
    """Return the event as the log keeps it; `key` is needed where it has personal values."""
    data, sealed, mac = event.data, None, None
    person = event.type.person_of(event.subject, data)
    if key is not None:
        personal = personal_values(event)
        data = {name: value for name, value in data.items() if name not in personal}
        secret = canonical(personal)
        sealed, mac = key.seal(secret, _bound_to(event.source, event.id)), key.mac(secret)
    content = {
        "type": event.type.name,
        "source": event.source,
        "id": event.id,
        "subject": event.subject,
        "hub": event.hub,
        "time_us": event.occurred_us,
        "sequence": event.sequence,
        "data": data,
        "personal": mac,
    }
    # Of checked text and integers orjson makes the same bytes, and faster.
    plain = event.type.plain
    body = orjson.dumps(content, option=orjson.OPT_SORT_KEYS) if plain else canonical(content)
    return Packed(event, body, hashlib.sha256(body).hexdigest(), sealed, person)


def lock(tx: Connection) -> int:
    """Lock the log for writing until the transaction ends; return the last event's number."""
    query = select(HEAD.c.seq).where(HEAD.c.id == _ONE).with_for_update()
    found = tx.execute(query).scalar_one_or_none()
    if found is None:
        insert_new(tx, HEAD, {"id": _ONE, "seq": 0})
        found = tx.execute(query).scalar_one()
    return int(found)


def known_digests(tx: Connection, events: Iterable[Event]) -> dict[tuple[str, str], str]:
    """Return the digests of those events, by (source, id), that are in the log already."""
    ids: dict[str, list[str]] = {}
    for event in events:
        ids.setdefault(event.source, []).append(event.id)
    return {
        (found_source, event_id): digest
        for source, wanted in ids.items()
        for found_source, event_id, digest in tx.execute(_KNOWN, {"source": source, "ids": wanted})
    }


def write(tx: Connection, packed: Sequence[Packed], last_seq: int, now_us: int) -> list[Logged]:
    """Add events to the log after number `last_seq`, which `lock` returned."""
    rows: list[dict[str, Any]] = []
    logged: list[Logged] = []
    for seq, (event, body, digest, sealed, person) in enumerate(packed, last_seq + 1):
        logged.append(Logged(seq, event))
        rows.append(
            {
                "seq": seq,
                "source": event.source,
                "event_id": event.id,
                "type": event.type.name,
                "entity_kind": event.type.kind.value,
                "entity_id": event.subject,
                "hub_id": event.hub,
                "occurred_us": event.occurred_us,
                "sequence": event.sequence,
                "received_us": now_us,
                "digest": digest,
                "body": body,
                "sealed": sealed,
                "person_id": person or None,
            }
        )
    bulk(tx, LOG, rows)
    tx.execute(update(HEAD).where(HEAD.c.id == _ONE).values(seq=last_seq + len(rows)))
    return logged


def batch_digest(digests: Iterable[str]) -> str:
    """Return SHA-256, in hex, over events' digests in order: what the ledger keeps of a batch."""
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def of_entities(tx: Connection, vault: Vault, kind: EntityKind, ids: Sequence[str]) -> list[Logged]:
    """Return all events of these entities, in the order of the log."""
    rows = tx.execute(_OF_ENTITIES, {"kind": kind.value, "ids": list(ids)}).all()
    return _unpack(tx, vault, rows)


def everything(tx: Connection, vault: Vault, after_seq: int = 0) -> Iterator[list[Logged]]:
    """Yield the whole log in batches, from the event after `after_seq` on."""
    columns = (LOG.c.seq, LOG.c.body, LOG.c.sealed, LOG.c.person_id)
    while True:
        query = select(*columns).where(LOG.c.seq > after_seq).order_by(LOG.c.seq).limit(_BATCH)
        rows = tx.execute(query).all()
        if not rows:
            return
        yield _unpack(tx, vault, rows)
        after_seq = rows[-1].seq


def _unpack(tx: Connection, vault: Vault, rows: Sequence[Any]) -> list[Logged]:
    keys = vault.keys(tx, {row.person_id for row in rows if row.sealed is not None})
    return [
        _event(row.seq, orjson.loads(row.body), row.sealed, keys.get(row.person_id)) for row in rows
    ]


def _event(seq: int, body: dict[str, Any], sealed: bytes | None, key: PersonKey | None) -> Logged:
    kind = CATALOGUE[body["type"]]
    data: dict[str, Any] = body["data"]
    if sealed is not None:
        bound_to = _bound_to(body["source"], body["id"])
        data |= kind.erased if key is None else orjson.loads(key.unseal(sealed, bound_to))
    event = Event(
        kind,
        body["source"],
        body["id"],
        body["subject"],
        body["hub"],
        body["time_us"],
        body["sequence"],
        data,
        kind.read(data),
    )
    return Logged(seq, event)


def _bound_to(source: str, event_id: str) -> bytes:
    return f"{source}\n{event_id}".encode()
