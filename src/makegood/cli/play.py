"""Running it: the demo, the daemon, and the replay of a recorded day."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from makegood.cli import output
from makegood.cli.context import settings
from makegood.cli.output import AsJson, Code, note, say
from makegood.errors import InvalidInput


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
    kind: Annotated[str, typer.Argument(help="The form of the record: mdrp.")],
    archive: Annotated[Path, typer.Argument(help="Archive (.tar.gz) or folder, as published.")],
    *,
    instance: Annotated[str, typer.Option(help="Name of one day in it.")],
    lost_at: Annotated[
        str | None,
        typer.Option(
            metavar="HH:MM",
            help="When couriers are lost for an hour, in the day's time; 'none': never."
            "  [default: the busiest hour]",
        ),
    ] = None,
    lost_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the couriers on shift that is lost.")
    ] = 0.4,
    seed: Annotated[int, typer.Option(min=0, help="Draws which couriers are lost.")] = 1,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the database in this new folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay a recorded day, with an hour of lost couriers.

    It goes through the same loop as the daemon, with a sandbox company in which the day's
    orders and couriers live, as fast as the machine can.
    """
    from makegood.cli.compose import play_day
    from makegood.replay.days import Lost, Options
    from makegood.replay.scores import as_json as shown
    from makegood.replay.scores import as_text

    lost = None if lost_at == "none" else Lost(_minute(lost_at), lost_share, seed)
    summary = play_day(
        Options(
            kind=kind,
            archive=archive,
            instance=instance,
            lost=lost,
            workspace=settings(ctx).workspace,
            keep=keep,
        )
    )
    if as_json:
        output.show_json(shown(summary))
    else:
        for line in as_text(summary):
            say(line)
    if not summary.ledger.sound:
        output.end(Code.NO)


def _minute(at: str | None) -> int | None:
    """Return HH:MM as minutes from midnight; None stays None."""
    if at is None:
        return None
    hours, _, minutes = at.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal()) or int(hours) > 23 or int(minutes) > 59:  # noqa: PLR2004 -- the clock's
        raise InvalidInput("--lost-at", f"{at!r} is no time of day", "write it as 18:30")
    return int(hours) * 60 + int(minutes)
