"""Lives through a recorded day, decision by decision."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from makegood.clock import stopwatch_s
from makegood.replay.suites.base import Charge
from makegood.replay.suites.rappi.days import Day
from makegood.replay.suites.rappi.fleet import Fleet, Orders, Send, Trip
from makegood.replay.suites.rappi.rules import Ints


class Dispatcher(Protocol):
    """Decides whom to send."""

    def __call__(self, now_s: int, pending: Ints, orders: Orders, fleet: Fleet) -> list[Send]:
        """Return whom to send now for the orders that wait, given by their places in the day."""
        ...


@dataclass(frozen=True, slots=True)
class Lived:
    """What was done on a day, and how long each decision took."""

    trips: tuple[Trip, ...]
    decisions_s: tuple[float, ...]


def live(day: Day, dispatcher: Dispatcher, every_s: int, charge: Charge) -> Lived:
    """Decide every so many seconds, from midnight until nobody is on shift.

    What a decision costs is added, in whole seconds, before anybody leaves on it.
    """
    orders, fleet = Orders(day), Fleet(day)
    waiting = np.ones(len(day.orders), dtype=np.bool_)
    taken = list[float]()
    for now_s in range(0, int(fleet.off_s.max(initial=0)) + 1, every_s):
        pending = np.flatnonzero(waiting & (orders.placed_s <= now_s))
        if not len(pending):
            continue
        began_s = stopwatch_s()
        sends = dispatcher(now_s, pending, orders, fleet)
        taken.append(stopwatch_s() - began_s)
        cost_s = taken[-1] if charge.fixed_us is None else charge.fixed_us / 1e6
        for send in sends:
            if fleet.carry_out(send, now_s, math.ceil(cost_s)):
                waiting[list(send.orders)] = False
    return Lived(tuple(fleet.trips), tuple(taken))
