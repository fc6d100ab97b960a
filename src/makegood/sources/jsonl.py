"""CloudEvents from a file of JSON lines.

A line that is no event does not keep the others from being taken in; it is reported with its
line number.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from makegood.events.ingest import ingest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from makegood.events.model import EventOutcome, IngestContext
    from makegood.store.session import Store

_BATCH: Final = 1_000
_BOM: Final = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line that is not blank, with its number in the file, from 1 on."""

    number: int
    raw: bytes


class LineOutcome(NamedTuple):
    """What became of the event on one line."""

    number: int
    outcome: EventOutcome


@dataclass(frozen=True, slots=True)
class FileReceipt:
    """What became of a file: how many had each outcome, and the lines that were not taken in."""

    counts: dict[str, int]
    problems: tuple[LineOutcome, ...]


def numbered_lines(path: Path) -> Iterator[Line]:
    """Yield the lines that are not blank; only one of them is in memory at a time."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            raw = (line.removeprefix(_BOM) if number == 1 else line).strip()
            if raw:
                yield Line(number, raw)


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the events of a file, unread, for `ingest`."""
    for line in numbered_lines(path):
        yield line.raw


def ingest_file(store: Store, path: Path, context: IngestContext) -> FileReceipt:
    """Take a file of CloudEvents in, a thousand lines at a time."""
    counts: dict[str, int] = {}
    problems: list[LineOutcome] = []
    lines = numbered_lines(path)
    while batch := list(islice(lines, _BATCH)):
        receipt = ingest(store, [line.raw for line in batch], context)
        for outcome, count in receipt.counts.items():
            counts[outcome.value] = counts.get(outcome.value, 0) + count
        problems += [LineOutcome(batch[p.index].number, p) for p in receipt.problems]
    return FileReceipt(counts, tuple(problems))
