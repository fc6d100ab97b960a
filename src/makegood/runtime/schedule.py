"""What happens periodically: jobs that may be late or fail, and never run twice at once.

APScheduler 3.11 keeps the time; what is due only looks for work in the database, so that a job
that was missed or failed is made good by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor  # pyright: ignore[reportMissingTypeStubs] -- there are none
from apscheduler.schedulers.background import (  # pyright: ignore[reportMissingTypeStubs] -- there are none
    BackgroundScheduler,
)
from apscheduler.triggers.interval import IntervalTrigger  # pyright: ignore[reportMissingTypeStubs] -- there are none

from makegood.clock import SystemClock, to_datetime
from makegood.errors import MakegoodError
from makegood.logs import bound, get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so many seconds; the first time at once where `at_once` says so."""

    name: str
    every_s: float
    do: Callable[[], object]
    at_once: bool = False


class Schedule:
    """Jobs in threads of their own."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        """Take the jobs; nothing runs before `start`."""
        every = tuple(jobs)
        # It has no types of its own. A thread for each job: a receiver of notifications that
        # answers slowly must not keep deadlines waiting.
        self._scheduler: Any = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(max(1, len(every)))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        for job in every:
            self._add(job)

    def start(self) -> None:
        """Begin; returns at once."""
        self._scheduler.start()

    def stop(self) -> None:
        """Begin no further job and wait until those that run are done."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _add(self, job: Job) -> None:
        first = {"next_run_time": _now()} if job.at_once else {}
        trigger: Any = IntervalTrigger
        self._scheduler.add_job(
            _guarded,
            trigger(seconds=job.every_s, timezone="UTC"),
            args=[job],
            id=job.name,
            **first,
        )


def _now() -> datetime:
    return to_datetime(SystemClock().now_us())


def _guarded(job: Job) -> None:
    with bound(job=job.name):
        try:
            job.do()
        except MakegoodError as error:
            log.warning("job_failed", problem=str(error))
        except Exception:
            # The edge of a thread: one failing look must not end all further ones.
            log.exception("job_failed")
