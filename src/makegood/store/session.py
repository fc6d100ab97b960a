"""Connections to the database, and the two kinds of transaction.

SQLite runs in WAL mode with `synchronous=FULL`; a writer begins with `BEGIN IMMEDIATE`, because
a deferred transaction that reads and then writes fails at once when another has written since,
whatever its time-out. PostgreSQL runs at READ COMMITTED with explicit row locks.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from makegood.errors import Deadlocked, HeadMoved, StoreUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager
    from pathlib import Path

T = TypeVar("T")

BUSY_TIMEOUT_MS: Final = 15_000
READERS: Final = 8
ATTEMPTS: Final = 8
_FIRST_WAIT_S: Final = 0.01
_LONGEST_WAIT_S: Final = 0.2
# PostgreSQL's `serialization_failure` and `deadlock_detected` (its manual, appendix A).
_GIVEN_UP: Final = frozenset({"40001", "40P01"})
_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA recursive_triggers=ON",
    # What is erased must be gone from the file, and not only from the table.
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16384",
)


def sqlite_url(path: Path) -> str:
    """Return the store address of an SQLite file."""
    return f"sqlite:///{path}"


class Store:
    """One database. `read()` and `write()` are the only ways in."""

    def __init__(self, url: str, reader: Engine, writer: Engine) -> None:
        """Keep the engines; use `Store.open`."""
        self.url = url
        self._reader = reader
        self._writer = writer

    @classmethod
    def open(cls, url: str) -> Store:
        """Open the database at a SQLAlchemy address (`sqlite:///...`, `postgresql://...`).

        Raises:
            StoreUnreachable: there is no such database, or it refuses.

        """
        store = cls(url, *_engines(url))
        try:
            with store.read() as tx:
                tx.execute(text("SELECT 1"))
        except OperationalError as error:
            store.close()
            raise StoreUnreachable(str(error.orig)) from error
        return store

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self._writer.dialect.name == "sqlite"

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations."""
        return self._writer

    @contextmanager
    def read(self) -> Generator[Connection]:
        """Open a transaction that sees one state of the database and changes nothing."""
        with self._reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Generator[Connection]:
        """Open a transaction that may write; committed (and on disk) when the block ends well.

        Raises:
            Deadlocked: the database took everything back so that another transaction could go on.

        """
        with _told_of_deadlocks(), self._writer.begin() as connection:
            yield connection

    def write_again(self, work: Callable[[Connection], T]) -> T:
        """Do some work in one transaction that may write, anew while others get in its way.

        `work` may be called up to `ATTEMPTS` times, and must leave nothing behind but what it
        wrote through its connection, which is taken back between one call and the next.

        Raises:
            HeadMoved: in the last attempt, too, another writer was first at the ledger.
            Deadlocked: in the last attempt, too, the database gave this transaction up.

        """
        return _again(self.write, work)

    def note_again(self, work: Callable[[Connection], T]) -> T:
        """Do as `write_again` does, in a transaction that `note` opens."""
        return _again(self.note, work)

    @contextmanager
    def note(self) -> Generator[Connection]:
        """Open a transaction as `write` does, but let nobody wait for the disk at its end.

        A power cut (a crash of the process never) may undo it, together with every other note
        since the last `write`, and nothing else. That is right for the book-keeping of reasoning,
        which may be redone, and never for authority.
        """
        with _told_of_deadlocks(), self._writer.connect() as connection:
            if not self.is_sqlite:
                with connection.begin():
                    connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                    yield connection
                return
            # SQLite takes this setting between transactions only.
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA synchronous=NORMAL")
            try:
                with connection.begin():
                    yield connection
            finally:
                driver.execute("PRAGMA synchronous=FULL")

    def close(self) -> None:
        """Close all connections."""
        self._reader.dispose()
        if self._writer is not self._reader:
            self._writer.dispose()


def _engines(url: str) -> tuple[Engine, Engine]:
    if url.startswith("sqlite"):
        reader, writer = _sqlite(url, READERS), _sqlite(url, 1)
        _begin_with(reader, "BEGIN")
        _begin_with(writer, "BEGIN IMMEDIATE")
        return reader, writer
    address = url.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(address, pool_size=READERS, max_overflow=READERS, pool_pre_ping=True)
    return engine, engine


def _begin_with(engine: Engine, statement: str) -> None:
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    event.listen(engine, "begin", begin)


def _sqlite(url: str, size: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        # The one used last is used next: each that is used at all keeps pages in memory.
        pool_use_lifo=True,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
    )

    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 -- the driver's own
        # Autocommit mode: SQLAlchemy's "begin" hook says which BEGIN, not the driver.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(pragma)

    event.listen(engine, "connect", prepare)
    return engine


def _again(
    opened: Callable[[], AbstractContextManager[Connection]], work: Callable[[Connection], T]
) -> T:
    def once() -> T:
        with opened() as tx:
            return work(tx)

    again = Retrying(
        retry=retry_if_exception_type((HeadMoved, Deadlocked)),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=_FIRST_WAIT_S, max=_LONGEST_WAIT_S),
        reraise=True,
    )
    return again(once)


@contextmanager
def _told_of_deadlocks() -> Generator[None]:
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in _GIVEN_UP:
            raise
        raise Deadlocked(str(error.orig).partition("\n")[0]) from error


def is_lost_connection(error: DBAPIError) -> bool:
    """Say whether the database went away (as against refusing a statement)."""
    return bool(error.connection_invalidated)
