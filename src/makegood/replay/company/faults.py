"""Faults of the outside world: part of a scenario, never an accident of a test.

A fault is laid on a route, such as `POST /payments/refunds`; it strikes `times` requests (every
one when None) after it has let `after` requests pass. The oldest fault of a route that still
strikes is the one that counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class FaultKind(StrEnum):
    """What a fault does to a request.

    `fail`: answers 500 and does nothing. `delay`: acts at once and answers `seconds` later.
    `drop`: acts, then breaks the connection in the middle of the answer. `lose`: breaks the
    connection without acting. `unknown`: acts or not, as `acts` says, and answers 504.
    """

    FAIL = "fail"
    DELAY = "delay"
    DROP = "drop"
    LOSE = "lose"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault on one route; `route` is the method and the path, which may end in `*`."""

    route: str
    kind: FaultKind
    times: int | None = 1
    after: int = 0
    seconds: float = 0.0
    acts: bool = True

    def strikes(self, method: str, path: str) -> bool:
        """Say whether this fault is laid on the route of a request."""
        verb, _, pattern = self.route.partition(" ")
        if verb != method:
            return False
        if pattern.endswith("*"):
            return path.startswith(pattern[:-1])
        return path == pattern


class Faults:
    """The faults laid on the company's routes."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        """Start with the faults given."""
        self._laid = list(faults)

    @property
    def laid(self) -> tuple[Fault, ...]:
        """The faults that still strike, oldest first, with what is left of their counts."""
        return tuple(self._laid)

    def lay(self, fault: Fault) -> None:
        """Add a fault."""
        self._laid.append(fault)

    def clear(self) -> None:
        """Take all faults away."""
        self._laid.clear()

    def next_for(self, method: str, path: str) -> Fault | None:
        """Return the fault that strikes this request, counting it, or None."""
        for index, fault in enumerate(self._laid):
            if not fault.strikes(method, path):
                continue
            if fault.after > 0:
                self._laid[index] = replace(fault, after=fault.after - 1)
                return None
            self._use(index, fault)
            return fault
        return None

    def _use(self, index: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times <= 1:
            del self._laid[index]
        else:
            self._laid[index] = replace(fault, times=fault.times - 1)
