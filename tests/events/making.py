"""CloudEvents for tests, and a context to take them in with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from makegood.clock import MINUTE, from_rfc3339, to_rfc3339
from makegood.events.model import IngestContext, Limits
from makegood.ledger.privacy import Vault
from makegood.state.projection import project

if TYPE_CHECKING:
    from makegood.clock import Clock

T0: Final = from_rfc3339("2026-07-14T09:00:00Z")
HUB: Final = "h1"
EUR: Final = {"minor": 1990, "currency": "EUR"}
HARBOUR: Final = {"lat": 31.19, "lon": 121.41}
HOME: Final = {"lat": 31.2304, "lon": 121.4737}


def context(
    clock: Clock,
    *,
    vault: Vault | None = None,
    sources: tuple[str, ...] = ("*",),
    limits: Limits | None = None,
) -> IngestContext:
    return IngestContext(
        clock=clock,
        vault=vault or Vault(),
        project=project,
        allowed_sources=sources,
        limits=limits or Limits(),
    )


def cloud_event(
    kind: str, subject: str, data: dict[str, Any] | None = None, **more: object
) -> dict[str, Any]:
    """Return a CloudEvent as JSON, `minute` minutes after nine.

    Its id follows from what it is, unless `id` is among the attributes given; None leaves out.
    """
    minute = more.pop("minute", 0)
    assert isinstance(minute, int | float)
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{kind}-{subject}-{minute}",
        "source": "oms",
        "type": kind,
        "subject": subject,
        "time": to_rfc3339(T0 + round(minute * MINUTE)),
        "hub": HUB,
        "data": data or {},
    }
    return {k: v for k, v in (event | more).items() if v is not None}


def raw(event: dict[str, Any]) -> bytes:
    return orjson.dumps(event)


def hub(hub_id: str = HUB) -> dict[str, Any]:
    data = {"name": "Harbour", "zone": "Asia/Shanghai", "position": HARBOUR}
    return cloud_event("hub.registered", hub_id, data)


def placed(
    order_id: str = "o1",
    customer: str = "c1",
    data: dict[str, Any] | None = None,
    **more: object,
) -> dict[str, Any]:
    bought = {
        "customer_id": customer,
        "total": EUR,
        "lines": [{"line_id": "1", "sku": "tea", "quantity": 1, "price": EUR}],
        "promised_at": to_rfc3339(T0 + 40 * MINUTE),
        "drop_off": HOME,
        "customer_name": "Ada Example",
        "customer_phone": "+49 30 1234567",
        "address": "1 Hidden Lane",
        "note": "ring twice",
    }
    return cloud_event("sales_order.placed", order_id, bought | (data or {}), **more)


def created(
    fulfilment: str = "f1", order_id: str = "o1", customer: str = "c1", **more: object
) -> dict[str, Any]:
    data = {
        "order_id": order_id,
        "customer_id": customer,
        "promised_at": to_rfc3339(T0 + 40 * MINUTE),
        "drop_off": HOME,
    }
    return cloud_event("fulfilment_order.created", fulfilment, data, **more)


def courier(courier_id: str = "k1", **more: object) -> dict[str, Any]:
    data = {"vehicle": "bike", "capacity": 3, "name": "Kay Rider", "phone": "+49 30 7654321"}
    return cloud_event("courier.registered", courier_id, data, **more)
