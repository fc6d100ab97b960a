"""What the house does periodically: weather, deadlines, and clearing up."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from makegood.clock import MINUTE, to_rfc3339
from makegood.domain.authority import RunStatus
from makegood.errors import NotConnected, ReadFailed
from makegood.events import parking
from makegood.gates import counters
from makegood.logs import get_logger
from makegood.runtime import checkpoints, desk_watch, notify
from makegood.runtime.schedule import Job
from makegood.sdk import WeatherReading
from makegood.state import query
from makegood.store.sql import table
from makegood.store.tables.incidents import Run

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.domain.entities import Hub
    from makegood.runtime.house import House

log = get_logger(__name__)

WEATHER_SOURCE: Final = "/makegood/weather"
WEATHER_SYSTEM: Final = "weather"
WEATHER_TOOL: Final = "forecast"
# Open-Meteo's `current` speaks of the quarter of an hour that it names.
_CURRENT_US: Final = 15 * MINUTE
_RUN: Final = table(Run)
_OVER: Final = (RunStatus.DONE, RunStatus.FAILED)


def jobs(house: House) -> tuple[Job, ...]:
    """Return what is due when; the weather only where the workspace can read it."""
    settings = house.settings
    found = [
        Job("expire", settings.expiry_every_s, lambda: expire(house)),
        Job("watch", settings.watch_every_s, desk_watch.Watch(house).look),
        Job("prune", settings.prune_every_s, lambda: prune(house)),
    ]
    connected = {each.system for each in settings.read_connections}
    if WEATHER_SYSTEM in connected and WEATHER_TOOL in house.workspace.read_tools:
        poll = Job("weather", settings.weather_every_s, lambda: read_weather(house), at_once=True)
        found.append(poll)
    else:
        log.warning("weather_not_polled", mend="set MAKEGOOD_READS__WEATHER__URL")
    return (*found, *notify.jobs(house))


def expire(house: House) -> int:
    """Take the steps of deadlines: of reviews, and of parked events; return how many."""
    ended = parking.expire(house.store, house.ingest_context())
    return ended + desk_watch.look_at_deadlines(house)


def prune(house: House) -> int:
    """Delete the checkpoints of runs that are over; return how many threads that were."""
    path = house.settings.checkpoints
    with closing(sqlite3.connect(path)) as connection:
        threads = [row[0] for row in connection.execute("SELECT DISTINCT thread_id FROM writes")]
    over = [status.value for status in _OVER]
    with house.store.read() as tx:
        query_over = select(_RUN.c.id).where(_RUN.c.status.in_(over), _RUN.c.id.in_(threads))
        done = list(tx.execute(query_over).scalars())
    with checkpoints.opened(path) as saver:
        for thread in done:
            saver.delete_thread(thread)
    notify.forget(house)
    now_us = house.clock.now_us()
    while house.store.write_again(partial(_prune_counters, now_us)):
        pass
    return len(done)


def _prune_counters(now_us: int, tx: Connection) -> int:
    return counters.prune(tx, now_us)


def read_weather(house: House) -> int:
    """Read the rain at every hub and take it in as events; return how many answered."""
    with house.store.read() as tx:
        hubs = [hub for hub in query.hubs(tx) if hub.position is not None]
    events: list[dict[str, Any]] = []
    with house.runs.reads.bound():
        for hub in hubs:
            reading = _read(house, hub)
            if reading is not None:
                events.append(_event(reading, house.clock.now_us()))
    if events:
        house.ingest(events)
    return len(events)


def _read(house: House, hub: Hub) -> WeatherReading | None:
    if hub.position is None:
        return None
    given = {"hub_id": hub.id, "latitude": hub.position.lat, "longitude": hub.position.lon}
    try:
        found: Any = house.workspace.read_tools[WEATHER_TOOL].invoke(given)
    except (ReadFailed, NotConnected) as error:
        log.warning("weather_unread", hub_id=hub.id, problem=str(error))
        return None
    return found if isinstance(found, WeatherReading) else None


def _event(reading: WeatherReading, now_us: int) -> dict[str, Any]:
    """Return a reading as an event of now, or of its own time where the feed is behind."""
    is_current = now_us - reading.observed_us < _CURRENT_US
    at_us = now_us if is_current else reading.observed_us
    return {
        "specversion": "1.0",
        "id": f"{reading.hub_id}-{at_us}",
        "source": WEATHER_SOURCE,
        "type": "hub.weather_observed",
        "subject": reading.hub_id,
        "time": to_rfc3339(at_us),
        "hub": reading.hub_id,
        "data": {
            "rain_mm_h": reading.rain_mm_h,
            "rain_forecast_mm_h": reading.rain_forecast_mm_h,
            # They begin when the reading was made, so a reading of now is late by a part of one.
            "rain_quarters_mm_h": list(reading.rain_quarters_mm_h),
            "wind_m_s": reading.wind_m_s,
        },
    }
