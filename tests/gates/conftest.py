"""The world that tests of gates and effects play in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gates.world import World

if TYPE_CHECKING:
    from collections.abc import Generator

    from makegood.clock import VirtualClock
    from makegood.store.session import Store


@pytest.fixture
def world(store: Store, clock: VirtualClock) -> World:
    """A hub, adapters that keep books, and the reference policies, on both databases."""
    return World(store, clock)


@pytest.fixture
def quick(sqlite_url: str, clock: VirtualClock) -> Generator[World]:
    """The same world on SQLite alone, for rules that do not depend on the database."""
    from makegood.store.session import Store

    store = Store.open(sqlite_url)
    try:
        yield World(store, clock)
    finally:
        store.close()
