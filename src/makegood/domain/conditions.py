"""What the ways of couriers depend on: the rain as it will fall, the policy, the hub's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from makegood.clock import MINUTE, SECOND
from makegood.domain.entities import Hub
from makegood.domain.geo import Point
from makegood.domain.limits import UNKNOWN_SKY, Sky
from makegood.domain.policies_detection import BP, Travel

QUARTER_US: Final = 15 * MINUTE
_FORETOLD: Final = 4
# Rain slows every vehicle by the same share.
_ANY: Final = "other"


@dataclass(frozen=True, slots=True)
class Rain:
    """Rain in mm an hour for each quarter of an hour from an instant on; the last one lasts."""

    from_us: int
    mm_h: tuple[float, ...]

    @classmethod
    def at(cls, hub: Hub, now_us: int) -> Rain:
        """Return the rain at a hub as it was last heard; none where it never was."""
        seen_us = hub.rain_seen_us
        if hub.rain_quarters_mm_h and seen_us is not None and seen_us <= now_us:
            return cls(seen_us, hub.rain_quarters_mm_h)
        return cls.between(hub.rain_mm_h or 0.0, hub.rain_forecast_mm_h or 0.0, now_us)

    @classmethod
    def between(cls, now_mm_h: float, most_mm_h: float, now_us: int) -> Rain:
        """Return the rain to reckon with where only the most of the next hour is forecast.

        For that hour it is half-way between now and the most, which lasts but a moment; of what
        comes later nothing is known, and half of that is reckoned with.
        """
        half_way = (now_mm_h + max(now_mm_h, most_mm_h)) / 2
        return cls(now_us, (*[half_way] * _FORETOLD, half_way / 2))


@dataclass(frozen=True, slots=True)
class Conditions:
    """The hub's place, the rain, the policy, the instant; `rain` does not begin after it.

    `sky` is what vehicles with limits are held against; unless it is given, nothing is known of
    it and none of those is sent anywhere. `falls_mm_h` is the rain as it was last observed, None
    where nobody knows what falls.
    """

    home: Point
    rain: Rain
    travel: Travel
    now_us: int
    sky: Sky = UNKNOWN_SKY
    falls_mm_h: float | None = None

    def pick_up_us(self, vehicle: str) -> int:
        """Handing over at the pick-up place, once a round."""
        return self.travel.pick_up_s(vehicle) * SECOND

    @property
    def drop_off_us(self) -> int:
        """Handing over to a customer."""
        return self.travel.drop_off_seconds * SECOND

    def us_per_m(self, vehicle: str) -> list[float]:
        """Return how long a vehicle takes for a metre as the crow flies, by quarter of the rain."""
        road = self.travel.detour_of(vehicle) / BP
        return [road * MINUTE / self.travel.speed(vehicle, mm_h) for mm_h in self.rain.mm_h]

    def foretold_us(self, until_us: int) -> int:
        """Return the most of the time until then that only rain yet to come makes.

        It is what somebody who rode all the while would save if it went on as it falls now;
        0 where nobody knows what falls, or nothing worse is foretold.
        """
        if self.falls_mm_h is None:
            return 0
        now_speed = self.travel.speed(_ANY, self.falls_mm_h)
        saved_us = 0.0
        for at, mm_h in enumerate(self.rain.mm_h):
            is_last = at == len(self.rain.mm_h) - 1
            begins_us = max(self.now_us, self.rain.from_us + at * QUARTER_US)
            if begins_us >= until_us:
                break
            ends_us = until_us if is_last else self.rain.from_us + (at + 1) * QUARTER_US
            rides_us = max(0, min(until_us, ends_us) - begins_us)
            saved_us += rides_us * max(0.0, 1.0 - self.travel.speed(_ANY, mm_h) / now_speed)
        return round(saved_us)
