"""A process that was stopped and wakes up after another has taken over does nothing more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from makegood.effects.boundary import Point
from makegood.gates import epoch
from tests.conftest import ROOT
from tests.gates.world import World, refund
from tests.security.sleeper import REFUSED, executor, lines

if TYPE_CHECKING:
    from pathlib import Path

    from makegood.effects.executor import Executor

SLOWLY = (Point.BEFORE_INTENT, Point.AFTER_INTENT)
ON_THE_WAY = [Point.BEFORE_DISPATCH, *(pytest.param(p, marks=pytest.mark.slow) for p in SLOWLY)]


class Night:
    """Two approved refunds, and a process that falls asleep while it carries them out."""

    def __init__(self, world: World, store_url: str, books: Path, point: Point) -> None:
        self.world = world
        self.books = books
        self.now_us = world.clock.now_us()
        world.orders("o1", "o2")
        for name in ("o1", "o2"):
            world.approve(world.held(refund(name)).id)
        given = (store_url, str(self.now_us), str(books), str(world.epoch), point.value)
        self.sleeper = subprocess.Popen(
            [sys.executable, "-m", "tests.security.sleeper", *given],
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT}/src:{ROOT}"},
        )
        _, status = os.waitpid(self.sleeper.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "it did not fall asleep"

    def take_over(self) -> Executor:
        with self.world.store.write() as tx:
            taken = epoch.take(tx, "another", self.now_us)
        return executor(self.world.store, self.now_us, self.books, taken, None)

    def wake(self) -> int:
        """Let the sleeper go on, and return how it ended."""
        os.kill(self.sleeper.pid, signal.SIGCONT)
        return self.sleeper.wait(30)

    def end(self) -> None:
        self.sleeper.kill()
        self.sleeper.wait()


@pytest.mark.parametrize("point", ON_THE_WAY)
def test_a_process_that_slept_while_another_took_over_refuses_to_dispatch(
    world: World, store_url: str, tmp_path: Path, point: Point
) -> None:
    night = Night(world, store_url, tmp_path / "books", point)
    try:
        ours = night.take_over()
        assert night.wake() == REFUSED
        assert lines(night.books) == []
        ours.recover()
        ours.settle()
    finally:
        night.end()
    assert [pid for pid, _ in lines(night.books)] == [os.getpid()] * 2
    assert len({key for _, key in lines(night.books)}) == 2
    assert world.ledger_is_sound()


@pytest.mark.slow
def test_a_process_that_slept_with_its_call_under_way_notes_nothing_any_more(
    world: World, store_url: str, tmp_path: Path
) -> None:
    """What it has sent it has sent; the provider sees the same keys again, and pays them once."""
    night = Night(world, store_url, tmp_path / "books", Point.AFTER_DISPATCH)
    try:
        ours = night.take_over()
        ours.recover()
        ours.settle()
        assert night.wake() == REFUSED
    finally:
        night.end()
    assert len({key for _, key in lines(night.books)}) == 2
    assert world.ledger_is_sound()
