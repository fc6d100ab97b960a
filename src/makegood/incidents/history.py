"""An incident's evidence over time: what is worth keeping, and how much of it.

A pass looks at a hub every second or so; keeping every number it saw would rewrite the incident
each time and say nothing. Kept are the first observation of each name, one that crosses its
limit, and one that moved by a tenth; of each name the newest twelve.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from makegood.domain.incidents import Evidence
from makegood.incidents.evidence import CAUSE_GONE, FEED_AGES

if TYPE_CHECKING:
    from collections.abc import Iterable

History = tuple[Evidence, ...]

MOST_OF_A_NAME: Final = 12


def gather(history: History, seen: Iterable[Evidence]) -> History:
    """Return the history with what is new in these observations; the same object if nothing is."""
    newest = {one.name: one for one in history}
    new = tuple(one for one in seen if _says_something(newest.get(one.name), one))
    return bounded(history + new) if new else history


def bounded(history: History) -> History:
    """Return the history without the oldest observations of each name beyond the twelfth."""
    left: Counter[str] = Counter()
    kept: list[Evidence] = []
    for one in reversed(history):
        left[one.name] += 1
        if left[one.name] <= MOST_OF_A_NAME:
            kept.append(one)
    return tuple(reversed(kept))


def _says_something(last: Evidence | None, now: Evidence) -> bool:
    if last is None or (last.value > last.limit) != (now.value > now.limit):
        return True
    if now.name in FEED_AGES:
        return False
    return abs(now.value - last.value) >= max(1, max(last.value, last.limit) // 10)


def gone_since_us(history: History) -> int | None:
    """Return since when the cause has been away, or None while it is there."""
    last = next((one for one in reversed(history) if one.name == CAUSE_GONE), None)
    return last.observed_us if last is not None and last.value else None


def mark_gone(history: History, now_us: int, *, gone: bool) -> History:
    """Return the history with the moment at which the cause went away or came back."""
    if gone == (gone_since_us(history) is not None):
        return history
    mark = Evidence(name=CAUSE_GONE, unit="1", value=int(gone), limit=0, observed_us=now_us)
    return bounded((*history, mark))
