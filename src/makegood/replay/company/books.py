"""The payment books as a file: JSON lines, only ever appended to, one entry a line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from makegood.domain.frozen import Frozen
from makegood.replay.company.model import Capture, Coupon, Refund
from makegood.replay.company.payments import Entry


class _Captured(Frozen):
    capture: Capture


class _Refunded(Frozen):
    refund: Refund


class _Couponed(Frozen):
    coupon: Coupon


_LINES: Final[TypeAdapter[_Captured | _Refunded | _Couponed]] = TypeAdapter(
    _Captured | _Refunded | _Couponed
)


class BooksFile:
    """An append-only file of entries; an entry counts once its line is on the disk."""

    def __init__(self, path: Path) -> None:
        """Open the file at `path`, making it where missing."""
        self._path = path
        self._file = path.open("ab")

    def write(self, entry: Entry) -> None:
        """Append an entry and wait until the disk has it."""
        self._file.write(_LINES.dump_json(_line(entry)) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_books(path: Path) -> Iterator[Entry]:
    """Read the entries of a books file, oldest first; a torn last line was never an entry.

    Raises:
        pydantic.ValidationError: a line is not an entry.

    """
    with path.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                return
            match _LINES.validate_json(line):
                case _Captured(capture=entry):
                    yield entry
                case _Refunded(refund=entry):
                    yield entry
                case _Couponed(coupon=entry):
                    yield entry


def _line(entry: Entry) -> _Captured | _Refunded | _Couponed:
    match entry:
        case Capture():
            return _Captured(capture=entry)
        case Refund():
            return _Refunded(refund=entry)
        case Coupon():
            return _Couponed(coupon=entry)
