"""Bringing a database to this version's shape, with Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from makegood.errors import SchemaOutOfDate

if TYPE_CHECKING:
    from makegood.store.session import Store


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(store: Store, to: str = "head") -> None:
    """Bring the database to a version, this one's own unless named; twice is once."""
    config = _config()
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def revision(store: Store) -> str | None:
    """Return the version that the database is at, or None for an empty one."""
    with store.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """Return the version that this code wants."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def require_current(store: Store) -> None:
    """Refuse a database of another version.

    Raises:
        SchemaOutOfDate: the database needs `makegood db upgrade`.

    """
    found, wanted = revision(store), head()
    if found != wanted:
        detail = f"the database is at {found or 'nothing'}, this version needs {wanted}"
        raise SchemaOutOfDate(detail)
