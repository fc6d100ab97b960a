"""A rolling horizon: plan everything that is known, carry out only what cannot wait.

At every decision each courier has a plan of several trips. A courier leaves for a restaurant only
when leaving after the next decision would make the pick-up later; then the restaurant and the
trip's orders are fixed, and more orders of that restaurant may still be added until the pick-up
(the two-stage additive commitment of Reyes, Erera, Savelsbergh, Sahasrabudhe and O'Neil 2018,
"The Meal Delivery Routing Problem").

    horizon = Horizon(places, couriers, rules, tuning, seed=1)
    horizon.know({7: Order(pick=0, drop=12, ready=35.0)})
    moves = horizon.decide(now=30.0, until=35.0)

`until` is the next decision's minute. Times are minutes, places rows of `places` (see `arrays`).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from makegood.planning.rolling.kernels.arrays import (
    Fleet,
    Floats,
    Ints,
    Orders,
    Plan,
    Problem,
    Rules,
    blank,
    flags,
    floats,
    ints,
    no_floats,
    no_ints,
)
from makegood.planning.rolling.kernels.draws import seeded
from makegood.planning.rolling.kernels.search import Effort, desk, improve, insert_all
from makegood.planning.rolling.kernels.stations import cover, station
from makegood.planning.rolling.moves import Bundle, Courier, Move, Order, Sent
from makegood.planning.rolling.trips import Trip, trips_of
from makegood.planning.rolling.tuning import Service, Tuning

_MOST_TRIPS: Final = 12
_MOST_MEMBERS: Final = 6
_EVENING: Final = 90.0


@dataclass(slots=True)
class _State:
    """Where a courier is or will be, since when, free from when, and what was assigned to it."""

    place: int
    since: float
    free: float
    assigned: tuple[int, ...] = ()
    done: int = 0
    trips: list[tuple[int, list[int]]] = field(default_factory=list)


class Horizon:
    """A day's dispatching, decision by decision."""

    def __init__(
        self,
        places: Sequence[Sequence[float]],
        couriers: Sequence[Courier],
        service: Service,
        tuning: Tuning,
        seed: int,
    ) -> None:
        """Begin with every courier at its start; `places` are rows of three coordinates."""
        self._places = floats(places)
        self._couriers = tuple(couriers)
        self._service = service
        self._tuning = tuning
        self._draws = seeded(seed)
        self._offs = sorted(courier.off for courier in couriers)
        self._open: dict[int, Order] = {}
        self._new: list[int] = []
        self._seen: list[tuple[float, int]] = []
        self._asked = Counter[int]()
        self._states = [_State(c.start, c.on, c.on) for c in couriers]

    @property
    def waiting(self) -> frozenset[int]:
        """The orders that are known and not picked up."""
        return frozenset(self._open)

    def know(self, orders: Mapping[int, Order]) -> None:
        """Learn of orders, each under a number of its own."""
        self._open.update(orders)
        self._new += [order.pick for order in orders.values()]

    def decide(self, now: float, until: float) -> list[Move]:
        """Plan anew at minute `now` and return what is fixed before the decision at `until`."""
        crew = [n for n, courier in enumerate(self._couriers) if courier.off >= now]
        self._seen.extend((now, place) for place in self._new)
        self._asked.update(self._new)
        self._new.clear()
        moves = self._planned(crew, now, until) if crew and self._open else []
        return moves + self._stationed(crew, now, until)

    def _planned(self, crew: list[int], now: float, until: float) -> list[Move]:
        numbers = list(self._open)
        problem = Problem(self._places, self._orders(), self._fleet(crew, now), self._rules(now))
        plan = self._load(crew, numbers)
        insert_all(problem, plan, self._queue(numbers), self._draws)
        improve(problem, plan, desk(plan), self._effort(len(numbers), now), self._draws)
        moves: list[Move] = []
        for row, number in enumerate(crew):
            moves += self._fix(number, trips_of(plan, row, numbers), now, until)
        return moves

    def _stationed(self, crew: list[int], now: float, until: float) -> list[Move]:
        """Send couriers with nothing to do where orders came from, or are likely to come from."""
        self._seen = [(at, place) for at, place in self._seen if at > now - self._tuning.foresee]
        idle = [n for n in crew if not self._states[n].assigned and not self._states[n].trips]
        last = self._last(crew, now)
        moves = self._follow([n for n in idle if n not in last], now, until)
        return moves + self._cover(last, {n for n in idle if self._states[n].free < until}, now)

    def _last(self, crew: list[int], now: float) -> list[int]:
        """Return the day's last couriers, the very last first, where their evening has begun."""
        by_end = sorted(crew, key=lambda n: -self._couriers[n].off)[: self._tuning.few]
        return [n for n in by_end if self._couriers[n].off - now <= _EVENING]

    def _follow(self, idle: list[int], now: float, until: float) -> list[Move]:
        if not idle or not self._seen:
            return []
        wanted = ints([place for _, place in self._seen])
        problem = Problem(self._places, self._orders(), self._fleet(idle, now), self._rules(now))
        chosen, arrives = no_ints(len(idle)), no_floats(len(idle))
        away = no_floats((len(idle), wanted.shape[0]))
        station(problem, wanted, away, chosen, arrives)
        rows = [row for row, n in enumerate(idle) if self._states[n].free < until]
        return self._sent(idle, rows, wanted, chosen, arrives, now)

    def _cover(self, last: list[int], free: set[int], now: float) -> list[Move]:
        if not free.intersection(last) or not self._asked:
            return []
        wanted = ints(list(self._asked))
        weight = floats([float(count) for count in self._asked.values()])
        fleet = self._fleet(last, now)._replace(bound=flags([n not in free for n in last]))
        problem = Problem(self._places, self._orders(), fleet, self._rules(now))
        chosen, arrives = no_ints(len(last)), no_floats(len(last))
        cover(problem, wanted, weight, no_floats(wanted.shape[0]), chosen, arrives)
        return self._sent(last, list(range(len(last))), wanted, chosen, arrives, now)

    def _sent(
        self,
        crew: list[int],
        rows: list[int],
        wanted: Ints,
        chosen: Ints,
        arrives: Floats,
        now: float,
    ) -> list[Move]:
        moves: list[Move] = []
        for row in rows:
            state = self._states[crew[row]]
            if chosen[row] < 0 or state.place == wanted[chosen[row]]:
                continue
            place, there = wanted[chosen[row]], float(arrives[row])
            departs = max(state.free, now)
            moves.append(Sent(crew[row], place, now, departs, there, ()))
            state.place, state.since, state.free = place, there, there
        return moves

    # --- the problem as arrays ---------------------------------------------------------------

    def _rules(self, now: float) -> Rules:
        given, weighed = self._service, self._tuning
        return Rules(
            now=now,
            before_pick=given.before_pick,
            after_pick=given.after_pick,
            before_drop=given.before_drop,
            after_drop=given.after_drop,
            sphere=given.sphere,
            whole=given.whole,
            ride=weighed.ride,
            pay=weighed.pay,
            per_order=weighed.per_order,
        )

    def _orders(self) -> Orders:
        rows = list(self._open.values())
        ready = floats([o.ready for o in rows])
        return Orders(
            pick=ints([o.pick for o in rows]),
            drop=ints([o.drop for o in rows]),
            ready=ready,
            since=ready,
            due=floats([o.due for o in rows]),
            per_minute=floats([o.per_minute for o in rows]),
            late=floats([o.late for o in rows]),
            left_out=floats([o.left_out for o in rows]),
        )

    def _fleet(self, crew: list[int], now: float) -> Fleet:
        who = [self._couriers[n] for n in crew]
        where = [self._states[n] for n in crew]
        return Fleet(
            place=ints([s.place for s in where]),
            stands_since=floats([s.since for s in where]),
            free_at=floats([s.free for s in where]),
            until=floats([c.off for c in who]),
            speed=floats([c.speed for c in who]),
            room=ints([c.room for c in who]),
            fee=floats([self._fee(c, now) for c in who]),
            done=ints([s.done for s in where]),
            guaranteed=floats([self._guaranteed(c, now) for c in who]),
            bound=flags([bool(s.assigned) for s in where]),
        )

    def _guaranteed(self, courier: Courier, now: float) -> float:
        so_far = min(courier.off, now + self._tuning.ahead) - courier.on
        return courier.guaranteed * max(0.0, so_far)

    def _fee(self, courier: Courier, now: float) -> float:
        if not self._tuning.spare or courier.off - now > _EVENING:
            return 0.0
        lasting = len(self._offs) - bisect_left(self._offs, courier.off)
        return self._tuning.spare / lasting

    def _effort(self, orders: int, now: float) -> Effort:
        t = self._tuning
        queued = max(0, orders - sum(c.on <= now <= c.off for c in self._couriers))
        rounds = t.rounds + t.rounds_each * orders + t.rounds_queued * queued
        return Effort(rounds, t.least, t.most, t.hot, t.cold, t.blink)

    def _queue(self, numbers: list[int]) -> Ints:
        ready = [self._open[number].ready for number in numbers]
        return ints(sorted(range(len(numbers)), key=ready.__getitem__))

    def _load(self, crew: list[int], numbers: list[int]) -> Plan:
        plan = blank(len(crew), len(numbers), _MOST_TRIPS, _MOST_MEMBERS)
        rows = {number: row for row, number in enumerate(numbers)}
        for c, number in enumerate(crew):
            state = self._states[number]
            plan.trips[c] = len(state.trips)
            for k, (place, members) in enumerate(state.trips):
                plan.at[c, k], plan.size[c, k] = place, len(members)
                for i, order in enumerate(members):
                    plan.member[c, k, i] = rows[order]
                    plan.by[rows[order]] = c
            for order in state.assigned:
                plan.locked[rows[order]] = True
        return plan

    # --- what is fixed now -------------------------------------------------------------------

    def _fix(self, number: int, trips: list[Trip], now: float, until: float) -> list[Move]:
        state, moves = self._states[number], list[Move]()
        while trips:
            trip = trips[0]
            if not state.assigned and state.place != trip.place:
                departs = max(state.free, now, trip.picked - self._service.before_pick - trip.ride)
                if departs >= until:
                    break
                arrives = departs + trip.ride
                moves.append(Sent(number, trip.place, now, departs, arrives, trip.orders))
                state.place, state.since, state.free = trip.place, arrives, arrives
                state.assigned = trip.orders
            if trip.picked >= until:
                break
            moves.append(Bundle(number, trip.place, now, trip.picked, trip.orders, trip.dropped))
            state.place, state.since, state.free = (
                self._open[trip.orders[-1]].drop,
                trip.end,
                trip.end,
            )
            state.assigned, state.done = (), state.done + len(trip.orders)
            for order in trip.orders:
                del self._open[order]
            trips.pop(0)
        state.trips = [(trip.place, list(trip.orders)) for trip in trips]
        return moves


def on_sphere(latitude: float, longitude: float) -> tuple[float, float, float]:
    """Return a place's row of coordinates where `Service.sphere` holds, from degrees."""
    phi, lam = math.radians(latitude), math.radians(longitude)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


def warm() -> None:
    """Compile the kernels, or read what an earlier process compiled, by planning two orders."""
    courier = Courier(start=0, on=0.0, off=60.0, speed=100.0, room=2)
    horizon = Horizon([(0.0, 0.0, 0.0)] * 2, [courier], Service(), Tuning(), seed=1)
    horizon.know({0: Order(pick=0, drop=1, ready=0.0), 1: Order(pick=0, drop=1, ready=0.0)})
    horizon.decide(0.0, 1.0)
