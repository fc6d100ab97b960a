"""A process that falls asleep (SIGSTOP) on the way of an effect: one to be taken over from."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from makegood.clock import VirtualClock
from makegood.domain.actions import ActionKind
from makegood.domain.effects import AdapterFacts, EffectCall, EffectStatus, Outcome, Repeat
from makegood.effects.boundary import Point
from makegood.effects.executor import Executor
from makegood.errors import Superseded
from makegood.sdk import before_request
from makegood.store.session import Store
from makegood.workspace.policies import read_policies
from makegood.workspace.reference import reference_root
from tests.gates.world import facts_for

if TYPE_CHECKING:
    from makegood.domain.effects import Adapter

REFUSED = 7
IN_THE_CALL = "in_the_call"


@dataclass(slots=True)
class FileBooks:
    """A provider whose books are a file: one line for each call, with the process that made it."""

    facts: AdapterFacts
    path: Path
    sleeps: bool = False

    def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
        """Write each call down, whoever makes it and however often; sleep before, once, if so."""
        if self.sleeps:
            self.sleeps = False
            os.kill(os.getpid(), signal.SIGSTOP)
        for call in calls:
            before_request()
            with self.path.open("a", encoding="utf-8") as file:
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
    store: Store,
    now_us: int,
    books: Path,
    epoch: int,
    point: str = "",
    repeat: Repeat = Repeat.IDEMPOTENT,
) -> Executor:
    """Return an executor of one epoch, whose refunds go to the file; `point` is where it sleeps."""
    policies, problems = read_policies(reference_root())
    assert policies is not None, problems
    facts = facts_for(ActionKind.REFUND, repeat)
    made: dict[ActionKind, Adapter] = {
        ActionKind.REFUND: FileBooks(facts, books, sleeps=point == IN_THE_CALL)
    }
    boundary = Sleeper(Point(point)) if point and point != IN_THE_CALL else None
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


def main(store_url: str, now_us: str, books: str, epoch: str, point: str, repeat: str) -> None:
    """Carry out what is granted, asleep for a while in the middle of it."""
    store = Store.open(store_url)
    try:
        executor(store, int(now_us), Path(books), int(epoch), point, Repeat(repeat)).settle()
    except Superseded:
        sys.exit(REFUSED)


if __name__ == "__main__":
    main(*sys.argv[1:])
