"""What tests of more than one stage share: databases, a clock, real data, a browser."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import hypothesis
import pytest

from makegood.clock import VirtualClock, from_rfc3339

if TYPE_CHECKING:
    from collections.abc import Generator

    from makegood.store.session import Store
    from tests.databases import PostgresServer, SqliteFiles

ROOT: Final = Path(__file__).resolve().parent.parent
NOW_US: Final = from_rfc3339("2026-07-14T10:00:00Z")

MEMORY: Final = Path("/dev/shm")  # noqa: S108 -- pytest and tempfile make their own folders there
ROOM: Final = 2 << 30


def _has_room(directory: Path) -> bool:
    """Say whether programs run from there, and it has room for what tests write at a time."""
    if not (hasattr(os, "ST_NOEXEC") and os.access(directory, os.W_OK)):
        return False
    found = os.statvfs(directory)
    return not found.f_flag & os.ST_NOEXEC and found.f_bavail * found.f_frsize >= ROOM


# Tests end processes, never the machine: what they write need not outlast it, and a commit that
# waits for no disk takes a hundredth of the time. TMPDIR names another place.
if "TMPDIR" not in os.environ and _has_room(MEMORY):
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

# `ci` gives the same examples in every run; `deep` looks for new ones:
# HYPOTHESIS_PROFILE=deep make test
hypothesis.settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=50,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    print_blob=True,
)
hypothesis.settings.register_profile(
    "deep",
    max_examples=1000,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    print_blob=True,
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def postgres_server() -> Generator[PostgresServer]:
    """A PostgreSQL server, started by the first test that asks for it."""
    from tests.databases import postgres_server as running

    with running() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    """Copies of a migrated SQLite database."""
    from tests.databases import SqliteFiles

    return SqliteFiles(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture
def sqlite_url(sqlite_files: SqliteFiles, tmp_path: Path) -> str:
    """The URL of a fresh migrated SQLite database, for other processes too."""
    return sqlite_files.database(tmp_path)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Generator[str]:
    """The URL of a fresh migrated PostgreSQL database, for other processes too."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh migrated database: the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def store(store_url: str) -> Generator[Store]:
    """An open store on a fresh migrated database: the test runs once on each kind."""
    from makegood.store.session import Store

    opened = Store.open(store_url)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that stands at 2026-07-14T10:00:00Z until a test moves it."""
    return VirtualClock(NOW_US)


@pytest.fixture(scope="session")
def data() -> Path:
    """The directory of real data, which is not part of the repository."""
    named = os.environ.get("MAKEGOOD_DATA")
    directory = Path(named) if named else ROOT.parent / "shared" / "data"
    if not directory.is_dir():
        pytest.skip(f"no real data at {directory}; name its directory in MAKEGOOD_DATA")
    return directory


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium to drive."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.skip("Chromium is not installed")
