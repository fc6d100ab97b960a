"""The fence: a call that was marked as sent asks nothing of the outside once it is not ours."""

from __future__ import annotations

import pytest

from makegood.domain.actions import ActionKind
from makegood.domain.effects import EffectStatus
from makegood.effects import executor
from makegood.effects.boundary import Point
from makegood.errors import Superseded
from makegood.gates import epoch
from tests.effects.crashing import On
from tests.gates.world import EFFECT, World, notify

IN_FLIGHT_S = 60


def test_a_tool_that_passes_no_fence_is_looked_at_before_it_is_called(world: World) -> None:
    def take_over() -> None:
        with world.store.write() as tx:
            epoch.take(tx, "another", world.clock.now_us())

    world.one(notify(world.order("o")))
    world.restart(On(Point.SENDING, take_over))
    with pytest.raises(Superseded):
        world.executor.settle()
    assert world.books[ActionKind.NOTIFY].calls == 0
    assert world.row(EFFECT).status == EffectStatus.DISPATCHED


@pytest.mark.parametrize(("late_s", "calls"), [(IN_FLIGHT_S / 2 + 1, 0), (IN_FLIGHT_S / 2 - 1, 1)])
def test_what_was_marked_long_ago_is_not_sent_any_more(
    world: World, monkeypatch: pytest.MonkeyPatch, late_s: float, calls: int
) -> None:
    """Whoever would ask the outside about it may have done so, and found nothing done."""
    seconds = 0.0

    def sleep() -> None:
        nonlocal seconds
        seconds = late_s

    monkeypatch.setattr(executor, "stopwatch_s", lambda: seconds)
    world.one(notify(world.order("o")))
    world.restart(On(Point.SENDING, sleep))
    world.executor.settle()
    assert world.books[ActionKind.NOTIFY].calls == calls
    ended = EffectStatus.CONFIRMED if calls else EffectStatus.UNKNOWN
    assert world.row(EFFECT).status == ended
