"""Which hubs a pass looks at."""

from __future__ import annotations

from makegood.clock import SECOND
from makegood.incidents.watch import Watch
from tests.conftest import NOW_US

HUBS = ("east", "north", "west")


def test_a_new_watch_looks_everywhere_and_then_only_where_something_happened() -> None:
    watch = Watch(sweep_us=30 * SECOND)
    assert watch.due(HUBS, (), NOW_US) == HUBS
    watch.looked(HUBS, NOW_US)
    assert watch.due(HUBS, (), NOW_US + SECOND) == ()
    watch.touch(["west"])
    assert watch.due(HUBS, (), NOW_US + SECOND) == ("west",)


def test_time_alone_brings_every_hub_up_again() -> None:
    watch = Watch(sweep_us=30 * SECOND)
    watch.looked(HUBS, NOW_US)
    assert watch.due(HUBS, (), NOW_US + 30 * SECOND) == HUBS


def test_a_hub_with_an_open_incident_is_looked_at_in_every_pass() -> None:
    watch = Watch()
    watch.looked(HUBS, NOW_US)
    assert watch.due(HUBS, ("north",), NOW_US + 1) == ("north",)


def test_a_pass_that_failed_is_due_again() -> None:
    watch = Watch()
    watch.looked(HUBS, NOW_US)
    watch.touch(["west"])
    assert watch.due(HUBS, (), NOW_US + 1) == watch.due(HUBS, (), NOW_US + 1) == ("west",)
    watch.looked(("west",), NOW_US + 1)
    assert watch.due(HUBS, (), NOW_US + 2) == ()


def test_a_hub_nobody_has_heard_of_before_is_due_when_touched() -> None:
    watch = Watch()
    watch.looked(HUBS, NOW_US)
    watch.touch(["south"])
    assert watch.due(HUBS, (), NOW_US + 1) == ("south",)
