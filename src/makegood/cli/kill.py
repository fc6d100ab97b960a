"""The kill switch: stop everything, one hub, one agent or one kind of action."""

from __future__ import annotations

from typing import Annotated

import typer

from makegood.cli import client, output, shapes
from makegood.cli.output import AsJson, say

Scope = Annotated[str, typer.Argument(help="everything, hub:ID, agent:NAME or kind:KIND.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    kill = typer.Typer(
        help="Stop everything, one hub, one agent or one kind of action.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    kill.command("set")(set_switch)
    kill.command("clear")(clear_switch)
    kill.command("list")(list_switches)
    app.add_typer(kill, name="kill")


def set_switch(
    scope: Scope,
    *,
    reason: Annotated[str, typer.Option(help="Why; it stays on the ledger: name no customer.")],
) -> None:
    """Stop everything in a scope, at once.

    Safety (stop service, recall, unassign) still goes through.
    """
    made = client.post(client.path("kill"), {"scope": scope, "reason": reason})
    say(f"Stopped: {scope}. Nothing of it goes out until `makegood kill clear {scope}`.")
    if sent := made["on_their_way"]:
        say(f"{sent} calls were on their way by then: see `makegood effect list`.")


def clear_switch(scope: Scope) -> None:
    """Let a scope go on; an operator's right."""
    client.delete(client.path("kill", scope))
    say(f"Cleared: {scope} goes on.")


def list_switches(*, as_json: AsJson = False) -> None:
    """List what is stopped, by whom and why."""
    rows = client.items(client.get(client.path("kill")))
    if as_json:
        output.show_json(rows)
        return
    output.show_table(
        ("SCOPE", "SINCE", "BY", "REASON"),
        [(r["scope"], shapes.when(r["set_us"]), r["set_by"], r["reason"]) for r in rows],
        empty="Nothing is stopped.",
    )
