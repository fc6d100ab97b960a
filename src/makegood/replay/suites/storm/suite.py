"""The suite `storm`: the same cloudburst on the same seeds, dispatched five ways."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from makegood.errors import InvalidInput
from makegood.replay.company.city import CityParams, read_city
from makegood.replay.suites.base import Charge, Section, SuiteOptions, Table, Watch
from makegood.replay.suites.parallel import each
from makegood.replay.suites.storm import arms
from makegood.replay.suites.storm.result import SeedResult, StormResult, SweepPoint, summed
from makegood.replay.suites.storm.scoring import Played, Scores
from makegood.replay.suites.storm.sweep import Setting, points, settings

CITY: Final = "hangzhou_storm"
SEEDS: Final = 20
_LIMIT_S: Final = 1.0
_COLUMNS: Final = (
    "",
    "kept",
    "95 % interval",
    "coupons",
    "money",
    "holds",
    "km",
    "drones",
    "overtime min",
    "kgCO2e",
)

_MOMENT: Final = {
    "endangered": "endangered orders",
    "drone_fits": "orders that a drone could take",
    "rain_mm_h": "rain, mm/h",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One seed to play, in one setting of the city."""

    params: CityParams
    seed: int
    arms: tuple[str, ...]
    workspace: Path
    charge: Charge
    setting: Setting | None = None
    maps: bool = False

    def __str__(self) -> str:
        return f"seed {self.seed}" if self.setting is None else f"{self.setting}, seed {self.seed}"


class StormSuite:
    """The storm."""

    name = "storm"
    about = "promises kept in a cloudburst: nobody, greedy, people, Makegood, everything foreseen"

    def run(self, options: SuiteOptions, watch: Watch) -> StormResult:
        """Play every arm on every seed, and the sweeps where they are wanted.

        Raises:
            InvalidInput: an arm is not one of the suite's, or the city cannot be read.

        """
        params = read_city(options.data or CITY)
        chosen = _arms(options)
        count = options.seeds or SEEDS
        seeds = range(options.first_seed, options.first_seed + count)
        pieces = [
            Piece(
                params,
                seed,
                chosen,
                options.workspace,
                options.charge,
                maps=seed == options.first_seed,
            )
            for seed in seeds
        ]
        if options.sweep:
            swept = tuple(arm for arm in chosen if arm != "bound")
            pieces += [
                Piece(setting.over(params), seed, swept, options.workspace, options.charge, setting)
                for setting in settings()
                for seed in seeds
            ]
        made = each(play, pieces, options.jobs, watch)
        result = summed(made[:count], params.name, params.severity)
        found = list(zip((piece.setting for piece in pieces), made, strict=True))[count:]
        return result.model_copy(update={"sweeps": points(found)})

    def tables(self, result: StormResult) -> tuple[Table, ...]:
        """Return the arms side by side, and what a decision took."""
        rows = tuple(_row(name, result) for name in result.arms)
        note = (
            f"{len(result.seeds)} seeds from {result.seeds[0]} on; every order promised within the"
            " storm's window, by the promise given when it was placed. Means a seed; money in"
            " coupons. none: nobody dispatches; greedy: the nearest courier at once; human:"
            " dispatchers; agent: Makegood; bound: the best plan found with everything known"
            " beforehand."
        )
        return (Table("The storm", _COLUMNS, rows, note), _decisions(result))

    def sections(self, result: StormResult) -> tuple[Section, ...]:
        """Return the moment of the storm, the seeds and the sweeps."""
        # Drawing needs a library that those who play the arms do without.
        from makegood.replay.suites.storm import pictures  # noqa: PLC0415

        kept = Section("Kept", "Every arm on the same seeds.", (), (pictures.arms(result),))
        found = [kept, pictures.course(result), _moment(result)]
        found += [on_map] if (on_map := pictures.maps(result)) else []
        found.append(_seeds(result, pictures.seeds(result)))
        if result.decision_wall_s.count:
            text = f"Wall seconds of {result.decision_wall_s.count} rounds of work, as shares."
            found.append(Section("Decisions", text, (), (pictures.decisions(result),)))
        if result.sweeps:
            found.append(_sweeps(result.sweeps, pictures.sweeps(result.sweeps)))
        return tuple(found)

    def passed(self, result: StormResult) -> bool:
        """Say whether no invariant was violated."""
        return not result.invariants.violations


SUITE: Final = StormSuite()


def play(piece: Piece) -> SeedResult:
    """Play the arms of one piece; those that build on another play that too."""
    played: dict[str, Played] = {}
    scores: dict[str, Scores] = {}
    own: arms.Agents | None = None
    for name in ("none", "greedy", "human"):
        if name in piece.arms:
            played[name] = arms.pure(piece.params, piece.seed, name)
            scores[name] = played[name].scores
    if "agent" in piece.arms:
        own = arms.agent(piece.params, piece.seed, piece.workspace, piece.charge)
        played["agent"] = own.played
        scores["agent"] = own.played.scores
    if "bound" in piece.arms:
        start = own.played if own else None
        scores["bound"] = arms.bound(piece.params, piece.seed, start, arms.BOUND_ITERATIONS)
    plain = piece.setting is None
    return SeedResult(
        seed=piece.seed,
        moment=arms.looked_at(piece.params, piece.seed, piece.workspace) if plain else None,
        arms=scores,
        by_quarter={name: one.by_quarter for name, one in played.items()} if plain else {},
        decision_s=own.decision_s if own else (),
        frames=own.frames if own and piece.maps else (),
        checked=own.checked if own else 0,
        violations=own.violations if own else (),
    )


def _arms(options: SuiteOptions) -> tuple[str, ...]:
    for name in options.arms:
        if name not in arms.ARMS:
            raise InvalidInput("--arms", f"{name!r} is none", f"use {', '.join(arms.ARMS)}")
    return tuple(name for name in arms.ARMS if not options.arms or name in options.arms)


def _row(name: str, result: StormResult) -> tuple[str, ...]:
    arm = result.arms[name]
    low, high = arm.on_time.ci95
    shares = (name, f"{arm.on_time.mean:.2%}", f"{low:.2%} to {high:.2%}")
    if name == "bound":
        return (*shares, *("-" for _ in range(len(_COLUMNS) - len(shares))))
    return (
        *shares,
        f"{arm.coupons:.1f}",
        f"{arm.coupon_minor / 100:,.2f}",
        f"{arm.holds:.1f}",
        f"{arm.metres / 1000:,.0f}",
        f"{arm.drones_flown:.1f}",
        f"{arm.overtime_min:.0f}",
        f"{arm.kg_co2e:.1f}",
    )


def _decisions(result: StormResult) -> Table:
    wall, checked = result.decision_wall_s, result.invariants
    note = f"mark: p95 at most {_LIMIT_S:g} s"
    return Table(
        "Decisions, wall seconds",
        ("", "rounds", "p50", "p95", "max", "facts checked", "violations"),
        (
            (
                "agent",
                str(wall.count),
                f"{wall.p50:.3f}",
                f"{wall.p95:.3f}",
                f"{wall.max:.3f}",
                f"{checked.checked:,}",
                str(checked.violations),
            ),
        ),
        note,
    )


def _moment(result: StormResult) -> Section:
    rows = tuple(
        (_MOMENT.get(name, name.replace("_", " ")), f"{x:.1f}") for name, x in result.moment.items()
    )
    text = "What stands at the storm's moment where nobody dispatches, as a mean over seeds."
    return Section("The moment", text, (Table("The moment", ("", "mean"), rows),))


def _seeds(result: StormResult, drawn: str) -> Section:
    names = tuple(result.arms)
    rows = tuple(
        (
            str(run.seed),
            str(run.arms[names[0]].promised),
            *(f"{run.arms[name].on_time:.2%}" for name in names),
        )
        for run in result.runs
    )
    table = Table("Kept by seed", ("seed", "promised", *names), rows)
    text = "Every seed is another evening; the picture has a stroke for each."
    return Section("Seeds", text, (table,), (drawn,))


def _sweeps(found: tuple[SweepPoint, ...], drawn: tuple[str, ...]) -> Section:
    names = tuple(found[0].on_time)
    rows = tuple(
        (f"{point.sweep} {point.value:g}", *(f"{point.on_time[n].mean:.2%}" for n in names))
        for point in found
    )
    text = "The same seeds in harder and milder storms; only the named value differs."
    table = Table("Sweeps", ("", *names), rows)
    return Section("Sweeps", text, (table,), drawn)
