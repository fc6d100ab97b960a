"""What agents may read: the projection and what was proposed before, in one short transaction."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, func, select

from makegood.clock import HOUR
from makegood.domain.actions import ActionKind, read_action
from makegood.domain.authority import ActionStatus
from makegood.domain.entities import Courier, EntityRef
from makegood.domain.statuses import OPEN_FULFILMENT, CourierStatus
from makegood.errors import NotFound
from makegood.incidents import book
from makegood.planning import CourierLoad, Given
from makegood.proposals.types import Earlier
from makegood.state import query
from makegood.store import tables
from makegood.store.sql import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from makegood.clock import Clock
    from makegood.domain.entities import FulfilmentOrder, Hub, SalesOrder, Waybill
    from makegood.domain.incidents import Incident
    from makegood.store.session import Store

ACTION: Final = table(tables.authority.Action)
_UNDER_WAY: Final = (ActionStatus.GRANTED, ActionStatus.INTENDED, ActionStatus.UNKNOWN)
_GIVEN: Final = (*_UNDER_WAY, ActionStatus.HELD, ActionStatus.CONFIRMED)


class StoreReader:
    """The `StateReader` of a run; each call sees the store as it is at that moment."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Read from `store`."""
        self._store = store
        self._clock = clock

    def hub(self, hub_id: str) -> Hub | None:
        """Return a hub, or None where there is none of that id."""
        with self._store.read() as tx:
            try:
                return query.hub(tx, hub_id)
            except NotFound:
                return None

    def open_incidents(self, hub_id: str) -> tuple[Incident, ...]:
        """Return the open incidents of a hub, the worst and then the oldest first."""
        with self._store.read() as tx:
            return tuple(book.open_incidents(tx, hub_id))

    def fulfilments(self, ids: Sequence[str]) -> tuple[FulfilmentOrder, ...]:
        """Return the open fulfilment orders among these ids, in the order of the ids."""
        with self._store.read() as tx:
            found = query.fulfilments(tx, ids)
        there = (found[one] for one in ids if one in found)
        return tuple(one for one in there if one.status in OPEN_FULFILMENT)

    def open_fulfilments(self, hub_id: str) -> tuple[FulfilmentOrder, ...]:
        """Return all open fulfilment orders of a hub by id."""
        with self._store.read() as tx:
            return tuple(query.open_fulfilments(tx, hub_id))

    def couriers(self, hub_id: str) -> tuple[CourierLoad, ...]:
        """Return a hub's couriers on shift by id, with what they hold and what comes to them."""
        return self._loads(hub_id, CourierStatus.ON)

    def lost_couriers(self, hub_id: str) -> tuple[CourierLoad, ...]:
        """Return a hub's couriers who cannot be reached, by id, with what they hold."""
        return self._loads(hub_id, CourierStatus.LOST)

    def _loads(self, hub_id: str, status: CourierStatus) -> tuple[CourierLoad, ...]:
        with self._store.read() as tx:
            found = [one for one in query.couriers(tx, hub_id) if one.courier.status == status]
            coming = _coming(tx, [one.courier for one in found])
        return tuple(
            CourierLoad(one.courier, one.fulfilments, coming.get(one.courier.id, 0))
            for one in found
        )

    def sales_orders(self, ids: Sequence[str]) -> tuple[SalesOrder, ...]:
        """Return the sales orders among these ids, in the order of the ids."""
        with self._store.read() as tx:
            found = query.sales_orders(tx, ids)
        return tuple(found[one] for one in ids if one in found)

    def waybills(self, order_ids: Sequence[str]) -> tuple[Waybill, ...]:
        """Return the waybills of these sales orders, by order and id."""
        with self._store.read() as tx:
            return tuple(query.waybills_of(tx, order_ids))

    def earlier(self, order_ids: Sequence[str]) -> tuple[Earlier, ...]:
        """Return every action proposed before on these sales orders, oldest first."""
        wanted = select(ACTION).where(ACTION.c.order_id.in_(list(order_ids)))
        with self._store.read() as tx:
            rows = tx.execute(wanted.order_by(ACTION.c.judged_us, ACTION.c.id)).all()
        return tuple(
            Earlier(
                kind=action.kind,
                order_id=row.order_id,
                entity=action.entity,
                obligation=action.obligation_key,
                status=ActionStatus(row.status),
                amount=action.money,
                at_us=row.judged_us,
            )
            for row in rows
            for action in (read_action(row.body),)
        )

    def given(
        self, hub_id: str, customer_ids: Sequence[str], currency: str, *, since_us: int
    ) -> Given:
        """Return coupons not ended otherwise: by customer since `since_us`, by the hub's hour."""
        coupon = and_(
            ACTION.c.kind == ActionKind.COUPON,
            ACTION.c.currency == currency,
            ACTION.c.status.in_(_GIVEN),
        )
        total = func.sum(ACTION.c.amount_minor)
        by_customer = (
            select(ACTION.c.customer_id, total)
            .where(coupon, ACTION.c.customer_id.in_(list(customer_ids)))
            .where(ACTION.c.judged_us >= since_us)
            .group_by(ACTION.c.customer_id)
        )
        hour_us = self._clock.now_us() - HOUR
        by_hub = select(total).where(
            coupon, ACTION.c.hub_id == hub_id, ACTION.c.judged_us >= hour_us
        )
        with self._store.read() as tx:
            customers = {customer: int(minor) for customer, minor in tx.execute(by_customer)}
            hub_hour = int(tx.execute(by_hub).scalar_one() or 0)
        return Given(customers, hub_hour)


def _coming(tx: Connection, couriers: Sequence[Courier]) -> dict[str, int]:
    """Return the load that is granted to couriers and not yet reported as theirs."""
    by_resource = {str(courier.ref): courier.id for courier in couriers}
    under_way = and_(
        ACTION.c.kind == ActionKind.REASSIGN,
        ACTION.c.status.in_(_UNDER_WAY),
        ACTION.c.resource.in_(by_resource),
    )
    rows = tx.execute(select(ACTION.c.resource, ACTION.c.entity).where(under_way)).all()
    orders = query.fulfilments(tx, [EntityRef.parse(row.entity).id for row in rows])
    coming: dict[str, int] = defaultdict(int)
    for row in rows:
        order = orders.get(EntityRef.parse(row.entity).id)
        courier_id = by_resource[row.resource]
        if order is not None and order.courier_id != courier_id:
            coming[courier_id] += order.load
    return dict(coming)
