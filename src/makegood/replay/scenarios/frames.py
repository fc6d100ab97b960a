"""Frames of a map: where riders and orders are at an instant of a scenario."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

from makegood.clock import MINUTE
from makegood.replay.company.model import CourierStatus, FulfilmentStatus

if TYPE_CHECKING:
    from makegood.domain.geo import Point
    from makegood.replay.stage import Stage

_M_PER_DEGREE: Final = 111_195
_AWAY: Final = (CourierStatus.OFF, CourierStatus.SHELTERING)
_OPEN: Final = (FulfilmentStatus.CREATED, FulfilmentStatus.READY, FulfilmentStatus.PICKED_UP)
_SOON_US: Final = 10 * MINUTE


class Frame(BaseModel):
    """Places by layer, as (metres east, metres north) of the district's middle."""

    model_config = ConfigDict(frozen=True)

    minute: float
    layers: dict[str, tuple[tuple[float, float], ...]]


def frame(stage: Stage) -> Frame:
    """Return where everything is now."""
    records, now_us = stage.company.records, stage.clock.now_us()
    hubs = [hub.position for hub in records.hubs.values()]
    middle = (sum(p.lat for p in hubs) / len(hubs), sum(p.lon for p in hubs) / len(hubs))
    waiting = [each for each in records.fulfilments.values() if each.status in _OPEN]
    orders = {each.id: records.orders[each.order_id].first_promised_us for each in waiting}
    pressing = [e.drop_off for e in waiting if orders[e.id] - now_us < _SOON_US]
    calm = [e.drop_off for e in waiting if orders[e.id] - now_us >= _SOON_US]
    couriers = records.couriers.values()
    layers = {
        "order with time": calm,
        "order due within 10 min, or late": pressing,
        "rider": [c.position for c in couriers if c.status not in _AWAY],
        "rider in shelter": [c.position for c in couriers if c.status is CourierStatus.SHELTERING],
        "hub": hubs,
    }
    return Frame(
        minute=round((now_us - stage.options.starts_us) / MINUTE, 1),
        layers={name: tuple(_metres(p, middle) for p in found) for name, found in layers.items()},
    )


def _metres(place: Point, middle: tuple[float, float]) -> tuple[float, float]:
    east = (place.lon - middle[1]) * _M_PER_DEGREE * math.cos(math.radians(middle[0]))
    return round(east), round((place.lat - middle[0]) * _M_PER_DEGREE)
