"""A process that was stopped and wakes up after another has taken over does nothing more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind
from makegood.domain.effects import Repeat
from makegood.effects.boundary import Point
from makegood.gates import epoch
from tests.conftest import ROOT
from tests.gates.world import World, refund
from tests.security.sleeper import IN_THE_CALL, REFUSED, executor, lines

if TYPE_CHECKING:
    from pathlib import Path

    from makegood.effects.executor import Executor

SLOWLY = (Point.BEFORE_INTENT, Point.AFTER_INTENT, Point.BEFORE_DISPATCH)
ON_THE_WAY = [
    Point.SENDING.value,
    IN_THE_CALL,
    *(pytest.param(point.value, marks=pytest.mark.slow) for point in SLOWLY),
]


class Night:
    """Two approved refunds, and a process that falls asleep while it carries them out."""

    def __init__(
        self, world: World, store_url: str, books: Path, point: str, repeat: Repeat
    ) -> None:
        self.world = world
        self.books = books
        self.repeat = repeat
        self.now_us = world.clock.now_us()
        world.adapter(ActionKind.REFUND, repeat)
        world.orders("o1", "o2")
        for name in ("o1", "o2"):
            world.approve(world.held(refund(name)).id)
        given = (store_url, str(self.now_us), str(books), str(world.epoch), point, repeat.value)
        self.sleeper = subprocess.Popen(
            [sys.executable, "-m", "tests.security.sleeper", *given],
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT}/src:{ROOT}"},
        )
        _, status = os.waitpid(self.sleeper.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "it did not fall asleep"

    def take_over(self) -> int:
        """Let another process own the work, and return its epoch."""
        with self.world.store.write() as tx:
            return epoch.take(tx, "another", self.now_us)

    def later(self, owned: int, minutes: int) -> Executor:
        """Return who took over, so many minutes after that."""
        now_us = self.now_us + minutes * MINUTE
        return executor(self.world.store, now_us, self.books, owned, repeat=self.repeat)

    def wake(self) -> int:
        """Let the sleeper go on, and return how it ended."""
        os.kill(self.sleeper.pid, signal.SIGCONT)
        return self.sleeper.wait(30)

    def end(self) -> None:
        self.sleeper.kill()
        self.sleeper.wait()


@pytest.mark.parametrize("repeat", [Repeat.IDEMPOTENT, Repeat.QUERYABLE])
@pytest.mark.parametrize("point", ON_THE_WAY)
def test_a_process_that_slept_while_another_took_over_refuses_to_dispatch(
    world: World, store_url: str, tmp_path: Path, point: str, repeat: Repeat
) -> None:
    """Whoever took over finds nothing done, once nothing can be under way, and does it: once."""
    night = Night(world, store_url, tmp_path / "books", point, repeat)
    try:
        owned = night.take_over()
        # What was not marked as sent is everybody's, so that one wakes while it is to be done yet.
        early = point in [each.value for each in SLOWLY]
        if early:
            assert night.wake() == REFUSED
            assert lines(night.books) == []
        night.later(owned, 0).recover()
        for minutes in (2, 4):
            night.later(owned, minutes).settle()
        assert [pid for pid, _ in lines(night.books)] == [os.getpid()] * 2
        assert early or night.wake() == REFUSED
    finally:
        night.end()
    assert [pid for pid, _ in lines(night.books)] == [os.getpid()] * 2
    assert len({key for _, key in lines(night.books)}) == 2
    assert world.ledger_is_sound()


@pytest.mark.parametrize("point", [Point.SENDING.value, IN_THE_CALL])
def test_a_process_that_wakes_before_another_has_taken_over_goes_on(
    world: World, store_url: str, tmp_path: Path, point: str
) -> None:
    night = Night(world, store_url, tmp_path / "books", point, Repeat.QUERYABLE)
    try:
        assert night.wake() == 0
    finally:
        night.end()
    assert [pid for pid, _ in lines(night.books)] == [night.sleeper.pid] * 2


@pytest.mark.slow
@pytest.mark.parametrize("repeat", [Repeat.IDEMPOTENT, Repeat.QUERYABLE])
def test_a_process_that_slept_with_its_call_under_way_notes_nothing_any_more(
    world: World, store_url: str, tmp_path: Path, repeat: Repeat
) -> None:
    """What it has sent it has sent: that is found, or paid once under the same key."""
    night = Night(world, store_url, tmp_path / "books", Point.AFTER_DISPATCH.value, repeat)
    try:
        owned = night.take_over()
        night.later(owned, 0).recover()
        night.later(owned, 2).settle()
        assert night.wake() == REFUSED
    finally:
        night.end()
    calls = [key for _, key in lines(night.books)]
    assert len(set(calls)) == 2
    assert len(calls) == (2 if repeat is Repeat.QUERYABLE else 4)
    assert world.ledger_is_sound()
