"""The transition tables, and one step of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from makegood.clock import DAY
from makegood.domain import statuses
from makegood.domain.entities import ENTITY_CLASSES, Entity, EntityKind
from makegood.events.model import Limits
from makegood.events.read import read_event
from makegood.events.schema import CATALOGUE, NEW, Catalogue
from makegood.events.schema.sales_order import Placed
from makegood.state.fold import Fold
from makegood.state.machine import Fit, reachable, step, transitions
from makegood.state.records import RECORDS
from tests.events.making import EUR, HOME, T0, cloud_event, courier, created, hub, placed

if TYPE_CHECKING:
    from makegood.events.model import Event

SOON = "2026-07-14T12:00:00Z"
_DATA: Final[list[tuple[str, dict[str, Any]]]] = [
    ("sales_order.promised", {"promised_at": SOON}),
    ("sales_order.payment_captured", {"amount": EUR}),
    ("sales_order.payment_failed", {"reason": "card_refused"}),
    ("sales_order.payment_refunded", {"amount": EUR}),
    ("sales_order.coupon_issued", {"amount": EUR}),
    ("sales_order.address_changed", {"customer_id": "c1", "address": "2 New Lane"}),
    ("sales_order.items_changed", {"total": EUR, "lines": []}),
    ("sales_order.put_on_hold", {}),
    ("sales_order.released", {}),
    ("sales_order.delivered", {}),
    ("sales_order.cancelled", {}),
    ("sales_order.closed", {}),
    ("fulfilment_order.accepted", {}),
    ("fulfilment_order.ready", {}),
    ("fulfilment_order.assigned", {"courier_id": "k1"}),
    ("fulfilment_order.unassigned", {}),
    ("fulfilment_order.picked_up", {}),
    ("fulfilment_order.delivered", {}),
    ("fulfilment_order.failed", {}),
    ("fulfilment_order.cancelled", {}),
    ("fulfilment_order.expected", {"expected_at": SOON}),
    ("fulfilment_order.promised", {"promised_at": SOON}),
    ("fulfilment_order.rerouted", {"to_hub": "h2", "pick_up": HOME}),
    (
        "reservation.requested",
        {"order_id": "o1", "line_id": "1", "sku": "tea", "quantity": 1},
    ),
    ("reservation.confirmed", {}),
    ("reservation.failed", {}),
    ("reservation.released", {}),
    ("waybill.created", {"order_id": "o1", "carrier": "sf"}),
    ("waybill.scanned", {"checkpoint": "SHA"}),
    ("waybill.stuck", {}),
    ("waybill.delivered", {}),
    ("waybill.returned", {}),
    ("return_ticket.opened", {"order_id": "o1", "line_ids": ["1"], "refund": EUR}),
    ("return_ticket.approved", {}),
    ("return_ticket.received", {}),
    ("return_ticket.refunded", {}),
    ("return_ticket.rejected", {}),
    ("courier.shift_started", {"ends_at": SOON}),
    ("courier.shift_ended", {}),
    ("courier.position", {"position": HOME}),
    ("courier.lost", {}),
    ("courier.found", {}),
    ("hub.opened", {}),
    ("hub.closed", {}),
    ("hub.stopped", {}),
    ("hub.resumed", {}),
    ("hub.weather_observed", {"rain_mm_h": 12.5, "rain_forecast_mm_h": 30.0}),
    ("stock.counted", {"sku": "tea", "on_hand": 4}),
    ("stock.adjusted", {"by": -1}),
]
# One event of each type, so that each type's `apply` is run.
EVERY: Final[list[dict[str, Any]]] = [
    hub(),
    placed(),
    created(),
    courier(),
    *(cloud_event(kind, "x1", data) for kind, data in _DATA),
]


def event(raw: dict[str, Any]) -> Event:
    return read_event(raw, T0 + DAY, Limits())


def standing(kind: EntityKind, status: str) -> Entity | None:
    """Return an entity in a status, or None for one that does not exist yet."""
    if status == NEW:
        return None
    entity = ENTITY_CLASSES[kind](id="x1", hub_id="h1", status=status, version=1)
    if kind is EntityKind.SALES_ORDER:
        entity = entity.but(currency="EUR", customer_id="c1")
    return entity


def test_there_is_an_example_of_every_type() -> None:
    assert sorted(raw["type"] for raw in EVERY) == sorted(t.name for t in CATALOGUE)
    assert len(CATALOGUE) >= 40


@pytest.mark.parametrize("raw", EVERY, ids=lambda raw: raw["type"])
def test_each_type_moves_its_entity_from_each_status_it_names_and_no_other(
    raw: dict[str, Any],
) -> None:
    happened = event(raw)
    move, kind = happened.type.move, happened.type.kind
    for status in reachable(kind):
        was = standing(kind, status)
        fit, now, problem = step(was, happened)
        if status in move.frm:
            assert fit is Fit.APPLIED
            assert now is not None
            assert now.status == (move.to or status)
            assert now.version == (1 if was is None else 2)
            assert was is None or (was.status, was.version) == (status, 1)
        else:
            assert now is was
            assert (fit is Fit.REDUNDANT) == (status != NEW and status == move.to)
            assert problem or fit is Fit.REDUNDANT


class Row(NamedTuple):
    """A row as a query of entities gives it."""

    id: str
    hub_id: str
    status: str
    version: int
    body: str
    personal: str | None
    fold: str


@pytest.mark.parametrize("raw", EVERY, ids=lambda raw: raw["type"])
def test_an_entity_reads_back_from_its_row_as_it_was_written(raw: dict[str, Any]) -> None:
    happened = event(raw)
    kind, records = happened.type.kind, RECORDS[happened.type.kind]
    for status in happened.type.move.frm:
        _, entity, _ = step(standing(kind, status), happened)
        assert entity is not None

        kept = records.row(entity, Fold().mark())
        row = Row(*(kept[name] for name in Row._fields))
        assert records.entity(row) is entity
        records.forget()
        again = records.entity(row)
        assert again == entity
        assert again is not entity
        assert type(again) is type(entity)


def test_every_status_of_every_machine_can_be_reached() -> None:
    named = {
        EntityKind.SALES_ORDER: statuses.SalesOrderStatus,
        EntityKind.FULFILMENT_ORDER: statuses.FulfilmentStatus,
        EntityKind.RESERVATION: statuses.ReservationStatus,
        EntityKind.WAYBILL: statuses.WaybillStatus,
        EntityKind.RETURN_TICKET: statuses.ReturnStatus,
        EntityKind.COURIER: statuses.CourierStatus,
        EntityKind.HUB: statuses.HubStatus,
        EntityKind.STOCK: statuses.StockStatus,
    }
    assert named.keys() == RECORDS.keys() == ENTITY_CLASSES.keys()
    for kind, status in named.items():
        assert reachable(kind)[NEW] == {str(one) for one in status}
        assert len(transitions(kind)) == sum(t.kind is kind for t in CATALOGUE)


def test_only_what_can_still_come_about_is_missing_and_not_a_contradiction() -> None:
    ready = event(cloud_event("fulfilment_order.delivered", "x1"))
    kind = EntityKind.FULFILMENT_ORDER
    assert step(standing(kind, "created"), ready).fit is Fit.MISSING
    assert step(standing(kind, "cancelled"), ready).fit is Fit.CONTRADICTION


def test_a_copy_with_changes_is_what_dataclasses_make_of_it() -> None:
    order = standing(EntityKind.SALES_ORDER, "placed")
    assert order is not None
    assert order.but(status="held", note="x") == replace(order, status="held", note="x")  # type: ignore[call-arg]  # a sales order has a note
    with pytest.raises(KeyError):
        order.but(colour="red")


def test_two_types_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"sales_order\.placed"):
        Catalogue([Placed, Placed])
