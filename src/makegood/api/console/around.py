"""Where one order is: its hub, its courier and its customer, as far as places are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.api.console import citymap
from makegood.domain.entities import EntityKind
from makegood.errors import NotFound
from makegood.state import query

if TYPE_CHECKING:
    from makegood.api.console.scene import Scene
    from makegood.domain.entities import Entity, Hub
    from makegood.domain.geo import Point


def order_map(scene: Scene, order_id: str) -> tuple[citymap.CityMap, str] | None:
    """Return the map of one order and what it says in words; None where fewer than two places."""
    try:
        parts = query.order_parts(scene.tx, order_id)
    except NotFound:
        return None
    hub = scene.hubs.get(parts.order.hub_id)
    carried = {one.courier_id for one in parts.fulfilments if one.courier_id}
    couriers = query.many(scene.tx, EntityKind.COURIER, carried)
    drops = {one.id: one.drop_off or parts.order.drop_off for one in parts.fulfilments}
    places = [hub.position if hub else None, *drops.values(), *map(_place, couriers.values())]
    known = [place for place in places if place is not None]
    if len(set(known)) < 2:  # noqa: PLR2004 -- one place is no map
        return None
    plane = citymap.Plane(known)
    drawn = citymap.CityMap(
        rings=plane.rings(hub.position) if hub and hub.position else (),
        rains=(),
        deliveries=tuple(
            citymap.Spot(
                *plane.place(place),
                "on-time",
                scene.words("map.customer"),
                *_from(plane, hub, couriers.get(one.courier_id or ""), up=one.picked_up_us),
            )
            for one in parts.fulfilments
            if (place := drops[one.id]) is not None
        ),
        couriers=tuple(
            citymap.Spot(*plane.place(place), "busy", courier.id)
            for courier in couriers.values()
            if (place := _place(courier)) is not None
        ),
        hubs=(citymap.Spot(*plane.place(hub.position), hub.status, scene.speak.hub(hub.id)),)
        if hub and hub.position
        else (),
        scale=plane.scale(),
    )
    names = ", ".join(sorted(couriers)) or "–"
    where = scene.speak.hub(parts.order.hub_id)
    return drawn, scene.words("map.order_alt", order=order_id, hub=where, courier=names)


def _place(courier: Entity) -> Point | None:
    place: Point | None = getattr(courier, "position", None)
    return place


def _from(
    plane: citymap.Plane, hub: Hub | None, courier: Entity | None, *, up: int | None
) -> tuple[float | None, float | None]:
    """Return where a line to the customer begins: at the courier once it is on board."""
    start = _place(courier) if courier is not None and up is not None else None
    start = start or (hub.position if hub else None)
    return plane.place(start) if start else (None, None)
