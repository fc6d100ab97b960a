"""Ownership: only the process that owns the work may use authority.

A process that was stopped and wakes up after another took over finds a newer epoch and can
neither spend nor dispatch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from makegood.errors import Superseded
from makegood.store.sql import insert_new, table
from makegood.store.tables.authority import Ownership

if TYPE_CHECKING:
    from sqlalchemy import Connection

OWNERSHIP = table(Ownership)
HOUSE: Final = "house"
_CURRENT: Final = (
    select(OWNERSHIP.c.epoch).where(OWNERSHIP.c.id == HOUSE).with_for_update(read=True)
)


def take(tx: Connection, owner: str, now_us: int) -> int:
    """Take the work over and return the new epoch; whoever had it can no longer spend."""
    insert_new(tx, OWNERSHIP, {"id": HOUSE, "owner": "", "epoch": 0, "since_us": now_us})
    query = select(OWNERSHIP.c.epoch).where(OWNERSHIP.c.id == HOUSE).with_for_update()
    epoch = tx.execute(query).scalar_one() + 1
    values = {"owner": owner, "epoch": epoch, "since_us": now_us}
    tx.execute(OWNERSHIP.update().where(OWNERSHIP.c.id == HOUSE).values(values))
    return epoch


def require(tx: Connection, epoch: int) -> None:
    """Check, under lock, that nobody has taken over since.

    Raises:
        Superseded: another process owns the work now.

    """
    current = tx.execute(_CURRENT).scalar_one_or_none()
    if current != epoch:
        raise Superseded(f"epoch {epoch}, now {current}")
