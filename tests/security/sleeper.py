"""A process that falls asleep (SIGSTOP) at a boundary of an effect: one to be taken over from."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from makegood.clock import VirtualClock
from makegood.domain.actions import ActionKind
from makegood.domain.effects import AdapterFacts, EffectCall, EffectStatus, Outcome
from makegood.effects.boundary import Point
from makegood.effects.executor import Executor
from makegood.errors import Superseded
from makegood.store.session import Store
from makegood.workspace.policies import read_policies
from makegood.workspace.reference import reference_root
from tests.gates.world import facts_for

if TYPE_CHECKING:
    from makegood.domain.effects import Adapter

REFUSED = 7


@dataclass(slots=True)
class FileBooks:
    """A provider whose books are a file: one line for each call, with the process that made it."""

    facts: AdapterFacts
    path: Path

    def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
        """Write each call down, whoever makes it and however often."""
        with self.path.open("a", encoding="utf-8") as file:
            for call in calls:
                file.write(f"{os.getpid()} {call.key}\n")
        return tuple(Outcome(status=EffectStatus.CONFIRMED, reference=c.key) for c in calls)

    def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
        """Say what stands in the file."""
        there = {key for _, key in lines(self.path)}
        found = Outcome(status=EffectStatus.CONFIRMED)
        return tuple(found if key in there else None for key in keys)


def lines(path: Path) -> list[tuple[int, str]]:
    """Return who called with which key."""
    if not path.exists():
        return []
    split = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return [(int(pid), key) for pid, key in split]


def executor(
    store: Store, now_us: int, books: Path, epoch: int, boundary: Sleeper | None
) -> Executor:
    """Return an executor of one epoch, whose refunds go to the file."""
    policies, problems = read_policies(reference_root())
    assert policies is not None, problems
    made: dict[ActionKind, Adapter] = {
        ActionKind.REFUND: FileBooks(facts_for(ActionKind.REFUND), books)
    }
    return Executor(store, VirtualClock(now_us), made, epoch, boundary, policies=lambda: policies)


class Sleeper:
    """Stops the process when it passes a point for the first time."""

    def __init__(self, point: Point) -> None:
        self._point = point
        self._slept = False

    def reached(self, point: Point) -> None:
        """Fall asleep at the point; go on when somebody says SIGCONT."""
        if point is self._point and not self._slept:
            self._slept = True
            os.kill(os.getpid(), signal.SIGSTOP)


def main(store_url: str, now_us: str, books: str, epoch: str, point: str) -> None:
    """Carry out what is granted, asleep for a while in the middle of it."""
    store = Store.open(store_url)
    boundary = Sleeper(Point(point))
    try:
        executor(store, int(now_us), Path(books), int(epoch), boundary).settle()
    except Superseded:
        sys.exit(REFUSED)


if __name__ == "__main__":
    main(*sys.argv[1:])
