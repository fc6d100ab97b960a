"""Whatever happens, in whatever order: money leaves once, with a yes, within what was captured."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from makegood.store.session import Store
from tests.effects.history import History

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    from tests.databases import PostgresServer, SqliteFiles


@contextmanager
def _opened(url: str) -> Generator[Store]:
    store = Store.open(url)
    try:
        yield store
    finally:
        store.close()


def _run(examples: int, steps: int, opened: Callable[[], AbstractContextManager[Store]]) -> None:
    wanted = settings(
        max_examples=max(1, settings().max_examples * examples // 50), stateful_step_count=steps
    )

    class Here(History):
        """The histories of one kind of database."""

        def __init__(self) -> None:
            super().__init__(opened)

    run_state_machine_as_test(Here, settings=wanted)


def _on_sqlite(files: SqliteFiles, examples: int) -> None:
    @contextmanager
    def opened() -> Generator[Store]:
        with (
            tempfile.TemporaryDirectory() as directory,
            _opened(files.database(Path(directory))) as store,
        ):
            yield store

    _run(examples, 40, opened)


def test_any_history_is_sound_on_sqlite(sqlite_files: SqliteFiles) -> None:
    _on_sqlite(sqlite_files, 5)


@pytest.mark.slow
def test_many_histories_are_sound_on_sqlite(sqlite_files: SqliteFiles) -> None:
    _on_sqlite(sqlite_files, 100)


@pytest.mark.slow
@pytest.mark.postgres
def test_any_history_is_sound_on_postgres(postgres_server: PostgresServer) -> None:
    @contextmanager
    def opened() -> Generator[Store]:
        with postgres_server.database() as url, _opened(url) as store:
            yield store

    _run(30, 40, opened)
