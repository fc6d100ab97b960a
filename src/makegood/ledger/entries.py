"""Appending to the ledger, and reading it back.

An entry is serialised once; the stored bytes are what is hashed. The hash is an RFC 6962 leaf
hash, SHA-256(0x00 || bytes), so that a Merkle tree over the entries can be added without
changing one of them. Each entry names the hash before it in its own partition. A partition is
a hub; what belongs to no hub goes to one of the house's own partitions.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import BaseModel
from sqlalchemy import and_, bindparam, select, update

from makegood.errors import HeadMoved
from makegood.ledger.kinds import EntryKind
from makegood.store.sql import insert, insert_new, table
from makegood.store.tables.ledger import LedgerEntry, LedgerHead, LedgerRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection

FORMAT: Final = 1
GENESIS: Final = bytes(32)
HOUSE: Final = "house"
EVENTS: Final = "events"
SYSTEM: Final = "system"

ENTRY = table(LedgerEntry)
HEAD = table(LedgerHead)
REF = table(LedgerRef)
_HEAD_OF: Final = (
    select(HEAD.c.seq, HEAD.c.hash).where(HEAD.c.part == bindparam("b_part")).with_for_update()
)
_ADVANCE: Final = (
    update(HEAD)
    .where(
        HEAD.c.part == bindparam("b_part"),
        HEAD.c.seq == bindparam("b_seq"),
        HEAD.c.hash == bindparam("b_hash"),
    )
    .values(seq=bindparam("seq"), hash=bindparam("hash"))
)


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it has its place: `body` is a model or plain JSON without personal data.

    `actor` is a person's id, `agent:NAME` or `system`; `refs` are the entities, actions and
    persons under which the entry is found again.
    """

    part: str
    kind: EntryKind
    at_us: int
    actor: str
    body: BaseModel | dict[str, Any]
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands in the ledger."""

    part: str
    seq: int
    kind: EntryKind
    at_us: int
    actor: str
    refs: tuple[str, ...]
    body: dict[str, Any]
    prev: str
    hash: str


def leaf_hash(entry: bytes) -> bytes:
    """Return the RFC 6962 leaf hash of an entry's bytes."""
    return hashlib.sha256(b"\x00" + entry).digest()


def append(tx: Connection, drafts: Iterable[Draft]) -> None:
    """Append entries, in order, each to the chain of its partition.

    Raises:
        HeadMoved: another writer advanced a partition between our read and our write; the
            caller's whole transaction must be rolled back and may be tried again.

    """
    by_part: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        by_part[draft.part].append(draft)
    for part in sorted(by_part):
        _append_part(tx, part, by_part[part])


def _append_part(tx: Connection, part: str, drafts: Sequence[Draft]) -> None:
    start, prev = _locked_head(tx, part)
    head = prev
    rows: list[dict[str, Any]] = []
    refs: list[dict[str, Any]] = []
    for seq, draft in enumerate(drafts, start + 1):
        entry = _serialise(draft, seq, head)
        head = leaf_hash(entry)
        rows.append(
            {
                "part": part,
                "seq": seq,
                "kind": draft.kind.value,
                "at_us": draft.at_us,
                "hash": head,
                "entry": entry,
            }
        )
        refs.extend({"ref": ref, "part": part, "seq": seq} for ref in dict.fromkeys(draft.refs))
    insert(tx, ENTRY, rows)
    insert(tx, REF, refs)
    was = {"b_part": part, "b_seq": start, "b_hash": prev}
    moved = tx.execute(_ADVANCE, was | {"seq": start + len(rows), "hash": head})
    if moved.rowcount != 1:
        raise HeadMoved(part)


def _locked_head(tx: Connection, part: str) -> tuple[int, bytes]:
    found = tx.execute(_HEAD_OF, {"b_part": part}).one_or_none()
    if found is None:
        insert_new(tx, HEAD, {"part": part, "seq": 0, "hash": GENESIS})
        found = tx.execute(_HEAD_OF, {"b_part": part}).one()
    return found.seq, found.hash


def _serialise(draft: Draft, seq: int, prev: bytes) -> bytes:
    body = draft.body
    return orjson.dumps(
        {
            "v": FORMAT,
            "part": draft.part,
            "seq": seq,
            "kind": draft.kind.value,
            "at_us": draft.at_us,
            "actor": draft.actor,
            "refs": draft.refs,
            "body": body.model_dump(mode="json") if isinstance(body, BaseModel) else body,
            "prev": prev.hex(),
        }
    )


def _entry(raw: bytes, own: bytes) -> Entry:
    value = orjson.loads(raw)
    return Entry(
        part=value["part"],
        seq=value["seq"],
        kind=EntryKind(value["kind"]),
        at_us=value["at_us"],
        actor=value["actor"],
        refs=tuple(value["refs"]),
        body=value["body"],
        prev=value["prev"],
        hash=own.hex(),
    )


def about(tx: Connection, ref: str, limit: int = 500) -> list[Entry]:
    """Return the entries that speak of something, oldest first, the last `limit` of them."""
    joined = ENTRY.join(REF, and_(ENTRY.c.part == REF.c.part, ENTRY.c.seq == REF.c.seq))
    query = (
        select(ENTRY.c.entry, ENTRY.c.hash)
        .select_from(joined)
        .where(REF.c.ref == ref)
        .order_by(ENTRY.c.at_us.desc(), ENTRY.c.part, ENTRY.c.seq.desc())
        .limit(limit)
    )
    return [_entry(row.entry, row.hash) for row in tx.execute(query)][::-1]


def latest(tx: Connection, limit: int = 100, kinds: Sequence[EntryKind] = ()) -> list[Entry]:
    """Return the newest entries of all partitions, newest first."""
    query = select(ENTRY.c.entry, ENTRY.c.hash)
    if kinds:
        query = query.where(ENTRY.c.kind.in_([kind.value for kind in kinds]))
    query = query.order_by(ENTRY.c.at_us.desc(), ENTRY.c.part, ENTRY.c.seq.desc()).limit(limit)
    return [_entry(row.entry, row.hash) for row in tx.execute(query)]


def partition(tx: Connection, part: str) -> Iterator[Entry]:
    """Yield a partition's entries from first to last."""
    query = select(ENTRY.c.entry, ENTRY.c.hash).where(ENTRY.c.part == part).order_by(ENTRY.c.seq)
    for row in tx.execute(query.execution_options(yield_per=1000)):
        yield _entry(row.entry, row.hash)
