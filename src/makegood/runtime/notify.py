"""Telling receivers of holds: one periodic job for each, so that none waits for another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from makegood.clock import DAY, SystemClock
from makegood.outbox import endpoints, queue
from makegood.outbox.deliver import Deliverer
from makegood.outbox.endpoints import Endpoint
from makegood.runtime.schedule import Job
from makegood.sdk import TimeOuts

if TYPE_CHECKING:
    from makegood.runtime.house import House
    from makegood.settings import Settings

KEPT_US: Final = 30 * DAY


def jobs(house: House) -> tuple[Job, ...]:
    """Make the settings' receivers known to the outbox, and return the job of each.

    It works by the machine's time even where the house's runs fast: receivers refuse a signature
    that is more than five minutes off.
    """
    settings, wall = house.settings, SystemClock()
    known = receivers(settings)
    with house.store.write() as tx:
        endpoints.sync(tx, known, wall.now_us())
    limits = TimeOuts(settings.connect_timeout_s, settings.read_timeout_s, settings.total_timeout_s)
    deliverer = Deliverer(house.store, limits, wall, settings.console)
    return tuple(
        Job(f"notify:{each.name}", settings.notify_every_s, lambda each=each: deliverer.round(each))
        for each in known
    )


def receivers(settings: Settings) -> tuple[Endpoint, ...]:
    """Return the receivers that the settings name."""
    return tuple(Endpoint(n, r.url, r.secrets) for n, r in sorted(settings.notify.items()))


def forget(house: House) -> int:
    """Delete the book-keeping of what was delivered a month ago; return how much that was."""
    with house.store.write() as tx:
        return queue.forget(tx, SystemClock().now_us() - KEPT_US)
