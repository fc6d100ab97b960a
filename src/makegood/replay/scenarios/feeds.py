"""Whims of event feeds: what is told comes late, twice, out of order, not at all, or untrue."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatch
from random import Random
from typing import Final

from makegood.replay.stage import CloudEvent

_WEATHER: Final = "hub.weather_observed"


class Held:
    """Keeps events of some types back until an instant; then all come at once, or never."""

    def __init__(self, types: tuple[str, ...], until_us: int, *, lost: bool) -> None:
        """Take the types, as file names are matched (`courier.*`)."""
        self._types = types
        self._until_us = until_us
        self._lost = lost
        self._kept: list[CloudEvent] = []

    def __call__(self, events: list[CloudEvent], now_us: int) -> list[CloudEvent]:
        """Let through what may come through."""
        if now_us >= self._until_us:
            kept, self._kept = self._kept, []
            return [*kept, *events]
        mine = [each for each in events if self._is_mine(each)]
        if not self._lost:
            self._kept += mine
        return [each for each in events if not self._is_mine(each)]

    def _is_mine(self, event: CloudEvent) -> bool:
        return any(fnmatch(str(event["type"]), each) for each in self._types)


class Muddled:
    """Tells a share of the events again and another share late, drawn from a seed.

    Hubs and couriers are told in order the first time, as whoever is not known cannot be spoken of.
    """

    def __init__(self, again: float, late: float, by_us: int, until_us: int, seed: int) -> None:
        """Take the shares, how much later, and until when."""
        self._again, self._late, self._by_us, self._until_us = again, late, by_us, until_us
        self._rng = Random(f"{seed}/muddled")
        self._later: list[tuple[int, CloudEvent]] = []
        self.told_again = 0

    def __call__(self, events: list[CloudEvent], now_us: int) -> list[CloudEvent]:
        """Let through what comes through now, in disorder."""
        due = [event for at_us, event in self._later if at_us <= now_us]
        self._later = [each for each in self._later if each[0] > now_us]
        if now_us >= self._until_us:
            due += [event for _, event in self._later]
            self._later = []
            return [*due, *events]
        first = [each for each in events if str(each["type"]).endswith(".registered")]
        rest = [each for each in events if not str(each["type"]).endswith(".registered")]
        through: list[CloudEvent] = []
        for each in rest:
            if self._rng.random() < self._late:
                self._later.append((now_us + self._rng.randrange(1, self._by_us), each))
            else:
                through.append(each)
            if self._rng.random() < self._again:
                self.told_again += 1
                self._later.append((now_us + self._rng.randrange(1, self._by_us), each))
        through += due
        self._rng.shuffle(through)
        return [*first, *through]


class Lying:
    """Says of every hub's weather what `says` says at that instant, whatever falls."""

    def __init__(self, says: Callable[[int], tuple[float, float]], until_us: int) -> None:
        """Take (rain now, rain within the hour) in mm/h by instant."""
        self._says = says
        self._until_us = until_us

    def __call__(self, events: list[CloudEvent], now_us: int) -> list[CloudEvent]:
        """Let everything through, the weather with other figures."""
        if now_us >= self._until_us:
            return events
        rain, ahead = self._says(now_us)
        said = {
            "rain_mm_h": rain,
            "rain_forecast_mm_h": ahead,
            "rain_quarters_mm_h": [ahead] * 4,
        }
        return [
            {**each, "data": {**each["data"], **said}} if each["type"] == _WEATHER else each
            for each in events
        ]
