"""Bypasses of breakers (break-glass): asked for by one person, confirmed by another."""

from __future__ import annotations

from typing import Annotated

import typer

from makegood.cli import client, output, shapes
from makegood.cli.output import AsJson, say

Bypass = Annotated[str, typer.Argument(help="The bypass's id, as `bypass list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    bypass = typer.Typer(
        help="Lift the breakers of policy for a while; it takes two persons.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    bypass.command("list")(list_bypasses)
    bypass.command("request")(request)
    bypass.command("confirm")(confirm)
    bypass.command("end")(end)
    app.add_typer(bypass, name="bypass")


def list_bypasses(*, as_json: AsJson = False) -> None:
    """List bypasses, the newest first."""
    rows = client.items(client.get(client.path("bypass")))
    if as_json:
        output.show_json(rows)
        return
    output.show_table(
        ("BYPASS", "STATUS", "SCOPE", "MINUTES", "ENDS", "ASKED BY", "CONFIRMED BY", "REASON"),
        [
            (
                row["id"],
                row["status"],
                row["scope"],
                str(row["minutes"]),
                shapes.when(row["ends_us"]),
                row["requested_by"],
                row["confirmed_by"] or "-",
                row["reason"],
            )
            for row in rows
        ],
        empty="There was no bypass yet.",
        right="MINUTES",
    )


def request(
    scope: Annotated[str, typer.Argument(help="everything, hub:ID, agent:NAME or kind:KIND.")],
    *,
    minutes: Annotated[int, typer.Option(min=1, help="How long; policy says the most.")],
    reason: Annotated[str, typer.Option(help="Why; it stays on the ledger: name no customer.")],
) -> None:
    """Ask for a bypass; another person must confirm it.

    Safety, the engine's floor, the kill switch and a person's no stand all the same.
    """
    body = {"scope": scope, "minutes": minutes, "reason": reason}
    made = client.post(client.path("bypass"), body)
    say(f"{made['id']} is requested. Another person confirms it:")
    say(f"makegood bypass confirm {made['id']}")


def confirm(bypass: Bypass) -> None:
    """Put a bypass in force, as the second person; it ends by itself."""
    made = client.post(client.path("bypass", bypass, "confirm"))
    say(f"{bypass} is in force for {made['scope']} until {shapes.when(made['ends_us'])}.")


def end(bypass: Bypass) -> None:
    """End a bypass before its time, or withdraw a request for one."""
    client.post(client.path("bypass", bypass, "end"))
    say(f"{bypass} has ended.")
