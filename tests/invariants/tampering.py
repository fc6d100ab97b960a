"""Altering the ledger of the hub `h1` behind the triggers' back, as a file editor would.

Whoever links what they altered anew leaves one trace alone: each guard is the only one for some.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, text, update

from makegood.domain.canonical import canonical
from makegood.ledger.entries import ENTRY, HEAD, leaf_hash
from makegood.ledger.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from tests.gates.world import World

    Row = dict[Any, Any]
    Rows = dict[int, Row]
    Change = Callable[[Connection, Rows, int], None]

MINE = ENTRY.c.part == "h1"


def tampered(world: World, how: str) -> bool:
    """Alter the ledger and say if it is found."""
    with world.store.write() as tx:
        found = tx.execute(select(ENTRY).where(MINE)).mappings()
        rows = {int(row["seq"]): dict(row) for row in found}
        assert len(rows) > 3
        _disarm(world, tx)
        WAYS[how](tx, rows, max(rows))
        return not verify(tx).sound


def _disarm(world: World, tx: Connection) -> None:
    if world.store.is_sqlite:
        for verb in ("update", "delete"):
            tx.execute(text(f"DROP TRIGGER ledger_entry_no_{verb}"))
    else:
        tx.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))


def _edit(tx: Connection, rows: Rows, _: int) -> None:
    changed = rows[2]["entry"].replace(b'"v":1', b'"v":1 ')
    assert changed != rows[2]["entry"]
    _put(tx, 2, {"entry": changed})


def _edit_with_its_hash(tx: Connection, rows: Rows, _: int) -> None:
    changed = rows[2]["entry"].replace(b"agent:storm", b"agent:other")
    assert changed != rows[2]["entry"]
    _put(tx, 2, {"entry": changed, "hash": leaf_hash(changed)})


def _insert(tx: Connection, rows: Rows, last: int) -> None:
    tx.execute(ENTRY.insert().values({**rows[last], "seq": last + 1}))


def _insert_a_linked_one(tx: Connection, rows: Rows, last: int) -> None:
    made = _forged(rows[last], seq=last + 1, prev=rows[last]["hash"].hex())
    tx.execute(ENTRY.insert().values(made))


def _delete(tx: Connection, _: Rows, __: int) -> None:
    tx.execute(ENTRY.delete().where(MINE, ENTRY.c.seq == 2))


def _delete_the_last(tx: Connection, _: Rows, last: int) -> None:
    tx.execute(ENTRY.delete().where(MINE, ENTRY.c.seq == last))


def _delete_and_link_anew(tx: Connection, rows: Rows, last: int) -> None:
    tx.execute(ENTRY.delete().where(MINE, ENTRY.c.seq == last - 1))
    end = _forged(rows[last], prev=rows[last - 2]["hash"].hex())
    _put(tx, last, end)
    _move_head(tx, end["hash"])


def _reorder(tx: Connection, rows: Rows, _: int) -> None:
    for seq, other in ((1, 2), (2, 1)):
        _put(tx, seq, rows[other])


def _reorder_and_link_anew(tx: Connection, rows: Rows, last: int) -> None:
    first = _forged(rows[last], prev=rows[last - 2]["hash"].hex())
    second = _forged(rows[last - 1], prev=first["hash"].hex())
    _put(tx, last - 1, first)
    _put(tx, last, second)
    _move_head(tx, second["hash"])


def _forged(row: Row, **said: object) -> dict[str, Any]:
    """Return a row whose entry says something else, with the hash of that."""
    entry = canonical(json.loads(row["entry"]) | said)
    columns = {**row, "seq": said.get("seq", row["seq"])}
    return {**columns, "entry": entry, "hash": leaf_hash(entry)}


def _put(tx: Connection, seq: int, values: dict[str, Any]) -> None:
    tx.execute(update(ENTRY).where(MINE, ENTRY.c.seq == seq).values(values | {"seq": seq}))


def _move_head(tx: Connection, to: bytes) -> None:
    tx.execute(HEAD.update().where(HEAD.c.part == "h1").values(hash=to))


WAYS: Final[dict[str, Change]] = {
    "edit": _edit,
    "edit with its hash": _edit_with_its_hash,
    "insert": _insert,
    "insert a linked one": _insert_a_linked_one,
    "delete": _delete,
    "delete the last": _delete_the_last,
    "delete and link anew": _delete_and_link_anew,
    "reorder": _reorder,
    "reorder and link anew": _reorder_and_link_anew,
    "move the head": lambda tx, _, __: _move_head(tx, bytes(32)),
}
