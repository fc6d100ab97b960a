"""The figures at the top of the console, of `/v1/status` and of `/metrics`: counted, not stored.

A promise is at risk when an open incident endangers its delivery, which is open, and it is not past
yet; once it is past, it is late. A promise is kept when the order was delivered by it; orders that
ended otherwise, or later, did not keep theirs. Counted are promises that fell due within the last
24 hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import JSON, BigInteger, Table, cast, false, func, select, type_coerce

from makegood.clock import DAY
from makegood.domain.authority import WAITING_REVIEWS
from makegood.domain.incidents import IncidentStatus
from makegood.domain.statuses import OPEN_FULFILMENT, CourierStatus, SalesOrderStatus
from makegood.incidents import book
from makegood.state.records import COURIERS, FULFILMENTS, SALES_ORDERS
from makegood.store import tables
from makegood.store.sql import among, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection

ACTION: Final = table(tables.authority.Action)
REVIEW: Final = table(tables.authority.Review)
EFFECT: Final = table(tables.effects.Effect)
RUN: Final = table(tables.incidents.Run)
QUARANTINE: Final = table(tables.events.EventQuarantine)
ENDED: Final = table(tables.events.EventQuarantineOutcome)

_MOVING: Final = (SalesOrderStatus.PLACED.value, SalesOrderStatus.HELD.value)


@dataclass(frozen=True, slots=True)
class Figures:
    """What is happening, in numbers; counts by status name each status that occurs."""

    orders_moving: int
    deliveries_open: int
    promises_at_risk: int
    promises_late: int
    promises_kept: int
    promises_ended: int
    couriers_on: int
    incidents_open: int
    reviews_waiting: int
    quarantined: int
    actions: dict[str, int]
    effects: dict[str, int]
    runs: dict[str, int]


def count(tx: Connection, now_us: int) -> Figures:
    """Count what stands in the database now."""
    orders = _by_status(tx, SALES_ORDERS.table)
    late, kept, ended = _promises(tx, now_us)
    named = {order for incident in book.open_incidents(tx) for order in incident.orders}
    return Figures(
        orders_moving=sum(orders.get(status, 0) for status in _MOVING),
        deliveries_open=_sum(_by_status(tx, FULFILMENTS.table), OPEN_FULFILMENT),
        promises_at_risk=endangered(tx, named, now_us).at_risk,
        promises_late=late,
        promises_kept=kept,
        promises_ended=ended,
        couriers_on=_by_status(tx, COURIERS.table).get(CourierStatus.ON, 0),
        incidents_open=_by_status(tx, book.INCIDENT).get(IncidentStatus.OPEN, 0),
        reviews_waiting=_sum(_by_status(tx, REVIEW), frozenset(WAITING_REVIEWS)),
        quarantined=_quarantined(tx),
        actions=_by_status(tx, ACTION),
        effects=_by_status(tx, EFFECT),
        runs=_by_status(tx, RUN),
    )


@dataclass(frozen=True, slots=True)
class Endangered:
    """Of some deliveries that are open, how many promises are at risk, and how many are past."""

    at_risk: int
    late: int


def endangered(tx: Connection, fulfilments: Iterable[str], now_us: int) -> Endangered:
    """Count the open ones among some deliveries, those whose promise is past apart."""
    delivery = FULFILMENTS.table.c
    past = func.coalesce(delivery.promised_us < now_us, false())
    query = (
        select(past.label("past"), func.count().label("number"))
        .where(delivery.status.in_(sorted(OPEN_FULFILMENT)), among(delivery.id, "ids"))
        .group_by(past)
    )
    found = tx.execute(query, {"ids": sorted(fulfilments)})
    counts = {bool(row.past): int(row.number) for row in found}
    return Endangered(counts.get(False, 0), counts.get(True, 0))


def _by_status(tx: Connection, counted: Table) -> dict[str, int]:
    query = select(counted.c.status, func.count().label("number")).group_by(counted.c.status)
    return {row.status: row.number for row in tx.execute(query)}


def _sum(counts: dict[str, int], statuses: frozenset[str]) -> int:
    return sum(number for status, number in counts.items() if status in statuses)


def _promises(tx: Connection, now_us: int) -> tuple[int, int, int]:
    """Return how many open promises are past, and of those that ended how many were kept."""
    order = SALES_ORDERS.table.c
    recent = order.promised_us > now_us - DAY
    late = tx.execute(
        select(func.count()).where(order.status.in_(_MOVING), recent, order.promised_us < now_us)
    ).scalar_one()
    delivered = order.status.in_((SalesOrderStatus.DELIVERED, SalesOrderStatus.CLOSED))
    kept = tx.execute(
        select(func.count()).where(recent, delivered, _delivered_us(tx) <= order.promised_us)
    ).scalar_one()
    ended = tx.execute(
        select(func.count()).where(recent, order.status.not_in(_MOVING))
    ).scalar_one()
    return late, kept, ended


def _delivered_us(tx: Connection) -> ColumnElement[int]:
    body = SALES_ORDERS.table.c.body
    as_json = type_coerce(body, JSON) if tx.dialect.name == "sqlite" else cast(body, JSON)
    return cast(as_json["delivered_us"].as_string(), BigInteger)


def _quarantined(tx: Connection) -> int:
    ended = select(ENDED.c.quarantine_id)
    query = select(func.count()).select_from(QUARANTINE).where(QUARANTINE.c.id.not_in(ended))
    return tx.execute(query).scalar_one()
