"""One circuit breaker: closed, open, half-open, with what it has seen. No I/O.

A window is kept as twelve buckets and never as single samples, so that a circuit stays as small
after a million actions; a bucket counts until all of it has left the window.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import isqrt
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter

from makegood.clock import HOUR, MINUTE
from makegood.domain.frozen import Frozen
from makegood.domain.money import Money
from makegood.domain.policy import BP, Norm, Velocity, Watched

if TYPE_CHECKING:
    from collections.abc import Iterable

_BUCKETS: Final = 12
_HOURS: Final = 24
_CENTI: Final = 100


class State(StrEnum):
    """How a breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Tripped(Frozen):
    """What a circuit tripped on: so much where so much is the most; both None at a bad probe."""

    used: int | None = None
    cap: int | None = None

    @property
    def is_probe(self) -> bool:
        """Whether a probe of the half-open breaker went wrong."""
        return self.cap is None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a circuit has seen; this is what is stored.

    `buckets` are (start, samples, weight) with the weight being money or bad samples; `hour` is
    the running hour since 1970 with its count `here`; `past` are the counts of earlier days by
    the hour of the day; `tripped` is what it stands open for, None while it is closed.
    """

    buckets: tuple[tuple[int, int, int], ...] = ()
    hour: int = -1
    here: int = 0
    past: dict[int, tuple[int, ...]] = field(default_factory=dict[int, "tuple[int, ...]"])
    tripped: Tripped | None = None


SEEN: Final = TypeAdapter(Seen)
"""Reads and writes what is stored."""


@dataclass(frozen=True, slots=True)
class Fill:
    """How full a breaker is: it trips when `used` would pass `cap`; None is not known yet."""

    used: int
    cap: int | None

    @property
    def is_over(self) -> bool:
        """Whether that is too much."""
        return self.cap is not None and self.used > self.cap


@dataclass(slots=True)
class Circuit:
    """A velocity breaker in one scope (and one currency, where it sums money)."""

    rule: Velocity
    scope: str
    currency: str = ""
    state: State = State.CLOSED
    since_us: int = 0
    until_us: int = 0
    why: str = ""
    probes_left: int = 0
    seen: Seen = field(default_factory=Seen)
    turns: list[State] = field(default_factory=list[State])
    """The states it has come to since it was read."""
    moved: bool = False

    def tick(self, now_us: int) -> None:
        """Let an open breaker whose time is up be half-open."""
        if self.state is State.OPEN and now_us >= self.until_us:
            self.probes_left = self.rule.probes
            self._turn(State.HALF_OPEN, self.until_us)

    def admit(self, amount: int, now_us: int) -> bool:
        """Count one action, or trip where that would be too many; say whether it may pass."""
        if self.state is not State.CLOSED:
            return False
        after = self._after(amount, now_us)
        fill = fill_of(self.rule, after, self.currency, now_us)
        enough = self.rule.watched is not Watched.NORM or fill.used >= self.rule.at_least
        if fill.is_over and enough:
            self.trip(Tripped(used=fill.used, cap=fill.cap), now_us)
            return False
        self.seen = after
        self.moved = True
        return True

    def sample(self, now_us: int, *, bad: bool, begun_us: int | None = None) -> None:
        """Count one outcome or one decision of reviewers, and trip where too many were bad.

        What had begun (`begun_us`) before a breaker was half-open is no probe of it: an old call
        that is tried again, and fails again, says nothing of those that go out now.
        """
        is_probe = begun_us is None or begun_us >= self.since_us
        if self.state is State.HALF_OPEN and bad and is_probe:
            self.trip(Tripped(), now_us)
        if self.state is not State.CLOSED or self.rule.watched not in SHARES:
            return
        self.seen = self._after(int(bad), now_us)
        self.moved = True
        samples, weight = _sums(self.seen.buckets)
        if samples < self.rule.at_least:
            return
        fill = _window_fill(self.rule, samples, weight, self.currency)
        if fill.is_over:
            self.trip(Tripped(used=fill.used, cap=fill.cap), now_us)

    def take_probe(self) -> bool:
        """Use up one probe of a half-open breaker; say whether there was one."""
        if self.state is not State.HALF_OPEN or self.probes_left < 1:
            return False
        self.probes_left -= 1
        self.moved = True
        return True

    def trip(self, on: Tripped, now_us: int) -> None:
        """Open."""
        self.why = self._told(on)
        self.seen = replace(self.seen, tripped=on)
        self.until_us = now_us + self.rule.open_minutes * MINUTE
        self.probes_left = 0
        self._turn(State.OPEN, now_us)

    def reset(self, now_us: int) -> None:
        """Close and count anew; what is normal for an hour is not forgotten."""
        self.why = ""
        self.probes_left = 0
        self.seen = replace(self.seen, buckets=(), here=0, tripped=None)
        self._turn(State.CLOSED, now_us)

    def fill(self, now_us: int) -> Fill:
        """Return how full it is now."""
        seen = _rolled(self.rule.norm, self.seen, now_us) if self.rule.norm else self.seen
        return fill_of(self.rule, seen, self.currency, now_us)

    def _after(self, weight: int, now_us: int) -> Seen:
        if self.rule.norm is not None:
            seen = _rolled(self.rule.norm, self.seen, now_us)
            return replace(seen, here=seen.here + 1)
        length = self.rule.window_minutes * MINUTE // _BUCKETS
        start = now_us - now_us % length
        live = _live(self.rule, self.seen, now_us)
        if live and live[-1][0] == start:
            _, samples, sum_ = live.pop()
        else:
            samples, sum_ = 0, 0
        live.append((start, samples + 1, sum_ + weight))
        return replace(self.seen, buckets=tuple(live))

    def _turn(self, state: State, at_us: int) -> None:
        self.state = state
        self.since_us = at_us
        self.moved = True
        self.turns.append(state)

    def _told(self, on: Tripped) -> str:
        if on.is_probe:
            return "a probe of the half-open breaker went wrong"
        minutes, used, cap = self.rule.window_minutes, on.used or 0, on.cap or 0
        match self.rule.watched:
            case Watched.COUNT:
                return f"more than {cap} in {minutes} min"
            case Watched.SUM:
                return f"more than {Money(minor=cap, currency=self.currency)} in {minutes} min"
            case Watched.FAILURES:
                return f"{_percent(used)} of calls failed, more than {_percent(cap)}"
            case Watched.REJECTIONS:
                return f"reviewers rejected {_percent(used)}, more than {_percent(cap)}"
            case Watched.NORM:
                return f"{used} in this hour, at most {cap} is normal"


SHARES: Final = (Watched.FAILURES, Watched.REJECTIONS)


def fill_of(rule: Velocity, seen: Seen, currency: str, now_us: int) -> Fill:
    """Return how full a breaker is that has seen this."""
    if rule.norm is not None:
        hour_of_day = now_us // HOUR % _HOURS
        return Fill(seen.here, _normal(rule.norm, seen.past.get(hour_of_day, ())))
    return _window_fill(rule, *_sums(_live(rule, seen, now_us)), currency)


def _window_fill(rule: Velocity, samples: int, weight: int, currency: str) -> Fill:
    match rule.watched:
        case Watched.COUNT:
            return Fill(samples, rule.max_count)
        case Watched.SUM:
            return Fill(weight, rule.max_amount.of(currency) if rule.max_amount else None)
        case Watched.FAILURES:
            return Fill(weight * BP // max(samples, 1), rule.max_failures_bp)
        case _:
            return Fill(weight * BP // max(samples, 1), rule.max_rejections_bp)


def _sums(buckets: Iterable[tuple[int, int, int]]) -> tuple[int, int]:
    """Return the samples and the weight in some buckets."""
    samples = weight = 0
    for _, some, more in buckets:
        samples += some
        weight += more
    return samples, weight


def _live(rule: Velocity, seen: Seen, now_us: int) -> list[tuple[int, int, int]]:
    window_us = rule.window_minutes * MINUTE
    length = window_us // _BUCKETS
    return [bucket for bucket in seen.buckets if bucket[0] + length > now_us - window_us]


def _rolled(norm: Norm, seen: Seen, now_us: int) -> Seen:
    """Return what was seen, with hours that have ended put to the past, empty ones too."""
    hour = now_us // HOUR
    if hour <= seen.hour:
        return seen
    if seen.hour < 0:
        return replace(seen, hour=hour, here=0)
    past = dict(seen.past)
    # More than this would only push out the zeros that it puts in.
    for ended in range(max(seen.hour, hour - norm.days * _HOURS), hour):
        count = seen.here if ended == seen.hour else 0
        of_day = ended % _HOURS
        past[of_day] = (*past.get(of_day, ()), count)[-norm.days :]
    return replace(seen, hour=hour, here=0, past=past)


def _normal(norm: Norm, past: tuple[int, ...]) -> int | None:
    """Return the most that is normal: mean and spreads, reckoned in whole hundredths."""
    days = len(past)
    if days < norm.known_days:
        return None
    mean = _CENTI * sum(past) // days
    # Counts of chance arrivals spread by the root of their mean, and real ones rarely by less.
    variance = max(_variance(past), mean * _CENTI)
    return max(1, -(-(mean + norm.spreads * isqrt(variance)) // _CENTI))


def _variance(past: Iterable[int]) -> int:
    """Return the variance of counts, in ten-thousandths."""
    counts = tuple(past)
    total = sum(counts)
    squares = len(counts) * sum(count * count for count in counts)
    return _CENTI * _CENTI * (squares - total * total) // (len(counts) * len(counts))


def _percent(bp: int) -> str:
    return f"{bp // _CENTI} %"
