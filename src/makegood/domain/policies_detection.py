"""Policy of detection: when a promise counts as endangered (`policies/detection.yaml`)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Final

from pydantic import Field, model_validator

from makegood.clock import MINUTE, SECOND
from makegood.domain.frozen import Frozen

BP: Final = 10_000
"""One whole in basis points."""

Minutes = Annotated[int, Field(ge=0, le=7 * 24 * 60)]
Rain = Annotated[float, Field(ge=0, le=500)]


class WeatherDetection(Frozen):
    """Rain that opens an incident, now or within the horizon, and below which it closes.

    `margin_minutes`: an order is endangered when it is expected later than its promise less this.
    In as much rain as `stop_service_mm_h` nobody should ride, so a hub takes no more orders.
    """

    rain_now_mm_h: Rain
    rain_forecast_mm_h: Rain
    clear_below_mm_h: Rain
    horizon_minutes: Minutes
    margin_minutes: Minutes
    stop_service_mm_h: Rain = 70.0

    @model_validator(mode="after")
    def _clears_below_opening(self) -> WeatherDetection:
        if self.clear_below_mm_h > min(self.rain_now_mm_h, self.rain_forecast_mm_h):
            message = "clear_below_mm_h must not be above the rain that opens an incident"
            raise ValueError(message)
        return self


class CapacityDetection(Frozen):
    """Demand over supply within the window, in basis points, that opens and closes an incident.

    Demand is the orders waiting plus those that the last `lookback_minutes` foretell; supply is
    what the couriers on shift can deliver at `orders_per_courier_hour_bp` (in 1/10000 orders).
    """

    open_at_bp: int = Field(gt=0)
    close_below_bp: int = Field(gt=0)
    window_minutes: Annotated[int, Field(ge=1, le=24 * 60)]
    lookback_minutes: Annotated[int, Field(ge=1, le=24 * 60)]
    orders_per_courier_hour_bp: int = Field(gt=0)
    margin_minutes: Minutes

    @model_validator(mode="after")
    def _closes_below_opening(self) -> CapacityDetection:
        if self.close_below_bp > self.open_at_bp:
            message = "close_below_bp must not be above open_at_bp"
            raise ValueError(message)
        return self


class AnomalyDetection(Frozen):
    """How long an order may be paid while its reservation has failed before it is an incident."""

    paid_unreserved_minutes: Minutes


class ParcelDetection(Frozen):
    """How long a parcel may go unseen by its carrier before it is trouble, and before it is lost.

    `carrier_share_bp`: from this share of a carrier's open parcels on (and at least
    `carrier_least` of them), it is the carrier that is down and not parcels that are stuck.
    """

    silent_minutes: Annotated[int, Field(ge=1)] = 60
    lost_minutes: Annotated[int, Field(ge=1)] = 240
    carrier_share_bp: Annotated[int, Field(gt=0, le=BP)] = 6_000
    carrier_least: Annotated[int, Field(ge=2)] = 5

    @model_validator(mode="after")
    def _lost_after_silent(self) -> ParcelDetection:
        if self.lost_minutes <= self.silent_minutes:
            message = "lost_minutes must be above silent_minutes"
            raise ValueError(message)
        return self


class DuplicateDetection(Frozen):
    """How close to each other two equal orders to one door are one order that came in twice.

    `look_back_minutes`: how long after it came in the second is still looked at.
    """

    within_minutes: Annotated[int, Field(ge=1)] = 5
    look_back_minutes: Annotated[int, Field(ge=1)] = 30


class Feeds(Frozen):
    """How old a feed may be before what rests on it is stale."""

    weather_stale_minutes: Annotated[int, Field(ge=1)]
    couriers_stale_minutes: Annotated[int, Field(ge=1)]


class Parking(Frozen):
    """How long an event waits for its predecessor before it is quarantined."""

    deadline_minutes: Annotated[int, Field(ge=1)]


class SlowDown(Frozen):
    """From this much rain on, vehicles keep this share of their speed."""

    from_mm_h: Rain
    speed_bp: int = Field(gt=0, le=BP)


class Closing(Frozen):
    """How long the cause must stay away before an incident closes, so that none flaps."""

    quiet_minutes: Minutes


class Rounds(Frozen):
    """How often an open incident is worked on anew while its orders stay endangered."""

    every_minutes: Annotated[int, Field(ge=1)]


class VehicleLimits(Frozen):
    """What a kind of vehicle is never sent past, whoever asks for it; None is no limit.

    `range_m`: from the pick-up place to the customer and back, as the crow flies. `payload`: units
    of load at once, whatever capacity the fleet reports. `rain_mm_h` and `wind_m_s`: at the hub it
    leaves from; where one is set, weather that is unknown or stale is past it. `docks` are the
    pick-up places, by id, that it can leave from; any where none is named.
    """

    range_m: Annotated[int, Field(ge=0)] | None = None
    payload: Annotated[int, Field(ge=0)] | None = None
    docks: tuple[str, ...] = ()
    rain_mm_h: Rain | None = None
    wind_m_s: Annotated[float, Field(ge=0, le=100)] | None = None

    @property
    def need_weather(self) -> bool:
        """Whether the weather can forbid it."""
        return self.rain_mm_h is not None or self.wind_m_s is not None


class Travel(Frozen):
    """How fast couriers are, in metres a minute by vehicle; `other` is for any not named.

    `detour_bp` turns distance as the crow flies into metres of road, except for vehicles that are
    `straight`; `spread_bp` is how much of a travel time its error is (the scale of a logistic
    distribution). Who cannot be reached is reckoned with again after `lost_minutes`. `limits` are
    what a vehicle is never sent past, and `turnaround_seconds` what it needs before each round
    beside handing over.
    """

    speed_m_min: dict[str, Annotated[int, Field(gt=0)]]
    straight: tuple[str, ...] = ()
    limits: dict[str, VehicleLimits] = Field(default_factory=dict[str, VehicleLimits])
    turnaround_seconds: dict[str, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict[str, int]
    )
    detour_bp: int = Field(ge=BP)
    spread_bp: int = Field(gt=0)
    pick_up_seconds: int = Field(ge=0)
    drop_off_seconds: int = Field(ge=0)
    lost_minutes: Minutes
    slow_down: tuple[SlowDown, ...]

    @model_validator(mode="after")
    def _complete_and_rising(self) -> Travel:
        if "other" not in self.speed_m_min:
            message = "speed_m_min needs the key 'other', for vehicles that are not named"
            raise ValueError(message)
        if any(a.from_mm_h >= b.from_mm_h for a, b in pairwise(self.slow_down)):
            message = "slow_down must rise in from_mm_h from step to step"
            raise ValueError(message)
        return self

    def speed(self, vehicle: str, rain_mm_h: float) -> int:
        """Return the speed of a vehicle in this rain, in whole metres a minute, at least 1.

        Rain slows traffic and riders; what is `straight` flies above both, until its limit.
        """
        dry = self.speed_m_min.get(vehicle, self.speed_m_min["other"])
        if vehicle in self.straight:
            return dry
        share_bp = BP
        for step in self.slow_down:
            if rain_mm_h >= step.from_mm_h:
                share_bp = step.speed_bp
        return max(1, dry * share_bp // BP)

    def pick_up_s(self, vehicle: str) -> int:
        """Return how long a vehicle stays at a pick-up place, in seconds."""
        return self.pick_up_seconds + self.turnaround_seconds.get(vehicle, 0)

    def detour_of(self, vehicle: str) -> int:
        """Return how many metres a vehicle goes for 10,000 as the crow flies."""
        return BP if vehicle in self.straight else self.detour_bp

    def road_m(self, crow_m: int, vehicle: str = "other") -> int:
        """Return how far a vehicle has to go for metres as the crow flies."""
        return crow_m * self.detour_of(vehicle) // BP

    def duration_us(self, crow_m: int, vehicle: str, rain_mm_h: float) -> int:
        """Return how long a way takes, from metres as the crow flies, without handing over."""
        return self.road_m(crow_m, vehicle) * MINUTE // self.speed(vehicle, rain_mm_h)

    @property
    def handling_us(self) -> int:
        """Picking up and dropping off together."""
        return (self.pick_up_seconds + self.drop_off_seconds) * SECOND


class Detection(Frozen):
    """`policies/detection.yaml`."""

    weather: WeatherDetection
    capacity: CapacityDetection
    anomaly: AnomalyDetection
    parcels: ParcelDetection = ParcelDetection()
    duplicates: DuplicateDetection = DuplicateDetection()
    feeds: Feeds
    parking: Parking
    closing: Closing
    rounds: Rounds
    travel: Travel
