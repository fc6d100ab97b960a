"""Tells whoever watches that something happened; what happened stands in the database."""

from __future__ import annotations

from threading import Condition
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Changes:
    """A number that grows with every change; safe to use from many threads."""

    def __init__(self) -> None:
        """Begin at zero."""
        self._version = 0
        self._moved = Condition()
        self._listeners: list[Callable[[], None]] = []

    @property
    def version(self) -> int:
        """How many changes there were so far."""
        return self._version

    def publish(self) -> None:
        """Say that something changed."""
        with self._moved:
            self._version += 1
            self._moved.notify_all()
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def wait(self, since: int, timeout_s: float) -> int:
        """Wait until the number is past `since`, at most `timeout_s`; return what it is now."""
        with self._moved:
            self._moved.wait_for(lambda: self._version > since, timeout_s)
            return self._version

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` (quick, from any thread) after each change; return how to stop."""
        with self._moved:
            self._listeners.append(listener)

        def stop() -> None:
            with self._moved:
                self._listeners.remove(listener)

        return stop
