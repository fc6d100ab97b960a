"""What a rolling planner is told of orders and couriers, and what it decides."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order: row numbers of its pick-up and drop-off places, and what its delay costs.

    Orders with the same `pick` can travel in one bundle. Dropped at minute d it costs
    `per_minute` * (d - `ready`), and `late` more where d is after `due`; never dropped, it costs
    `left_out`, which has to be more than any delay that is worth a drop.
    """

    pick: int
    drop: int
    ready: float
    due: float = math.inf
    per_minute: float = 1.0
    late: float = 0.0
    left_out: float = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """A courier: the row number of where the shift starts, its minutes, speed and room.

    `speed` is metres a minute, `room` the most orders in a bundle; a pick-up at `off` is allowed,
    one after it is not. `guaranteed` is the pay promised for each minute of the shift.
    """

    start: int
    on: float
    off: float
    speed: float
    room: int
    guaranteed: float = 0.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A courier leaves for a restaurant, with `orders` assigned; none sends it there to wait."""

    courier: int
    place: int
    decided: float
    departs: float
    arrives: float
    orders: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle is final: what is picked up when, and dropped when, in this order."""

    courier: int
    place: int
    decided: float
    picked: float
    orders: tuple[int, ...]
    dropped: tuple[float, ...]


Move = Sent | Bundle
