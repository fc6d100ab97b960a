"""The suite `mdrp`: deliver what a recorded day ordered, beside what was published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from makegood.errors import InvalidInput
from makegood.replay.suites import archives
from makegood.replay.suites.base import Section, SuiteOptions, Table, Watch
from makegood.replay.suites.mdrp.days import Where, find, load
from makegood.replay.suites.mdrp.play import play
from makegood.replay.suites.mdrp.scoring import InstanceScores, MdrpResult, averaged, measure
from makegood.replay.suites.parallel import each

if TYPE_CHECKING:
    from makegood.replay.suites.mdrp.scoring import Scores

EVERY_MIN: Final = 5
_MOST_MIN: Final = 60

_COLUMNS: Final = (
    "",
    "undelivered %",
    "click to door",
    "p90",
    "over 90 min %",
    "ready to pick-up",
    "cost an order",
    "orders a bundle",
    "decision p95 s",
)
_PUBLISHED: Final = ("Reyes et al. 2018, 240 days", "0.25", "32.74", "49.3", "", "1.93", "11.42")


@dataclass(frozen=True, slots=True)
class Piece:
    """One day to dispatch."""

    where: Where
    every: int
    seed: int

    def __str__(self) -> str:
        return str(self.where)


class MdrpSuite:
    """Days of the Meal Delivery Routing Problem."""

    name = "mdrp"
    about = "click-to-door time on recorded days of meal delivery, beside published results"

    def run(self, options: SuiteOptions, watch: Watch) -> MdrpResult:
        """Dispatch every day of the archives.

        Raises:
            InvalidInput: an option does not fit, or the days cannot be read.

        """
        if options.seeds is not None or options.arms:
            option = "--arms" if options.arms else "--seeds"
            raise InvalidInput(option, "every recorded day runs once, planned", "leave it out")
        if options.charge.fixed_us is not None:
            problem = "by the published rules a decision takes no time"
            raise InvalidInput("--charge", problem, "leave it out")
        every = _every(options.interval_min)
        found = find(archives.folder(options, self.name))
        pieces = [Piece(where, every, options.first_seed) for where in found]
        instances = each(dispatched, pieces, options.jobs, watch)
        return MdrpResult(
            suite=self.name,
            interval_min=every,
            seed=options.first_seed,
            scores=averaged(instances),
            instances=tuple(instances),
        )

    def tables(self, result: MdrpResult) -> tuple[Table, ...]:
        """Return the mean over all days beside what was published."""
        broken = [one for one in result.instances if one.violations]
        days = "1 day" if len(result.instances) == 1 else f"{len(result.instances)} days"
        name = f"Makegood, {days}, every {result.interval_min:g} min"
        blank = ("",) * (len(_COLUMNS) - len(_PUBLISHED))
        note = "Click to door: minutes from placement to drop-off; unweighted means over days. "
        note += f"Every record was checked: {len(broken)} break a rule."
        rows = (_row(name, result.scores), (*_PUBLISHED, *blank))
        return (Table("Meal delivery", _COLUMNS, rows, note), *_breaches(broken))

    def sections(self, result: MdrpResult) -> tuple[Section, ...]:
        """Return every day's scores."""
        rows = tuple(_row(one.name, one) for one in result.instances)
        text = "Every recorded day by itself; times are minutes, decisions wall seconds."
        return (Section("Days", text, (Table("Days", _COLUMNS, rows),)),)

    def passed(self, result: MdrpResult) -> bool:
        """Say whether no record breaks a rule."""
        return not any(one.violations for one in result.instances)


SUITE: Final = MdrpSuite()


def dispatched(piece: Piece) -> InstanceScores:
    """Dispatch one day and measure it."""
    day = load(piece.where)
    return measure(day, piece.every, play(day, piece.every, piece.seed))


def _every(interval_min: float | None) -> int:
    if interval_min is None:
        return EVERY_MIN
    if interval_min != round(interval_min) or not 1 <= interval_min <= _MOST_MIN:
        problem = f"{interval_min:g} is no whole number from 1 to {_MOST_MIN}"
        raise InvalidInput("--interval", problem, "the record's times are whole minutes")
    return round(interval_min)


def _row(name: str, scores: Scores) -> tuple[str, ...]:
    return (
        name,
        f"{scores.undelivered_pct:.3f}",
        f"{scores.click_to_door_mean:.2f}",
        f"{scores.click_to_door_p90:.1f}",
        f"{scores.over_90_min_pct:.2f}",
        f"{scores.ready_to_pickup_mean:.2f}",
        f"{scores.cost_per_order:.2f}",
        f"{scores.orders_per_bundle:.2f}",
        f"{scores.decision_wall_s_p95:.3f}",
    )


def _breaches(broken: list[InstanceScores]) -> tuple[Table, ...]:
    rows = tuple((one.name, breach) for one in broken for breach in one.violations)
    return (Table("Rules broken", ("day", "breach"), rows),) if rows else ()
