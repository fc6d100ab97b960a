"""One thing that is wrong in a workspace."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Where and what: `file` is relative to the workspace, `line` counts from 1 (0: the whole)."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        """Return `file:line: message`, as editors understand it."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.message}"
