"""The queues of a store: orders are picked and then packed, first come first served."""

from __future__ import annotations

from heapq import heapify, heapreplace

from makegood.clock import SECOND
from makegood.replay.company.city.draw import Luck
from makegood.replay.company.city.params import Packing, Store


class Line:
    """Pickers and packers of one store, each with the instant at which they are free.

    Whoever is free first takes the next order, so that when an order is packed is known as soon
    as it comes in: none that comes later can overtake it.
    """

    def __init__(self, store: Store, packing: Packing, luck: Luck, opens_us: int) -> None:
        """Begin with everyone free."""
        self._packing = packing
        self._luck = luck
        self._pickers = [opens_us] * store.pickers
        self._packers = [opens_us] * store.packers
        heapify(self._pickers)
        heapify(self._packers)

    def enter(self, order_id: str, lines: int, now_us: int) -> tuple[int, int]:
        """Take an order in; return when the store says that it is packed, and when it really is."""
        packing = self._packing
        pick_us = _us(max(packing.pick_seconds_least, packing.pick_seconds_per_line * lines))
        pack_us = _us(packing.pack_seconds)
        said_us = max(now_us, self._pickers[0]) + pick_us
        said_us = max(said_us, self._packers[0]) + pack_us
        spread = packing.spread
        picked_us = _take(
            self._pickers, now_us, round(pick_us * self._luck.factor(spread, "pick", order_id))
        )
        ready_us = _take(
            self._packers, picked_us, round(pack_us * self._luck.factor(spread, "pack", order_id))
        )
        return said_us, ready_us


def _take(people: list[int], from_us: int, lasts_us: int) -> int:
    ends_us = max(from_us, people[0]) + lasts_us
    heapreplace(people, ends_us)
    return ends_us


def _us(seconds: float) -> int:
    return round(seconds * SECOND)
