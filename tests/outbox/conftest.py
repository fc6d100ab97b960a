"""A receiver, and a world whose holds are told to it, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gates.world import World
from tests.outbox.post import Post
from tests.outbox.receiver import Receiver, receiving
from tests.outbox.sending import endpoint

if TYPE_CHECKING:
    from collections.abc import Generator

    from makegood.clock import VirtualClock
    from makegood.store.session import Store


@pytest.fixture
def world(store: Store, clock: VirtualClock) -> World:
    """A hub and reference policies, on both databases."""
    return World(store, clock)


@pytest.fixture
def receiver() -> Generator[Receiver]:
    """A receiver that is well."""
    with receiving() as listening:
        yield listening


@pytest.fixture
def post(world: World, receiver: Receiver) -> Post:
    """One endpoint, the receiver's."""
    return Post(world, endpoint(receiver.url))
