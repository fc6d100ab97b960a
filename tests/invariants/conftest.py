"""The world that tests of gates and effects play in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gates.world import World

if TYPE_CHECKING:
    from makegood.clock import VirtualClock
    from makegood.store.session import Store


@pytest.fixture
def world(store: Store, clock: VirtualClock) -> World:
    """A hub, adapters that keep books, and the reference policies, on both databases."""
    return World(store, clock)
