"""Has what was done on a day held against the rules, by who knows nothing of how it was planned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, cast

from makegood.domain.geo import Point
from makegood.replay.feasibility import Carrying, Game, Leaving, Step, Task, Worker
from makegood.replay.feasibility import violations as judged
from makegood.replay.suites.rappi.rules import CAPACITY, travel_s

if TYPE_CHECKING:
    from makegood.replay.feasibility import Place
    from makegood.replay.suites.rappi.days import Day
    from makegood.replay.suites.rappi.fleet import Trip

MOST: Final = 20


def violations(day: Day, trips: Sequence[Trip], every_s: int) -> tuple[str, ...]:
    """Return every breach of the rules in words, at most `MOST` and how many more there are."""
    speeds = {courier.id: courier.speed_km_h for courier in day.couriers}

    def travel(courier: str, a: Place, b: Place) -> int:
        return travel_s(cast("Point", a), cast("Point", b), speeds[courier])

    tasks = {
        one.id: Task(one.pick_up, one.drop_off, one.placed_s, one.ready_s) for one in day.orders
    }
    workers = {
        one.id: Worker(one.position, one.on_s, one.off_s, CAPACITY[one.vehicle])
        for one in day.couriers
    }
    game = Game(travel=travel, every=every_s, tick=1)
    found = [str(one) for one in judged(game, tasks, workers, list(_record(day, trips)))]
    more = (f"and {len(found) - MOST} more",) if len(found) > MOST else ()
    return (*found[:MOST], *more)


def _record(day: Day, trips: Sequence[Trip]) -> Iterator[Step]:
    for trip in trips:
        who = day.couriers[trip.courier].id
        shop = day.orders[trip.orders[0]].pick_up
        orders = tuple(day.orders[i].id for i in trip.orders)
        decided = trip.decided_s
        yield Leaving(who, shop, decided, trip.departs_s, trip.arrives_s, orders)
        yield Carrying(who, shop, decided, trip.picked_s, orders, trip.dropped_s)
