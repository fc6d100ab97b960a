"""Spreads pieces of work over processes, and keeps their results in the order of the pieces."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

from makegood import logs
from makegood.errors import Failure
from makegood.replay.suites.base import Watch

Item = TypeVar("Item")
Made = TypeVar("Made")


class PieceFailed(Failure):
    """A piece of a suite's work failed."""


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(
    work: Callable[[Item], Made], items: Sequence[Item], jobs: int, watch: Watch
) -> list[Made]:
    """Do `work` on every item and return the results in the items' order.

    With more than one job, `work` runs in fresh processes, so it has to be a function of a
    module, and items and results have to be picklable. `watch` is called in this process.

    Raises:
        PieceFailed: a piece of work failed; it names the first item that did.

    """
    if jobs <= 1 or len(items) <= 1:
        return [_here(work, items, number, watch) for number in range(len(items))]
    made: dict[int, Made] = {}
    fresh = get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(items)), mp_context=fresh, initializer=_quiet)
    try:
        waiting = {pool.submit(work, item): number for number, item in enumerate(items)}
        for future in as_completed(waiting):
            number = waiting[future]
            problem = future.exception()
            if problem is not None:
                raise PieceFailed(f"{items[number]}: {problem}") from problem
            made[number] = future.result()
            watch(len(made), len(items), str(items[number]))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return [made[number] for number in range(len(items))]


def _quiet() -> None:
    """Log errors alone, and never to standard output: that is the result's."""
    logs.configure("error", "console")


def _here(work: Callable[[Item], Made], items: Sequence[Item], number: int, watch: Watch) -> Made:
    try:
        done = work(items[number])
    except Exception as problem:
        # The edge of a piece of work, as in the processes: it is named, and nothing goes on.
        raise PieceFailed(f"{items[number]}: {problem}") from problem
    watch(number + 1, len(items), str(items[number]))
    return done
