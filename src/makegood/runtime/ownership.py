"""One process owns a database: a lock while it lives, and an epoch for when the lock lies.

The lock keeps a second daemon (or an import) out. It is only as good as the process that holds
it; what protects money is the epoch, which every spending transaction checks.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from makegood.errors import StoreInUse
from makegood.gates import epoch

if TYPE_CHECKING:
    from collections.abc import Generator

    from makegood.clock import Clock
    from makegood.store.session import Store

# Any number will do, as long as nothing else in the database locks it.
_ADVISORY_LOCK: Final = 0x6D616B65676F6F64


@contextmanager
def held(store: Store) -> Generator[None]:
    """Hold the writer lock while the block runs.

    Raises:
        StoreInUse: another process holds it.

    """
    with _file_lock(store) if store.is_sqlite else _advisory_lock(store):
        yield


def take_over(store: Store, clock: Clock) -> int:
    """Become the owner and return the epoch that every spend of this process must name."""
    with store.write() as tx:
        return epoch.take(tx, f"{os.uname().nodename}:{os.getpid()}", clock.now_us())


@contextmanager
def _file_lock(store: Store) -> Generator[None]:
    path = Path(f"{store.engine.url.database}.lock")
    with path.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreInUse(f"{path.name} is held; is `makegood serve` running?") from None
        yield


@contextmanager
def _advisory_lock(store: Store) -> Generator[None]:
    with store.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        locked = connection.execute(
            text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _ADVISORY_LOCK}
        ).scalar_one()
        if not locked:
            raise StoreInUse("another session holds the advisory lock; is a daemon running?")
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _ADVISORY_LOCK})
