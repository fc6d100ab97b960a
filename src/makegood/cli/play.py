"""Running it: the demo, the daemon, and the replay of a scenario or a recorded day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from makegood.cli import output
from makegood.cli.context import settings
from makegood.cli.output import AsJson, Code, note, say
from makegood.errors import InvalidInput

if TYPE_CHECKING:
    from makegood.replay import days

What = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO", help="A scenario's name or file, or mdrp for a recorded day."
    ),
]
Archive = Annotated[
    Path | None, typer.Argument(help="For mdrp: archive (.tar.gz) or folder, as published.")
]
Instance = Annotated[str | None, typer.Option(help="mdrp: name of one day in it.")]
LostAt = Annotated[
    str | None,
    typer.Option(
        metavar="HH:MM",
        help="mdrp: when couriers are lost for an hour, in the day's time; 'none': never."
        "  [default: the busiest hour]",
    ),
]
LostShare = Annotated[
    float, typer.Option(min=0, max=1, help="mdrp: share of the couriers on shift that is lost.")
]
Seed = Annotated[
    int | None, typer.Option(min=0, help="Another number draws another city or other couriers.")
]
Agents = Annotated[
    bool, typer.Option("--agents/--no-agents", help="Scenario: with or without agents.")
]
Keep = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Keep the database in this new folder.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(demo)
    app.command()(serve)
    app.command()(replay)


def demo(
    ctx: typer.Context,
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port of the console; 0 picks a free one.")
    ] = 8460,
    speed: Annotated[
        float, typer.Option(min=1, max=600, help="Seconds of the city in one of yours.")
    ] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Another number is another day.")] = 1,
    for_s: Annotated[
        float | None,
        typer.Option("--for", min=1, help="End by itself after so many seconds of yours."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the database, and say where it is.")
    ] = False,
) -> None:
    """Play a rainstorm over a district, live.

    Starts the daemon with its console and a sandbox company, and prints one address to open.
    """
    note("Starting the daemon on an embedded database, and a sandbox company beside it ...")
    from makegood.cli.compose import play_demo
    from makegood.replay.demo import Options
    from makegood.workspace import reference_root

    options = Options(
        port=port,
        speed=speed,
        seed=seed,
        for_s=for_s,
        keep=keep,
        workspace=ctx.obj or reference_root(),
    )
    if not play_demo(options):
        output.end(Code.NO)


def serve(
    ctx: typer.Context,
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port to listen on; 0 picks one.")
    ] = None,
) -> None:
    """Run the daemon, until SIGTERM or Ctrl-C.

    It then ends what it is at, dispatches what is intended, and loses nothing.
    """
    from makegood.cli.compose import run_daemon

    run_daemon(settings(ctx, host=host, port=port))


def replay(  # noqa: PLR0913 -- each is an option of the command
    ctx: typer.Context,
    what: What,
    archive: Archive = None,
    *,
    instance: Instance = None,
    lost_at: LostAt = None,
    lost_share: LostShare = 0.4,
    seed: Seed = None,
    agents: Agents = True,
    keep: Keep = None,
    as_json: AsJson = False,
) -> None:
    """Replay a scenario, or a recorded day.

    Over a recorded day lies an hour of lost couriers. It goes through the same loop as the
    daemon, with a sandbox company in which orders and couriers live, as fast as the machine can.
    `makegood eval run scenarios` plays every scenario.
    """
    if archive is None and instance is None and what != "mdrp":
        _scenario(ctx, what, seed=seed, agents=agents, keep=keep, as_json=as_json)
        return
    if archive is None:
        raise InvalidInput("ARCHIVE", "is missing", "name the archive or folder of the record")
    if instance is None:
        raise InvalidInput("--instance", "is missing", "name one day of the archive")
    from makegood.replay.days import Lost, Options

    drawn = 1 if seed is None else seed
    lost = None if lost_at == "none" else Lost(_minute(lost_at), lost_share, drawn)
    root = settings(ctx).workspace
    _day(
        Options(
            kind=what, archive=archive, instance=instance, lost=lost, workspace=root, keep=keep
        ),
        as_json=as_json,
    )


def _day(options: days.Options, *, as_json: bool) -> None:
    """Replay a recorded day, and say what came of it."""
    from makegood.cli.compose import play_day
    from makegood.replay.scores_told import as_json as shown
    from makegood.replay.scores_told import as_text

    summary = play_day(options)
    if as_json:
        output.show_json(shown(summary))
    else:
        for line in as_text(summary):
            say(line)
    if not summary.ledger.sound:
        output.end(Code.NO)


def _scenario(
    ctx: typer.Context,
    name: str,
    *,
    seed: int | None,
    agents: bool,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Play a scenario, live, and say whether what was expected came about."""
    from makegood.cli.compose import play_scenario
    from makegood.replay.scenarios.model import find, load
    from makegood.replay.scenarios.run import Options
    from makegood.replay.suites.scenarios.tell import as_text

    workspace = settings(ctx).workspace
    path = find(name, workspace)
    options = Options(workspace=workspace, agents=agents, seed=seed, keep=keep)
    outcome = play_scenario(path.stem, load(path), options)
    if as_json:
        output.show_json(outcome.model_dump(mode="json"))
    else:
        for line in as_text(outcome):
            say(line)
    if not outcome.passed:
        output.end(Code.NO)


def _minute(at: str | None) -> int | None:
    """Return HH:MM as minutes from midnight; None stays None."""
    if at is None:
        return None
    hours, _, minutes = at.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal()) or int(hours) > 23 or int(minutes) > 59:  # noqa: PLR2004 -- the clock's
        raise InvalidInput("--lost-at", f"{at!r} is no time of day", "write it as 18:30")
    return int(hours) * 60 + int(minutes)
