"""After a crash: what may go on by itself goes on, and what waits for a person goes on waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.logs import get_logger

if TYPE_CHECKING:
    from makegood.effects.executor import Executor
    from makegood.runtime.runs import Runs

log = get_logger(__name__)


def recover(executor: Executor, runs: Runs) -> int:
    """Go on with effects and runs that a dead process left; return how many there were.

    Effects come first: what had been sent without an outcome becomes unknown, and grants that
    were given are spent. A run that waits for people is none of them, and is not touched.
    """
    unknown = executor.recover()
    sent = executor.settle()
    unfinished = runs.unfinished()
    for run in unfinished:
        runs.start_again(run)
    if unknown or sent or unfinished:
        log.info("recovered", unknown=unknown, sent=sent, runs=len(unfinished))
    return unknown + sent + len(unfinished)
