"""Holding decisions against recorded days, storms and scenarios, and one result against another."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from makegood.cli import output
from makegood.cli.context import settings
from makegood.cli.output import AsJson, Code, note, say
from makegood.errors import InvalidInput

if TYPE_CHECKING:
    from makegood.replay.compare import Difference
    from makegood.replay.suites.base import Suite, SuiteOptions, SuiteResult, Table

SUITES: Final = ("storm", "mdrp", "rappi", "scenarios")
_FIXED: Final = "fixed:1"
_UNCHARGED: Final = ("mdrp",)
"""Suites by whose rules a decision takes no time: they refuse a charge."""

Named = Annotated[str, typer.Argument(metavar="SUITE", help=f"One of {', '.join(SUITES)}.")]
Seeds = Annotated[int | None, typer.Option(min=1, help="How many seeds to run.")]
FirstSeed = Annotated[int, typer.Option(min=0, help="The first of them.")]
Data = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Other archives or folders of the suite's form."),
]
Interval = Annotated[
    float | None, typer.Option(min=0, metavar="MINUTES", help="Time between two decisions.")
]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="How many processes share the work.  [default: all cores]")
]

Charged = Annotated[
    str, typer.Option(help="What a decision costs the world: measured, or fixed:SECONDS.")
]
Arms = Annotated[str, typer.Option(metavar="A,B", help="Only these arms of the suite, by comma.")]
Sweep = Annotated[bool, typer.Option("--sweep", help="Add the suite's sweeps.")]
Report = Annotated[Path | None, typer.Option(metavar="FILE", help="Write a report, one HTML file.")]
Compared = Annotated[
    Path, typer.Argument(help="A result (--json), a workspace, or a folder of policies.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(
        help="Storms, recorded days and scenarios: run one, compare two.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("list")(list_suites)
    group.command("run")(run)
    group.command("compare")(compare)
    app.add_typer(group, name="eval")


def list_suites(*, as_json: AsJson = False) -> None:
    """List the suites, and what each measures."""
    found = [(name, find(name).about) for name in SUITES]
    if as_json:
        output.show_json([{"suite": name, "about": about} for name, about in found])
    else:
        output.show_table(("SUITE", "MEASURES"), found, empty="none")


def run(  # noqa: PLR0913 -- each is an option of the command
    ctx: typer.Context,
    suite: Named,
    *,
    seeds: Seeds = None,
    first_seed: FirstSeed = 1,
    data: Data = None,
    interval: Interval = None,
    charge: Charged = "measured",
    arms: Arms = "",
    sweep: Sweep = False,
    jobs: Jobs = None,
    report: Report = None,
    as_json: AsJson = False,
) -> None:
    """Run a suite; exit with 1 where something was violated.

    Seeds, days or scenarios run side by side on all cores.
    """
    from makegood.replay.suites.base import Charge, SuiteOptions
    from makegood.replay.suites.parallel import cores

    _require(suite)
    if report is not None and not report.absolute().parent.is_dir():
        raise InvalidInput("--report", f"there is no folder {report.parent}", "make it first")
    options = SuiteOptions(
        workspace=settings(ctx).workspace,
        jobs=jobs or cores(),
        seeds=seeds,
        first_seed=first_seed,
        data=data,
        interval_min=interval,
        charge=Charge.parse(charge),
        arms=tuple(name for name in arms.split(",") if name),
        sweep=sweep,
    )
    found = find(suite)
    result = _run(found, options)
    if as_json:
        output.show_json(result.model_dump(mode="json"))
    else:
        _show(found.tables(result))
    if report is not None:
        _write(found, result, report, options)
    if not found.passed(result):
        output.end(Code.NO)


def compare(  # noqa: PLR0913 -- each is an option of the command
    ctx: typer.Context,
    a: Compared,
    b: Compared,
    *,
    suite: Annotated[
        str, typer.Option(help=f"Suite to run on workspaces: {', '.join(SUITES)}.")
    ] = "storm",
    seeds: Seeds = None,
    first_seed: FirstSeed = 1,
    data: Data = None,
    interval: Interval = None,
    charge: Annotated[
        str | None,
        typer.Option(
            help="What a decision costs: fixed:SECONDS makes pairs comparable.  [default: fixed:1]"
        ),
    ] = None,
    jobs: Jobs = None,
    as_json: AsJson = False,
) -> None:
    """Compare two results, workspaces or policies, pair by pair.

    A and B are files that `eval run --json` printed, or folders (a workspace, or policies to lay
    over the workspace in use) on which the suite is run first, on the same seeds.
    """
    from makegood.replay import compare as pairing
    from makegood.replay.suites.base import Charge, SuiteOptions
    from makegood.replay.suites.parallel import cores

    workspace = settings(ctx).workspace
    options = SuiteOptions(
        workspace=workspace,
        jobs=jobs or cores(),
        seeds=seeds,
        first_seed=first_seed,
        data=data,
        interval_min=interval,
        charge=Charge.parse(charge or ("measured" if suite in _UNCHARGED else _FIXED)),
    )
    first, second = (_result(each, suite, options) for each in (a, b))
    made = pairing.compare(first, second, (str(a), str(b)))
    if as_json:
        output.show_json(made.model_dump(mode="json"))
        return
    columns = ("METRIC", "PAIRS", "A", "B", "B - A", "95 % INTERVAL", "CLEAR")
    rows = [_row(each) for each in made.metrics]
    output.show_table(columns, rows, empty="nothing in common", right="PAIRS,A,B,B - A")


def _row(each: Difference) -> tuple[str, ...]:
    return (
        each.metric,
        str(each.pairs),
        _figure(each.a),
        _figure(each.b),
        f"{each.difference:+.4g}",
        "-" if each.lo is None else f"{each.lo:+.4g} .. {each.hi:+.4g}",
        "yes" if each.is_clear else "",
    )


def find(name: str) -> Suite:
    """Return a suite by its name.

    Raises:
        InvalidInput: there is no such suite.

    """
    _require(name)
    module = importlib.import_module(f"makegood.replay.suites.{name}.suite")
    found: Suite = module.SUITE
    return found


def _require(name: str) -> None:
    if name not in SUITES:
        raise InvalidInput("SUITE", f"there is no suite {name!r}", f"use {', '.join(SUITES)}")


def _run(suite: Suite, options: SuiteOptions) -> SuiteResult:
    from makegood import logs
    from makegood.cli import progress

    logs.configure("error", "console")
    with progress.pieces(suite.name) as seen:
        return suite.run(options, seen)


def _result(path: Path, suite: str, options: SuiteOptions) -> Mapping[str, Any]:
    """Return a result: read from a file, or made by running the suite on a folder."""
    from dataclasses import replace

    from makegood.replay import compare as pairing
    from makegood.workspace.overlay import laid_over

    if path.is_file():
        return pairing.read(path.read_bytes(), str(path))
    if not path.is_dir():
        raise InvalidInput(str(path), "there is no such file or folder")
    with laid_over(path, options.workspace) as workspace:
        note(f"{suite} on {path} ...")
        return _run(find(suite), replace(options, workspace=workspace)).model_dump(mode="json")


def _write(suite: Suite, result: SuiteResult, path: Path, options: SuiteOptions) -> None:
    from makegood.replay.report import page

    path.write_text(page.render(suite, result, options), encoding="utf-8")
    note(f"report: {path}")


def _show(tables: Sequence[Table]) -> None:
    for number, each in enumerate(tables):
        if number:
            say()
        say(each.title)
        # The first column is a name, the others are figures.
        output.show_table(
            each.columns, each.rows, empty="  nothing", right=",".join(each.columns[1:])
        )
        if each.note:
            say(each.note)


def _figure(value: float) -> str:
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"  # noqa: PLR2004 -- where four digits end
