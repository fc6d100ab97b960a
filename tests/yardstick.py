"""What work costs beside work that everybody knows, taken in the same breath.

A bound in seconds would say how busy or how old a machine is; a ratio says what the code does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from makegood.clock import cpu_s
from makegood.domain.geo import Point, distance_m

if TYPE_CHECKING:
    from collections.abc import Callable

SHOP: Final = Point(30.25, 120.16)
CUSTOMER: Final = Point(30.28, 120.19)


def seconds(work: Callable[[], object]) -> float:
    """Return what a piece of work takes, in seconds of CPU time."""
    began = cpu_s()
    work()
    return cpu_s() - began


def distances(count: int) -> None:
    """Measure a way so many times; a hundred thousand take some 0.1 s on an idle core of 2026."""
    for _ in range(count):
        distance_m(SHOP, CUSTOMER)


def costs_less_than(work: Callable[[], object], count: int, *, rounds: int = 5) -> bool:
    """Say whether a piece of work is cheaper than so many distances, in the quietest of rounds."""
    taken: list[float] = []
    measured: list[float] = []
    for _ in range(rounds):
        taken.append(seconds(work))
        measured.append(seconds(lambda: distances(count)))
        if min(taken) < min(measured):
            return True
    return False
