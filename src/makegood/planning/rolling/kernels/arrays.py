"""What the kernels work on: named tuples of arrays, one row an order, a courier or a trip.

Times are minutes from any fixed instant, distances metres. A place is a row of three coordinates:
`(x, y, 0)` metres on a plane, or a unit vector on the sphere (see `Rules.sphere`). Orders with the
same `pick` row can travel in one bundle, so give a restaurant one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar, cast

import numpy as np

Value = TypeVar("Value")
Shape = int | tuple[int, ...]


class Array(Protocol[Value]):
    """An array as kernels use it: numpy's own types do not say that an element is a number."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each dimension."""
        ...

    def __getitem__(self, key: Shape, /) -> Value: ...
    def __setitem__(self, key: Shape, value: Value, /) -> None: ...


Floats = Array[float]
Ints = Array[int]
Flags = Array[bool]

EARTH_RADIUS_M = 6_371_000.0


class Rules(NamedTuple):
    """How long things take, and what they cost.

    `before_pick` minutes pass between arriving and picking up, `after_pick` until the courier
    leaves; the same with `before_drop` and `after_drop`. Where `sphere` holds, places are unit
    vectors and distances great circles; where `whole` holds, travel is rounded up to minutes.
    A minute of travel costs `ride`; every unit of pay above what the couriers are guaranteed
    costs `pay`, at `per_order` units an order.
    """

    now: float
    before_pick: float
    after_pick: float
    before_drop: float
    after_drop: float
    sphere: bool
    whole: bool
    ride: float
    pay: float
    per_order: float


class Orders(NamedTuple):
    """Orders that are known and not yet picked up.

    Dropped at minute d, an order costs `per_minute` * (d - `since`), and `late` more where d is
    after `due`; left out of the plan, it costs `left_out`.
    """

    pick: Ints
    drop: Ints
    ready: Floats
    since: Floats
    due: Floats
    per_minute: Floats
    late: Floats
    left_out: Floats


class Fleet(NamedTuple):
    """Couriers: each stands at `place` since `stands_since` and can leave from `free_at` on.

    The last pick-up is at `until`; `speed` is metres a minute; `room` is how many orders a bundle
    may hold. Every order given costs `fee`; `done` orders were already taken against a guaranteed
    pay of `guaranteed`. A `bound` courier has to begin with the first trip of the plan, whose
    restaurant is `place`.
    """

    place: Ints
    stands_since: Floats
    free_at: Floats
    until: Floats
    speed: Floats
    room: Ints
    fee: Floats
    done: Ints
    guaranteed: Floats
    bound: Flags


class Problem(NamedTuple):
    """All that a plan is made from; `places` has a row of three coordinates for each place."""

    places: Floats
    orders: Orders
    fleet: Fleet
    rules: Rules


class Plan(NamedTuple):
    """Every courier's trips, in order: row c, trip k, member i.

    A trip goes to the pick-up place `at`, arrives at `arrive`, picks its `size` orders `member`
    up at `pick` and drops them at `drops`; the courier can leave again at `end`. `ready` is the
    latest ready time in the trip, `ride_in` and `ride` the minutes of travel to the restaurant
    and from there on. `cost` is what a courier's trips cost together; `by` is each order's
    courier or -1; `locked` orders stay where they are.
    """

    trips: Ints
    at: Ints
    size: Ints
    member: Ints
    arrive: Floats
    ready: Floats
    pick: Floats
    drops: Floats
    end: Floats
    ride_in: Floats
    ride: Floats
    cost: Floats
    by: Ints
    locked: Flags


def floats(values: Sequence[float] | Sequence[Sequence[float]]) -> Floats:
    """Return numbers as an array."""
    return cast("Floats", np.array(values, np.float64))


def ints(values: Sequence[int]) -> Ints:
    """Return whole numbers as an array."""
    return cast("Ints", np.array(values, np.int64))


def flags(values: Sequence[bool]) -> Flags:
    """Return yes and no as an array."""
    return cast("Flags", np.array(values, np.bool_))


def no_floats(shape: Shape) -> Floats:
    """Return an array of zeros."""
    return cast("Floats", np.zeros(shape, np.float64))


def no_ints(shape: Shape, value: int = 0) -> Ints:
    """Return an array of one whole number."""
    return cast("Ints", np.full(shape, value, np.int64))


def blank(couriers: int, orders: int, trips: int, members: int) -> Plan:
    """Return a plan without trips, with room for `trips` a courier and `members` a trip."""
    two, three = (couriers, trips), (couriers, trips, members)
    return Plan(
        trips=no_ints(couriers),
        at=no_ints(two),
        size=no_ints(two),
        member=no_ints(three),
        arrive=no_floats(two),
        ready=no_floats(two),
        pick=no_floats(two),
        drops=no_floats(three),
        end=no_floats(two),
        ride_in=no_floats(two),
        ride=no_floats(two),
        cost=no_floats(couriers),
        by=no_ints(orders, -1),
        locked=flags([False] * orders),
    )
