"""What the command line prints, and the exit codes it ends with.

Answers go to standard output, everything else (progress, complaints) to standard error, so that
`makegood ... --json | jq` always works.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import IO, TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from makegood import errors

if TYPE_CHECKING:
    from rich.console import Console


class Code(IntEnum):
    """How a command ends."""

    FINE = 0
    NO = 1
    USAGE = 2
    UNSURE = 3


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]

_USAGE: Final = (errors.InvalidInput, errors.NotAuthenticated)
_UNSURE: Final = (errors.StoreUnreachable, errors.ReadFailed, errors.OutcomeUnknown)
# Wide enough that nothing is cut off where no terminal says how wide it is.
_PIPE_WIDTH: Final = 200


class Unreachable(errors.Failure):
    """The daemon does not answer."""


class Refused(errors.Failure):
    """The daemon refused."""


def code_of(error: errors.MakegoodError) -> Code:
    """Return the exit code that an error means."""
    if isinstance(error, (*_UNSURE, Unreachable)):
        return Code.UNSURE
    return Code.USAGE if isinstance(error, _USAGE) else Code.NO


def end(code: Code) -> NoReturn:
    """End the command with this exit code."""
    raise typer.Exit(int(code))


def say(text: str = "") -> None:
    """Print a line of the answer."""
    typer.echo(text)


def note(text: str) -> None:
    """Print a line that is not part of the answer, on standard error."""
    typer.echo(text, err=True)


def complain(text: str) -> None:
    """Say on standard error what went wrong and how to mend it."""
    typer.secho("makegood: ", err=True, fg=typer.colors.RED, bold=True, nl=False)
    typer.echo(text, err=True)


def show_json(value: Any) -> None:  # noqa: ANN401 -- any JSON
    """Print a value as JSON, indented in a terminal."""
    import orjson

    option = orjson.OPT_INDENT_2 if sys.stdout.isatty() else 0
    typer.echo(orjson.dumps(value, option=option | orjson.OPT_NON_STR_KEYS).decode())


def console(file: IO[str] | None = None) -> Console:
    """Return a console that prints plain text as it is: no markup, no highlighting."""
    from rich.console import Console

    out = file or sys.stdout
    width = None if out.isatty() else _PIPE_WIDTH
    return Console(file=out, width=width, markup=False, highlight=False, emoji=False)


def show_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str, right: str = ""
) -> None:
    """Print rows aligned under their columns, or the line `empty` when there are none.

    `right` are the columns, separated by commas, whose values stand right (numbers, money).
    """
    if not rows:
        say(empty)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        numeric = column in right.split(",")
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row))
    _print_trimmed(table)


def show_facts(facts: Sequence[tuple[str, object]]) -> None:
    """Print names and values in two aligned columns; empty values are left out."""
    shown = [(name, str(value)) for name, value in facts if value not in ("", None)]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        say(f"{name:<{width}}  {value}")


def _print_trimmed(table: object) -> None:
    out = console()
    with out.capture() as captured:
        out.print(table)
    for line in captured.get().splitlines():
        typer.echo(line.rstrip())
