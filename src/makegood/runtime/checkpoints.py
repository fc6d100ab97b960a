"""Where LangGraph keeps its threads: a file of their own, apart from authority.

Reasoning may be redone after a crash, so `synchronous=NORMAL` is enough here. Only plain data is
read back: a checkpoint is untrusted, and no class that it names is ever made.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def opened(path: Path) -> Generator[SqliteSaver]:
    """Open the checkpoint file while the block runs, making it when there is none."""
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA busy_timeout=10000")
        saver = SqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=()))
        saver.setup()
        yield saver
    finally:
        connection.close()
