"""The stockrooms of the city's hubs: goods that the shelf count promised and nobody finds.

What is short is found when it is picked. From then on its delivery waits for goods: from another
hub that can spare them, another article that the customer takes, or those that are due; or until
the customer has the price back. How much there is of all that is the plan's, and an assumption.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from makegood.clock import MINUTE, Clock
from makegood.domain.money import Money
from makegood.replay.company.life.shortage import INSTEAD, PRICES, Shortage
from makegood.replay.company.model import Fulfilment, FulfilmentStatus, Line, Order, OrderStatus
from makegood.replay.company.problems import Refused
from makegood.replay.company.records import Records
from makegood.replay.company.stock import (
    HubStock,
    LineStock,
    OrderStock,
    OtherArticle,
    Supply,
    plain_lines,
)
from makegood.replay.company.stock_tape import StockTape

_AT_HUB: Final = (FulfilmentStatus.CREATED, FulfilmentStatus.READY)
_PICK_US: Final = 6 * MINUTE


@dataclass(slots=True)
class _Missing:
    """An order's lines that nobody finds, and those that are asked for out of supplies."""

    short: set[str]
    awaited: set[str] = field(default_factory=set[str])

    @property
    def lines(self) -> set[str]:
        """Every line whose goods are not here."""
        return self.short | self.awaited


class Stockroom:
    """What each hub can spare, what is due, and which deliveries wait for goods.

    `resume` is called with a delivery whose goods are here again, `give_up` with one that was
    struck, and `release` takes one from its courier.
    """

    def __init__(
        self,
        clock: Clock,
        records: Records,
        tape: StockTape,
        shortage: Shortage,
        *,
        resume: Callable[[Fulfilment], None],
        give_up: Callable[[Fulfilment], None],
        release: Callable[[Fulfilment], Fulfilment],
    ) -> None:
        """Begin with what the plan has drawn."""
        self._clock = clock
        self._records = records
        self._tape = tape
        self._shortage = shortage
        self._resume = resume
        self._give_up = give_up
        self._release = release
        self._spare = dict(shortage.spare)
        self._due = dict(shortage.supplies)
        self._claims: dict[tuple[str, str], list[tuple[str, Line]]] = {}
        self._missing: dict[str, _Missing] = {}
        self._looked: set[str] = set()
        self._struck: set[str] = set()

    # --- the city ----------------------------------------------------------------------------

    def holds_up(self, delivery: Fulfilment) -> bool:
        """Look for a delivery's goods when it is packed; say whether it has to wait for some."""
        if delivery.id not in self._looked:
            self._looked.add(delivery.id)
            self._look(delivery)
        return self.is_short(delivery)

    def is_short(self, delivery: Fulfilment) -> bool:
        """Say whether goods of a delivery were found missing and are not here yet."""
        missing = self._missing.get(delivery.order_id)
        return missing is not None and bool(missing.lines.intersection(delivery.line_ids))

    def supply(self, hub_id: str, sku: str) -> None:
        """Let the goods that are due come in, and give them to who asked first."""
        came = self._due.pop((hub_id, sku))
        claims = self._claims.pop((hub_id, sku), [])
        given = sum(line.quantity for _, line in claims)
        self._tape.came(self._records.hub(hub_id), sku, came.units + given)
        for order_id, line in claims:
            order, awaited = self._records.order(order_id), self._missing[order_id].awaited
            # Struck since, served from elsewhere, or cancelled: then its piece stays on the shelf.
            if line.line_id in awaited and order.status is not OrderStatus.CANCELLED:
                awaited.discard(line.line_id)
                self._tape.set_aside(order, line, hub_id)
                self._go_on(order, {line.line_id})

    # --- what orders and deliveries ask ------------------------------------------------------

    def sources(self, order: Order) -> OrderStock:
        """Say where an order's goods could come from."""
        missing = self._missing.get(order.id)
        if missing is None or not missing.short:
            return OrderStock(order.id, plain_lines(order))
        return OrderStock(order.id, tuple(self._line_stock(order, one) for one in order.lines))

    def check_substitute(self, order: Order, line_id: str, sku: str) -> None:
        """Refuse (409, 422) what is not short, not there, or not what this customer takes."""
        missing = self._missing.get(order.id)
        if missing is None or line_id not in missing.short:
            raise Refused(409, "not-short", f"line {line_id!r} of {order.id!r} is not short")
        line = self._line(order.id, line_id)
        if order.id not in self._shortage.takes_other or sku not in INSTEAD.get(line.sku, ()):
            raise Refused(422, "not-wanted", f"{order.customer_id!r} takes no {sku!r} instead")
        self._require(order.hub_id, sku, line.quantity)

    def substitute(self, order: Order, line_id: str, sku: str) -> None:
        """Fill a line by another article, at no more than it cost."""
        old = self._line(order.id, line_id)
        new = replace(old, sku=sku, price=_cheaper(old.price, _price(old, sku)))
        self._take(order.hub_id, sku, new.quantity)
        changed = self._rewritten(order, tuple(new if x is old else x for x in order.lines))
        self._tape.items_changed(changed)
        self._tape.asked_again(changed, new)
        self._tape.set_aside(changed, new, order.hub_id)
        self._missing[order.id].short.discard(line_id)
        self._go_on(changed, {line_id})

    def ask_again(self, order: Order) -> None:
        """Ask for what is short out of what is due, line by line as far as it goes."""
        missing = self._missing.get(order.id)
        for line_id in sorted(missing.short) if missing else ():
            line = self._line(order.id, line_id)
            place = (order.hub_id, line.sku)
            due = self._due.get(place)
            if missing is None or due is None or due.units < line.quantity:
                continue
            self._due[place] = Supply(due.at_us, due.units - line.quantity)
            self._claims.setdefault(place, []).append((order.id, line))
            missing.short.discard(line_id)
            missing.awaited.add(line_id)
            self._tape.asked_again(order, line)

    def check_move(self, delivery: Fulfilment, to_hub: str) -> None:
        """Refuse (409) unless a hub has all that a delivery that is short needs."""
        if self.is_short(delivery):
            for line_id in delivery.line_ids:
                line = self._line(delivery.order_id, line_id)
                self._require(to_hub, line.sku, line.quantity)

    def moved(self, delivery: Fulfilment, from_hub: str) -> None:
        """Take a delivery's goods from the hub that serves it now, and put back the old one's."""
        if not self.is_short(delivery):
            return
        order = self._records.order(delivery.order_id)
        missing = self._missing[order.id]
        for line_id in delivery.line_ids:
            line = self._line(order.id, line_id)
            self._take(delivery.hub_id, line.sku, line.quantity)
            if line_id not in missing.lines:
                self._tape.exchanged(order, line, from_hub, delivery.hub_id)
                continue
            if line_id in missing.short:
                self._tape.asked_again(order, line)
            self._tape.set_aside(order, line, delivery.hub_id)
            missing.short.discard(line_id)
            missing.awaited.discard(line_id)
        self._go_on(order, set(delivery.line_ids))

    def paid_back(self, order_id: str, minor: int) -> None:
        """Strike the lines that are short once the customer has at least their price back.

        An order that was paid back whole is ended by its cancellation, not from here.
        """
        missing, order = self._missing.get(order_id), self._records.orders.get(order_id)
        if missing is None or order is None or order.status is OrderStatus.CANCELLED:
            return
        gone = tuple(line for line in order.lines if line.line_id in missing.lines)
        if not gone or len(gone) == len(order.lines) or minor >= order.total.minor:
            return
        if minor < sum(line.price.minor for line in gone):
            return
        self._struck.add(order_id)
        missing.short.clear()
        missing.awaited.clear()
        left = self._rewritten(order, tuple(x for x in order.lines if x not in gone))
        self._tape.items_changed(left)
        for line in gone:
            self._tape.freed(order, line)
        self._strike(left, frozenset(line.line_id for line in gone))

    def is_hopeless(self, order: Order) -> bool:
        """Say whether goods of an open order are missing and none are asked for."""
        missing = self._missing.get(order.id)
        return missing is not None and bool(missing.short)

    def is_struck(self, order: Order) -> bool:
        """Say whether lines of an order were struck, so that it never comes whole."""
        return order.id in self._struck

    # --- its own -----------------------------------------------------------------------------

    def _look(self, delivery: Fulfilment) -> None:
        order = self._records.order(delivery.order_id)
        expected = self._shortage.lines.get(order.id, ())
        gone = {x for x in expected if x in delivery.line_ids and not self._came(order, x)}
        if not gone:
            return
        self._missing[order.id] = _Missing(gone)
        for line_id in sorted(gone):
            self._tape.not_found(order, self._line(order.id, line_id))
        self._release(delivery)

    def _came(self, order: Order, line_id: str) -> bool:
        """Say whether the goods of a line have been supplied since the count went wrong."""
        place = (order.hub_id, self._line(order.id, line_id).sku)
        return place in self._shortage.supplies and place not in self._due

    def _strike(self, order: Order, gone: frozenset[str]) -> None:
        for each in order.fulfilment_ids:
            delivery = self._records.fulfilment(each)
            kept = tuple(x for x in delivery.line_ids if x not in gone)
            if len(kept) == len(delivery.line_ids) or delivery.status not in _AT_HUB:
                continue
            if kept:
                self._records.put(replace(delivery, line_ids=kept))
                self._resume(self._records.fulfilment(each))
            else:
                self._give_up(delivery)

    def _go_on(self, order: Order, lines: set[str]) -> None:
        """Resume the deliveries of these lines that have all their goods again."""
        for each in order.fulfilment_ids:
            delivery = self._records.fulfilment(each)
            waited = delivery.status is FulfilmentStatus.CREATED and lines & {*delivery.line_ids}
            if waited and not self.is_short(delivery):
                self._records.put(replace(delivery, ready_us=self._clock.now_us() + _PICK_US))
                self._resume(self._records.fulfilment(each))

    def _line_stock(self, order: Order, line: Line) -> LineStock:
        missing = self._missing[order.id]
        short = line.line_id in missing.short
        return LineStock(
            line_id=line.line_id,
            sku=line.sku,
            quantity=line.quantity,
            price=line.price,
            short=short,
            spares=tuple(self._spares(order, line)),
            instead=tuple(self._instead(order, line)) if short else (),
            due=self._due.get((order.hub_id, line.sku)) if short else None,
        )

    def _spares(self, order: Order, line: Line) -> Iterable[HubStock]:
        for hub in self._records.hubs.values():
            units = self._spare.get((hub.id, line.sku), 0)
            if hub.id != order.hub_id and units > 0:
                yield HubStock(hub.id, units, hub.position)

    def _instead(self, order: Order, line: Line) -> Iterable[OtherArticle]:
        for sku in INSTEAD.get(line.sku, ()) if order.id in self._shortage.takes_other else ():
            units = self._spare.get((order.hub_id, sku), 0)
            if units > 0:
                yield OtherArticle(sku, units, _price(line, sku))

    def _require(self, hub_id: str, sku: str, units: int) -> None:
        there = self._spare.get((hub_id, sku), 0)
        if there < units:
            raise Refused(409, "no-stock", f"{hub_id!r} can spare {there} of {sku!r}, not {units}")

    def _take(self, hub_id: str, sku: str, units: int) -> None:
        self._spare[hub_id, sku] -= units

    def _rewritten(self, order: Order, lines: tuple[Line, ...]) -> Order:
        total = Money(minor=sum(x.price.minor for x in lines), currency=order.total.currency)
        changed = replace(order, lines=lines, total=total)
        self._records.put(changed)
        return changed

    def _line(self, order_id: str, line_id: str) -> Line:
        lines = self._records.order(order_id).lines
        return next(line for line in lines if line.line_id == line_id)


def _price(line: Line, sku: str) -> Money:
    return Money(minor=PRICES[sku] * line.quantity, currency=line.price.currency)


def _cheaper(old: Money, new: Money) -> Money:
    return min(old, new, key=lambda money: money.minor)
