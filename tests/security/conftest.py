"""What attacks are made on: a town on SQLite, because what is refused does not depend on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from tests.api.town import Town
from tests.gates.world import World

if TYPE_CHECKING:
    from collections.abc import Generator

    from makegood.clock import VirtualClock
    from makegood.store.session import Store


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Generator[Store]:
    """An open store on SQLite."""
    from makegood.store.session import Store

    opened = Store.open(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def town(sqlite_store: Store, clock: VirtualClock) -> Town:
    """A town before anything has happened."""
    return Town(sqlite_store, clock)


@pytest.fixture
def client(town: Town) -> Generator[TestClient]:
    """Asks the town's application; it follows no redirects and keeps its cookies."""
    with TestClient(town.app, follow_redirects=False) as asking:
        yield asking


@pytest.fixture
def world(store: Store, clock: VirtualClock) -> World:
    """A hub and reference policies, on both databases."""
    return World(store, clock)
