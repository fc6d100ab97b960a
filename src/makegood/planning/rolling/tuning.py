"""What a rolling planner is told once: service times, what it weighs, and how long it searches."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Minutes of service around a stop, and how travel is counted (see `arrays.Rules`)."""

    before_pick: float = 0.0
    after_pick: float = 0.0
    before_drop: float = 0.0
    after_drop: float = 0.0
    sphere: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What the plan weighs, in minutes of delay, and how long it searches.

    A minute of travel costs `ride`; a unit of pay above the guaranteed costs `pay`, where an order
    pays `per_order`; pay counts as guaranteed that is earned in shift minutes up to `ahead`
    minutes from now. The search has `rounds` rounds, `rounds_each` more for each open order, and
    `rounds_queued` more for each beyond one a courier on shift: where orders queue, plans differ.
    Idle couriers are sent to wait where orders came from in the last `foresee` minutes; 0
    leaves them where they are. In the last 90 minutes of a shift an order costs `spare` more,
    shared among those who stay as long: the last courier of the day is kept free for what comes
    when everybody else has left. Of the `few` last couriers, those with nothing to do wait where
    together they are near to whatever was ordered from that day; 0 treats them like the others.
    """

    ride: float = 0.1
    pay: float = 0.0
    per_order: float = 0.0
    ahead: float = 60.0
    rounds: int = 100
    rounds_each: int = 2
    rounds_queued: int = 0
    least: int = 2
    most: int = 8
    hot: float = 3.0
    cold: float = 0.2
    blink: float = 0.02
    foresee: float = 0.0
    spare: float = 0.0
    few: int = 0
