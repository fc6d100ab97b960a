"""The process that is killed: `python -m tests.faults.child`.

A nursery imports everything once and then forks one child for each life that it is told of on
standard input (a `Life` as one JSON line), so that a hundred deaths take a minute and not ten.
Each child opens the database, recovers, and works until all is quiet or it is dead. The nursery
answers with one `Ended` line a life.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.faults.fastclock import FastClock
from tests.faults.house import HouseWork
from tests.faults.plan import GO_ON, Ended, Life
from tests.faults.watcher import Watcher
from tests.faults.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_LIFE_S: Final = 60.0
_PR_SET_PDEATHSIG: Final = 1


def live(life: Life) -> Ended:
    """Work until nothing is left to do; a life with a `kill` does not return."""
    watcher = Watcher(life.kill)
    kind = HouseWork if life.house else Work
    work = kind(life, FastClock(life.base_us, life.speed), watcher)
    try:
        conflicts = work.until_quiet()
    finally:
        work.close()
    return Ended(passages=dict(watcher.passages), conflicts=conflicts)


def _told(act: Callable[[], Ended]) -> Ended:
    try:
        return act()
    except Exception:  # noqa: BLE001 -- the edge of a process: the parent wants the reason
        return Ended(trouble=traceback.format_exc())


def _die_with_the_nursery() -> None:
    # A run of tests that is cut off kills the nursery, and nobody would be left to end this one.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _child(life: Life, told: int) -> None:
    _die_with_the_nursery()
    # Standard output is where the nursery answers; what a house logs goes to its log.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.write(told, _told(lambda: live(life)).model_dump_json().encode())
    # No interpreter shutdown: what atexit has to say belongs to the nursery.
    os._exit(0)


class _Stopped(NamedTuple):
    """A child that stands still, and where it will say how it ended."""

    pid: int
    heard: int


def _raise(life: Life) -> Ended | _Stopped:
    """Fork one child, kill it when its moment has come, and say how it ended."""
    heard, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(heard)
        _child(life, told)
    os.close(told)
    if life.kill is not None and life.kill.stop:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            return _Stopped(pid, heard)
    said = _end(pid, heard, LONGEST_LIFE_S if life.kill_after_s is None else life.kill_after_s)
    if said:
        return Ended.model_validate_json(said)
    if life.kill_after_s is None and life.kill is None:
        return Ended(trouble=f"the child did not end within {LONGEST_LIFE_S} s")
    return Ended(killed=True)


def _go_on(stopped: _Stopped) -> Ended:
    """Let a child that was stopped go on, and say how it ended."""
    os.kill(stopped.pid, signal.SIGCONT)
    said = _end(stopped.pid, stopped.heard, LONGEST_LIFE_S)
    return Ended.model_validate_json(said) if said else Ended(trouble="it said nothing")


def _end(pid: int, heard: int, wait_s: float) -> bytes:
    """Return what a child says when it ends; kill it when its time is up."""
    try:
        said = _listen(heard, wait_s)
        if not said:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
    finally:
        os.close(heard)
    return said


def _listen(pipe: int, wait_s: float) -> bytes:
    """Return what the child says before it ends or the time is up; nothing when it is killed."""
    said = b""
    while select.select([pipe], [], [], wait_s)[0]:
        part = os.read(pipe, 65_536)
        if not part:
            return said
        said += part
    return b""


def main() -> None:
    """Raise one child for each line, until there are no more."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    stopped: _Stopped | None = None
    for line in sys.stdin:
        if line.strip() == GO_ON:
            assert stopped is not None
            ended = _go_on(stopped)
        else:
            raised = _raise(Life.model_validate_json(line))
            if isinstance(raised, _Stopped):
                stopped, ended = raised, Ended(stopped=True)
            else:
                ended = raised
        sys.stdout.write(ended.model_dump_json() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
