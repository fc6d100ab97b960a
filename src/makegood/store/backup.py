"""A copy of an embedded database, taken while it is at work."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from makegood.errors import InvalidInput

if TYPE_CHECKING:
    from makegood.store.session import Store


def copy(store: Store, target: Path) -> None:
    """Copy an SQLite database as one of its moments shows it, whoever writes meanwhile.

    The copy is a database of its own: put it in the place of the other to go back to it. It holds
    people's keys, and so what a later erasure makes unreadable here stays readable there.

    Raises:
        InvalidInput: the file is there already, its folder is not, or it is no SQLite database.

    """
    if not store.is_sqlite:
        mend = "use pg_dump and pg_restore, which come with it"
        raise InvalidInput("store", "is a PostgreSQL database", mend)
    if target.exists():
        raise InvalidInput("file", f"{target} is there already", "name a new file")
    if not target.parent.is_dir():
        raise InvalidInput("file", f"there is no folder {target.parent}", "make it first")
    source = Path(store.engine.url.database or "")
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as origin,
        closing(sqlite3.connect(target)) as made,
    ):
        origin.backup(made)
    target.chmod(source.stat().st_mode & 0o777)
