"""The rolling horizon: what it fixes when, what it may still change, and how well it plans."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass, replace

import pytest

from makegood.domain.geo import Point, distance_m
from makegood.planning.rolling import (
    Bundle,
    Courier,
    Horizon,
    Move,
    Order,
    Sent,
    Service,
    Tuning,
    on_sphere,
)

pytestmark = pytest.mark.timeout(600)
"""The first test on a new machine compiles the kernels: 20 s of it to itself."""

KITCHEN, HOME, NEAR, FAR, GRILL = range(5)
PLACES = [
    (0.0, 0.0, 0.0),
    (300.0, 400.0, 0.0),
    (0.0, 100.0, 0.0),
    (0.0, 600.0, 0.0),
    (900.0, 0.0, 0.0),
]
SERVICE = Service(before_pick=2.0, after_pick=2.0, before_drop=2.0, after_drop=2.0, whole=True)
PLAIN = Tuning(ride=0.0, rounds=50, foresee=0.0)
FOREVER = 10_000.0


def _courier(start: int = HOME, on: float = 0.0, off: float = 600.0, room: int = 3) -> Courier:
    return Courier(start=start, on=on, off=off, speed=100.0, room=room)


def _horizon(*couriers: Courier, tuning: Tuning = PLAIN, seed: int = 1) -> Horizon:
    return Horizon(PLACES, couriers, SERVICE, tuning, seed)


def test_a_courier_leaves_as_late_as_costs_nothing() -> None:
    horizon = _horizon(_courier())
    horizon.know({1: Order(pick=KITCHEN, drop=NEAR, ready=20.0)})
    # Five minutes of way and two of service: to be there for 20, it is enough to leave at 13.
    assert horizon.decide(0.0, 10.0) == []
    assert horizon.decide(10.0, 13.0) == []
    assert horizon.decide(13.0, 14.0) == [Sent(0, KITCHEN, 13.0, 13.0, 18.0, (1,))]


def test_what_is_late_leaves_at_once_and_takes_as_long_as_the_rules_say() -> None:
    horizon = _horizon(_courier())
    horizon.know({1: Order(pick=KITCHEN, drop=NEAR, ready=0.0)})
    sent, bundle = horizon.decide(4.0, FOREVER)
    assert sent == Sent(0, KITCHEN, 4.0, 4.0, 9.0, (1,))
    # There at 9, picked up at 11, away at 13, a minute's way, dropped at 16.
    assert bundle == Bundle(0, KITCHEN, 4.0, 11.0, (1,), (16.0,))


def test_an_order_is_added_to_a_courier_on_the_way_and_none_is_removed() -> None:
    horizon = _horizon(_courier())
    horizon.know({1: Order(pick=KITCHEN, drop=FAR, ready=10.0)})
    assert horizon.decide(3.0, 4.0) == [Sent(0, KITCHEN, 3.0, 3.0, 8.0, (1,))]
    horizon.know({2: Order(pick=KITCHEN, drop=NEAR, ready=11.0)})
    horizon.know({3: Order(pick=GRILL, drop=NEAR, ready=5.0, per_minute=50.0)})
    (bundle, *_) = horizon.decide(6.0, 12.0)
    # However much the grill's order weighs, the courier is not called back from the kitchen.
    assert bundle == Bundle(0, KITCHEN, 6.0, 11.0, (2, 1), (16.0, 25.0))


def test_a_bundle_is_final_only_at_the_last_decision_before_its_pick_up() -> None:
    horizon = _horizon(_courier(start=KITCHEN))
    horizon.know({1: Order(pick=KITCHEN, drop=NEAR, ready=15.0)})
    assert horizon.decide(5.0, 10.0) == []
    assert horizon.decide(10.0, 15.0) == []
    assert horizon.decide(15.0, 20.0) == [Bundle(0, KITCHEN, 15.0, 15.0, (1,), (20.0,))]
    assert horizon.waiting == frozenset()


def test_a_bundle_holds_no_more_than_the_courier_can_carry() -> None:
    for room, sizes in ((1, [1, 1, 1, 1]), (2, [2, 2]), (4, [4])):
        horizon = _horizon(_courier(start=KITCHEN, room=room))
        horizon.know({n: Order(pick=KITCHEN, drop=FAR, ready=0.0) for n in range(4)})
        moves = horizon.decide(0.0, FOREVER)
        assert [len(m.orders) for m in moves if isinstance(m, Bundle)] == sizes


def test_nothing_is_picked_up_after_the_shift_and_drop_offs_may_be() -> None:
    horizon = _horizon(_courier(start=KITCHEN, off=30.0))
    late = Order(pick=KITCHEN, drop=FAR, ready=31.0)
    horizon.know({1: Order(pick=KITCHEN, drop=FAR, ready=30.0), 2: late})
    (bundle,) = horizon.decide(0.0, FOREVER)
    assert bundle == Bundle(0, KITCHEN, 0.0, 30.0, (1,), (40.0,))
    assert horizon.waiting == {2}


def test_whoever_is_below_the_guaranteed_pay_goes_first_where_it_costs_little() -> None:
    poor = Courier(start=HOME, on=0.0, off=600.0, speed=100.0, room=3, guaranteed=1.0)
    rich = Courier(start=KITCHEN, on=0.0, off=600.0, speed=100.0, room=3, guaranteed=0.0)
    order = {1: Order(pick=KITCHEN, drop=NEAR, ready=100.0)}
    for pay, who in ((0.0, 1), (1.0, 0)):
        tuning = Tuning(ride=0.01, pay=pay, per_order=10.0, ahead=0.0)
        horizon = _horizon(poor, rich, tuning=tuning)
        horizon.know(order)
        assert {move.courier for move in horizon.decide(99.0, FOREVER)} == {who}


def test_a_courier_with_nothing_to_do_waits_where_orders_came_from() -> None:
    couriers = (_courier(start=KITCHEN), _courier(start=HOME))
    horizon = _horizon(*couriers, tuning=Tuning(foresee=10.0))
    horizon.know({1: Order(pick=GRILL, drop=NEAR, ready=0.0)})
    first = horizon.decide(0.0, 1.0)
    assert first[0] == Sent(1, GRILL, 0.0, 0.0, 8.0, (1,))
    # The other one is sent there without an order.
    assert first[1:] == [Sent(0, GRILL, 0.0, 0.0, 9.0, ())]
    assert _horizon(*couriers).decide(0.0, 1.0) == []


def test_the_last_courier_of_the_day_is_kept_free_where_it_costs_little() -> None:
    last, other = _courier(start=KITCHEN, off=90.0), _courier(start=HOME, off=60.0)
    for spare, who in ((0.0, 0), (50.0, 1)):
        horizon = _horizon(last, other, tuning=Tuning(ride=0.0, spare=spare))
        horizon.know({1: Order(pick=KITCHEN, drop=NEAR, ready=2.0)})
        assert {move.courier for move in horizon.decide(0.0, FOREVER)} == {who}


def test_the_last_couriers_wait_together_near_to_all_that_was_ordered_from() -> None:
    asked = {1: Order(pick=FAR, drop=FAR, ready=0.0, left_out=0.0)}
    asked |= {n: Order(pick=KITCHEN, drop=FAR, ready=0.0, left_out=0.0) for n in (2, 3)}
    asked |= {n: Order(pick=GRILL, drop=FAR, ready=0.0, left_out=0.0) for n in (4, 5)}

    def posts(few: int, *couriers: Courier) -> dict[int, int]:
        horizon = _horizon(*couriers, tuning=Tuning(few=few))
        horizon.know(asked)
        moves = [move for move in horizon.decide(0.0, 5.0) if isinstance(move, Sent)]
        return {move.courier: move.place for move in moves}

    late, later, day = _courier(HOME, off=60.0), _courier(HOME, off=80.0), _courier(HOME)
    # Alone, a courier stands in the middle; of two, the one who stays longer does.
    assert posts(2, later) == {0: KITCHEN}
    assert posts(2, late, later) == {0: GRILL, 1: KITCHEN}
    # It is the evening's rule: neither who is not of the last, nor who has long to go.
    assert posts(1, late, later) == {1: KITCHEN}
    assert posts(2, day) == {}
    assert posts(0, late, later) == {}


def test_nobody_goes_elsewhere_to_wait_who_leaves_before_what_is_ordered_is_ready() -> None:
    asked = {n: Order(pick=GRILL, drop=FAR, ready=0.0, left_out=0.0) for n in range(3)}
    for off, where in ((30.0, [GRILL]), (29.0, [])):
        horizon = _horizon(_courier(HOME, off=off), tuning=Tuning(few=1))
        horizon.know(asked)
        moves = [move for move in horizon.decide(0.0, 5.0) if isinstance(move, Sent)]
        assert [move.place for move in moves] == where


def test_ways_on_the_sphere_are_as_long_as_elsewhere_in_the_house() -> None:
    here, there = Point(4.60971, -74.08175), Point(4.711, -74.0721)
    courier = Courier(start=0, on=0.0, off=FOREVER, speed=1_000.0, room=1)
    places = [on_sphere(here.lat, here.lon), on_sphere(there.lat, there.lon)]
    horizon = Horizon(places, [courier], Service(sphere=True), PLAIN, seed=1)
    horizon.know({1: Order(pick=0, drop=1, ready=0.0)})
    (bundle,) = horizon.decide(0.0, FOREVER)
    assert isinstance(bundle, Bundle)
    assert bundle.dropped[0] == pytest.approx(distance_m(here, there) / 1_000, abs=0.001)


def test_an_order_goes_without_where_that_costs_less() -> None:
    horizon = _horizon(_courier(start=KITCHEN))
    horizon.know({1: Order(pick=KITCHEN, drop=FAR, ready=0.0, left_out=9.0)})
    assert horizon.decide(0.0, FOREVER) == []


# --- how well it plans -----------------------------------------------------------------------


@dataclass(frozen=True)
class Town:
    places: list[tuple[float, float, float]]
    couriers: list[Courier]
    orders: dict[int, Order]

    def horizon(self, rounds: int = 400, seed: int = 1, queued: int = 0) -> Horizon:
        tuning = Tuning(ride=0.0, rounds=rounds, rounds_each=0, rounds_queued=queued)
        return Horizon(self.places, self.couriers, SERVICE, tuning, seed)

    def planned(self, rounds: int = 400) -> float:
        """Return the delay of a plan for everything at once."""
        horizon = self.horizon(rounds)
        horizon.know(self.orders)
        return _delay(horizon.decide(0.0, FOREVER), self.orders)


def _town(seed: int, orders: int, couriers: int, restaurants: int) -> Town:
    drawn = random.Random(seed)
    count = orders + couriers + restaurants
    places = [
        (float(drawn.randint(0, 3_000)), float(drawn.randint(0, 3_000)), 0.0) for _ in range(count)
    ]
    listed = {
        n: Order(
            pick=drawn.randrange(restaurants),
            drop=restaurants + n,
            ready=float(drawn.randint(0, 60)),
            left_out=10_000.0,
        )
        for n in range(orders)
    }
    crew = [
        Courier(start=restaurants + orders + n, on=0.0, off=600.0, speed=200.0, room=4)
        for n in range(couriers)
    ]
    return Town(places, crew, listed)


def _delay(moves: list[Move], orders: dict[int, Order]) -> float:
    bundles = [move for move in moves if isinstance(move, Bundle)]
    done = [(o, at) for b in bundles for o, at in zip(b.orders, b.dropped, strict=True)]
    assert sorted(order for order, _ in done) == list(range(len(orders)))
    return sum(at - orders[order].ready for order, at in done)


def _best_of_one(town: Town) -> float:
    """Return the least delay of one courier's plans, by trying every one of them."""
    found = math.inf
    for sequence in itertools.permutations(range(len(town.orders))):
        for cuts in itertools.product((False, True), repeat=len(sequence) - 1):
            trips: list[list[int]] = [[sequence[0]]]
            for order, cut in zip(sequence[1:], cuts, strict=True):
                if cut:
                    trips.append([order])
                else:
                    trips[-1].append(order)
            if all(len({town.orders[o].pick for o in trip}) == 1 for trip in trips):
                found = min(found, _delay_of(trips, town))
    return found


def _delay_of(trips: list[list[int]], town: Town) -> float:
    def way(a: int, b: int) -> int:
        (ax, ay, _), (bx, by, _) = town.places[a], town.places[b]
        return math.ceil(math.hypot(ax - bx, ay - by) / 200)

    time, total, place = 0.0, 0.0, town.couriers[0].start
    for trip in trips:
        here = town.orders[trip[0]].pick
        time = max(time + way(place, here) + 2, *(town.orders[o].ready for o in trip)) + 2
        for order in trip:
            to = town.orders[order].drop
            time += way(here, to) + 2
            total += time - town.orders[order].ready
            time, here = time + 2, to
        place = here
    return total


@pytest.mark.parametrize("seed", range(6))
def test_the_search_finds_what_trying_everything_finds(seed: int) -> None:
    town = _town(seed, orders=5, couriers=1, restaurants=2)
    town = replace(town, couriers=[replace(town.couriers[0], room=5)])
    assert town.planned() == _best_of_one(town)


def test_searching_is_better_than_inserting() -> None:
    town = _town(3, orders=40, couriers=6, restaurants=8)
    assert town.planned(rounds=600) < 0.97 * town.planned(rounds=0)


def test_the_search_goes_on_only_while_orders_queue_for_those_on_shift() -> None:
    def decided(town: Town, rounds: int, queued: int) -> list[Move]:
        horizon = town.horizon(rounds=rounds, queued=queued)
        horizon.know(town.orders)
        return horizon.decide(0.0, FOREVER)

    enough = _town(3, orders=20, couriers=20, restaurants=8)
    inserted = decided(enough, 0, 0)
    assert decided(enough, 600, 0) != inserted
    assert decided(enough, 0, 50) == inserted
    # Those whose shift has yet to begin serve nobody now: the same orders queue.
    late = [replace(courier, on=20.0) for courier in enough.couriers[6:]]
    later = replace(enough, couriers=[*enough.couriers[:6], *late])
    assert decided(later, 0, 50) != decided(later, 0, 0)


def test_the_same_seed_decides_the_same_and_another_need_not() -> None:
    town = _town(5, orders=40, couriers=6, restaurants=8)

    def lived(seed: int) -> list[Move]:
        horizon, moves = town.horizon(rounds=100, seed=seed), list[Move]()
        for now in range(0, 120, 5):
            first = now // 5 * 4
            new = range(first, min(first + 4, len(town.orders)))
            horizon.know({n: town.orders[n] for n in new})
            moves += horizon.decide(float(now), float(now + 5))
        return moves

    assert lived(1) == lived(1)
    assert lived(1) != lived(2)
