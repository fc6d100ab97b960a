"""Counts the moments that a life passes, and ends the process at the one it was told."""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import Connection, event

from tests.faults.plan import Kill, Where

if TYPE_CHECKING:
    from makegood.effects.boundary import Point
    from makegood.store.session import Store


class Watcher:
    """The executor's boundary hook, and a listener on every transaction of the store."""

    def __init__(self, kill: Kill | None) -> None:
        self._kill = kill
        self.passages: Counter[Where] = Counter()

    def reached(self, point: Point) -> None:
        """The executor passes one of its boundaries."""
        self._pass(Where(point.value))

    def watch(self, store: Store) -> None:
        """Listen to the statements and commits of a store."""

        def statement(
            _connection: Connection,
            _cursor: object,
            text: str,
            _parameters: object,
            _context: object,
            _many: bool,  # noqa: FBT001
        ) -> None:
            if text.replace('"', "").startswith("INSERT INTO grant "):
                self._pass(Where.DECISION_TO_GRANT)
            if text.startswith("INSERT INTO outbox"):
                self._pass(Where.OUTBOX)
            self._pass(Where.STATEMENT)

        def commit(_connection: Connection) -> None:
            self._pass(Where.COMMIT)

        def begin(_connection: Connection) -> None:
            self._pass(Where.BEGIN)

        event.listen(store.engine, "before_cursor_execute", statement)
        event.listen(store.engine, "commit", commit)
        event.listen(store.engine, "begin", begin)

    def _pass(self, where: Where) -> None:
        self.passages[where] += 1
        kill = self._kill
        if kill and kill.where is where and self.passages[where] == kill.passage:
            os.kill(os.getpid(), signal.SIGSTOP if kill.stop else signal.SIGKILL)
