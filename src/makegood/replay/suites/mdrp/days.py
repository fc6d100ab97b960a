"""The days of the suite: where they lie, and one of them in minutes and metres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from makegood.errors import InvalidInput
from makegood.sources import mdrp

Spot = tuple[int, int]
"""Metres east and north."""


@dataclass(frozen=True, slots=True)
class Meal:
    """An order; times are minutes."""

    name: str
    restaurant: Spot
    customer: Spot
    placed: int
    ready: int


@dataclass(frozen=True, slots=True)
class Driver:
    """A courier; a pick-up at `off` is allowed."""

    name: str
    start: Spot
    on: int
    off: int


@dataclass(frozen=True, slots=True)
class Terms:
    """An instance's parameters; half the service time lies before a stop, half after it."""

    metres_per_minute: int
    pick_up_service: int
    drop_off_service: int
    pay_per_order: int
    pay_per_hour: int


@dataclass(frozen=True, slots=True)
class MealDay:
    """One instance: orders by placement, couriers, restaurants and terms."""

    name: str
    meals: tuple[Meal, ...]
    drivers: tuple[Driver, ...]
    restaurants: tuple[Spot, ...]
    terms: Terms


@dataclass(frozen=True, slots=True)
class Where:
    """An instance in an archive or folder."""

    archive: Path
    instance: str

    def __str__(self) -> str:
        return self.instance


def travel(metres_per_minute: int, a: Spot, b: Spot) -> int:
    """Return the minutes from a to b: the distance over the speed, rounded up, in whole numbers."""
    square = (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2
    minutes = math.isqrt(square) // metres_per_minute
    while (minutes * metres_per_minute) ** 2 < square:
        minutes += 1
    return minutes


def find(path: Path) -> list[Where]:
    """Return every instance of an archive, of a folder of archives, or of a folder of instances.

    Raises:
        InvalidInput: there is no such path, it cannot be read, or it holds no instance.

    """
    archives = sorted(path.glob("*.tar.gz")) if path.is_dir() else []
    found = [Where(a, name) for a in archives or [path] for name in mdrp.instances(a)]
    if len({where.instance for where in found}) < len(found):
        raise InvalidInput("--data", f"{path} has an instance twice", "give one of the archives")
    return found


def load(where: Where) -> MealDay:
    """Read one instance; raises InvalidInput where a file of it is not as the format says."""
    day = mdrp.read(where.archive, where.instance)
    terms = _terms(mdrp.parameters(where.archive, where.instance))
    restaurants = {name: _spot(row) for name, row in day.restaurants.items()}
    meals = [
        Meal(
            row["order"],
            restaurants[row["restaurant"]],
            _spot(row),
            int(row["placement_time"]),
            int(row["ready_time"]),
        )
        for row in day.orders
    ]
    drivers = [
        Driver(row["courier"], _spot(row), int(row["on_time"]), int(row["off_time"]))
        for row in day.couriers
    ]
    if not meals or not drivers:
        raise InvalidInput("archive", f"{where} has no orders or couriers", "leave it out")
    meals.sort(key=lambda meal: (meal.placed, meal.name))
    return MealDay(where.instance, tuple(meals), tuple(drivers), tuple(restaurants.values()), terms)


def _spot(row: dict[str, str]) -> Spot:
    return int(row["x"]), int(row["y"])


def _terms(row: dict[str, int]) -> Terms:
    for column in ("meters_per_minute", "pay per order"):
        if row[column] < 1:
            raise InvalidInput(f"instance_parameters.txt {column}", "is not above 0")
    return Terms(
        metres_per_minute=row["meters_per_minute"],
        pick_up_service=row["pickup service minutes"],
        drop_off_service=row["dropoff service minutes"],
        pay_per_order=row["pay per order"],
        pay_per_hour=row["guaranteed pay per hour"],
    )
