"""A world whose holds are told to receivers, and the sender between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from makegood.clock import VirtualClock
from makegood.outbox import endpoints, queue
from makegood.outbox.deliver import Deliverer
from makegood.outbox.messages import DELIVERY, MESSAGE
from tests.gates.world import World, refund
from tests.outbox.sending import CONSOLE, PATIENCE

if TYPE_CHECKING:
    from makegood.clock import Clock
    from makegood.outbox.endpoints import Endpoint
    from makegood.store.session import Store

WALL_US = 1_800_000_000_000_000


class Post:
    """What is put, sent and noted, at a time that stands still until it is moved."""

    def __init__(self, world: World, *known: Endpoint) -> None:
        self.world = world
        self.store: Store = world.store
        self.wall = VirtualClock(WALL_US)
        self.endpoints = known
        self.sync()

    def sync(self) -> None:
        with self.store.write() as tx:
            endpoints.sync(tx, self.endpoints, self.wall.now_us())

    def deliverer(self, wall: Clock | None = None) -> Deliverer:
        return Deliverer(self.store, PATIENCE, wall or self.wall, CONSOLE)

    def round(self, number: int = 0, after_us: int = 0) -> int:
        """Let time pass, and send what is due to one endpoint."""
        self.wall.advance(after_us)
        return self.deliverer().round(self.endpoints[number])

    def hold(self, *order_ids: str) -> list[str]:
        """Hold a refund of each order, in transactions of their own; return the reviews' ids."""
        self.world.orders(*order_ids)
        return [self.world.held(refund(order_id)).id for order_id in order_ids]

    def messages(self) -> list[Any]:
        with self.store.read() as tx:
            return list(tx.execute(select(MESSAGE).order_by(MESSAGE.c.seq)))

    def rows(self) -> list[Any]:
        query = select(DELIVERY).order_by(DELIVERY.c.endpoint, DELIVERY.c.seq)
        with self.store.read() as tx:
            return list(tx.execute(query))

    def listed(self, status: str | None = None) -> list[queue.Delivery]:
        with self.store.read() as tx:
            return queue.listed(tx, status)
