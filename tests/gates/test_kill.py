"""The kill switch: a person's stop, by scope, that safety always passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.effects.boundary import Point
from makegood.errors import InvalidInput, NotFound
from makegood.gates import kill
from makegood.ledger.kinds import EntryKind
from tests.gates.world import SUPERVISOR, coupon, notify, recall, stop_service

if TYPE_CHECKING:
    from tests.gates.world import World


@pytest.mark.parametrize("scope", ["everything", "hub:h1", "agent:storm", "kind:coupon"])
def test_a_switch_holds_what_is_in_its_scope(world: World, scope: str) -> None:
    world.stop(scope)
    assert world.one(coupon(world.order("o"))).rules == ("kill",)


@pytest.mark.parametrize("scope", ["hub:h2", "agent:other", "kind:notify"])
def test_a_switch_lets_pass_what_is_out_of_its_scope(world: World, scope: str) -> None:
    world.stop(scope)
    assert world.verdict(coupon(world.order("o"))) == "allow"


def test_safety_passes_every_switch_to_its_end(world: World) -> None:
    for scope in ("everything", "hub:h1", "agent:storm", "kind:recall", "kind:stop_service"):
        world.stop(scope)
    world.propose(recall(world.order("o")), stop_service())
    assert world.settle() == 2


def test_a_cleared_switch_lets_go_on(world: World) -> None:
    world.stop("everything")
    world.go_on("everything")
    assert world.verdict(coupon(world.order("o"))) == "allow"


@pytest.mark.parametrize("scope", ["", "all", "hub:", "kind:pay", "hub", "-", "everything:x"])
def test_a_scope_that_is_none_is_refused_with_what_there_is(world: World, scope: str) -> None:
    with pytest.raises(InvalidInput, match="use everything, hub:ID, agent:NAME or kind:KIND"):
        world.stop(scope)


@pytest.mark.parametrize("scope", ["everything", "-", "hub:h1"])
def test_a_switch_that_is_not_set_cannot_be_cleared(world: World, scope: str) -> None:
    world.stop("kind:coupon")
    with pytest.raises(NotFound):
        world.go_on(scope)
    assert world.verdict(notify(world.order("o"))) == "allow"


def test_who_set_a_switch_and_why_is_on_the_ledger(world: World) -> None:
    world.stop("hub:h1")
    world.go_on("hub:h1")
    told = world.told(EntryKind.KILL_SET, EntryKind.KILL_CLEARED, part="house")
    assert [(e.kind, e.actor, e.body["scope"]) for e in told] == [
        (EntryKind.KILL_SET, "per_supervisor", "hub:h1"),
        (EntryKind.KILL_CLEARED, "per_supervisor", "hub:h1"),
    ]
    assert told[0].body["reason"] == "storm"


def test_switches_are_listed_with_who_set_them(world: World) -> None:
    world.stop("hub:h1")
    world.stop("everything")
    with world.store.read() as tx:
        assert [(s.scope, s.set_by) for s in kill.switches(tx)] == [
            ("everything", "per_supervisor"),
            ("hub:h1", "per_supervisor"),
        ]


def test_a_switch_that_is_set_between_grant_and_spend_stops_it(world: World) -> None:
    judged = world.one(coupon(world.order("o")))
    world.stop("hub:h1")
    assert world.settle() == 0
    assert world.status(judged.action_id) == "superseded"
    assert world.counters_agree()
    world.go_on("hub:h1")
    assert world.settle() == 0
    assert world.verdict(coupon("o")) == "allow"


def test_a_switch_that_is_set_between_intent_and_dispatch_stops_it_until_cleared(
    world: World,
) -> None:
    judged = world.one(coupon(world.order("o")))
    world.executor.intend()
    world.stop("kind:coupon")
    assert world.settle() == 0
    assert world.status(judged.action_id) == "intended"
    world.go_on("kind:coupon")
    assert world.settle() == 1
    assert world.status(judged.action_id) == "confirmed"


class AtTheLastMoment:
    """Somebody who sets a switch when an effect is about to be marked as sent."""

    def __init__(self, world: World) -> None:
        self._world = world

    def reached(self, point: Point) -> None:
        if point is Point.BEFORE_DISPATCH:
            self._world.stop("kind:coupon")


def test_a_switch_that_is_set_just_before_an_effect_is_sent_stops_it(world: World) -> None:
    judged = world.one(coupon(world.order("o")))
    world.restart(AtTheLastMoment(world))
    assert world.settle() == 0
    assert world.status(judged.action_id) == "intended"


class OnItsWay:
    """Somebody who sets switches while calls are on their way, and notes what they are told."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.told: dict[str, int] = {}

    def reached(self, point: Point) -> None:
        if point is not Point.SENDING or self.told:
            return
        for scope in (
            "everything",
            "hub:h1",
            "hub:h2",
            "agent:other",
            "kind:coupon",
            "kind:notify",
        ):
            with self._world.store.write() as tx:
                now_us = self._world.clock.now_us()
                self.told[scope] = kill.set_switch(tx, scope, SUPERVISOR.person_id, "now", now_us)


def test_who_sets_a_switch_is_told_how_many_calls_were_on_their_way(world: World) -> None:
    world.orders("o", "p")
    world.propose(coupon("o"), coupon("p"))
    setter = OnItsWay(world)
    world.restart(setter)
    world.settle()
    assert setter.told == {
        "everything": 2,
        "hub:h1": 2,
        "hub:h2": 0,
        "agent:other": 0,
        "kind:coupon": 2,
        "kind:notify": 0,
    }
