"""Reads the recorded days: orders and couriers of a Latin American delivery platform.

Format: https://github.com/sebastian-quintero/mdrp-sim, `instances/`: a folder a day with
`orders.csv` and `couriers.csv`, here as they lie, with or without `.gz`. Times are `HH:MM:SS` of
one day; a time that would precede what it follows is of the next one.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from makegood.domain.geo import Point
from makegood.errors import InvalidInput
from makegood.replay.suites.rappi.rules import DAY_S, SPEED_KM_H

_ORDERS: Final = (
    "order_id",
    "pick_up_lat",
    "pick_up_lng",
    "drop_off_lat",
    "drop_off_lng",
    "placement_time",
    "preparation_time",
    "ready_time",
    "expected_drop_off_time",
)
_COURIERS: Final = ("courier_id", "vehicle", "on_lat", "on_lng", "on_time", "off_time")
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d)")
_MEND: Final = "get the file again"

_Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Order:
    """One order; times in whole seconds since the day's midnight."""

    id: str
    pick_up: Point
    drop_off: Point
    placed_s: int
    ready_s: int
    promised_s: int


@dataclass(frozen=True, slots=True)
class Courier:
    """One courier's shift; times as those of orders."""

    id: str
    vehicle: str
    position: Point
    on_s: int
    off_s: int

    @property
    def speed_km_h(self) -> int:
        """How fast the courier moves."""
        return SPEED_KM_H[self.vehicle]


@dataclass(frozen=True, slots=True)
class Day:
    """One recorded day: orders by time of placement, couriers as the file has them."""

    name: str
    orders: tuple[Order, ...]
    couriers: tuple[Courier, ...]


def folders(data: Path) -> list[Path]:
    """Return the folders of days in a directory, or the directory itself where it is one.

    Raises:
        InvalidInput: there is no day in it.

    """
    if _file(data, "orders"):
        return [data]
    found = [path for path in data.iterdir() if _file(path, "orders")] if data.is_dir() else []
    if not found:
        problem = f"{data} holds no folder with an orders.csv or orders.csv.gz"
        raise InvalidInput("--data", problem, "name the folder of the recorded days")
    return sorted(found, key=lambda path: (len(path.name), path.name))


def read(folder: Path) -> Day:
    """Read one day.

    Raises:
        InvalidInput: a file is missing or not as the format says; names its line and column.

    """
    orders = [_order(row, where) for row, where in _rows(folder, "orders", _ORDERS)]
    couriers = [_courier(row, where) for row, where in _rows(folder, "couriers", _COURIERS)]
    for kind, listed in (("orders", orders), ("couriers", couriers)):
        _distinct(folder, kind, [one.id for one in listed])
    orders.sort(key=lambda order: order.placed_s)
    return Day(folder.name, tuple(orders), tuple(couriers))


def _order(row: _Row, where: str) -> Order:
    placed = _time(row, "placement_time", where)
    preparing = _from(_time(row, "preparation_time", where), placed)
    return Order(
        id=row["order_id"],
        pick_up=_point(row, "pick_up_lat", "pick_up_lng", where),
        drop_off=_point(row, "drop_off_lat", "drop_off_lng", where),
        placed_s=placed,
        ready_s=_from(_time(row, "ready_time", where), preparing),
        promised_s=_from(_time(row, "expected_drop_off_time", where), placed),
    )


def _courier(row: _Row, where: str) -> Courier:
    if row["vehicle"] not in SPEED_KM_H:
        known = ", ".join(SPEED_KM_H)
        raise InvalidInput(f"{where} vehicle", f"{row['vehicle']!r} is unknown", f"use {known}")
    on = _time(row, "on_time", where)
    return Courier(
        id=row["courier_id"],
        vehicle=row["vehicle"],
        position=_point(row, "on_lat", "on_lng", where),
        on_s=on,
        off_s=_from(_time(row, "off_time", where), on),
    )


def _from(at_s: int, earliest_s: int) -> int:
    return at_s if at_s >= earliest_s % DAY_S else at_s + DAY_S


def _time(row: _Row, column: str, where: str) -> int:
    match = _TIME.fullmatch(row[column])
    if match is None:
        raise InvalidInput(f"{where} {column}", f"{row[column]!r} is not HH:MM:SS", _MEND)
    hours, minutes, seconds = (int(part) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _point(row: _Row, lat: str, lon: str, where: str) -> Point:
    return Point(_degrees(row, lat, 90, where), _degrees(row, lon, 180, where))


def _degrees(row: _Row, column: str, most: int, where: str) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = float("nan")
    if not -most <= value <= most:
        problem = f"{row[column]!r} is not degrees between -{most} and {most}"
        raise InvalidInput(f"{where} {column}", problem, _MEND)
    return value


# --- files ---------------------------------------------------------------------------------


def _file(folder: Path, kind: str) -> Path | None:
    named = (folder / f"{kind}.csv.gz", folder / f"{kind}.csv")
    return next((path for path in named if path.is_file()), None)


def _rows(folder: Path, kind: str, columns: tuple[str, ...]) -> Iterator[tuple[_Row, str]]:
    path = _file(folder, kind)
    if path is None:
        raise InvalidInput("--data", f"{folder} has no {kind}.csv or {kind}.csv.gz", _MEND)
    try:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = text.decode().splitlines()
    except (OSError, EOFError, UnicodeDecodeError) as problem:
        raise InvalidInput(path.name, f"cannot be read: {problem}", _MEND) from None
    reader = csv.DictReader(lines)
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing:
        raise InvalidInput(f"{path.name} line 1", f"has no column {missing[0]}", _MEND)
    for number, row in enumerate(reader, 2):
        if any(not row[column] for column in columns):
            raise InvalidInput(f"{path.name} line {number}", "has an empty column", _MEND)
        yield row, f"{path.name} line {number}"


def _distinct(folder: Path, kind: str, ids: list[str]) -> None:
    if not ids:
        raise InvalidInput(f"{folder.name}/{kind}", "has no line but its header", _MEND)
    seen = set[str]()
    for each in ids:
        if each in seen:
            raise InvalidInput(f"{folder.name}/{kind}", f"{each!r} is there twice", _MEND)
        seen.add(each)
