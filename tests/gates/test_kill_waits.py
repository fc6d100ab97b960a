"""A kill switch waits for what is being spent, so that nothing is spent once it is set."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import text

from makegood.gates import grants
from makegood.store.session import Store
from tests.gates.world import World, refund

if TYPE_CHECKING:
    from collections.abc import Generator
    from concurrent.futures import Future

    from makegood.clock import VirtualClock

# SQLite has one writer at a time: there is nothing that could go by each other.
pytestmark = pytest.mark.postgres

_ENOUGH_S: Final = 20
_WAITING: Final = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture
def busy(postgres_url: str, clock: VirtualClock) -> Generator[World]:
    store = Store.open(postgres_url)
    try:
        yield World(store, clock)
    finally:
        store.close()


def _waits(world: World, setting: Future[None]) -> bool:
    """Say whether somebody waits for a lock before the switch is set."""
    for _ in range(_ENOUGH_S * 100):
        with world.store.read() as tx:
            if tx.execute(_WAITING).scalar_one():
                return not setting.done()
        if setting.done():
            return False
        time.sleep(0.01)
    return False


def test_a_switch_is_not_set_while_a_grant_is_being_spent(busy: World) -> None:
    review = busy.held(refund(busy.order("o")))
    busy.approve(review.id)
    adapters = {kind: books.facts for kind, books in busy.books.items()}
    with ThreadPoolExecutor(1) as pool:
        with busy.store.write() as tx:
            grant_id = busy.grant_of(review.action_id)
            spent, _ = grants.spend(tx, [grant_id], adapters, busy.policies, busy.clock.now_us())
            setting = pool.submit(busy.stop, "everything")
            assert _waits(busy, setting)
        setting.result(_ENOUGH_S)
    assert len(spent) == 1, "it was spent before the switch was set"
    assert busy.spend(grant_id) == ([], [])
