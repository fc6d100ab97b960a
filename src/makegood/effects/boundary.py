"""The points in an effect's life where a crash could do harm, by name.

In production passing one does nothing. The crash tests hand the executor an object that kills
the process there; nothing from outside the process can.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Point(StrEnum):
    """The boundaries of an effect, in the order they are passed."""

    BEFORE_INTENT = "before_intent"
    AFTER_INTENT = "after_intent"
    BEFORE_DISPATCH = "before_dispatch"
    SENDING = "sending"
    AFTER_DISPATCH = "after_dispatch"
    BEFORE_CONFIRM = "before_confirm"
    AFTER_CONFIRM = "after_confirm"


class Boundary(Protocol):
    """Someone who wants to know that a point is passed."""

    def reached(self, point: Point) -> None:
        """Take note that `point` is passed now."""
        ...


class Unwatched:
    """Nobody wants to know."""

    def reached(self, point: Point) -> None:
        """Do nothing."""
