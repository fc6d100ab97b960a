"""The root command: every noun, the options that stand before them, and how errors end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from makegood import __version__
from makegood.cli import (
    breaker,
    bypass,
    desk,
    evals,
    feed,
    kill,
    ledger,
    lookup,
    outbox,
    outside,
    people,
    play,
    setup,
)
from makegood.cli.context import remember
from makegood.cli.output import code_of, complain, end, say
from makegood.errors import MakegoodError

_SECTIONS: Final = (
    ("Run it", "demo serve"),
    ("Set it up", "init check db doctor person token"),
    ("Feed it", "ingest import"),
    ("Try it", "replay eval"),
    ("Decide", "review effect outbox quarantine breaker bypass kill"),
    ("Look", "order incident decision ledger"),
)
_EPILOG: Final = (
    "Commands that change something ask the daemon at MAKEGOOD_URL (http://127.0.0.1:8460 unless"
    " set) with the token in MAKEGOOD_TOKEN. Exit codes: 0 fine, 1 the answer is no, 2 bad usage,"
    " 3 could not tell."
)


class House(TyperGroup):
    """Shows its commands by what they are for, and turns errors into a line and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 -- a type of click's that Typer hides
        """Run the command."""
        try:
            return super().invoke(ctx)
        except MakegoodError as error:
            complain(str(error))
            end(code_of(error))

    def format_commands(
        self,
        ctx: Any,  # noqa: ANN401, ARG002 -- as above; click asks for it
        formatter: Any,  # noqa: ANN401 -- as above
    ) -> None:
        """Write the list of commands, in sections."""
        width = max(len(name) for name in self.commands)
        for title, names in _SECTIONS:
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (
                            name.ljust(width),
                            self.commands[name].get_short_help_str(formatter.width - width - 6),
                        )
                        for name in names.split()
                    ]
                )


app = typer.Typer(
    cls=House,
    name="makegood",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Rich would take longer to load than everything else together.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:  # noqa: FBT001 -- Typer calls it so
    if wanted:
        say(f"makegood {__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    workspace: Annotated[
        Path | None,
        typer.Option(
            help="Folder with agents/, tools/ and policies/; where you are unless given.",
            envvar="MAKEGOOD_WORKSPACE",
            metavar="DIR",
        ),
    ] = None,
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Makegood puts broken promises right, and holds the money for a person."""
    remember(ctx, workspace)


for module in (
    play,
    setup,
    feed,
    evals,
    lookup,
    desk,
    outside,
    outbox,
    people,
    breaker,
    bypass,
    kill,
    ledger,
):
    module.register(app)
