"""The town and its application, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from tests.api.town import Town

if TYPE_CHECKING:
    from collections.abc import Generator

    from makegood.clock import VirtualClock
    from makegood.store.session import Store


@pytest.fixture
def town(store: Store, clock: VirtualClock) -> Town:
    """A town before anything has happened, once on each database."""
    return Town(store, clock)


@pytest.fixture
def client(town: Town) -> Generator[TestClient]:
    """Asks the town's application; it follows no redirects and keeps its cookies."""
    with TestClient(town.app, follow_redirects=False) as asking:
        yield asking
