"""What a person looked at before they decide: named by what stands for it, or shown and asked.

A decision is about what somebody saw. What stands for that (`seen`) changes with the action, the
facts it rests on and the policies; to fetch it along with the decision would be to approve unseen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer

from makegood.cli import client, output
from makegood.cli.output import Code
from makegood.errors import InvalidInput

Show = Callable[[Any], None]


def has_terminal() -> bool:
    """Say whether somebody sits at this command, who sees what it prints and can answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def seen(reviews: Sequence[str], show: Show, *, ask: str, mend: str, as_json: bool) -> list[str]:
    """Show reviews to whoever sits at the terminal, and return what they saw once they say yes.

    `ask` is the question, `mend` how to name what was seen where nobody can be asked.

    Raises:
        InvalidInput: there is no terminal to ask at, or JSON alone is wanted.

    """
    if as_json or not has_terminal():
        raise InvalidInput("seen", "is missing, and there is no terminal to ask at", mend)
    shown: list[str] = []
    for each in reviews:
        found = client.get(client.path("review", each))
        show(found)
        output.say()
        shown.append(found["seen"])
    if not typer.confirm(ask):
        output.note("Nothing was decided.")
        output.end(Code.NO)
    return shown
