"""`/v1/status` and `/metrics`: what is happening, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Response

import makegood
from makegood.api import figures
from makegood.api.console.show import zone_of
from makegood.api.routes.listing import Out
from makegood.api.seam import House
from makegood.state import query

if TYPE_CHECKING:
    from collections.abc import Iterator

router = APIRouter(tags=["status"])

# https://prometheus.io/docs/instrumenting/exposition_formats/
_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
_BY_STATUS: Final = ("actions", "effects", "runs")


class StatusOut(Out):
    """What is happening; promises are those that fell due within 24 hours.

    `zones` are the IANA zones in which the times of hubs are shown, by hub: policy's, or the hub's.
    """

    version: str
    now_us: int
    policy_digest: str
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
    zones: dict[str, str]


@router.get("/v1/status")
def status(house: House) -> StatusOut:
    """Return the figures of now."""
    now_us = house.clock.now_us()
    with house.store.read() as tx:
        found = figures.count(tx, now_us)
        hubs = query.hubs(tx)
    named = house.policies.approvals.hub_zones
    counted = {name: getattr(found, name) for name in figures.Figures.__dataclass_fields__}
    return StatusOut(
        version=makegood.__version__,
        now_us=now_us,
        policy_digest=house.policies.digest(),
        zones={hub.id: zone_of(named.get(hub.id) or hub.zone).key for hub in hubs},
        **counted,
    )


@router.get("/metrics", response_class=Response)
def metrics(house: House) -> Response:
    """Return the same figures as Prometheus reads them."""
    with house.store.read() as tx:
        found = figures.count(tx, house.clock.now_us())
    return Response("".join(_lines(found)), media_type=_TEXT)


def _lines(found: figures.Figures) -> Iterator[str]:
    for name in figures.Figures.__dataclass_fields__:
        value = getattr(found, name)
        yield f"# TYPE makegood_{name} gauge\n"
        if name in _BY_STATUS:
            for each, number in sorted(value.items()):
                yield f'makegood_{name}{{status="{each}"}} {number}\n'
        else:
            yield f"makegood_{name} {value}\n"
