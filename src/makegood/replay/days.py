"""Replaying a recorded day through the same loop as the daemon, as fast as the machine goes.

The clock is virtual and stands still while Makegood works; the sandbox company answers in this
process, over the same HTTP clients as everywhere. Over the day lies an hour in which a share of
the couriers cannot be reached, so that there is something to put right.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from makegood.clock import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Clock,
    VirtualClock,
    from_datetime,
    to_datetime,
)
from makegood.errors import Conflict, InvalidInput
from makegood.replay import sandbox
from makegood.replay.company import (
    BASE_URL,
    Company,
    Credentials,
    InProcess,
    Score,
    create_app,
)
from makegood.replay.day_company import DayCompany, LostHour
from makegood.replay.recorded import Recorded, read
from makegood.replay.scores import Summary, counts, summarise
from makegood.runtime import chores
from makegood.runtime.house import House, opened
from makegood.sources import mdrp

if TYPE_CHECKING:
    import httpx

    from makegood.domain.effects import Connection
    from makegood.replay.company.life.agenda import Agenda

KINDS: Final = ("mdrp",)
# Between two looks at the world; the daemon looks more often, but the world moves slower there.
_STEP_US: Final = 20 * SECOND
_EXPIRE_EVERY_US: Final = 5 * MINUTE
_LONGEST_AFTER_US: Final = 4 * HOUR
_MOST_TURNS: Final = 20


@dataclass(frozen=True, slots=True)
class Lost:
    """The lost hour: when it begins, in minutes from midnight UTC (None: at the busiest hour)."""

    at_minute: int | None = None
    share: float = 0.4
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Which day, what lies over it, and where the database is kept (None: nowhere)."""

    kind: str
    archive: Path
    instance: str
    lost: Lost | None
    workspace: Path
    keep: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """How far a replay has come: `share` of the day, its time, and what stands there."""

    share: float
    at_us: int
    promises: Score
    incidents: int
    done: int
    waiting: int


Watch = Callable[[Moment], None]


def play(options: Options, watch: Watch) -> Summary:
    """Replay a day and say what came of it; `watch` is told every few virtual minutes.

    Raises:
        InvalidInput: the archive or the instance cannot be read, or the lost hour is no time.
        Conflict: the folder to keep the database in is not new or empty.
        WorkspaceBroken: the workspace has errors.

    """
    if options.kind not in KINDS:
        raise InvalidInput("KIND", f"{options.kind!r} is no form of record", "use mdrp")
    record = read(mdrp.events(options.archive, options.instance))
    with _folder(options.keep) as folder:
        return _Replay(options, record, folder).play(watch)


class _Replay:
    """One day while it is replayed."""

    def __init__(self, options: Options, record: list[Recorded], folder: Path) -> None:
        self._options = options
        self._starts_us = record[0].envelope.time
        self._ends_us = record[-1].envelope.time
        self._record = record
        self._clock = VirtualClock(self._starts_us)
        self._company = Company(self._clock, credentials=Credentials.fresh())
        self._settings = sandbox.settings(self._company, BASE_URL, folder, options.workspace)
        self._life = self._settle(lost_hour(options.lost, record))
        self._expired_us = self._starts_us

    def play(self, watch: Watch) -> Summary:
        sandbox.database(self._settings).close()
        app = create_app(self._company)

        def in_process(_connection: Connection) -> httpx.BaseTransport:
            return InProcess(app, self._clock)

        with opened(self._settings, self._clock, transport=in_process) as house:
            while (next_us := self._company.next_us) is not None and not self._is_late():
                self._clock.advance_to(max(next_us, self._clock.now_us() + _STEP_US))
                self._step(house, watch)
            with house.store.read() as tx:
                return summarise(tx, self._company.score())

    def _settle(self, lost: LostHour | None) -> DayCompany:
        found: list[DayCompany] = []

        def begin(clock: Clock, agenda: Agenda) -> DayCompany:
            found.append(DayCompany(self._company, clock, agenda, self._record, lost=lost))
            return found[0]

        self._company.settle(begin)
        return found[0]

    def _step(self, house: House, watch: Watch) -> None:
        self._company.catch_up()
        told = self._life.take()
        if told:
            house.ingest(told)
        for _ in range(_MOST_TURNS):
            if not house.loop.turn():
                break
        now_us = self._clock.now_us()
        if now_us - self._expired_us >= _EXPIRE_EVERY_US:
            self._expired_us = now_us
            chores.expire(house)
            watch(self._moment(house, now_us))

    def _moment(self, house: House, now_us: int) -> Moment:
        with house.store.read() as tx:
            incidents, done, waiting = counts(tx)
        return Moment(
            share=min(1.0, (now_us - self._starts_us) / (self._ends_us - self._starts_us)),
            at_us=now_us,
            promises=self._company.score(),
            incidents=incidents,
            done=done,
            waiting=waiting,
        )

    def _is_late(self) -> bool:
        # Whatever is still not delivered hours after the last shift never will be.
        return self._clock.now_us() > self._ends_us + _LONGEST_AFTER_US


def lost_hour(lost: Lost | None, record: list[Recorded]) -> LostHour | None:
    """Return the lost hour of a day: at the time named, or where most orders were placed.

    Raises:
        InvalidInput: the day is over, or has not begun, at that time.

    """
    if lost is None:
        return None
    starts_us, ends_us = record[0].envelope.time, record[-1].envelope.time
    if lost.at_minute is None:
        return LostHour(at_us=_busiest_us(record), share=lost.share, seed=lost.seed)
    midnight = to_datetime(starts_us).replace(hour=0, minute=0, second=0, microsecond=0)
    at_us = from_datetime(midnight) + lost.at_minute * MINUTE
    if at_us < starts_us:
        at_us += DAY
    if not starts_us <= at_us < ends_us:
        first, last = (f"{to_datetime(each):%H:%M}" for each in (starts_us, ends_us))
        problem = "lies outside the day"
        raise InvalidInput("--lost-at", problem, f"use a time between {first} and {last}")
    return LostHour(at_us=at_us, share=lost.share, seed=lost.seed)


def _busiest_us(record: list[Recorded]) -> int:
    """Return the beginning of the hour, on a half hour, in which most orders were placed."""
    placed = [e.envelope.time for e in record if e.envelope.type == "sales_order.placed"]
    begins = range(record[0].envelope.time, record[-1].envelope.time, HOUR // 2)
    return max(begins, key=lambda at_us: sum(at_us <= each < at_us + HOUR for each in placed))


@contextmanager
def _folder(keep: Path | None) -> Generator[Path]:
    if keep is not None:
        if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
            raise Conflict(f"{keep} exists and is not an empty folder; name another")
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    made = Path(tempfile.mkdtemp(prefix="makegood-replay-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
