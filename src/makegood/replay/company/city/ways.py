"""How riders and drones of a district move: rain and temper slow riders, drones fly straight."""

from __future__ import annotations

from makegood.clock import SECOND, Clock
from makegood.domain.geo import Point, distance_m
from makegood.replay.company.city.draw import DRONE, DistrictScript
from makegood.replay.company.city.params import Partner, Vehicle
from makegood.replay.company.model import Courier, Fulfilment
from makegood.replay.company.partners import PARTNER
from makegood.replay.company.problems import Refused

_COUNTER_US = 60 * SECOND
_KMH_A_M_S = 3.6


class DistrictWays:
    """The ways of one district, with the luck of one seed; `homes` is each courier's store."""

    def __init__(self, script: DistrictScript, clock: Clock) -> None:
        """Ride by the script's parameters, sky and luck."""
        self._script = script
        self._clock = clock
        everyone = (*script.riders, *script.drones, *script.partners)
        self.homes = {each.courier.id: each.store_id for each in everyone}
        self._kinds: dict[str, Vehicle | Partner] = {
            each.name: each for each in script.params.couriers.vehicles
        }
        if script.params.partner is not None:
            self._kinds[PARTNER] = script.params.partner

    def road_m(self, courier: Courier, start: Point, end: Point) -> int:
        """Return how far a courier goes from a place to another."""
        crow_m = distance_m(start, end)
        if courier.vehicle == DRONE:
            return crow_m
        return round(crow_m * self._script.params.couriers.detour)

    def travel_us(self, courier: Courier, goal: str, start: Point, end: Point, at_us: int) -> int:
        """Return how long a courier takes to a goal, in the rain that falls when it begins."""
        road_m = self.road_m(courier, start, end)
        if courier.vehicle == DRONE:
            return round(road_m / self._script.params.drones.m_s * SECOND)
        kind = self._kinds[courier.vehicle]
        slow = 1 + self._script.sky.curve.rate(at_us) / kind.halved_by_mm_h
        spread = self._script.params.couriers.deviation
        temper = self._script.luck.factor(spread, "ride", courier.id, goal)
        return round(road_m * slow / kind.m_s * temper * SECOND)

    def counter_us(self, courier: Courier) -> int:
        """Return how long handing over at the counter takes, or making a drone ready."""
        if courier.vehicle == DRONE:
            return self._script.params.drones.turnaround_seconds * SECOND
        return _COUNTER_US

    def home_of(self, courier: Courier) -> str | None:
        """Return where a courier with nothing to do goes: back to their store, or dock."""
        return self.homes[courier.id]

    def may_leave(self, courier: Courier) -> bool:
        """Say whether a courier sets out now; a drone waits for the weather."""
        return courier.vehicle != DRONE or not self.grounded()

    def grounded(self) -> str:
        """Return why no drone may fly now, or an empty text."""
        now_us, limits = self._clock.now_us(), self._script.params.drones
        place = self._script.district.position
        if self._script.sky.rate(place, now_us) > limits.rain_mm_h:
            return "rain"
        if self._script.sky.wind_kmh(place, now_us) / _KMH_A_M_S > limits.wind_m_s:
            return "wind"
        return ""

    def check(self, courier: Courier, delivery: Fulfilment) -> None:
        """Refuse what a drone cannot do, and what another fleet did not agree to.

        Raises:
            Refused: 409 when the weather, the range or the dock forbids it.

        """
        theirs = self._script.params.partner
        if courier.vehicle == PARTNER and theirs is not None:
            store = next(s for s in self._script.stores if s.id == delivery.hub_id)
            if 2 * distance_m(store.position, delivery.drop_off) > theirs.range_m:
                raise Refused(409, "partner-range", f"{delivery.id!r} is too far for another fleet")
        if courier.vehicle != DRONE:
            return
        why = self.grounded()
        if why:
            raise Refused(409, f"drone-{why}", f"{courier.id!r} does not fly: {why}")
        if delivery.hub_id != self._script.params.drones.dock:
            raise Refused(409, "drone-dock", f"{courier.id!r} has no dock at {delivery.hub_id!r}")
        if not self.in_range(delivery):
            raise Refused(409, "drone-range", f"{delivery.id!r} is out of the range of drones")

    def in_range(self, delivery: Fulfilment) -> bool:
        """Say whether a drone can fly to a delivery's customer and back."""
        dock = next(s for s in self._script.stores if s.id == self._script.params.drones.dock)
        return (
            2 * distance_m(dock.position, delivery.drop_off) <= self._script.params.drones.range_m
        )
