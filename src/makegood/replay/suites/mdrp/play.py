"""Lets the rolling planner dispatch a day, and keeps the record of what it decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from makegood.clock import stopwatch_s
from makegood.planning.rolling import (
    Bundle,
    Courier,
    Horizon,
    Move,
    Order,
    Sent,
    Service,
    Tuning,
    warm,
)
from makegood.replay.feasibility import Carrying, Leaving, Step
from makegood.replay.suites.mdrp.days import MealDay, Spot

ROOM: Final = 6
"""Most orders the planner puts into a bundle; the rules set no limit."""

_LONGEST_MIN: Final = 5


@dataclass(frozen=True, slots=True)
class Played:
    """What was decided, in order, and the wall seconds that each decision took."""

    record: tuple[Step, ...]
    decision_s: tuple[float, ...]


def play(day: MealDay, every: int, seed: int, tuning: Tuning | None = None) -> Played:
    """Dispatch a day with a decision every `every` minutes, from minute 0 on.

    The planner hears of an order at the first decision after its placement, and compiles before
    the first.
    """
    warm()
    table = _Table(day)
    horizon = table.horizon(tuning or tuned(day, every), seed)
    record, decision_s, told = list[Step](), list[float](), 0
    last = max(driver.off for driver in day.drivers)
    for now in range(0, last + 1, every):
        new: dict[int, Order] = {}
        while told < len(day.meals) and day.meals[told].placed <= now:
            new[told] = table.order(told)
            told += 1
        began = stopwatch_s()
        horizon.know(new)
        moves = horizon.decide(float(now), float(now + every))
        decision_s.append(stopwatch_s() - began)
        record += [table.step(move) for move in moves]
    return Played(tuple(record), tuple(decision_s))


def tuned(day: MealDay, every: int) -> Tuning:
    """Return what did best on 24 of the recorded days, one of each kind.

    The plan is kept from decision to decision, so the search goes on: the oftener it may, the
    fewer rounds each time, but for orders that queue.
    """
    since = min(every, _LONGEST_MIN)
    return Tuning(
        ride=0.0,
        pay=0.2,
        per_order=float(day.terms.pay_per_order),
        ahead=0.0,
        rounds=50 + 30 * since,
        rounds_each=(since + 1) // 2,
        rounds_queued=100,
        foresee=45.0,
        spare=4.0,
        few=8,
    )


class _Table:
    """A day's places as rows, and the way back from rows and numbers to its own names."""

    def __init__(self, day: MealDay) -> None:
        self._day = day
        spots = [*day.restaurants, *(m.restaurant for m in day.meals)]
        spots += [meal.customer for meal in day.meals]
        spots += [driver.start for driver in day.drivers]
        self._spots: list[Spot] = list(dict.fromkeys(spots))
        self._row = {spot: row for row, spot in enumerate(self._spots)}

    def horizon(self, tuning: Tuning, seed: int) -> Horizon:
        terms = self._day.terms
        half_pick, half_drop = terms.pick_up_service / 2, terms.drop_off_service / 2
        service = Service(
            before_pick=half_pick,
            after_pick=half_pick,
            before_drop=half_drop,
            after_drop=half_drop,
            whole=True,
        )
        places = [(float(x), float(y), 0.0) for x, y in self._spots]
        return Horizon(
            places, [self._courier(n) for n in range(len(self._day.drivers))], service, tuning, seed
        )

    def _courier(self, number: int) -> Courier:
        driver, terms = self._day.drivers[number], self._day.terms
        return Courier(
            start=self._row[driver.start],
            on=float(driver.on),
            off=float(driver.off),
            speed=float(terms.metres_per_minute),
            room=ROOM,
            guaranteed=terms.pay_per_hour / 60,
        )

    def order(self, number: int) -> Order:
        meal = self._day.meals[number]
        pick, drop = self._row[meal.restaurant], self._row[meal.customer]
        return Order(pick=pick, drop=drop, ready=float(meal.ready))

    def step(self, move: Move) -> Step:
        who = self._day.drivers[move.courier].name
        orders = tuple(self._day.meals[n].name for n in move.orders)
        at = self._spots[move.place]
        match move:
            case Sent():
                return Leaving(who, at, move.decided, move.departs, move.arrives, orders)
            case Bundle():
                return Carrying(who, at, move.decided, move.picked, orders, move.dropped)
