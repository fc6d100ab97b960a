"""What every suite takes and gives: options, progress, a result for machines and one for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from makegood.errors import InvalidInput

Watch = Callable[[int, int, str], None]
"""Told how many pieces of work are done, of how many, and which one just ended."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What a decision costs the world in virtual time: its own wall time, or a fixed one.

    `fixed_us` is None where the wall time is measured; paired runs are reproducible only with a
    fixed charge.
    """

    fixed_us: int | None = None

    @classmethod
    def parse(cls, text: str) -> Charge:
        """Read `measured` or `fixed:SECONDS`.

        Raises:
            InvalidInput: it is neither, or the seconds are no number of at least 0.

        """
        if text == "measured":
            return cls()
        word, _, seconds = text.partition(":")
        try:
            fixed_us = round(float(seconds) * 1_000_000)
        except (ValueError, OverflowError):
            fixed_us = -1
        if word != "fixed" or fixed_us < 0:
            problem = f"{text!r} is not a charge"
            raise InvalidInput("--charge", problem, "use measured, or fixed:0.5 for half a second")
        return cls(fixed_us)

    def __str__(self) -> str:
        return "measured" if self.fixed_us is None else f"fixed:{self.fixed_us / 1_000_000:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteOptions:
    """What the person who starts a suite chose; None leaves it to the suite.

    `seeds` is how many seeds to run and `first_seed` the first of them; `data` replaces the
    suite's usual archives; `interval_min` is the time between decisions in minutes; `arms` are
    the ones to run (all where empty); `sweep` adds the suite's sweeps; `jobs` is how many
    processes share the work.
    """

    workspace: Path
    jobs: int = 1
    seeds: int | None = None
    first_seed: int = 1
    data: Path | None = None
    interval_min: float | None = None
    charge: Charge = field(default_factory=Charge)
    arms: tuple[str, ...] = ()
    sweep: bool = False


class SuiteResult(BaseModel):
    """What came of a suite: its JSON form is what `--json` prints; each suite adds its fields."""

    model_config = ConfigDict(frozen=True)

    suite: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people: a title, the heads of its columns and the rows, all as text.

    The first column is a name and stands left, the others are figures and stand right.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: a heading, a sentence or two, tables, and pictures as SVG text."""

    title: str
    text: str = ""
    tables: tuple[Table, ...] = ()
    pictures: tuple[str, ...] = ()


class Suite(Protocol):
    """One suite."""

    @property
    def name(self) -> str:
        """The word after `makegood eval run`."""
        ...

    @property
    def about(self) -> str:
        """One line that says what it measures."""
        ...

    def run(self, options: SuiteOptions, watch: Watch) -> SuiteResult:
        """Run it and return what came of it.

        Raises:
            InvalidInput: an option does not fit this suite, or its data cannot be read.

        """
        ...

    def tables(self, result: SuiteResult) -> tuple[Table, ...]:
        """Return the headline tables, for the terminal and the top of the report."""
        ...

    def sections(self, result: SuiteResult) -> tuple[Section, ...]:
        """Return the rest of the report."""
        ...

    def passed(self, result: SuiteResult) -> bool:
        """Say whether nothing was violated; where False, the command exits with 1."""
        ...
