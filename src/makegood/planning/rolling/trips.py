"""Reads a plan's arrays back into trips."""

from __future__ import annotations

from dataclasses import dataclass

from makegood.planning.rolling.kernels.arrays import Plan


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip of a plan: where to, how far, when, and the orders' own numbers."""

    place: int
    ride: float
    picked: float
    end: float
    orders: tuple[int, ...]
    dropped: tuple[float, ...]


def trips_of(plan: Plan, row: int, numbers: list[int]) -> list[Trip]:
    """Return a courier's trips of a plan; `numbers` gives each row of an order its number."""
    trips: list[Trip] = []
    for k in range(int(plan.trips[row])):
        size = int(plan.size[row, k])
        trips.append(
            Trip(
                place=int(plan.at[row, k]),
                ride=float(plan.ride_in[row, k]),
                picked=float(plan.pick[row, k]),
                end=float(plan.end[row, k]),
                orders=tuple(numbers[plan.member[row, k, i]] for i in range(size)),
                dropped=tuple(float(plan.drops[row, k, i]) for i in range(size)),
            )
        )
    return trips
