"""What a change was about, so that a page asks again only for what it moved.

Everything that matters stands on the ledger, so the kinds of its new entries say what changed. A
change that left no entry there (a claim, a courier's step) may be about anything.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from sqlalchemy import and_, or_, select

from makegood.ledger.entries import ENTRY, HEAD

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.api.seam import Desk
    from makegood.runtime.changes import Changes

_REMEMBERED: Final = 256


class Topic(StrEnum):
    """What a part of a page can be about."""

    ALL = "all"
    REVIEWS = "reviews"
    EFFECTS = "effects"
    INCIDENTS = "incidents"
    ORDERS = "orders"
    AGENTS = "agents"
    ALARMS = "alarms"
    PEOPLE = "people"
    LEDGER = "ledger"


_BY_PREFIX: Final = {
    "review": (Topic.REVIEWS,),
    "grant": (Topic.REVIEWS, Topic.EFFECTS),
    "effect": (Topic.EFFECTS,),
    "incident": (Topic.INCIDENTS,),
    "event": (Topic.ORDERS,),
    "events": (Topic.ORDERS,),
    "proposal": (Topic.AGENTS,),
    "action": (Topic.AGENTS,),
    "run": (Topic.AGENTS,),
    "kill": (Topic.ALARMS,),
    "breaker": (Topic.ALARMS,),
    "bypass": (Topic.ALARMS,),
    "person": (Topic.PEOPLE,),
    "token": (Topic.PEOPLE,),
}


def of_kind(kind: str) -> tuple[Topic, ...]:
    """Return what an entry of this kind is about, besides the ledger itself."""
    return _BY_PREFIX.get(kind.partition("_")[0], (Topic.ALL,))


@dataclass(frozen=True, slots=True)
class Told:
    """How many changes there were, and what those since the last look were about."""

    version: int
    topics: frozenset[Topic]


class Board:
    """What the last changes were about: read once for everybody who listens."""

    def __init__(self) -> None:
        """Begin with nothing known; the first look only notes where the ledger stands."""
        self._lock = Lock()
        self._version = -1
        self._heads: dict[str, int] | None = None
        self._told: deque[Told] = deque(maxlen=_REMEMBERED)

    def known(self, version: int, since: int | None) -> Told | None:
        """Return what changed since a version, or None where that must be read first."""
        with self._lock:
            return self._since(since) if self._version >= version else None

    def look(self, desk: Desk, version: int, since: int | None) -> Told:
        """Read what changed up to a version, unless somebody has, and return it."""
        with self._lock:
            if self._version < version:
                with desk.store.read() as tx:
                    topics = self._read(tx)
                self._told.append(Told(version, topics))
                self._version = version
            return self._since(since)

    def _since(self, since: int | None) -> Told:
        # Who comes new, or slept longer than is remembered, looks at everything once.
        oldest = self._told[0].version if self._told else self._version
        if since is None or (since < oldest - 1 and len(self._told) == _REMEMBERED):
            return Told(self._version, frozenset({Topic.ALL}))
        topics = [told.topics for told in self._told if told.version > since]
        return Told(self._version, frozenset[Topic]().union(*topics))

    def _read(self, tx: Connection) -> frozenset[Topic]:
        heads: dict[str, int] = {row.part: row.seq for row in tx.execute(select(HEAD))}
        before, self._heads = self._heads, heads
        if before is None:
            return frozenset({Topic.ALL})
        moved = [
            and_(ENTRY.c.part == part, ENTRY.c.seq > before.get(part, 0))
            for part, seq in heads.items()
            if seq > before.get(part, 0)
        ]
        if not moved:
            return frozenset({Topic.ALL})
        kinds = tx.execute(select(ENTRY.c.kind).where(or_(*moved)).distinct()).scalars()
        return frozenset({Topic.LEDGER, *(topic for kind in kinds for topic in of_kind(kind))})


_BOARDS: Final[WeakKeyDictionary[Changes, Board]] = WeakKeyDictionary()
_OPENING: Final = Lock()


def board_of(changes: Changes) -> Board:
    """Return the one board of a house's changes."""
    with _OPENING:
        return _BOARDS.setdefault(changes, Board())
