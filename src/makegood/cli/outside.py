"""What meets the outside: effects that went out, and events that could not come in."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from makegood.cli import client, output, shapes
from makegood.cli.output import AsJson, say
from makegood.errors import InvalidInput


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    effect = typer.Typer(
        help="What was set going outside, and how it ended.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    effect.command("list")(list_effects)
    effect.command("decide")(decide)
    app.add_typer(effect, name="effect")
    quarantine = typer.Typer(
        help="Events that were set aside, with the reason.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    quarantine.command("list")(list_quarantine)
    quarantine.command("requeue")(requeue)
    app.add_typer(quarantine, name="quarantine")


def list_effects(
    *,
    status: Annotated[
        list[str] | None,
        typer.Option(help="intended, dispatched, confirmed, failed or unknown; may be repeated."),
    ] = None,
    order: Annotated[str | None, typer.Option(help="Only this order's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The most to list.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List effects, newest first."""
    query: dict[str, Any] = {"status": status or None, "order_id": order, "limit": limit}
    rows = client.items(client.get(client.path("effect"), query))
    if as_json:
        output.show_json(rows)
        return
    output.show_table(
        ("EFFECT", "STATUS", "SENT", "WHAT", "MONEY", "ORDER", "DETAIL"),
        [
            (
                row["id"],
                row["status"],
                shapes.when(row["dispatched_us"]),
                shapes.words(row["action"]["kind"]),
                shapes.amount_of(row["action"]),
                row["order_id"],
                row["detail"] or row["reference"],
            )
            for row in rows
        ],
        empty="There are no such effects.",
        right="MONEY",
    )


def decide(
    effect: Annotated[str, typer.Argument(help="The effect's id.")],
    *,
    confirmed: Annotated[bool, typer.Option("--confirmed", help="It was done.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Nothing was done.")] = False,
    note: Annotated[str, typer.Option(help="How you know; it stands on the ledger.")],
) -> None:
    """Say how an effect ended whose outcome nobody told."""
    if confirmed == failed:
        raise InvalidInput("--confirmed / --failed", "exactly one is needed", "name one of them")
    body = {"status": "confirmed" if confirmed else "failed", "note": note}
    found = client.post(client.path("effect", effect, "decide"), body)
    say(f"{effect} is {found['status']}.")


def list_quarantine(
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The most to list.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the events that were set aside and are not dealt with."""
    rows = client.items(client.get(client.path("quarantine"), {"limit": limit}))
    if as_json:
        output.show_json(rows)
        return
    output.show_table(
        ("ITEM", "SINCE", "REASON", "SOURCE", "EVENT", "TYPE", "PROBLEM"),
        [
            (
                row["id"],
                shapes.when(row["received_us"]),
                row["reason"],
                row["source"] or "-",
                row["event_id"] or "-",
                row["type"] or "-",
                f"{row['field']}: {row['problem']}" if row["field"] else row["problem"],
            )
            for row in rows
        ],
        empty="Nothing is in quarantine.",
    )


def requeue(
    item: Annotated[str, typer.Argument(help="The item's id, as `quarantine list` shows it.")],
) -> None:
    """Try a quarantined event again, once the cause is mended."""
    found = client.post(client.path("quarantine", item, "requeue"))
    said = f"{found['field']}: {found['problem']}" if found.get("problem") else ""
    say(f"{item} is {shapes.words(found['outcome'])}{': ' + said if said else '.'}")
