"""What is to happen in the city, in order of time."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from makegood.clock import VirtualClock


class Agenda:
    """A heap of things to do; what is due at the same instant happens in the order of asking."""

    def __init__(self, clock: VirtualClock) -> None:
        """Move this clock to each thing's instant before it happens."""
        self._clock = clock
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._asked = 0

    @property
    def next_us(self) -> int | None:
        """When the next thing is due, or None when there is none."""
        return self._heap[0][0] if self._heap else None

    def at(self, at_us: int, do: Callable[[], None]) -> None:
        """Do something at an instant; one that is past is done next."""
        self._asked += 1
        heapq.heappush(self._heap, (at_us, self._asked, do))

    def run_until(self, until_us: int) -> None:
        """Do everything that is due by an instant, and leave the clock there."""
        while self._heap and self._heap[0][0] <= until_us:
            at_us, _, do = heapq.heappop(self._heap)
            self._clock.advance_to(at_us)
            do()
        self._clock.advance_to(until_us)
