"""A house and its sandbox company in this process, over a district that a benchmark lays out."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from makegood.clock import HOUR, MINUTE, VirtualClock, from_rfc3339, to_rfc3339
from makegood.domain.geo import Point
from makegood.domain.money import Money
from makegood.replay.company import BASE_URL, Company, InProcess, create_app
from makegood.replay.company.credentials import Credentials, read_connections
from makegood.replay.company.model import (
    Courier,
    CourierStatus,
    Customer,
    Fulfilment,
    FulfilmentStatus,
    Hub,
    Line,
    Order,
)
from makegood.replay.company.weather import RainField, Storm
from makegood.runtime import house
from makegood.settings import Outside, Settings
from makegood.store import migrate
from makegood.store.session import Store, sqlite_url
from makegood.workspace.reference import reference_root

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from makegood.domain.effects import Connection
    from makegood.runtime.house import House
    from makegood.sdk.http import MakeTransport

START_US: Final = from_rfc3339("2026-07-14T10:00:00Z")
HOME: Final = Point(30.2900, 120.1300)
COURIERS: Final = 32
CAPACITY: Final = 18
CURRENCY: Final = "CNY"
# Long enough ago that new orders are no wave of demand, and packed late enough that there is no
# want of couriers yet: it is the rain alone that endangers these promises.
_PLACED_US: Final = START_US - 35 * MINUTE
_READY_US: Final = START_US + 31 * MINUTE
_PROMISED_US: Final = START_US + 36 * MINUTE

Json = dict[str, Any]


class District:
    """One hub, its couriers and so many orders, each packed and promised; drawn from a seed."""

    def __init__(self, hub_id: str, orders: int, couriers: int = COURIERS, seed: int = 1) -> None:
        """Lay it out."""
        rng = Random(f"{hub_id}/{seed}")
        line = Money(minor=4_000, currency=CURRENCY)
        self.hub_id = hub_id
        self.orders = [
            Order(
                id=f"o-{hub_id}-{n}",
                customer_id=f"c-{hub_id}-{n}",
                hub_id=hub_id,
                lines=(Line("l1", "noodles", 1, line),),
                total=Money(minor=rng.randrange(1_500, 14_000), currency=CURRENCY),
                placed_us=_PLACED_US,
                promised_us=_PROMISED_US,
                first_promised_us=_PROMISED_US,
                drop_off=_near(rng),
                fulfilment_ids=(f"f-{hub_id}-{n}",),
            )
            for n in range(orders)
        ]
        # Half of the couriers were given everything, so that a plan has something to move.
        held = [
            tuple(order.fulfilment_ids[0] for order in self.orders[n :: couriers // 2])
            for n in range(couriers // 2)
        ]
        self.couriers = [
            _courier(hub_id, n, _near(rng), held[n] if n < len(held) else ())
            for n in range(couriers)
        ]
        self.holder = {each: courier.id for courier in self.couriers for each in courier.waiting}

    def settle(self, company: Company) -> None:
        """Put everything into the company's records."""
        put = company.records.put
        put(Hub(id=self.hub_id, name="North", zone="Asia/Shanghai", position=HOME))
        for courier in self.couriers:
            put(courier)
        for order in self.orders:
            put(order)
            put(Customer(id=order.customer_id, name="", phone="", tier="standard", orders=3))
            put(_fulfilment(order, self.holder))
            company.payments.capture(order.id, order.customer_id, order.total, order.hub_id)

    def events(self) -> list[Json]:
        """Return what had happened before it rained."""
        named = {"name": "North", "zone": "Asia/Shanghai", "position": _place(HOME)}
        told = [self._event("hub.registered", self.hub_id, _PLACED_US, **named)]
        for courier in self.couriers:
            own = {"vehicle": courier.vehicle, "capacity": courier.capacity}
            place = _place(courier.position)
            told += [
                self._event("courier.registered", courier.id, _PLACED_US, **own),
                self._event("courier.shift_started", courier.id, _PLACED_US),
                self._event("courier.position", courier.id, START_US, position=place),
            ]
        for order in self.orders:
            told += self._placed(order)
        return told

    def rain(self) -> Json:
        """Return the event by which the house learns of the rain."""
        rain = {"rain_mm_h": 20.0, "rain_forecast_mm_h": 20.0}
        return self._event("hub.weather_observed", self.hub_id, START_US, **rain)

    def _placed(self, order: Order) -> list[Json]:
        total = order.total.model_dump()
        about = {
            "customer_id": order.customer_id,
            "promised_at": to_rfc3339(_PROMISED_US),
            "drop_off": _place(order.drop_off),
        }
        planned = {"order_id": order.id, "ready_at": to_rfc3339(_READY_US), "pick_up": _place(HOME)}
        [fulfilment] = order.fulfilment_ids
        return [
            self._event("sales_order.placed", order.id, _PLACED_US, total=total, **about),
            self._event("sales_order.payment_captured", order.id, _PLACED_US + 1, amount=total),
            self._event("fulfilment_order.created", fulfilment, _PLACED_US + 1, **about, **planned),
            self._event(
                "fulfilment_order.assigned",
                fulfilment,
                _PLACED_US + 2,
                courier_id=self.holder[fulfilment],
                assignment=1,
            ),
        ]

    def _event(self, kind: str, subject: str, at_us: int, **data: object) -> Json:
        return {
            "specversion": "1.0",
            "id": f"{kind}:{subject}",
            "source": "/bench",
            "type": kind,
            "subject": subject,
            "time": to_rfc3339(at_us),
            "hub": self.hub_id,
            "data": data,
        }


def company_of(districts: Iterable[District], clock: VirtualClock) -> Company:
    """Return the company that serves these districts, under heavy rain."""
    company = Company(clock, credentials=Credentials.sandbox())
    storm = Storm(
        centre=HOME,
        radius_m=20_000,
        starts_us=START_US - HOUR,
        peaks_us=START_US,
        ends_us=START_US + 2 * HOUR,
        peak_mm_h=20.0,
    )
    company.rain = RainField((storm,))
    for each in districts:
        each.settle(company)
    return company


def new_store(folder: Path) -> None:
    """Make a migrated database in a folder, as `settings` names it."""
    store = Store.open(sqlite_url(folder / "makegood.db"))
    try:
        migrate.upgrade(store)
    finally:
        store.close()


def copied_store(source: Path, folder: Path) -> None:
    """Copy the database of a closed house to another folder."""
    shutil.copy(source / "makegood.db", folder / "makegood.db")


def settings(folder: Path) -> Settings:
    """Return the settings of a house on the database in a folder, with the reference workspace."""
    return Settings(
        store=sqlite_url(folder / "makegood.db"),
        data_dir=folder,
        workspace=reference_root(),
        reads=_outsides(read_connections(BASE_URL)),
        effects=_outsides(Credentials.sandbox().effect_connections(BASE_URL)),
    )


@contextmanager
def opened(
    folder: Path, clock: VirtualClock, transport: MakeTransport, *, apart: bool = False
) -> Generator[House]:
    """Open a house on the database in a folder while the block runs."""
    with house.opened(settings(folder), clock, transport=transport, apart=apart) as opened_house:
        yield opened_house


def in_process(company: Company, clock: VirtualClock) -> MakeTransport:
    """Return a way to the company without a network."""
    app = create_app(company)
    return lambda _: InProcess(app, clock)


def _outsides(connections: tuple[Connection, ...]) -> dict[str, Outside]:
    return {
        one.system: Outside.model_validate({"url": one.base_url, "credential": one.credential})
        for one in connections
    }


def _near(rng: Random) -> Point:
    return Point(HOME.lat + rng.uniform(-0.007, 0.007), HOME.lon + rng.uniform(-0.007, 0.007))


def _place(point: Point) -> Json:
    return {"lat": point.lat, "lon": point.lon}


def _courier(hub_id: str, n: int, position: Point, held: tuple[str, ...]) -> Courier:
    return Courier(
        id=f"k-{hub_id}-{n}",
        hub_id=hub_id,
        vehicle="e_bike",
        capacity=CAPACITY,
        position=position,
        position_us=START_US,
        shift_starts_us=_PLACED_US,
        shift_ends_us=START_US + 6 * HOUR,
        status=CourierStatus.TO_HUB if held else CourierStatus.IDLE,
        waiting=held,
        load=len(held),
    )


def _fulfilment(order: Order, holder: dict[str, str]) -> Fulfilment:
    [fulfilment] = order.fulfilment_ids
    return Fulfilment(
        id=fulfilment,
        order_id=order.id,
        hub_id=order.hub_id,
        line_ids=tuple(line.line_id for line in order.lines),
        load=1,
        drop_off=order.drop_off,
        created_us=_PLACED_US,
        promised_us=_PROMISED_US,
        ready_us=_READY_US,
        status=FulfilmentStatus.CREATED,
        courier_id=holder[fulfilment],
        assignment=1,
    )
