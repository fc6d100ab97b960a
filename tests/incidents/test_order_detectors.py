"""Parcels that do not move, and orders that came in twice: what is found, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from makegood.clock import MINUTE
from makegood.domain.entities import OrderLine, SalesOrder, Waybill
from makegood.domain.geo import Point
from makegood.domain.incidents import Finding, IncidentKind
from makegood.domain.money import Money
from makegood.domain.statuses import SalesOrderStatus, WaybillStatus
from makegood.incidents import evidence as ev
from makegood.incidents.detectors import duplicates, parcels
from makegood.incidents.view import HubView
from tests.conftest import NOW_US
from tests.incidents.hubs import POLICY, hub
from tests.incidents.test_passes import AWAY, EUR, City

if TYPE_CHECKING:
    from makegood.store.session import Store

LIMITS = POLICY.parcels
TWICE = POLICY.duplicates


def _sale(name: str, minutes_ago: float = 5, sku: str = "tea") -> SalesOrder:
    return SalesOrder(
        id=name,
        hub_id="west",
        status=SalesOrderStatus.PLACED,
        currency="EUR",
        drop_off=Point(30.2, 120.1),
        lines=(OrderLine("1", sku, 2, Money(minor=990, currency="EUR")),),
        placed_us=NOW_US - round(minutes_ago * MINUTE),
    )


def _parcel(
    number: int,
    minutes_ago: int | None,
    carrier: str = "swift",
    status: WaybillStatus = WaybillStatus.IN_TRANSIT,
) -> tuple[Waybill, SalesOrder]:
    scan_us = None if minutes_ago is None else NOW_US - minutes_ago * MINUTE
    waybill = Waybill(
        id=f"w{number}",
        hub_id="west",
        status=status,
        order_id=f"s{number}",
        carrier=carrier,
        last_scan_us=scan_us,
    )
    return waybill, _sale(f"s{number}", minutes_ago=90)


def _parcels(*found: tuple[Waybill, SalesOrder]) -> dict[str, Finding]:
    view = HubView(hub=hub(), parcels=found)
    return {one.key: one for one in parcels.find(view, POLICY, NOW_US)}


def test_a_parcel_is_trouble_once_it_was_not_seen_for_longer_than_policy_lets() -> None:
    assert _parcels(_parcel(1, LIMITS.silent_minutes)) == {}
    found = _parcels(_parcel(1, LIMITS.silent_minutes + 1), _parcel(2, 3))
    assert [one.sales_orders for one in found.values()] == [("s1",)]


def test_a_carrier_that_says_so_itself_is_believed_at_once() -> None:
    (found,) = _parcels(_parcel(1, 2, status=WaybillStatus.STUCK)).values()
    assert (found.kind, found.sales_orders) == (IncidentKind.PARCEL, ("s1",))


def test_a_parcel_that_was_never_scanned_counts_from_its_order() -> None:
    (found,) = _parcels(_parcel(1, None)).values()
    assert found.evidence[0].value == 90 * 60


def test_a_lost_parcel_is_another_incident_than_those_that_wait() -> None:
    lost, waiting = _parcel(1, LIMITS.lost_minutes + 1), _parcel(2, LIMITS.lost_minutes)
    found = _parcels(lost, waiting)
    assert found[parcels.lost_key("west", "swift")].sales_orders == ("s1",)
    assert found[parcels.key("west", "swift")].sales_orders == ("s2",)
    assert found[parcels.lost_key("west", "swift")].evidence[0].name == ev.PARCELS_LOST


def test_many_parcels_of_one_carrier_are_one_incident_that_says_the_carrier_is_down() -> None:
    silent = [_parcel(number, 100) for number in range(LIMITS.carrier_least)]
    fine = [_parcel(number, 1, carrier="steady") for number in range(50, 60)]
    (found,) = _parcels(*silent, *fine).values()
    assert found.key == parcels.key("west", "swift")
    assert ev.CARRIER_DOWN in {one.name for one in found.evidence}
    (few,) = _parcels(*silent[:-1], *fine).values()
    assert ev.CARRIER_DOWN not in {one.name for one in few.evidence}


def _twice(*orders: SalesOrder) -> tuple[str, ...]:
    found = duplicates.find(HubView(hub=hub(), lately=orders), POLICY, NOW_US)
    return found[0].sales_orders if found else ()


def test_of_two_equal_orders_the_later_is_the_one_too_many() -> None:
    first, second = _sale("b", 9), _sale("a", 9 - TWICE.within_minutes)
    assert _twice(first, second) == ("a",)
    assert _twice(second, first) == ("a",)


def test_one_person_is_known_by_the_phone_whatever_number_a_platform_has_for_them() -> None:
    orders = [_sale("a", 9), _sale("b", 8)]
    there = [replace(each, customer_id=f"cus-{each.id}", customer_phone="+86 1") for each in orders]
    assert _twice(*there) == ("b",)


def test_the_same_again_much_later_or_something_else_or_elsewhere_is_no_duplicate() -> None:
    first = _sale("a", 9)
    assert _twice(first, _sale("b", 9 - TWICE.within_minutes - 0.1)) == ()
    assert _twice(first, _sale("b", 8, sku="coffee")) == ()
    assert _twice(first, replace(_sale("b", 8), drop_off=Point(30.3, 120.1))) == ()
    colleagues = [replace(_sale(name, 8), customer_phone=f"+86 {name}") for name in "ab"]
    assert _twice(*colleagues) == ()
    nowhere = [replace(_sale(name, 8), drop_off=None) for name in "ab"]
    assert _twice(*nowhere) == ()


def test_a_pass_reads_parcels_and_late_orders_and_leaves_out_what_is_over(store: Store) -> None:
    city = City(store)
    line = {"line_id": "1", "sku": "tea", "quantity": 1, "price": EUR}
    placed = {"customer_id": "cus1", "total": EUR, "lines": [line], "drop_off": AWAY}
    for name, minute in (("s1", -200), ("s2", -4), ("s3", -3), ("s4", -3)):
        city.tell("sales_order.placed", name, placed, minute)
    city.tell("sales_order.cancelled", "s4", {"reason": "other"}, -1)
    for name, order in (("w1", "s1"), ("w2", "s2"), ("w4", "s4")):
        city.tell("waybill.created", name, {"order_id": order, "carrier": "swift"}, -2)
    city.tell("waybill.scanned", "w2", {"checkpoint": "depot"}, -1)
    city.tell("waybill.delivered", "w2", {}, -1)
    view = city.view()
    assert [(one.id, order.id) for one, order in view.parcels] == [("w1", "s1")]
    assert [one.id for one in view.lately] == ["s2", "s3"]
    opened = {one.kind: one for one in city.examine().opened}
    assert opened[IncidentKind.PARCEL].sales_orders == ("s1",)
    assert opened[IncidentKind.DUPLICATE].sales_orders == ("s3",)
