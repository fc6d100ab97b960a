"""The checks of a batch that need no database: form, and whom the caller may speak for."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from makegood.errors import InvalidInput
from makegood.events.hints import hints
from makegood.events.model import Event, EventOutcome, IngestContext, Outcome, Raw
from makegood.events.read import read_event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(slots=True)
class Checked:
    """A batch after the checks that need no database."""

    raw: Sequence[Raw]
    events: dict[int, Event] = field(default_factory=dict[int, Event])
    problems: dict[int, InvalidInput] = field(default_factory=dict[int, InvalidInput])
    refused: dict[int, EventOutcome] = field(default_factory=dict[int, EventOutcome])


def check(batch: Sequence[Raw], context: IngestContext) -> Checked:
    """Check the form of each event, and that the caller may speak for its source."""
    now_us, limits = context.clock.now_us(), context.limits
    checked = Checked(batch)
    allowed = _source_check(context.allowed_sources)
    for index, raw in enumerate(batch):
        try:
            event = read_event(raw, now_us, limits)
        except InvalidInput as problem:
            # Whose it says it is comes first: set aside, it would be tried again by somebody else.
            known = hints(raw, limits.event_bytes)
            if known.get("source") and not allowed(known["source"]):
                checked.refused[index] = _refusal(index, known["source"], known.get("id", ""))
            else:
                checked.problems[index] = problem
            continue
        if allowed(event.source):
            checked.events[index] = event
        else:
            checked.refused[index] = _refusal(index, event.source, event.id)
    return checked


def _refusal(index: int, source: str, event_id: str) -> EventOutcome:
    return EventOutcome(
        index=index,
        outcome=Outcome.REFUSED,
        source=source,
        event_id=event_id,
        field="source",
        problem="is not one that this caller may speak for",
        mend="use a token of that source",
    )


def _source_check(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    @cache
    def allowed(source: str) -> bool:
        return any(fnmatchcase(source, pattern) for pattern in patterns)

    return allowed
