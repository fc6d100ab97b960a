"""The only source of time.

Instants are integer microseconds since 1970-01-01T00:00:00Z. Integers compare, sort and
store alike in Python, SQLite and PostgreSQL; text appears at the edges only, as RFC 3339.
Everything that needs the time is handed a `Clock`; replay hands out a `VirtualClock`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Where the time comes from."""

    def now_us(self) -> int:
        """Return the present instant in microseconds since the epoch, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_us(self) -> int:
        """Return the machine's present instant in microseconds since the epoch."""
        return time.time_ns() // 1000


class VirtualClock:
    """A clock that stands still until it is moved; it never goes back."""

    def __init__(self, start_us: int) -> None:
        """Start at `start_us`."""
        self._now_us = start_us

    def now_us(self) -> int:
        """Return the instant the clock was last moved to."""
        return self._now_us

    def advance(self, by_us: int) -> int:
        """Move forward by `by_us` microseconds (not negative) and return the new instant."""
        if by_us < 0:
            message = "a virtual clock never goes back"
            raise ValueError(message)
        self._now_us += by_us
        return self._now_us

    def advance_to(self, at_us: int) -> int:
        """Move forward to `at_us`; an earlier instant leaves the clock as it is."""
        self._now_us = max(self._now_us, at_us)
        return self._now_us


class PacedClock:
    """A clock that runs `speed` times as fast as the machine's, from `start_us` on."""

    def __init__(self, start_us: int, speed: float) -> None:
        """Start at `start_us` now; `speed` is virtual seconds per real second."""
        self._start_us = start_us
        self._speed = speed
        self._began = time.monotonic_ns()

    @property
    def speed(self) -> float:
        """Virtual seconds per real second."""
        return self._speed

    def pace(self, speed: float) -> None:
        """Go on at another speed from now; the instant itself does not jump."""
        self._start_us, self._began = self.now_us(), time.monotonic_ns()
        self._speed = speed

    def now_us(self) -> int:
        """Return the virtual instant."""
        elapsed_us = (time.monotonic_ns() - self._began) / 1000
        return self._start_us + int(elapsed_us * self._speed)


def meanwhile_us(clock: Clock, real_us: int) -> int:
    """Return how far a clock goes while people live through `real_us`."""
    return round(real_us * clock.speed) if isinstance(clock, PacedClock) else real_us


def stopwatch_s() -> float:
    """Return a steadily rising number of seconds, for measuring durations only."""
    return time.perf_counter()


def cpu_s() -> float:
    """Return this process's CPU time in seconds: what work costs, however busy the machine is."""
    return time.process_time()


def to_datetime(at_us: int) -> datetime:
    """Return the instant as an aware UTC datetime."""
    return EPOCH + timedelta(microseconds=at_us)


def from_datetime(at: datetime) -> int:
    """Return an aware datetime as microseconds since the epoch; raise ValueError if naive."""
    if at.tzinfo is None:
        message = "a time without a zone is not an instant"
        raise ValueError(message)
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def to_rfc3339(at_us: int) -> str:
    """Return the instant as RFC 3339 in UTC, with as many decimals as it needs."""
    return to_datetime(at_us).isoformat().replace("+00:00", "Z")


def from_rfc3339(text: str) -> int:
    """Return RFC 3339 text as microseconds; raise ValueError when malformed or without zone."""
    return from_datetime(datetime.fromisoformat(text))
