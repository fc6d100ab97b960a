"""What every command knows: the workspace that was named, the settings, the store."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from makegood.errors import NotFound

if TYPE_CHECKING:
    from typer import Context

    from makegood.settings import Settings
    from makegood.store.session import Store


def remember(ctx: Context, workspace: Path | None) -> None:
    """Keep what the root command was given."""
    ctx.obj = workspace


def settings(ctx: Context, **given: Any) -> Settings:  # noqa: ANN401 -- any field of Settings
    """Return the settings; what is given goes before the environment.

    Raises:
        InvalidInput: a variable does not hold what it should.

    """
    from makegood.settings import load

    return load(workspace=ctx.obj, **given)


@contextmanager
def opened(found: Settings) -> Generator[Store]:
    """Open the database that there is, at this version.

    Raises:
        NotFound: there is none yet.
        StoreUnreachable: it does not answer.
        SchemaOutOfDate: it is of another version.

    """
    from makegood.store.migrate import require_current
    from makegood.store.session import Store

    require_file(found)
    store = Store.open(found.store_url)
    try:
        require_current(store)
        yield store
    finally:
        store.close()


def require_file(found: Settings) -> None:
    """Refuse to look into an SQLite file that does not exist, which opening it would make.

    Raises:
        NotFound: there is no such file.

    """
    path = sqlite_file(found)
    if path is not None and not path.is_file():
        raise NotFound(f"the database {path}; make it with `makegood db upgrade`")


def sqlite_file(found: Settings) -> Path | None:
    """Return the file of the embedded database, or None for PostgreSQL."""
    scheme = "sqlite:///"
    url = found.store_url
    return Path(url.removeprefix(scheme)) if url.startswith(scheme) else None
