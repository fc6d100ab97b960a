"""The observations that findings rest on, by name, and which of them say that a feed is stale.

A feed is the last thing that was heard of something (weather, courier positions). One that is
older than policy allows is *stale*: nothing opens or closes on it, and what rests on it has to
hold. Its evidence carries its age with policy's limit; `age > limit` is what stale means.
"""

from __future__ import annotations

from typing import Final

from makegood.clock import SECOND
from makegood.domain.incidents import Evidence, Incident

RAIN_NOW: Final = "rain_now"
RAIN_FORECAST: Final = "rain_forecast"
WEATHER_AGE: Final = "weather_feed_age"
COURIERS_AGE: Final = "couriers_feed_age"
DEMAND_OVER_SUPPLY: Final = "demand_over_supply"
DEMAND: Final = "demand"
SUPPLY: Final = "supply"
ENDANGERED: Final = "orders_endangered"
UNRESERVED: Final = "orders_paid_unreserved"
UNDELIVERED: Final = "orders_undelivered"
KEPT: Final = "orders_kept"
PARCELS_UNSEEN: Final = "parcels_unseen"
PARCELS_LOST: Final = "parcels_lost"
CARRIER_DOWN: Final = "carrier_down"
ORDERED_TWICE: Final = "orders_twice"
CAUSE_GONE: Final = "cause_gone"

FEED_AGES: Final = frozenset({WEATHER_AGE, COURIERS_AGE})

NEVER_S: Final = 10 * 365 * 24 * 3600
"""The age of a feed that was never heard of, in seconds: ten years."""

UNDECIDED: Final = 0
"""The severity of a finding that keeps an incident open but opens none."""


def count(name: str, value: int, now_us: int, limit: int = 0) -> Evidence:
    """Return a number of things as evidence; any above `limit` speaks for the incident."""
    return Evidence(name=name, unit="1", value=value, limit=limit, observed_us=now_us)


def feed_age(name: str, seen_us: int | None, stale_us: int, now_us: int) -> Evidence:
    """Return how old a feed is, in seconds, against the age at which it is stale.

    It is observed when the feed was last heard, so that a feed that stays silent is one
    observation and not a new one in every pass.
    """
    age_s = NEVER_S if seen_us is None else max(0, now_us - seen_us) // SECOND
    return Evidence(
        name=name, unit="s", value=age_s, limit=stale_us // SECOND, observed_us=seen_us or 0
    )


def is_stale(evidence: tuple[Evidence, ...]) -> bool:
    """Say whether any of these observations is the age of a stale feed."""
    return any(one.name in FEED_AGES and one.value > one.limit for one in evidence)


def latest(incident: Incident, name: str) -> Evidence | None:
    """Return an incident's newest observation of one name."""
    return next((one for one in reversed(incident.evidence) if one.name == name), None)


def stale_feeds(incident: Incident) -> tuple[str, ...]:
    """Return the names of the feeds that were stale when the incident was last looked at."""
    newest = (latest(incident, name) for name in sorted(FEED_AGES))
    return tuple(one.name for one in newest if one is not None and one.value > one.limit)


def severity(endangered: int, open_orders: int) -> int:
    """Return how bad it is: 1 no order yet, 2 some, 3 a quarter of the hub's, 4 half or more."""
    if not endangered:
        return 1
    if endangered * 2 >= open_orders:
        return 4
    return 3 if endangered * 4 >= open_orders else 2
