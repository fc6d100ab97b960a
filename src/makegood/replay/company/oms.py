"""The order management system: orders, their promises, and the commands that change them.

It keeps a command's key as the caller's own reference and can say what was done under it, but
it does not repeat answers: a second `cancel` under the same key is judged anew and refused,
because the order is cancelled already. Such systems are *queryable*, not *idempotent*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from makegood.clock import Clock
from makegood.replay.company.fleet import Fleet
from makegood.replay.company.happenings import Tape
from makegood.replay.company.model import (
    Command,
    Fulfilment,
    FulfilmentStatus,
    Order,
    OrderStatus,
)
from makegood.replay.company.problems import Refused, unknown
from makegood.replay.company.records import Records
from makegood.replay.company.stock import NoStock, OrderStock, Stock

_LEFT = (FulfilmentStatus.PICKED_UP, FulfilmentStatus.DELIVERED)
_AT_HUB = (FulfilmentStatus.CREATED, FulfilmentStatus.READY)


class Oms:
    """The company's orders.

    `on_release` is told of each delivery that is new or may go on, and `stock` is asked where
    goods could come from; the city's life puts itself there.
    """

    def __init__(self, clock: Clock, records: Records, tape: Tape, fleet: Fleet) -> None:
        """Work on the company's shared records."""
        self.on_release: Callable[[Fulfilment], None] = _nobody_listens
        self.stock: Stock = NoStock()
        self._clock = clock
        self._records = records
        self._tape = tape
        self._fleet = fleet
        self._done: list[Command] = []

    def cancel(self, key: str, order_id: str, reason: str) -> Command:
        """Cancel an order that has not left; money is given back by payments, not from here.

        Raises:
            Refused: 404 unknown order; 409 when it is over or on its way; 400 no key.

        """
        order = self._changeable(order_id)
        deliveries = self._deliveries(order)
        left = next((each for each in deliveries if each.status in _LEFT), None)
        if left is not None:
            word = str(left.status).replace("_", "-")
            raise Refused(409, f"already-{word}", f"{left.id!r} is {left.status}")
        command = self._keep(key, "cancel", order_id)
        self._records.put(replace(order, status=OrderStatus.CANCELLED))
        self._tape.cancelled(order, reason)
        for delivery in deliveries:
            if delivery.status in _AT_HUB:
                taken = self._fleet.take(delivery)
                self._records.put(replace(taken, status=FulfilmentStatus.CANCELLED))
                self._tape.fulfilment_cancelled(taken)
        return command

    def hold(self, key: str, order_id: str) -> Command:
        """Stop working on an open order; raises as `cancel`, and 409 when it is held."""
        order = self._changeable(order_id)
        if order.status is OrderStatus.HELD:
            raise Refused(409, "already-held", f"order {order_id!r} is held")
        command = self._keep(key, "hold", order_id)
        self._records.put(replace(order, status=OrderStatus.HELD))
        self._tape.held(order)
        return command

    def release(self, key: str, order_id: str) -> Command:
        """Carry on with a held order; raises as `cancel`, and 409 when it is not held."""
        order = self._changeable(order_id)
        if order.status is not OrderStatus.HELD:
            raise Refused(409, "not-held", f"order {order_id!r} is not held")
        command = self._keep(key, "release", order_id)
        self._records.put(replace(order, status=OrderStatus.OPEN))
        self._tape.released(order)
        for delivery in self._deliveries(order):
            self.on_release(delivery)
        return command

    def reschedule(self, key: str, order_id: str, promised_us: int) -> Command:
        """Give an order a new promise; raises as `cancel`, and 422 when it lies in the past."""
        order = self._changeable(order_id)
        if promised_us <= self._clock.now_us():
            raise Refused(422, "promise-past", "a new promise must lie in the future")
        command = self._keep(key, "reschedule", order_id)
        promised = replace(order, promised_us=promised_us)
        self._records.put(promised)
        self._tape.promised(promised)
        for delivery in self._deliveries(order):
            if delivery.status in (*_AT_HUB, FulfilmentStatus.PICKED_UP):
                moved = replace(delivery, promised_us=promised_us)
                self._records.put(moved)
                self._tape.fulfilment_promised(moved)
        self.stock.ask_again(promised)
        return command

    def split(self, key: str, order_id: str, line_ids: tuple[str, ...]) -> Command:
        """Deliver some lines apart, as a new delivery without a courier.

        Raises:
            Refused: as `cancel`, and 422 unless one delivery at the hub has these lines and more.

        """
        order = self._changeable(order_id)
        wanted = frozenset(line_ids)
        source = next(
            (
                each
                for each in self._deliveries(order)
                if each.status in _AT_HUB and wanted < frozenset(each.line_ids)
            ),
            None,
        )
        if source is None or not wanted:
            raise Refused(422, "lines", "no delivery at the hub has these lines and others too")
        command = self._keep(key, "split", order_id)
        apart = self._part_of(order, source, tuple(x for x in source.line_ids if x in wanted))
        kept = tuple(each for each in source.line_ids if each not in wanted)
        self._records.put(replace(source, line_ids=kept))
        self._records.put(apart)
        self._records.put(replace(order, fulfilment_ids=(*order.fulfilment_ids, apart.id)))
        self._tape.fulfilment_created(apart, order, self._records.hub(apart.hub_id))
        self.on_release(apart)
        self.stock.ask_again(self._records.order(order_id))
        return command

    def substitute(self, key: str, order_id: str, line_id: str, sku: str) -> Command:
        """Fill a line whose goods are missing by another article, at no more than it cost.

        Raises:
            Refused: as `cancel`; 404 unknown line; 409 when it is not short or there are too few;
                422 when the customer does not take that article.

        """
        order = self._changeable(order_id)
        if line_id not in {line.line_id for line in order.lines}:
            raise unknown("line", line_id)
        self.stock.check_substitute(order, line_id, sku)
        command = self._keep(key, "substitute", order_id)
        self.stock.substitute(order, line_id, sku)
        return command

    def sources(self, order_ids: Iterable[str]) -> tuple[OrderStock, ...]:
        """Say where the goods of orders could come from; unknown ids are left out."""
        found = (self._records.orders.get(each) for each in order_ids)
        return tuple(self.stock.sources(order) for order in found if order is not None)

    def stop(self, key: str, hub_id: str) -> Command:
        """Take no more orders at a hub; 409 when it is stopped already."""
        hub = self._records.hub(hub_id)
        if not hub.serving:
            raise Refused(409, "already-stopped", f"hub {hub_id!r} takes no orders")
        command = self._keep(key, "stop", hub_id)
        self._records.put(replace(hub, serving=False))
        self._tape.hub_stopped(hub)
        return command

    def under(self, keys: Iterable[str]) -> tuple[Command, ...]:
        """Return what was done under the keys, oldest first."""
        wanted = frozenset(keys)
        return tuple(command for command in self._done if command.key in wanted)

    def _changeable(self, order_id: str) -> Order:
        order = self._records.order(order_id)
        if order.status in (OrderStatus.CANCELLED, OrderStatus.COMPLETED):
            raise Refused(409, f"already-{order.status}", f"order {order_id!r} is {order.status}")
        return order

    def _deliveries(self, order: Order) -> tuple[Fulfilment, ...]:
        return tuple(self._records.fulfilment(each) for each in order.fulfilment_ids)

    def _part_of(self, order: Order, source: Fulfilment, lines: tuple[str, ...]) -> Fulfilment:
        return replace(
            source,
            id=f"{order.id}-f{len(order.fulfilment_ids) + 1}",
            line_ids=lines,
            courier_id=None,
            assignment=0,
            created_us=self._clock.now_us(),
        )

    def _keep(self, key: str, name: str, subject: str) -> Command:
        if not key:
            raise Refused(400, "key-missing", "the header Idempotency-Key is missing or empty")
        reference = f"cmd_{len(self._done) + 1:06d}"
        command = Command(key, name, subject, reference, self._clock.now_us())
        self._done.append(command)
        return command


def _nobody_listens(_delivery: Fulfilment) -> None:
    """Take note of nothing, as in a company without a city."""
