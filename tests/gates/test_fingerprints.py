"""Fingerprints: what an action stands on moves them, and nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.gates import fingerprints
from tests.gates.world import reassign

if TYPE_CHECKING:
    from tests.gates.world import World

PLACE = {"lat": 48.1, "lon": 11.5}


def _printed(world: World) -> str:
    footings = reassign("o", "k").stands_on()
    with world.store.read() as tx:
        loaded = fingerprints.load(tx, [footings])
        one = fingerprints.fingerprint(loaded, footings)
        assert one == fingerprints.fingerprint(loaded, tuple(reversed(footings)))
    return one


def test_a_fingerprint_moves_with_what_a_decision_rests_on_and_with_nothing_else(
    world: World,
) -> None:
    world.order("o")
    world.courier("k")
    before = _printed(world)
    world.happen("courier.position", "k", position=PLACE)
    world.order("another")
    assert _printed(world) == before
    world.happen("courier.lost", "k")
    assert _printed(world) != before


def test_an_entity_that_appears_changes_the_fingerprint(world: World) -> None:
    world.order("o")
    before = _printed(world)
    world.courier("k")
    assert _printed(world) != before
