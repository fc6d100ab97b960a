"""The circuit breakers: how full each is, and resetting one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from makegood.cli import client, output, shapes
from makegood.cli.output import AsJson, say


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    breaker = typer.Typer(
        help="Circuit breakers: how full each is, and a reset.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    breaker.command("list")(list_breakers)
    breaker.command("counters")(counters)
    breaker.command("reset")(reset)
    app.add_typer(breaker, name="breaker")


def list_breakers(*, as_json: AsJson = False) -> None:
    """List the circuit breakers, those that are not closed first."""
    rows = client.items(client.get(client.path("breaker")))
    if as_json:
        output.show_json(rows)
        return
    output.show_table(
        ("BREAKER", "SCOPE", "STATE", "FILL", "SINCE", "PROBES", "WHY"),
        [
            (
                row["name"],
                row["scope"],
                shapes.words(row["state"]),
                _fill(row),
                shapes.when(row["since_us"] or None),
                str(row["probes_left"]) if row["state"] == "half_open" else "-",
                row["why"] or "-",
            )
            for row in rows
        ],
        empty="No circuit breaker has seen anything yet.",
        right="FILL",
    )


def counters(*, as_json: AsJson = False) -> None:
    """List the limits per hub, agent and cause, the fullest first."""
    rows = client.items(client.get(client.path("counter")))
    if as_json:
        output.show_json(rows)
        return
    output.show_table(
        ("LIMIT", "SCOPE", "USED", "CAP"),
        [(row["name"], row["scope"], _amount(row, "used"), _amount(row, "cap")) for row in rows],
        empty="Nothing of any limit is used.",
        right="USED",
    )


def reset(
    name: Annotated[str, typer.Argument(help="The breaker's name, as `breaker list` shows it.")],
    scope: Annotated[str, typer.Argument(help="Its scope, as `breaker list` shows it.")],
) -> None:
    """Close an open breaker and let it count anew."""
    client.post(client.path("breaker", name, "reset"), {"scope": scope})
    say(f"{name} is closed for {scope} and counts anew.")


def _amount(row: Any, name: str) -> str:  # noqa: ANN401 -- JSON
    return shapes.money(row[name], row["currency"]) if row["currency"] else str(row[name])


def _fill(row: Any) -> str:  # noqa: ANN401 -- JSON
    cap = row["cap"]
    match row["watched"]:
        case "failures" | "rejections":
            return f"{row['used'] // 100} % of {cap // 100} %"
        case "sum" if cap is not None:
            used = shapes.money(row["used"], row["currency"])
            return f"{used} of {shapes.money(cap, row['currency'])}"
        case _:
            return f"{row['used']} of {cap}" if cap is not None else f"{row['used']}, norm unknown"
