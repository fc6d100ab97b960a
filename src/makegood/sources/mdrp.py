"""Recorded days of a meal delivery platform: the Meal Delivery Routing Problem instances.

Format: https://github.com/grubhub/mdrplib, `public_instances/`: tab-separated files with a header
line, times in minutes from the start of the day, coordinates in metres. What the record does not
say is assumed, the same way each time, and stated here:

- minute 0 is 2018-03-05T10:00:00Z, unless another start is given;
- the places are anonymised, so the metres are laid out around latitude 0, longitude 0, where a
  degree is as long in both directions and distances hold;
- one hub stands in the middle of the restaurants, and each restaurant is a pick-up place of it;
- the promise is placement + 40 minutes, the record's own target click-to-door time;
- a courier drives a car and carries up to three orders at once;
- an order has one line, costs 15.00 to 45.00 USD as its name hashes, and is paid when placed;
- each order is from a customer of its own.
"""

from __future__ import annotations

import hashlib
import math
import tarfile
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from makegood.clock import MINUTE, from_rfc3339, to_rfc3339
from makegood.domain.geo import EARTH_RADIUS_M, Point
from makegood.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

START_US: Final = from_rfc3339("2018-03-05T10:00:00Z")
ORIGIN: Final = Point(0.0, 0.0)
PROMISE_MINUTES: Final = 40
CAPACITY: Final = 3
CURRENCY: Final = "USD"
_LEAST_MINOR: Final = 1_500
_SPREAD_MINOR: Final = 3_001
_FILES: Final = {
    "orders.txt": ("order", "x", "y", "placement_time", "restaurant", "ready_time"),
    "couriers.txt": ("courier", "x", "y", "on_time", "off_time"),
    "restaurants.txt": ("restaurant", "x", "y"),
}
_PARAMETERS: Final = {
    "instance_parameters.txt": (
        "meters_per_minute",
        "pickup service minutes",
        "dropoff service minutes",
        "target click-to-door",
        "maximum click-to-door",
        "pay per order",
        "guaranteed pay per hour",
    )
}
_COLUMNS: Final = _FILES | _PARAMETERS
_MOST_BYTES: Final = 50_000_000
_NAMED: Final = 6

CloudEvent = dict[str, Any]
_Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Day:
    """One instance as it was read, each row by the names in the file's header."""

    name: str
    start_us: int
    orders: tuple[_Row, ...]
    couriers: tuple[_Row, ...]
    restaurants: dict[str, _Row]

    def time(self, minute: int) -> str:
        """Return a minute of the day as RFC 3339."""
        return to_rfc3339(self.start_us + minute * MINUTE)


def instances(archive: Path) -> list[str]:
    """Return the names of the days in an archive (`.tar.gz`) or folder.

    Raises:
        InvalidInput: there is no such archive, it cannot be read, or it holds no day.

    """
    found = sorted(_orders_files(archive))
    if not found:
        raise InvalidInput(
            "archive", f"{archive} holds no folder with an orders.txt", "give one of mdrplib's days"
        )
    return found


def events(archive: Path, instance: str, start_us: int = START_US) -> Iterator[CloudEvent]:
    """Yield a recorded day as CloudEvents, in order of time; minute 0 of the day is `start_us`.

    Raises:
        InvalidInput: the archive cannot be read, has no such instance, or a file of it is not
            as the format says; the field names the file and line.

    """
    day = read(archive, instance, start_us)
    timed = [*_fleet(day), *_orders(day)]
    timed.sort(key=itemgetter(0))
    for minute, event in timed:
        yield event | {"time": day.time(minute)}


def read(archive: Path, instance: str, start_us: int = START_US) -> Day:
    """Return one day of an archive or folder as it stands there; raises as `events` does."""
    known = instances(archive)
    if instance not in known:
        listed = ", ".join(known[:_NAMED]) + (", ..." if len(known) > _NAMED else "")
        raise InvalidInput("instance", f"{archive} has no {instance!r}", f"use one of {listed}")
    texts = _texts(archive, instance, _FILES)
    orders, couriers, restaurants = (_rows(name, texts[name]) for name in _FILES)
    places = {row["restaurant"]: row for row in restaurants}
    for number, order in enumerate(orders, 2):
        if order["restaurant"] not in places:
            problem = f"{order['restaurant']!r} is not in restaurants.txt"
            raise InvalidInput(f"orders.txt line {number}", problem, "get the archive again")
    return Day(instance, start_us, tuple(orders), tuple(couriers), places)


def parameters(archive: Path, instance: str) -> dict[str, int]:
    """Return the one row of an instance's parameters, by the names in the file's header.

    Raises:
        InvalidInput: there is no such file, it is not as the format says, or it has no row.

    """
    name = "instance_parameters.txt"
    rows = _rows(name, _texts(archive, instance, _PARAMETERS)[name])
    if len(rows) != 1:
        raise InvalidInput(name, f"has {len(rows)} rows, not 1", "get the archive again")
    return {column: int(value) for column, value in rows[0].items()}


def place(x_m: int, y_m: int) -> Point:
    """Return metres east and north of the origin as degrees, to about a centimetre."""
    lat = ORIGIN.lat + math.degrees(y_m / EARTH_RADIUS_M)
    lon = ORIGIN.lon + math.degrees(x_m / (EARTH_RADIUS_M * math.cos(math.radians(ORIGIN.lat))))
    return Point(round(lat, 7), round(lon, 7))


# --- the record as events ------------------------------------------------------------------

_Timed = tuple[int, CloudEvent]


def _event(day: Day, kind: str, subject: str, data: dict[str, Any]) -> CloudEvent:
    return {
        "specversion": "1.0",
        "id": f"{kind}/{subject}",
        "source": f"mdrp/{day.name}",
        "type": kind,
        "subject": subject,
        "hub": day.name,
        "data": data,
    }


def _at(row: _Row) -> dict[str, float]:
    point = place(int(row["x"]), int(row["y"]))
    return {"lat": point.lat, "lon": point.lon}


def _fleet(day: Day) -> Iterator[_Timed]:
    places = day.restaurants.values()
    middle = {c: str(sum(int(row[c]) for row in places) // len(places)) for c in ("x", "y")}
    hub = {"name": f"MDRP {day.name}", "zone": "UTC", "position": _at(middle)}
    yield 0, _event(day, "hub.registered", day.name, hub)
    for row in day.couriers:
        subject = f"{day.name}-{row['courier']}"
        on, off = int(row["on_time"]), int(row["off_time"])
        about = {"vehicle": "car", "capacity": CAPACITY, "position": _at(row)}
        yield min(0, on), _event(day, "courier.registered", subject, about)
        yield on, _event(day, "courier.shift_started", subject, {"ends_at": day.time(off)})
        yield off, _event(day, "courier.shift_ended", subject, {})


def _orders(day: Day) -> Iterator[_Timed]:
    for row in day.orders:
        order = f"{day.name}-{row['order']}"
        delivery, customer = f"{order}-d", f"{order}-c"
        placed, ready = int(row["placement_time"]), int(row["ready_time"])
        promised = day.time(placed + PROMISE_MINUTES)
        total = {"minor": _total_minor(order), "currency": CURRENCY}
        bought = {
            "customer_id": customer,
            "total": total,
            "lines": [{"line_id": "1", "sku": "meal", "quantity": 1, "price": total}],
            "promised_at": promised,
            "drop_off": _at(row),
        }
        to_deliver = {
            "order_id": order,
            "customer_id": customer,
            "promised_at": promised,
            "ready_at": day.time(ready),
            "pick_up_id": f"{day.name}-{row['restaurant']}",
            "pick_up": _at(day.restaurants[row["restaurant"]]),
            "drop_off": _at(row),
        }
        yield placed, _event(day, "sales_order.placed", order, bought)
        yield placed, _event(day, "sales_order.payment_captured", order, {"amount": total})
        yield placed, _event(day, "fulfilment_order.created", delivery, to_deliver)
        yield ready, _event(day, "fulfilment_order.ready", delivery, {})


def _total_minor(order: str) -> int:
    drawn = int.from_bytes(hashlib.sha256(order.encode()).digest()[:8])
    return _LEAST_MINOR + drawn % _SPREAD_MINOR


# --- reading the files ---------------------------------------------------------------------


def _rows(name: str, text: str) -> list[_Row]:
    columns = _COLUMNS[name]
    lines = text.splitlines()
    if not lines or tuple(lines[0].split("\t")) != columns:
        raise InvalidInput(f"{name} line 1", "is not the header", "expected " + " ".join(columns))
    return [_row(name, n, line) for n, line in enumerate(lines[1:], 2) if line.strip()]


def _row(name: str, number: int, line: str) -> _Row:
    columns, values = _COLUMNS[name], line.split("\t")
    if len(values) != len(columns):
        problem = f"has {len(values)} columns, not {len(columns)}"
        raise InvalidInput(f"{name} line {number}", problem, "get the archive again")
    row = dict(zip(columns, (value.strip() for value in values), strict=True))
    for column, value in row.items():
        is_name = column in {"order", "courier", "restaurant"}
        if not (value.isalnum() if is_name else value.removeprefix("-").isdecimal()):
            problem = f"{value!r} is not a {'name' if is_name else 'whole number'}"
            raise InvalidInput(f"{name} line {number} {column}", problem, "get the archive again")
    return row


def _orders_files(archive: Path) -> set[str]:
    if archive.is_dir():
        return {path.parent.name for path in archive.glob("**/orders.txt")}
    return {_parent(member) for member in _members(archive) if member.endswith("/orders.txt")}


def _parent(member: str) -> str:
    return member.rpartition("/")[0].rpartition("/")[2]


def _members(archive: Path) -> list[str]:
    with _opened(archive) as tar:
        return tar.getnames()


def _opened(archive: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(archive)
    except FileNotFoundError:
        raise InvalidInput("archive", f"there is no {archive}", "check the path") from None
    except (OSError, tarfile.TarError) as error:
        raise InvalidInput("archive", f"{archive}: {error}", "give a .tar.gz or folder") from None


def _texts(archive: Path, instance: str, names: Collection[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    if archive.is_dir():
        folder = next(p.parent for p in archive.glob("**/orders.txt") if p.parent.name == instance)
        for name in names:
            if (folder / name).is_file():
                texts[name] = (folder / name).read_text()
    else:
        with _opened(archive) as tar:
            for member in tar:
                name = member.name.rpartition("/")[2]
                if name in names and _parent(member.name) == instance:
                    file = tar.extractfile(member)
                    texts[name] = file.read(_MOST_BYTES).decode() if file else ""
    for name in names:
        if name not in texts:
            raise InvalidInput("archive", f"{instance} has no {name}", "get the archive again")
    return texts
