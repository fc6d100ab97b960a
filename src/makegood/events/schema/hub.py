"""What can happen to a hub: a place orders leave from."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from makegood.domain.entities import EntityKind, Hub
from makegood.domain.statuses import HubStatus as S
from makegood.events.schema.base import NEW, Code, EventData, Move, Place, Rate, move, point


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, LookupError):
        message = "is not an IANA zone; use one such as Asia/Shanghai"
        raise ValueError(message) from None


Zone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]


class _HubEvent(EventData[Hub]):
    kind: ClassVar[EntityKind] = EntityKind.HUB


class Registered(_HubEvent):
    """A hub exists and serves."""

    type: ClassVar[str] = "hub.registered"
    move: ClassVar[Move] = move(NEW, to=S.OPEN)

    name: Annotated[str, Field(max_length=200)] = ""
    zone: Zone = "UTC"
    position: Place | None = None

    def apply(self, was: Hub, at_us: int) -> Hub:  # noqa: ARG002
        """Take everything over; a hub belongs to itself."""
        return was.but(hub_id=was.id, name=self.name, zone=self.zone, position=point(self.position))


class Opened(_HubEvent):
    """The day begins."""

    type: ClassVar[str] = "hub.opened"
    move: ClassVar[Move] = move(S.CLOSED, to=S.OPEN)


class Closed(_HubEvent):
    """The day is over."""

    type: ClassVar[str] = "hub.closed"
    move: ClassVar[Move] = move(S.OPEN, S.STOPPED, to=S.CLOSED)


class Stopped(_HubEvent):
    """The hub takes no new orders."""

    type: ClassVar[str] = "hub.stopped"
    move: ClassVar[Move] = move(S.OPEN, to=S.STOPPED)

    reason: Code = "unknown"


class Resumed(_HubEvent):
    """The hub takes orders again."""

    type: ClassVar[str] = "hub.resumed"
    move: ClassVar[Move] = move(S.STOPPED, to=S.OPEN)


class WeatherObserved(_HubEvent):
    """Rain at the hub in mm/h: now, at most within an hour, and by coming quarter of an hour.

    `wind_m_s` is the wind now in m/s, where the source measures it.
    """

    type: ClassVar[str] = "hub.weather_observed"
    move: ClassVar[Move] = move(*S)

    rain_mm_h: Rate
    rain_forecast_mm_h: Rate | None = None
    rain_quarters_mm_h: Annotated[tuple[Rate, ...], Field(max_length=96)] = ()
    wind_m_s: Annotated[float, Field(strict=True, ge=0, le=150)] | None = None

    def apply(self, was: Hub, at_us: int) -> Hub:
        """Replace the observation."""
        return was.but(
            rain_mm_h=self.rain_mm_h,
            rain_forecast_mm_h=self.rain_forecast_mm_h,
            rain_quarters_mm_h=self.rain_quarters_mm_h,
            rain_seen_us=at_us,
            wind_m_s=self.wind_m_s,
        )


TYPES: Final = (Registered, Opened, Closed, Stopped, Resumed, WeatherObserved)
