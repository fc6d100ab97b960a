"""A process that sends what waits in an outbox, until nothing does: one to be killed."""

from __future__ import annotations

import sys

from makegood.clock import SystemClock
from makegood.outbox import messages
from makegood.outbox.deliver import Deliverer
from makegood.store.session import Store
from tests.outbox.sending import CONSOLE, PATIENCE, endpoint


def main(store_url: str, url: str) -> None:
    """Send until nothing waits that may be sent."""
    store = Store.open(store_url)
    pager = endpoint(url)
    deliverer = Deliverer(store, PATIENCE, SystemClock(), CONSOLE)
    waiting = 1
    while waiting:
        deliverer.round(pager)
        with store.read() as tx:
            waiting = messages.count(tx, "waiting")


if __name__ == "__main__":
    main(*sys.argv[1:])
