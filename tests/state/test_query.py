"""Reading the entities as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.clock import DAY, VirtualClock
from makegood.domain.entities import EntityKind
from makegood.errors import NotFound
from makegood.events.ingest import ingest
from makegood.state import query
from tests.events.making import (
    EUR,
    T0,
    cloud_event,
    context,
    courier,
    created,
    hub,
    placed,
)

if TYPE_CHECKING:
    from makegood.store.session import Store


@pytest.fixture
def busy(store: Store) -> Store:
    """Two orders, the first with all kinds of parts; one courier with one delivery."""
    wanted = {"order_id": "o1", "line_id": "1", "sku": "tea", "quantity": 1}
    batch = [
        hub(),
        hub("h2"),
        placed("o1"),
        placed("o2", "c2"),
        created("f1", "o1"),
        created("f2", "o2", "c2"),
        cloud_event("reservation.requested", "r1", wanted),
        cloud_event("waybill.created", "w1", {"order_id": "o1", "carrier": "sf"}),
        cloud_event("return_ticket.opened", "t1", {"order_id": "o1", "refund": EUR}, minute=50),
        courier("k1"),
        courier("k2"),
        cloud_event("courier.shift_started", "k1", minute=1),
        cloud_event("fulfilment_order.assigned", "f1", {"courier_id": "k1"}, minute=2),
        cloud_event("fulfilment_order.picked_up", "f2", minute=3),
    ]
    ingest(store, batch, context(VirtualClock(T0 + DAY)))
    return store


def test_an_order_comes_with_all_its_parts(busy: Store) -> None:
    with busy.read() as tx:
        parts = query.order_parts(tx, "o1")
        with pytest.raises(NotFound):
            query.order_parts(tx, "o9")
    assert [str(ref) for ref in parts.refs] == [
        "sales_order/o1",
        "fulfilment_order/f1",
        "reservation/r1",
        "waybill/w1",
        "return_ticket/t1",
    ]
    assert parts.order.lines[0].price.minor == 1990


def test_a_timeline_tells_what_happened_and_what_has_no_effect_yet(busy: Store) -> None:
    with busy.read() as tx:
        first, second = query.timeline(tx, "o1"), query.timeline(tx, "o2")
    assert [entry.type for entry in first][-2:] == [
        "fulfilment_order.assigned",
        "return_ticket.opened",
    ]
    assert first[0].data["customer_id"] == "c1"
    assert "address" not in first[0].data
    assert [entry.parked != "" for entry in second] == [False, False, True]


def test_a_courier_carries_what_is_assigned_or_picked_up(busy: Store) -> None:
    with busy.read() as tx:
        loads = query.couriers(tx, "h1")
    assert [(each.courier.id, each.load, each.free) for each in loads] == [
        ("k1", 1, 2),
        ("k2", 0, 3),
    ]
    assert loads[0].fulfilments[0].id == "f1"


def test_a_hub_sees_its_own_open_deliveries(busy: Store) -> None:
    into = context(VirtualClock(T0 + DAY))
    done = [
        cloud_event("fulfilment_order.picked_up", "f1", minute=4),
        cloud_event("fulfilment_order.delivered", "f1", minute=5),
        cloud_event("fulfilment_order.rerouted", "f2", {"to_hub": "h2"}, minute=6, hub=None),
    ]
    receipt = ingest(busy, done, into)
    assert receipt.hubs == {"h1", "h2"}
    with busy.read() as tx:
        assert query.open_fulfilments(tx, "h1") == []
        assert [order.id for order in query.open_fulfilments(tx, "h2")] == ["f2"]
        found = query.with_status(tx, EntityKind.FULFILMENT_ORDER, ["delivered"], "h1")
        assert [order.id for order in found] == ["f1"]
        assert [each.id for each in query.hubs(tx)] == ["h1", "h2"]
        assert query.hub(tx, "h1").position is not None
