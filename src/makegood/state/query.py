"""Reading the entities as they stand, typed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson
from sqlalchemy import and_, or_, select

from makegood.domain.entities import (
    Courier,
    Entity,
    EntityKind,
    EntityRef,
    FulfilmentOrder,
    Hub,
    Reservation,
    ReturnTicket,
    SalesOrder,
    Waybill,
)
from makegood.domain.statuses import OPEN_FULFILMENT, FulfilmentStatus
from makegood.errors import NotFound
from makegood.events.log import LOG
from makegood.events.parking import PARKED
from makegood.state.records import (
    COURIERS,
    FULFILMENTS,
    HUBS,
    RECORDS,
    RESERVATIONS,
    RETURNS,
    SALES_ORDERS,
    WAYBILLS,
    Records,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection

E = TypeVar("E", bound=Entity)
_CHUNK: Final = 5_000
_CARRIED: Final = (FulfilmentStatus.ASSIGNED.value, FulfilmentStatus.PICKED_UP.value)


@dataclass(frozen=True, slots=True)
class CourierLoad:
    """A courier, and the load they have now: assigned and picked up, not yet delivered."""

    courier: Courier
    load: int
    fulfilments: tuple[FulfilmentOrder, ...]

    @property
    def free(self) -> int:
        """How much more load the courier can take."""
        return max(0, self.courier.capacity - self.load)


@dataclass(frozen=True, slots=True)
class OrderParts:
    """A sales order with everything that belongs to it."""

    order: SalesOrder
    fulfilments: tuple[FulfilmentOrder, ...]
    reservations: tuple[Reservation, ...]
    waybills: tuple[Waybill, ...]
    returns: tuple[ReturnTicket, ...]

    @property
    def refs(self) -> tuple[EntityRef, ...]:
        """The order and its parts, by reference."""
        parts = (*self.fulfilments, *self.reservations, *self.waybills, *self.returns)
        return (self.order.ref, *(part.ref for part in parts))


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event in an order's life; `parked` says why it has no effect yet, if it has none."""

    seq: int
    type: str
    entity: EntityRef
    source: str
    event_id: str
    occurred_us: int
    received_us: int
    parked: str
    data: dict[str, Any]


def get(tx: Connection, ref: EntityRef) -> Entity | None:
    """Return one entity, or None when there is none of that id."""
    return many(tx, ref.kind, [ref.id]).get(ref.id)


def require(tx: Connection, ref: EntityRef) -> Entity:
    """Return one entity; raise NotFound when there is none of that id."""
    found = get(tx, ref)
    if found is None:
        raise NotFound(str(ref))
    return found


def many(tx: Connection, kind: EntityKind, ids: Iterable[str]) -> dict[str, Entity]:
    """Return those of these entities that there are, by id."""
    return _many(tx, RECORDS[kind], ids)


def sales_orders(tx: Connection, ids: Iterable[str]) -> dict[str, SalesOrder]:
    """Return those of these sales orders that there are, by id."""
    return _many(tx, SALES_ORDERS, ids)


def fulfilments(tx: Connection, ids: Iterable[str]) -> dict[str, FulfilmentOrder]:
    """Return those of these fulfilment orders that there are, by id."""
    return _many(tx, FULFILMENTS, ids)


def hub(tx: Connection, hub_id: str) -> Hub:
    """Return a hub; raise NotFound when there is none of that id."""
    found = _many(tx, HUBS, [hub_id]).get(hub_id)
    if found is None:
        raise NotFound(f"hub {hub_id}")
    return found


def hubs(tx: Connection) -> list[Hub]:
    """Return all hubs, by id."""
    return _where(tx, HUBS)


def sales_order(tx: Connection, order_id: str) -> SalesOrder:
    """Return a sales order; raise NotFound when there is none of that id."""
    found = _many(tx, SALES_ORDERS, [order_id]).get(order_id)
    if found is None:
        raise NotFound(f"order {order_id}")
    return found


def with_status(
    tx: Connection, kind: EntityKind, statuses: Iterable[str], hub_id: str | None = None
) -> list[Entity]:
    """Return the entities in one of these statuses, at one hub or at all, by id."""
    records = RECORDS[kind]
    wanted: list[ColumnElement[bool]] = [
        records.table.c.status.in_([str(status) for status in statuses])
    ]
    if hub_id is not None:
        wanted.append(records.table.c.hub_id == hub_id)
    return _where(tx, records, *wanted)


def open_fulfilments(tx: Connection, hub_id: str) -> list[FulfilmentOrder]:
    """Return a hub's fulfilment orders that are neither delivered, failed nor cancelled."""
    mine = FULFILMENTS.table.c
    return _where(tx, FULFILMENTS, mine.hub_id == hub_id, mine.status.in_(sorted(OPEN_FULFILMENT)))


def couriers(tx: Connection, hub_id: str) -> list[CourierLoad]:
    """Return all couriers of a hub, by id, each with what they carry, for whichever hub."""
    own = COURIERS.table.c.hub_id == hub_id
    found = _where(tx, COURIERS, own)
    mine = FULFILMENTS.table.c
    of_hub = select(COURIERS.table.c.id).where(own)
    carried: dict[str, list[FulfilmentOrder]] = defaultdict(list)
    for order in _where(tx, FULFILMENTS, mine.courier_id.in_(of_hub), mine.status.in_(_CARRIED)):
        carried[order.courier_id or ""].append(order)
    return [_loaded(courier, carried.get(courier.id, ())) for courier in found]


def courier_loads(tx: Connection, courier_ids: Iterable[str]) -> dict[str, int]:
    """Return what each of these couriers carries: assigned and picked up, not yet delivered."""
    mine = FULFILMENTS.table.c
    loads = dict.fromkeys(courier_ids, 0)
    for order in _where(tx, FULFILMENTS, mine.courier_id.in_(loads), mine.status.in_(_CARRIED)):
        loads[order.courier_id or ""] += order.load
    return loads


def _loaded(courier: Courier, carried: Sequence[FulfilmentOrder]) -> CourierLoad:
    return CourierLoad(courier, sum(order.load for order in carried), tuple(carried))


def order_parts(tx: Connection, order_id: str) -> OrderParts:
    """Return an order with all its parts; raise NotFound when there is none of that id."""
    order = sales_order(tx, order_id)
    return OrderParts(
        order=order,
        fulfilments=_of_order(tx, FULFILMENTS, order_id),
        reservations=_of_order(tx, RESERVATIONS, order_id),
        waybills=_of_order(tx, WAYBILLS, order_id),
        returns=_of_order(tx, RETURNS, order_id),
    )


def _of_order(tx: Connection, records: Records[E], order_id: str) -> tuple[E, ...]:
    return tuple(_where(tx, records, records.table.c.order_id == order_id))


def waybills_of(tx: Connection, order_ids: Iterable[str]) -> list[Waybill]:
    """Return the waybills of these sales orders, by order and id."""
    found = _where(tx, WAYBILLS, WAYBILLS.table.c.order_id.in_(sorted(set(order_ids))))
    return sorted(found, key=lambda one: (one.order_id, one.id))


def timeline(tx: Connection, order_id: str) -> list[TimelineEntry]:
    """Return what happened to an order and its parts, by when; personal values are left out.

    Raises:
        NotFound: there is no order of that id.

    """
    by_kind: dict[EntityKind, list[str]] = defaultdict(list)
    for ref in order_parts(tx, order_id).refs:
        by_kind[ref.kind].append(ref.id)
    mine = or_(
        *(
            and_(LOG.c.entity_kind == kind.value, LOG.c.entity_id.in_(ids))
            for kind, ids in by_kind.items()
        )
    )
    query = (
        select(LOG, PARKED.c.problem)
        .select_from(LOG.outerjoin(PARKED, PARKED.c.seq == LOG.c.seq))
        .where(mine)
        .order_by(LOG.c.occurred_us, LOG.c.seq)
    )
    return [_entry(row) for row in tx.execute(query)]


def _entry(row: Any) -> TimelineEntry:  # noqa: ANN401 -- a database row
    return TimelineEntry(
        seq=row.seq,
        type=row.type,
        entity=EntityRef(EntityKind(row.entity_kind), row.entity_id),
        source=row.source,
        event_id=row.event_id,
        occurred_us=row.occurred_us,
        received_us=row.received_us,
        parked=row.problem or "",
        data=orjson.loads(row.body)["data"],
    )


def _many(tx: Connection, records: Records[E], ids: Iterable[str]) -> dict[str, E]:
    wanted = sorted(set(ids))
    return {
        row.id: records.entity(row)
        for start in range(0, len(wanted), _CHUNK)
        for row in records.select(tx, wanted[start : start + _CHUNK])
    }


def _where(tx: Connection, records: Records[E], *wanted: ColumnElement[bool]) -> list[E]:
    # Sorted here, because databases disagree on how text sorts.
    rows = tx.execute(records.query().where(*wanted)).all()
    return [records.entity(row) for row in sorted(rows, key=attrgetter("id"))]
