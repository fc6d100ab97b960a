"""The referee: a record by the rules passes, and every rule, broken by itself, is named."""

from __future__ import annotations

import ast
import inspect
import math
from dataclasses import replace

import pytest

from makegood.replay import feasibility
from makegood.replay.feasibility import (
    Carrying,
    Game,
    Leaving,
    Place,
    Rule,
    Step,
    Task,
    Worker,
    violations,
)

HOME, KITCHEN, GRILL = (300, 400), (0, 0), (900, 0)
NEAR, FAR = (0, 100), (0, 600)
"""On a plane where a courier does 100 metres a minute."""

TASKS = {
    "o1": Task(KITCHEN, NEAR, placed=3, ready=12),
    "o2": Task(KITCHEN, FAR, placed=6, ready=14),
    "o3": Task(GRILL, NEAR, placed=14, ready=30),
}
WORKERS = {"ann": Worker(HOME, on=2, off=60, room=2), "bob": Worker(GRILL, on=0, off=14)}


def _way(_courier: str, a: Place, b: Place) -> float:
    match a, b:
        case (int(from_x), int(from_y)), (int(to_x), int(to_y)):
            return math.ceil(math.hypot(from_x - to_x, from_y - to_y) / 100)
        case _:
            raise AssertionError((a, b))


GAME = Game(
    travel=_way,
    before_pick=2,
    after_pick=2,
    before_drop=2,
    after_drop=2,
    every=5,
    tick=1,
    slack=0.0,
)

# ann leaves home at 5, is at the kitchen at 10 (5 minutes), picks o1 and o2 up at 14, leaves at
# 16, drops o1 at 16 + 1 + 2 = 19, leaves at 21, drops o2 at 21 + 5 + 2 = 28, is free at 30. From
# there the grill is 10.8 away: she is there at 41 and picks up at 43. bob goes home at 14.
SENT = Leaving("ann", KITCHEN, decided=5, departs=5, arrives=10, orders=("o1",))
FIRST = Carrying("ann", KITCHEN, decided=10, picked=14, orders=("o1", "o2"), dropped=(19, 28))
THERE = Leaving("ann", GRILL, decided=15, departs=30, arrives=41, orders=("o3",))
SECOND = Carrying("ann", GRILL, decided=40, picked=43, orders=("o3",), dropped=(57,))
RECORD: tuple[Step, ...] = (SENT, FIRST, THERE, SECOND)


def _broken(record: tuple[Step, ...], game: Game = GAME) -> set[Rule]:
    return {one.rule for one in violations(game, TASKS, WORKERS, record)}


def test_a_record_by_the_rules_breaks_none() -> None:
    assert violations(GAME, TASKS, WORKERS, RECORD) == []


def test_a_courier_may_wait_at_a_restaurant_without_orders_and_go_elsewhere() -> None:
    waits = Leaving("bob", KITCHEN, decided=0, departs=0, arrives=9)
    back = Leaving("bob", GRILL, decided=10, departs=10, arrives=19)
    assert _broken((waits, back, *RECORD)) == set()


def test_a_courier_who_waits_at_the_restaurant_needs_no_leaving_to_pick_up_there() -> None:
    there = Leaving("ann", GRILL, decided=15, departs=30, arrives=41)
    assert _broken((SENT, FIRST, there, SECOND)) == set()


def test_drop_offs_may_be_after_the_shift_and_a_pick_up_at_its_last_minute() -> None:
    workers = WORKERS | {"ann": replace(WORKERS["ann"], off=43)}
    assert violations(GAME, TASKS, workers, RECORD) == []


BREACHES: dict[str, tuple[Rule, tuple[Step, ...]]] = {
    "a courier nobody knows": (
        Rule.KNOWN_NAMES,
        (*RECORD, Leaving("eve", GRILL, 5, 5, 5)),
    ),
    "an order nobody placed": (
        Rule.KNOWN_NAMES,
        (SENT, FIRST, THERE, SECOND, replace(SECOND, orders=("o9",))),
    ),
    "an order carried by two couriers": (
        Rule.ONCE,
        (*RECORD, Carrying("bob", GRILL, 15, 30, ("o3",), (44,))),
    ),
    "an order carried twice by one courier": (Rule.ONCE, (*RECORD, SECOND)),
    "an order given to two couriers": (
        Rule.ONCE,
        (SENT, Leaving("bob", KITCHEN, 5, 5, 14, ("o2",)), FIRST, THERE, SECOND),
    ),
    "leaving before the last drop-off is done": (
        Rule.ONE_PLACE,
        (SENT, FIRST, replace(THERE, departs=29, arrives=40), SECOND),
    ),
    "picking up where the courier is not": (Rule.ONE_PLACE, (SENT, FIRST, SECOND)),
    "arriving sooner than the way allows": (
        Rule.TRAVEL_TIME,
        (replace(SENT, arrives=9), FIRST, THERE, SECOND),
    ),
    "dropping sooner than the way allows": (
        Rule.TRAVEL_TIME,
        (SENT, replace(FIRST, dropped=(18, 28)), THERE, SECOND),
    ),
    "dropping later than the way takes": (
        Rule.TRAVEL_TIME,
        (SENT, FIRST, THERE, replace(SECOND, dropped=(58,))),
    ),
    "dropping in another sequence than said": (
        Rule.TRAVEL_TIME,
        (SENT, replace(FIRST, orders=("o2", "o1")), THERE, SECOND),
    ),
    "a bundle without all its drop-offs": (
        Rule.TRAVEL_TIME,
        (SENT, replace(FIRST, dropped=(19,)), THERE, SECOND),
    ),
    "half a minute": (Rule.ON_TICK, (SENT, FIRST, THERE, replace(SECOND, dropped=(57.5,)))),
    "a decision between decisions": (
        Rule.ON_GRID,
        (SENT, replace(FIRST, decided=11), THERE, SECOND),
    ),
    "leaving before the decision": (
        Rule.AFTER_DECISION,
        (SENT, FIRST, replace(THERE, decided=35), SECOND),
    ),
    "picking up before the final assignment": (
        Rule.AFTER_DECISION,
        (SENT, replace(FIRST, decided=15), THERE, SECOND),
    ),
    "sent for an order before it is placed": (
        Rule.AFTER_PLACEMENT,
        (replace(SENT, orders=("o1", "o2")), FIRST, THERE, SECOND),
    ),
    "a bundle made before its order is placed": (
        Rule.AFTER_PLACEMENT,
        (SENT, replace(FIRST, decided=5), THERE, SECOND),
    ),
    "sent elsewhere on the way to orders": (
        Rule.NOT_DIVERTED,
        (SENT, Leaving("ann", GRILL, 10, 10, 19), THERE, SECOND),
    ),
    "an order taken from a courier again": (
        Rule.NONE_REMOVED,
        (SENT, replace(FIRST, orders=("o2",), dropped=(24,)), THERE, SECOND),
    ),
    "an order that a courier never picks up": (Rule.NONE_REMOVED, (SENT, FIRST, THERE)),
    "picking up what is not ready": (
        Rule.READY,
        (SENT, replace(FIRST, picked=13, dropped=(18, 27)), THERE, SECOND),
    ),
    "picking up without the walk in": (
        Rule.SERVICE,
        (SENT, FIRST, THERE, replace(SECOND, picked=42, dropped=(56,))),
    ),
    "leaving before the shift": (
        Rule.SHIFT,
        (replace(SENT, decided=0, departs=1, arrives=6, orders=()), FIRST, THERE, SECOND),
    ),
    "picking up after the shift": (
        Rule.SHIFT,
        (SENT, FIRST, Carrying("bob", GRILL, 40, 43, ("o3",), (57,))),
    ),
    "picking another restaurant's order up": (
        Rule.SAME_RESTAURANT,
        (SENT, replace(FIRST, orders=("o1", "o3"), dropped=(19, 23))),
    ),
    "more orders than the courier can carry": (
        Rule.CAPACITY,
        (SENT, replace(FIRST, orders=("o1", "o2", "o3"), dropped=(19, 28, 37))),
    ),
    "a bundle without orders": (
        Rule.CAPACITY,
        (*RECORD, Carrying("bob", GRILL, 5, 5, (), ())),
    ),
    "an order rejected that could be served": (Rule.SERVED, (SENT, FIRST)),
}


@pytest.mark.parametrize("name", BREACHES)
def test_every_breach_is_named(name: str) -> None:
    rule, record = BREACHES[name]
    assert rule in _broken(record)


def test_every_rule_has_a_record_that_breaks_it() -> None:
    assert {rule for rule, _ in BREACHES.values()} == set(Rule)


@pytest.mark.parametrize(
    "only",
    [
        "leaving before the last drop-off is done",
        "a decision between decisions",
        "picking up before the final assignment",
        "sent for an order before it is placed",
        "an order taken from a courier again",
        "picking up without the walk in",
        "picking up what is not ready",
    ],
)
def test_one_breach_is_not_reported_as_another(only: str) -> None:
    rule, record = BREACHES[only]
    consequences = {Rule.SERVED, Rule.TRAVEL_TIME, Rule.ONE_PLACE}
    assert _broken(record) - consequences == {rule} - consequences
    assert rule in _broken(record)


def test_an_order_that_nobody_could_reach_in_time_is_no_breach() -> None:
    late = TASKS | {"o4": Task(KITCHEN, NEAR, placed=57, ready=60)}
    # ann is free at 59 at o3's customer, a minute from the kitchen: 60 + 2 is past her 60.
    assert violations(GAME, late, WORKERS, RECORD) == []
    reachable = late | {"o4": Task(KITCHEN, NEAR, placed=57, ready=58)}
    longer = WORKERS | {"ann": replace(WORKERS["ann"], off=62)}
    found = violations(GAME, reachable, longer, RECORD)
    # The decision at 60 is the first that knows of it: there at 61, picked up at 63.
    assert found == []
    longest = WORKERS | {"ann": replace(WORKERS["ann"], off=63)}
    assert [one.rule for one in violations(GAME, reachable, longest, RECORD)] == [Rule.SERVED]


def test_an_order_is_left_behind_by_a_courier_who_stands_at_the_restaurant() -> None:
    task = {"o1": Task(GRILL, NEAR, placed=3, ready=14)}
    bob = {"bob": WORKERS["bob"]}
    assert [v.rule for v in violations(GAME, task, bob, ())] == [Rule.SERVED]
    later = {"o1": replace(task["o1"], ready=15)}
    assert violations(GAME, later, bob, ()) == []


def test_without_a_grid_or_ticks_any_time_will_do() -> None:
    free = replace(GAME, every=None, tick=None, slack=1e-9)
    record = (SENT, replace(FIRST, decided=11.5), THERE, SECOND)
    assert _broken(record, free) == set()


def test_a_breach_says_who_what_and_when() -> None:
    record = (SENT, FIRST, THERE, replace(SECOND, picked=42, dropped=(56,)))
    (found,) = violations(GAME, TASKS, WORKERS, record)
    assert str(found) == f"ann: {Rule.SERVICE}: picked up at 42, there since 41"


def test_the_referee_knows_nothing_of_planning() -> None:
    tree = ast.parse(inspect.getsource(feasibility))
    froms = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    names = froms + [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    assert "enum" in names
    assert not [name for name in names if name.startswith("makegood")]
