"""Crashes without a crash: a boundary hook that raises where a process would die."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from makegood.effects.boundary import Point


class Died(BaseException):
    """The process is gone; nothing in the house may catch this."""


@dataclass(slots=True)
class DiesAt:
    """Dies at the first passage of a point, or only takes note of what is passed."""

    point: Point | None = None
    passed: list[Point] = field(default_factory=list["Point"])

    def reached(self, point: Point) -> None:
        """Take note, and die where that is wanted."""
        self.passed.append(point)
        if point is self.point:
            raise Died


class On:
    """Does something when a point is passed for the first time."""

    def __init__(self, point: Point, work: Callable[[], None]) -> None:
        self._point = point
        self._work = work
        self._done = False

    def reached(self, point: Point) -> None:
        """Do it, once."""
        if point is self._point and not self._done:
            self._done = True
            self._work()
