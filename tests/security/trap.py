"""What leaves a mark wherever it is made: a checkpoint that names it must not make it."""

from __future__ import annotations

from pathlib import Path


class Trap:
    """Writes a file as it is made."""

    def __init__(self, path: str) -> None:
        """Leave the mark."""
        Path(path).write_text("sprung", encoding="utf-8")

    @classmethod
    def again(cls, path: str) -> Trap:
        """Make one by another name."""
        return cls(path)


class Snare:
    """Becomes a trap when it is unpickled."""

    def __init__(self, path: str) -> None:
        """Keep where the mark would be."""
        self._path = path

    def __reduce__(self) -> tuple[type[Trap], tuple[str]]:
        return Trap, (self._path,)
