"""Brings a case's orders into being: as events in the store, and as captures in the books."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from makegood.clock import MINUTE, to_rfc3339
from makegood.events.ingest import ingest
from makegood.events.model import IngestContext
from makegood.ledger.privacy import Vault
from makegood.outbox import endpoints
from makegood.outbox.endpoints import Endpoint
from makegood.state.projection import project
from makegood.store.session import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makegood.clock import Clock
    from tests.faults.company import Company
    from tests.faults.plan import Plan

# Nobody sends here: what is looked at is what waits to be told.
PAGER: Final = Endpoint("pager", "http://127.0.0.1:9/", ())


def seed(store_url: str, company: Company, plan: Plan, clock: Clock) -> None:
    """Place the plan's orders, let them be paid, and let it rain where nobody is on shift."""
    for order in plan.orders:
        company.capture(order)
    store = Store.open(store_url)
    try:
        context = IngestContext(clock=clock, vault=Vault(), project=project)
        receipt = ingest(store, list(_events(plan, clock.now_us())), context)
        assert not receipt.problems, receipt.problems
        with store.write() as tx:
            endpoints.sync(tx, [PAGER], 0)
    finally:
        store.close()


def _events(plan: Plan, at_us: int) -> Iterator[dict[str, Any]]:
    tell = partial(_event, plan.hub, at_us)
    soon = to_rfc3339(at_us + 10 * MINUTE)
    yield tell("hub.registered", plan.hub, {"name": plan.hub})
    for order in plan.orders:
        money = order.captured.model_dump()
        whose = {"customer_id": f"cus-{order.id}"}
        yield tell("sales_order.placed", order.id, {**whose, "total": money})
        yield tell("sales_order.payment_captured", order.id, {"amount": money})
        delivery = {**whose, "order_id": order.id, "promised_at": soon}
        yield tell("fulfilment_order.created", f"f-{order.id}", delivery)
    yield tell("hub.weather_observed", plan.hub, {"rain_mm_h": 30.0, "rain_forecast_mm_h": 30.0})


def _event(hub: str, at_us: int, kind: str, subject: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{kind}-{subject}-{at_us}",
        "source": "/faults",
        "type": kind,
        "subject": subject,
        "time": to_rfc3339(at_us),
        "hub": hub,
        "data": data,
    }
