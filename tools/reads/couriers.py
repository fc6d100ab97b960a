"""The couriers of a hub, as the fleet's own system has them."""

from __future__ import annotations

from makegood.sdk import CourierReading, Point, reads, tool
from tools.reads.answers import Answer, read


class _Place(Answer):
    lat: float
    lon: float


class _Courier(Answer):
    id: str
    status: str
    vehicle: str
    capacity: int
    load: int
    position: _Place
    position_us: int
    shift_ends_us: int | None = None


class _Couriers(Answer):
    couriers: tuple[_Courier, ...]


@tool(reads)
def couriers(hub_id: str) -> list[CourierReading]:
    """Read where each courier of a hub is, what they do, and how much they carry and can carry.

    Raises:
        ReadFailed: the fleet's system did not answer, or in another shape.

    """
    answer = read("fleet", "/fleet/couriers", _Couriers, hub=hub_id)
    return [_reading(each) for each in answer.couriers]


def _reading(courier: _Courier) -> CourierReading:
    return CourierReading(
        courier_id=courier.id,
        status=courier.status,
        position=Point(courier.position.lat, courier.position.lon),
        position_us=courier.position_us,
        capacity=courier.capacity,
        load=courier.load,
        vehicle=courier.vehicle,
        shift_ends_us=courier.shift_ends_us,
    )
