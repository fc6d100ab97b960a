"""Holds a dispatching record against the rules of the game, without knowing how it was planned.

The record says who left for which pick-up place when, and what was picked up and dropped when. It
is gone through courier by courier; every time in it is worked out anew from the rules, so that a
planner's own arithmetic is never believed. Times and minutes may be any one unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Place = Hashable


class Rule(StrEnum):
    """What can be broken, each by the rule's own sentence."""

    KNOWN_NAMES = "couriers and orders are those of the day"
    ONCE = "an order is given to one courier and carried once"
    ONE_PLACE = "a courier is where it last went, and leaves only when it is free"
    TRAVEL_TIME = "arrivals and drop-offs are as long after leaving as the way and service take"
    ON_TICK = "times are whole"
    ON_GRID = "decisions are taken at the interval's times"
    AFTER_DECISION = "nothing happens before the decision that issued it"
    AFTER_PLACEMENT = "an order is used only once it is placed"
    NOT_DIVERTED = "a courier sent with orders picks them up before it goes elsewhere"
    NONE_REMOVED = "an order given to a courier is in its next bundle"
    READY = "a bundle is picked up when all of it is ready"
    SERVICE = "a pick-up comes after the service time at the restaurant"
    SHIFT = "a courier leaves after its shift began and picks up before it ends"
    SAME_RESTAURANT = "a bundle's orders are of the place where it is picked up"
    CAPACITY = "a bundle has an order, and no more than the courier can carry"
    SERVED = "an order that somebody could still serve is served"


@dataclass(frozen=True, slots=True)
class Task:
    """An order: where from and to, when it is placed and when it is ready."""

    pick_up: Place
    drop_off: Place
    placed: float
    ready: float


@dataclass(frozen=True, slots=True)
class Worker:
    """A courier: where and when its shift begins, when it ends, and what it can carry at once."""

    start: Place
    on: float
    off: float
    room: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """How long things take and when decisions are taken.

    `travel` gives the time from place to place for the courier named first. Decisions are at
    multiples of `every`, times at multiples of `tick`, where given. Two times are the same that
    differ by no more than `slack`.
    """

    travel: Callable[[str, Place, Place], float]
    before_pick: float = 0.0
    after_pick: float = 0.0
    before_drop: float = 0.0
    after_drop: float = 0.0
    every: float | None = None
    tick: float | None = None
    slack: float = 1e-6


@dataclass(frozen=True, slots=True)
class Leaving:
    """A courier leaves for a pick-up place, with orders that it is given now, or without."""

    courier: str
    to: Place
    decided: float
    departs: float
    arrives: float
    orders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carrying:
    """A courier picks a bundle up and drops it, in this order."""

    courier: str
    at: Place
    decided: float
    picked: float
    orders: tuple[str, ...]
    dropped: tuple[float, ...]


Step = Leaving | Carrying


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that was broken, by which courier or order, and how."""

    rule: Rule
    who: str
    detail: str

    def __str__(self) -> str:
        return f"{self.who}: {self.rule}: {self.detail}"


def violations(
    game: Game, tasks: Mapping[str, Task], workers: Mapping[str, Worker], record: Sequence[Step]
) -> list[Violation]:
    """Return every breach of the rules in a record; each courier's steps stand in their order."""
    referee = _Referee(game, tasks, workers)
    return [*referee.judge(record), *referee.unserved()]


@dataclass(slots=True)
class _Known:
    """What is known of a courier on the way through its record."""

    place: Place
    arrived: float
    free: float
    given: set[str] = field(default_factory=set[str])


class _Referee:
    def __init__(
        self, game: Game, tasks: Mapping[str, Task], workers: Mapping[str, Worker]
    ) -> None:
        self._game, self._tasks, self._workers = game, tasks, workers
        self._couriers = {n: _Known(w.start, w.on, w.on) for n, w in workers.items()}
        self._given: dict[str, str] = {}
        self._carried: set[str] = set()

    def judge(self, record: Sequence[Step]) -> Iterator[Violation]:
        for step in record:
            strange = [o for o in step.orders if o not in self._tasks]
            if step.courier not in self._workers or strange:
                yield Violation(Rule.KNOWN_NAMES, step.courier, f"{strange or step.courier}")
                continue
            yield from self._told(step)
            if isinstance(step, Leaving):
                yield from self._leaves(step, self._couriers[step.courier])
            else:
                yield from self._carries(step, self._couriers[step.courier])
        for name, known in self._couriers.items():
            for order in sorted(known.given):
                yield Violation(Rule.NONE_REMOVED, name, f"{order} was never picked up")

    def _told(self, step: Step) -> Iterator[Violation]:
        who, game = step.courier, self._game
        at = step.departs if isinstance(step, Leaving) else step.picked
        if at < step.decided - game.slack:
            yield Violation(Rule.AFTER_DECISION, who, f"{at:g} is before {step.decided:g}")
        if game.every is not None and not _multiple(step.decided, game.every, game.slack):
            yield Violation(Rule.ON_GRID, who, f"decided at {step.decided:g}")
        times = (step.departs, step.arrives) if isinstance(step, Leaving) else step.dropped
        for time in (at, *times):
            if game.tick is not None and not _multiple(time, game.tick, game.slack):
                yield Violation(Rule.ON_TICK, who, f"{time:g}")
        here = step.to if isinstance(step, Leaving) else step.at
        for order in step.orders:
            task = self._tasks[order]
            if task.placed > step.decided + game.slack:
                detail = f"given at {step.decided:g}, placed at {task.placed:g}"
                yield Violation(Rule.AFTER_PLACEMENT, order, detail)
            if task.pick_up != here:
                yield Violation(Rule.SAME_RESTAURANT, order, f"given to {who} for another place")
            holder = self._given.setdefault(order, who)
            if holder != who or order in self._carried:
                yield Violation(Rule.ONCE, order, f"with {holder} and again with {who}")

    def _leaves(self, step: Leaving, known: _Known) -> Iterator[Violation]:
        game, who = self._game, step.courier
        if known.given:
            yield Violation(Rule.NOT_DIVERTED, who, f"leaves at {step.departs:g} with orders due")
        if step.departs < self._workers[who].on - game.slack:
            yield Violation(Rule.SHIFT, who, f"leaves at {step.departs:g}")
        elif step.departs < known.free - game.slack:
            detail = f"leaves at {step.departs:g}, free at {known.free:g}"
            yield Violation(Rule.ONE_PLACE, who, detail)
        takes = game.travel(who, known.place, step.to)
        if abs(step.arrives - step.departs - takes) > game.slack:
            detail = f"{step.departs:g} to {step.arrives:g}, the way takes {takes:g}"
            yield Violation(Rule.TRAVEL_TIME, who, detail)
        known.place, known.arrived, known.free = step.to, step.arrives, step.arrives
        known.given |= set(step.orders)

    def _carries(self, step: Carrying, known: _Known) -> Iterator[Violation]:
        yield from self._loads(step, known)
        left = known.given - set(step.orders)
        for order in sorted(left):
            yield Violation(Rule.NONE_REMOVED, step.courier, f"{order} is not in the bundle")
        known.given = set()
        self._carried |= set(step.orders)
        yield from self._drops(step, known)

    def _loads(self, step: Carrying, known: _Known) -> Iterator[Violation]:
        game, who, worker = self._game, step.courier, self._workers[step.courier]
        room = math.inf if worker.room is None else worker.room
        if not 1 <= len(step.orders) <= room or len(set(step.orders)) < len(step.orders):
            yield Violation(Rule.CAPACITY, who, f"{len(step.orders)} orders, room for {room:g}")
        if step.at != known.place:
            yield Violation(Rule.ONE_PLACE, who, f"picks up at {step.at}, is at {known.place}")
        if step.picked < known.arrived + game.before_pick - game.slack:
            detail = f"picked up at {step.picked:g}, there since {known.arrived:g}"
            yield Violation(Rule.SERVICE, who, detail)
        if step.picked > worker.off + game.slack or step.picked < worker.on - game.slack:
            yield Violation(Rule.SHIFT, who, f"picks up at {step.picked:g}, off at {worker.off:g}")
        for order in step.orders:
            ready = self._tasks[order].ready
            if step.picked < ready - game.slack:
                yield Violation(Rule.READY, order, f"at {step.picked:g}, ready at {ready:g}")

    def _drops(self, step: Carrying, known: _Known) -> Iterator[Violation]:
        game, who = self._game, step.courier
        place, time = step.at, step.picked + game.after_pick
        if len(step.dropped) != len(step.orders):
            yield Violation(Rule.TRAVEL_TIME, who, "not every order of the bundle has a drop-off")
        for order, dropped in zip(step.orders, step.dropped, strict=False):
            to = self._tasks[order].drop_off
            due = time + game.travel(who, place, to) + game.before_drop
            if abs(dropped - due) > game.slack:
                detail = f"dropped at {dropped:g}, the way and service take until {due:g}"
                yield Violation(Rule.TRAVEL_TIME, order, detail)
            place, time = to, due + game.after_drop
        known.place, known.arrived, known.free = place, time, time

    def unserved(self) -> Iterator[Violation]:
        """Yield the orders left behind that some courier could serve after all it did."""
        for name in sorted(self._tasks.keys() - self._carried):
            able = [w for w in self._workers if self._could(w, self._tasks[name])]
            if able:
                yield Violation(Rule.SERVED, name, f"{able[0]} could still serve it")

    def _could(self, name: str, task: Task) -> bool:
        game, known, worker = self._game, self._couriers[name], self._workers[name]
        told = task.placed
        if game.every is not None:
            told = math.ceil(told / game.every - game.slack) * game.every
        arrives = max(known.free, told) + game.travel(name, known.place, task.pick_up)
        if known.place == task.pick_up:
            arrives = known.arrived
        picked = max(arrives + game.before_pick, task.ready, told)
        return picked <= worker.off + game.slack


def _multiple(time: float, unit: float, slack: float) -> bool:
    return abs(time - round(time / unit) * unit) <= slack
