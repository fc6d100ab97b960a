"""The district as the map shows it: hubs, couriers, open deliveries and rain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from makegood.api.console import citymap
from makegood.domain.statuses import CourierStatus
from makegood.incidents import book
from makegood.state import query

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makegood.api.console.scene import Scene
    from makegood.domain.entities import FulfilmentOrder, Hub
    from makegood.domain.geo import Point
    from makegood.state.query import CourierLoad

MOST_DELIVERIES: Final = 400
MOST_COURIERS: Final = 200
_HEAVY_MM_H: Final = (2.5, 8.0)


def city(scene: Scene) -> tuple[citymap.CityMap, str] | None:
    """Return the map and what it says in words, or None where no place is known."""
    hubs = [hub for hub in scene.hubs.values() if hub.position is not None]
    endangered = {o for one in book.open_incidents(scene.tx) for o in one.orders}
    couriers = [load for hub in scene.hubs for load in query.couriers(scene.tx, hub)]
    on_shift = [load for load in couriers if load.courier.status == CourierStatus.ON]
    deliveries = [
        delivery for hub in scene.hubs for delivery in query.open_fulfilments(scene.tx, hub)
    ]
    places = [hub.position for hub in hubs]
    places += [load.courier.position for load in on_shift]
    places += [delivery.drop_off for delivery in deliveries]
    known = [place for place in places if place is not None]
    if not known:
        return None
    plane = citymap.Plane(known)
    at = {load.courier.id: load.courier.position for load in on_shift}
    drawn = citymap.CityMap(
        rings=plane.rings(hubs[0].position) if hubs and hubs[0].position else (),
        rains=tuple(rain for hub in hubs if (rain := _rain(scene, plane, hub))),
        deliveries=tuple(_deliveries(scene, plane, deliveries, endangered, at)),
        couriers=tuple(_couriers(scene, plane, on_shift)),
        hubs=tuple(
            citymap.Spot(*plane.place(hub.position), hub.status, scene.speak.hub(hub.id))
            for hub in hubs
            if hub.position
        ),
        scale=plane.scale(),
    )
    names = ", ".join(scene.speak.hub(hub.id) for hub in hubs)
    alt = scene.words("map.alt", couriers=len(on_shift), open=len(deliveries), hub=names or "–")
    return drawn, alt


def _deliveries(
    scene: Scene,
    plane: citymap.Plane,
    deliveries: Iterable[FulfilmentOrder],
    endangered: set[str],
    couriers: dict[str, Point | None],
) -> Iterable[citymap.Spot]:
    placed = [one for one in deliveries if one.drop_off is not None]
    for one in placed[:MOST_DELIVERIES]:
        if one.drop_off is None:
            continue
        zone = scene.zone(one.hub_id)
        state = _state(one, endangered, scene.now_us)
        promised = scene.show.time(one.promised_us, zone)
        label = scene.words("map.delivery", order=one.order_id, promise=promised)
        # Only what is on board moves with its courier; the rest still lies at the hub.
        holder = couriers.get(one.courier_id or "") if one.picked_up_us is not None else None
        to = plane.place(holder) if holder else (None, None)
        yield citymap.Spot(*plane.place(one.drop_off), state, label, *to)


def _state(one: FulfilmentOrder, endangered: set[str], now_us: int) -> str:
    if one.promised_us is not None and one.promised_us < now_us:
        return "late"
    expected_late = (
        one.promised_us is not None
        and one.expected_us is not None
        and one.expected_us > one.promised_us
    )
    return "risk" if one.id in endangered or expected_late else "on-time"


def _couriers(
    scene: Scene, plane: citymap.Plane, couriers: Iterable[CourierLoad]
) -> Iterable[citymap.Spot]:
    placed = [load for load in couriers if load.courier.position is not None]
    for load in placed[:MOST_COURIERS]:
        if load.courier.position is None:
            continue
        state = "busy" if load.load else "free"
        label = scene.words("map.courier_of", courier=load.courier.id, n=len(load.fulfilments))
        yield citymap.Spot(*plane.place(load.courier.position), state, label)


def _rain(scene: Scene, plane: citymap.Plane, hub: Hub) -> citymap.Rain | None:
    if hub.position is None or not hub.rain_mm_h:
        return None
    level = 1 + sum(hub.rain_mm_h >= step for step in _HEAVY_MM_H)
    text = scene.words("map.rain", rain=scene.show.number(round(hub.rain_mm_h, 1)))
    return citymap.Rain(*plane.place(hub.position), level, text)
