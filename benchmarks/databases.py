"""Fresh databases to measure on."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psycopg

from makegood.store import migrate
from makegood.store.session import Store, sqlite_url
from tests.databases import postgres_server

if TYPE_CHECKING:
    from tests.databases import PostgresServer

Fresh = Callable[[], AbstractContextManager[Store]]
"""Opens a fresh migrated database while the block runs."""


@contextmanager
def sqlite() -> Generator[Store]:
    """Open a fresh SQLite database in a file."""
    with TemporaryDirectory() as folder:
        store = Store.open(sqlite_url(Path(folder) / "bench.db"))
        try:
            migrate.upgrade(store)
            yield store
        finally:
            store.close()


@contextmanager
def server() -> Generator[PostgresServer]:
    """Run a PostgreSQL server while the block runs; it waits for its disk, as tests' do not."""
    with postgres_server() as running:
        with psycopg.connect(running.url("postgres"), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM RESET ALL")
            connection.execute("SELECT pg_reload_conf()")
        yield running


@contextmanager
def postgres(running: PostgresServer) -> Generator[Store]:
    """Open a fresh database of a server."""
    with ExitStack() as stack:
        url = stack.enter_context(running.database())
        store = Store.open(url)
        stack.callback(store.close)
        yield store
