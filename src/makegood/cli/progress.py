"""Progress of long work: a bar on standard error in a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from makegood.cli.output import note

if TYPE_CHECKING:
    from rich.progress import Progress

_TENTH: Final = 0.1


@contextmanager
def counting(what: str, total: int | None) -> Generator[Callable[[int], None]]:
    """Show how far the work has come; the function given takes the number done so far."""
    if not sys.stderr.isatty():
        yield _silent
        return
    with _counted() as shown:
        task = shown.add_task(what, total=total)

        def seen(done: int) -> None:
            shown.update(task, completed=done)

        yield seen


@contextmanager
def shares(what: str) -> Generator[Callable[[float, str], None]]:
    """Show which share of the work is done, with a word on it; in place, or now and then a line."""
    if not sys.stderr.isatty():
        yield _Sparse(what)
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    from makegood.cli.output import console

    columns = (TextColumn("{task.description}"), BarColumn(20), TaskProgressColumn())
    told = TextColumn("{task.fields[told]}")
    with Progress(*columns, told, console=console(sys.stderr), transient=True) as shown:
        task = shown.add_task(what, total=1.0, told="")

        def seen(share: float, words: str) -> None:
            shown.update(task, completed=share, told=words)

        yield seen


@contextmanager
def pieces(what: str) -> Generator[Callable[[int, int, str], None]]:
    """Show how many pieces of the work are done, of how many, and which one ended last."""
    if not sys.stderr.isatty():

        def told(done: int, total: int, name: str) -> None:
            note(f"{what}  {done}/{total}  {name}")

        yield told
        return
    with _counted("{task.fields[last]}") as shown:
        task = shown.add_task(what, total=None, last="")

        def seen(done: int, total: int, name: str) -> None:
            shown.update(task, completed=done, total=total, last=name)

        yield seen


def _counted(*words: str) -> Progress:
    """Return a bar: how many are done, of how many, and how long it may take; then some words."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from makegood.cli.output import console

    name = TextColumn("{task.description}")
    columns = (name, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    last = (TextColumn(each) for each in words)
    return Progress(*columns, *last, console=console(sys.stderr), transient=True)


class _Sparse:
    """Prints a line for each tenth of the work."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._next = 0.0

    def __call__(self, share: float, words: str) -> None:
        if share >= self._next:
            self._next = share + _TENTH
            note(f"{self._what}  {share:4.0%}  {words}")


def _silent(_done: int) -> None:
    return
