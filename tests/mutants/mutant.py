"""What a mutant is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One guard taken away.

    `file` is under `src/makegood`; `old` stands in it exactly once and is replaced by `new`.
    `tests` are arguments of pytest, of which at least one test must fail.
    """

    invariant: int
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
