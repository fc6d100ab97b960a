"""From events to incidents: what a pass reads, and what it does, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from makegood.clock import MINUTE, VirtualClock, to_rfc3339
from makegood.domain.incidents import Incident, IncidentKind
from makegood.events.ingest import ingest
from makegood.events.model import IngestContext
from makegood.incidents.lifecycle import Changes
from makegood.incidents.load import load
from makegood.incidents.passes import examine
from makegood.ledger.privacy import Vault
from makegood.state.projection import project
from tests.conftest import NOW_US
from tests.incidents.hubs import POLICY

if TYPE_CHECKING:
    from makegood.incidents.view import HubView
    from makegood.store.session import Store

HUB: Final = "west"
EUR: Final = {"minor": 1_990, "currency": "EUR"}
HOME: Final = {"lat": 30.25, "lon": 120.17}
AWAY: Final = {"lat": 30.29, "lon": 120.17}


class City:
    """One hub that things happen to."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._vault = Vault()
        self._told = 0
        self.tell("hub.registered", HUB, {"position": HOME}, -120)

    def tell(
        self, kind: str, subject: str, data: dict[str, Any], minute: float = 0, hub: str = HUB
    ) -> None:
        """Take one event in, `minute` minutes from now."""
        self._told += 1
        at_us = NOW_US + round(minute * MINUTE)
        event = {
            "specversion": "1.0",
            "id": str(self._told),
            "source": "/test",
            "type": kind,
            "subject": subject,
            "time": to_rfc3339(at_us),
            "hub": hub,
            "data": data,
        }
        clock = VirtualClock(max(at_us, NOW_US))
        context = IngestContext(clock=clock, vault=self._vault, project=project)
        assert not ingest(self.store, [event], context).problems

    def order(self, number: int, minute: float = -10, promised: float = 40) -> None:
        """Place, pay and plan one order."""
        customer = {"customer_id": f"cus{number}"}
        sale, promise = f"s{number}", {"promised_at": to_rfc3339(NOW_US + round(promised * MINUTE))}
        self.tell("sales_order.placed", sale, {**customer, **promise, "total": EUR}, minute)
        self.tell("sales_order.payment_captured", sale, {"amount": EUR}, minute)
        planned = {"order_id": sale, "pick_up": HOME, "drop_off": AWAY, **customer, **promise}
        self.tell("fulfilment_order.created", f"f{number}", planned, minute)

    def courier(self, name: str, *, on: bool = True) -> None:
        self.tell("courier.registered", name, {"vehicle": "e_bike", "position": HOME}, -20)
        if on:
            self.tell("courier.shift_started", name, {}, -15)

    def rain(self, mm_h: float, minute: float = 0) -> None:
        weather = {"rain_mm_h": mm_h, "rain_forecast_mm_h": mm_h}
        self.tell("hub.weather_observed", HUB, weather, minute)

    def unreserved(self, number: int, minute: float = -5) -> None:
        wanted = {"order_id": f"s{number}", "line_id": "l1", "sku": "a", "quantity": 1}
        self.tell("reservation.requested", f"r{number}", wanted, minute - 1)
        self.tell("reservation.failed", f"r{number}", {}, minute)

    def view(self) -> HubView:
        with self.store.read() as tx:
            (view,) = load(tx, [HUB], POLICY, NOW_US)
        return view

    def examine(self, minute: float = 0, hubs: tuple[str, ...] = (HUB,)) -> Changes:
        with self.store.write() as tx:
            return examine(tx, hubs, POLICY, NOW_US + round(minute * MINUTE))


@pytest.fixture
def city(store: Store) -> City:
    return City(store)


def _of(kind: IncidentKind, incidents: tuple[Incident, ...]) -> Incident:
    return next(one for one in incidents if one.kind is kind)


def test_a_view_holds_what_is_open_and_who_is_on_shift(city: City) -> None:
    for number in (1, 2, 3):
        city.order(number)
    city.tell("fulfilment_order.cancelled", "f3", {}, -1)
    city.courier("on")
    city.courier("off", on=False)
    city.unreserved(2)
    view = city.view()
    assert [one.id for one in view.fulfilments] == ["f1", "f2"]
    assert [one.id for one in view.couriers] == ["on"]
    assert [(one.id, sale.id) for one, sale in view.unreserved] == [("r2", "s2")]


def test_arrivals_count_what_was_created_lately_whatever_became_of_it(city: City) -> None:
    lookback = POLICY.capacity.lookback_minutes
    city.order(1, minute=-lookback - 1)
    city.order(2, minute=-lookback + 1)
    city.order(3)
    city.tell("fulfilment_order.cancelled", "f3", {}, -1)
    assert city.view().arrivals == 2


def test_a_failed_reservation_of_an_order_that_is_over_is_no_trouble(city: City) -> None:
    city.order(1)
    city.unreserved(1)
    assert len(city.view().unreserved) == 1
    city.tell("sales_order.cancelled", "s1", {"reason": "other"}, -1)
    assert city.view().unreserved == ()


def test_a_rainstorm_opens_an_incident_over_the_orders_it_endangers(city: City) -> None:
    city.order(1, promised=5)
    city.order(2, promised=300)
    city.courier("c1")
    city.rain(20.0)
    incident = _of(IncidentKind.WEATHER, city.examine().opened)
    assert incident.orders == ("f1",)
    assert city.examine() == Changes()


def test_the_storm_over_the_incident_closes_by_itself(city: City) -> None:
    city.rain(20.0)
    city.examine()
    city.rain(0.0, minute=10)
    assert city.examine(10).closed == ()
    quiet = POLICY.closing.quiet_minutes
    assert [one.kind for one in city.examine(10 + quiet).closed] == [IncidentKind.WEATHER]


def test_a_failed_delivery_of_a_paid_order_opens_an_anomaly_unless_another_is_made(
    city: City,
) -> None:
    for number in (1, 2, 3):
        city.order(number)
        city.tell("fulfilment_order.failed", f"f{number}", {"reason": "street_flooded"}, -2)
    again = {"order_id": "s2", "customer_id": "cus2", "pick_up": HOME, "drop_off": AWAY}
    city.tell("fulfilment_order.created", "f2-again", again, -1)
    city.tell("sales_order.payment_refunded", "s3", {"amount": EUR}, -1)
    assert [order.id for order in city.view().undelivered] == ["s1", "s3"]
    opened = _of(IncidentKind.ANOMALY, city.examine().opened)
    assert opened.sales_orders == ("s1",)
    city.tell("sales_order.cancelled", "s1", {}, 1)
    assert [order.id for order in city.view().undelivered] == ["s3"]


def test_a_view_knows_who_is_lost(city: City) -> None:
    city.courier("here")
    city.courier("gone")
    city.tell("courier.lost", "gone", {}, -1)
    assert [one.id for one in city.view().couriers] == ["here"]
    assert [one.id for one in city.view().lost] == ["gone"]


def test_paid_without_stock_opens_an_anomaly_and_ends_with_the_stock(city: City) -> None:
    city.rain(0.0)
    city.order(1)
    city.courier("c1")
    city.unreserved(1)
    incident = _of(IncidentKind.ANOMALY, city.examine().opened)
    assert (incident.sales_orders, incident.orders) == (("s1",), ("f1",))
    wanted = {"order_id": "s1", "line_id": "l1", "sku": "a", "quantity": 1}
    city.tell("reservation.requested", "r1", wanted, 1)
    city.examine(1)
    closed = city.examine(1 + POLICY.closing.quiet_minutes).closed
    assert [one.id for one in closed] == [incident.id]


def test_a_hub_that_nobody_registered_is_left_alone(city: City) -> None:
    assert city.examine(hubs=("nowhere",)) == Changes()
