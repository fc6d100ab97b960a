"""Events a second from ingest to projected state and detectors, beside raw batched inserts."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import MetaData, select
from sqlalchemy.sql.elements import quoted_name

from benchmarks.figures import Better, Figure, rate
from makegood.clock import MINUTE, SECOND, VirtualClock, from_rfc3339, to_rfc3339
from makegood.events.ingest import ingest
from makegood.events.log import LOG
from makegood.events.model import IngestContext
from makegood.incidents.passes import examine
from makegood.ledger.privacy import Vault
from makegood.state.projection import project
from makegood.workspace.policies import read_policies
from makegood.workspace.reference import reference_root

if TYPE_CHECKING:
    from benchmarks.databases import Fresh
    from benchmarks.figures import Scale
    from makegood.store.session import Store

BATCH: Final = 1_000
START_US: Final = from_rfc3339("2026-07-14T10:00:00Z")
COURIERS: Final = 60
Event = dict[str, Any]


def day(orders: int, seed: int) -> tuple[list[Event], list[Event]]:
    """Return what is there first, and a busy morning: orders from placing to delivery."""
    rng = Random(seed)
    first = [_event("hub.registered", "h1", START_US, name="North", zone="Asia/Shanghai")]
    for n in range(COURIERS):
        first.append(_event("courier.registered", f"k{n}", START_US, vehicle="e_bike", capacity=8))
        first.append(_event("courier.shift_started", f"k{n}", START_US))
    events = [event for n in range(orders) for event in _order(n, rng)]
    return first, sorted(events, key=lambda event: event["time"])


def _order(n: int, rng: Random) -> list[Event]:
    placed = START_US + rng.randrange(60 * MINUTE)
    courier = f"k{rng.randrange(COURIERS)}"
    promised = to_rfc3339(placed + 40 * MINUTE)
    home = {"lat": 31.2 + rng.random() / 50, "lon": 121.4 + rng.random() / 50}
    total = {"minor": rng.randrange(1_000, 20_000), "currency": "CNY"}
    order, delivery, customer = f"o{n}", f"f{n}", f"c{n % 900}"

    def at(minutes: float) -> int:
        return placed + round(minutes * MINUTE)

    moved = {"position": {"lat": 31.21, "lon": 121.41}}
    return [
        _event(
            "sales_order.placed",
            order,
            at(0),
            customer_id=customer,
            total=total,
            promised_at=promised,
            drop_off=home,
            customer_name=f"Customer {n}",
            customer_phone="+86 21 5555 0100",
        ),
        _event("sales_order.payment_captured", order, at(0.1), amount=total),
        _event(
            "fulfilment_order.created",
            delivery,
            at(0.2),
            order_id=order,
            customer_id=customer,
            promised_at=promised,
            drop_off=home,
            pick_up={"lat": 31.21, "lon": 121.41},
        ),
        _event("fulfilment_order.assigned", delivery, at(2), courier_id=courier),
        _event("fulfilment_order.ready", delivery, at(9)),
        _event("courier.position", courier, at(10) + n, **moved),
        _event("fulfilment_order.picked_up", delivery, at(12)),
        _event("courier.position", courier, at(15) + n, **moved),
        _event("fulfilment_order.delivered", delivery, at(24)),
        _event("sales_order.delivered", order, at(24.1)),
    ]


def _event(kind: str, subject: str, at_us: int, **data: Any) -> Event:  # noqa: ANN401 -- any event's data
    return {
        "specversion": "1.0",
        "id": f"{kind}:{subject}:{at_us}",
        "source": "/bench",
        "type": kind,
        "subject": subject,
        "time": to_rfc3339(at_us),
        "hub": "h1",
        "data": data,
    }


def _taken_in(store: Store, orders: int, seed: int) -> float:
    policies, _ = read_policies(reference_root())
    if policies is None:
        raise AssertionError
    detection = policies.detection
    clock, vault = VirtualClock(START_US), Vault()
    context = IngestContext(clock=clock, vault=vault, project=project)
    first, events = day(orders, seed)
    ingest(store, first, context)

    def work() -> int:
        for start in range(0, len(events), BATCH):
            batch = events[start : start + BATCH]
            clock.advance_to(from_rfc3339(batch[-1]["time"]) + SECOND)
            receipt = ingest(store, batch, context)
            if receipt.problems:
                raise AssertionError(receipt.problems[:3])
            with store.write() as tx:
                examine(tx, receipt.hubs, detection, clock.now_us())
        return len(events)

    return rate(work)


def _inserted(store: Store) -> float:
    """Insert the rows that were just logged again, into a table with the same keys, by the driver.

    Nothing stands between the rows and the driver, and nothing else is done with them.
    """
    bare = LOG.to_metadata(MetaData(), name="bare")
    for index in bare.indexes:
        index.name = quoted_name(f"bare_{index.name}", quote=False)
    with store.write() as tx:
        rows = [tuple(row) for row in tx.execute(select(LOG))]
        bare.create(tx)
    place = "?" if store.is_sqlite else "%s"
    put = f"INSERT INTO bare VALUES ({', '.join([place] * len(bare.columns))})"  # noqa: S608 -- only places

    def work() -> int:
        for start in range(0, len(rows), BATCH):
            with store.write() as tx:
                tx.exec_driver_sql(put, rows[start : start + BATCH])
        return len(rows)

    return rate(work)


def measure(name: str, fresh: Fresh, scale: Scale) -> Figure:
    """Measure on one kind of database."""
    taken, inserted = 0.0, 0.0
    for seed in range(scale.rounds):
        with fresh() as store:
            taken = max(taken, _taken_in(store, scale.orders, seed))
            inserted = max(inserted, _inserted(store))
    return Figure(
        name=f"events from ingest to state and detectors, {name}",
        value=taken,
        unit="events/s",
        limit=inserted,
        limit_name="raw batched inserts of the same rows, same keys, by the driver",
        of_limit=True,
        mark=0.15,
        better=Better.MORE,
    )
