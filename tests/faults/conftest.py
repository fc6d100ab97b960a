"""One sandbox company and one nursery for all cases of a test process."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.faults import workspace
from tests.faults.company import Company, serving
from tests.faults.harness import Bench, Nursery

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tests.databases import SqliteFiles


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Generator[Company]:
    """A sandbox company in a process of its own."""
    with serving(tmp_path_factory.mktemp("company") / "books.jsonl") as served:
        yield served


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Generator[Nursery]:
    """The process that forks the children."""
    raised = Nursery(tmp_path_factory.mktemp("nursery") / "log")
    yield raised
    raised.close()


@pytest.fixture
def bench(nursery: Nursery, company: Company, store_url: str) -> Generator[Bench]:
    """A case on each kind of database."""
    yield Bench(nursery, company, store_url)
    company.clear_faults()


@pytest.fixture
def house(nursery: Nursery, company: Company, store_url: str, tmp_path: Path) -> Generator[Bench]:
    """A whole house on each kind of database."""
    folder = workspace.make(tmp_path / "house")
    yield Bench(nursery, company, store_url, house=folder)
    company.clear_faults()


@pytest.fixture
def sqlite_house(
    nursery: Nursery, company: Company, sqlite_url: str, tmp_path: Path
) -> Generator[Bench]:
    """A whole house on SQLite alone."""
    folder = workspace.make(tmp_path / "house")
    yield Bench(nursery, company, sqlite_url, house=folder)
    company.clear_faults()


@pytest.fixture
def new_house(
    nursery: Nursery, company: Company, sqlite_files: SqliteFiles, tmp_path: Path
) -> Callable[[], Bench]:
    """Makes one house after another, each on a SQLite database of its own."""
    numbers = count(1)

    def make() -> Bench:
        folder = tmp_path / str(next(numbers))
        workspace.make(folder)
        return Bench(nursery, company, sqlite_files.database(folder), house=folder)

    return make


@pytest.fixture
def sqlite_bench(nursery: Nursery, company: Company, sqlite_url: str) -> Generator[Bench]:
    """A case on SQLite alone."""
    yield Bench(nursery, company, sqlite_url)
    company.clear_faults()
