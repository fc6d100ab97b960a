"""Replaying a recorded day through the same loop as the daemon, as fast as the machine goes.

The clock is virtual and stands still while Makegood works; the sandbox company answers in this
process, over the same HTTP clients as everywhere. Over the day lies an hour in which a share of
the couriers cannot be reached, so that there is something to put right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from makegood.clock import DAY, HOUR, MINUTE, Clock, VirtualClock, from_datetime, to_datetime
from makegood.errors import InvalidInput
from makegood.replay import stage
from makegood.replay.company import Company, Credentials
from makegood.replay.day_company import DayCompany, LostHour
from makegood.replay.recorded import CloudEvent, Recorded, read
from makegood.replay.scores import Summary
from makegood.replay.stage import StageOptions, staged
from makegood.sources import mdrp

if TYPE_CHECKING:
    from makegood.replay.company.life.agenda import Agenda

KINDS: Final = ("mdrp",)
_LONGEST_AFTER_US: Final = 4 * HOUR


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


@dataclass(frozen=True, slots=True)
class Moment:
    """How far a replay has come: `share` of the day, and how things stand there."""

    share: float
    stands: stage.Moment


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
    starts_us, ends_us = record[0].envelope.time, record[-1].envelope.time
    outside = _Outside(record, lost_hour(options.lost, record))
    on_stage = StageOptions(
        workspace=options.workspace,
        starts_us=starts_us,
        company=outside.company,
        take=outside.take,
        # Whatever is still not delivered hours after the last shift never will be.
        longest_us=ends_us - starts_us + _LONGEST_AFTER_US,
        folder=options.keep,
    )

    def seen(moment: stage.Moment) -> None:
        share = min(1.0, (moment.at_us - starts_us) / (ends_us - starts_us))
        watch(Moment(share, moment))

    with staged(on_stage) as played:
        played.run(seen)
        return played.summary()


class _Outside:
    """The company of a recorded day, whose events are the record's and its own."""

    def __init__(self, record: list[Recorded], lost: LostHour | None) -> None:
        self._record = record
        self._lost = lost
        self._life: DayCompany | None = None

    def company(self, clock: VirtualClock) -> Company:
        """Make the company, and settle the day in it."""
        company = Company(clock, credentials=Credentials.fresh())

        def begin(hands: Clock, agenda: Agenda) -> DayCompany:
            self._life = DayCompany(company, hands, agenda, self._record, lost=self._lost)
            return self._life

        company.settle(begin)
        return company

    def take(self, _company: Company) -> list[CloudEvent]:
        """Return what was told since the last call."""
        return self._life.take() if self._life is not None else []


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
