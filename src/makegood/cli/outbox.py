"""What receivers are told of holds, and how far each telling has come."""

from __future__ import annotations

from typing import Annotated

import typer

from makegood.cli import client, output
from makegood.cli.output import AsJson, say


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    outbox = typer.Typer(
        help="Notifications of holds, and how far each has come.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    outbox.command("list")(list_outbox)
    outbox.command("requeue")(requeue)
    app.add_typer(outbox, name="outbox")


def list_outbox(
    *,
    status: Annotated[str | None, typer.Option(help="waiting, delivered or dead.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The most to list.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List notifications, newest first."""
    query = {"status": status, "limit": limit}
    rows = client.items(client.get(client.path("outbox"), query))
    if as_json:
        output.show_json(rows)
        return
    output.show_table(
        ("MESSAGE", "TO", "STATUS", "TRIES", "WHAT", "ABOUT", "PROBLEM"),
        [
            (
                row["message_id"],
                row["endpoint"],
                row["status"],
                str(row["tries"]),
                row["type"],
                row["subject"],
                row["problem"] or "-",
            )
            for row in rows
        ],
        empty="There are no such notifications. MAKEGOOD_NOTIFY__NAME__URL sets a receiver.",
        right="TRIES",
    )


def requeue(
    message: Annotated[str, typer.Argument(help="The message's id, as `outbox list` shows it.")],
) -> None:
    """Try a notification again that was given up."""
    found = client.post(client.path("outbox", message, "requeue"))
    count = found["endpoints"]
    say(f"{message} is tried again at {count} receiver{'s' if count > 1 else ''}.")
