"""Looking: an order with all its parts, incidents, and why something was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from makegood.cli import client, clocks, output, shapes
from makegood.cli.output import AsJson, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makegood.cli.clocks import When


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    order = typer.Typer(
        help="One order with all its parts and its timeline.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    order.command("show")(show_order)
    # A group of one command would take the command's place.
    order.callback()(_nothing)
    app.add_typer(order, name="order")
    incident = typer.Typer(
        help="Promises that are broken or in danger.", no_args_is_help=True, rich_markup_mode=None
    )
    incident.command("list")(list_incidents)
    incident.command("show")(show_incident)
    app.add_typer(incident, name="incident")
    decision = typer.Typer(
        help="Why something was done: options, factors, weights.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    decision.command("show")(show_decision)
    decision.callback()(_nothing)
    app.add_typer(decision, name="decision")


def _nothing() -> None:
    return


def show_order(
    order: Annotated[str, typer.Argument(help="The sales order's id.")], *, as_json: AsJson = False
) -> None:
    """Show one order, its parts, what was done and what happened."""
    found = client.get(client.path("order", order))
    actions = client.items(client.get(client.path("action"), {"order_id": order}))
    if as_json:
        output.show_json({**found, "actions": actions})
        return
    clock = clocks.read().of(found["order"]["hub_id"])
    _show_head(found["order"], clock)
    _show_parts(found, clock)
    _show_deeds(actions, clock)
    _show_timeline(found, clock)


def _show_deeds(actions: Sequence[Any], clock: When) -> None:
    say()
    say("What Makegood did:")
    output.show_table(
        ("JUDGED", "WHAT", "MONEY", "VERDICT", "STATUS", "ACTION"),
        [
            (
                clock(row["judged_us"]),
                shapes.words(row["action"]["kind"]),
                shapes.amount_of(row["action"]),
                row["verdict"],
                row["status"],
                row["id"],
            )
            for row in sorted(actions, key=lambda row: row["judged_us"])
        ],
        empty="  nothing",
        right="MONEY",
    )


def _show_timeline(found: Any, clock: When) -> None:  # noqa: ANN401 -- JSON
    say()
    say("What happened:")
    output.show_table(
        ("WHEN", "EVENT", "ENTITY", "WAITS BECAUSE"),
        [
            (clock(row["occurred_us"]), row["type"], row["entity"], row["parked"] or "-")
            for row in found["timeline"]
        ],
        empty="  nothing",
    )


def _show_head(order: Any, clock: When) -> None:  # noqa: ANN401 -- JSON
    currency = order["currency"]
    output.show_facts(
        (
            ("order", order["id"]),
            ("status", order["status"]),
            ("customer", order["customer_id"]),
            ("hub", order["hub_id"]),
            ("total", shapes.money(order["total_minor"], currency)),
            ("paid", shapes.money(order["captured_minor"], currency)),
            ("paid back", shapes.money(order["refunded_minor"], currency)),
            ("coupons", shapes.money(order["coupon_minor"], currency)),
            ("placed", clock(order["placed_us"])),
            ("promised", clock(order["promised_us"])),
            ("delivered", clock(order["delivered_us"])),
        )
    )


def _show_parts(found: Any, clock: When) -> None:  # noqa: ANN401 -- JSON
    parts = (
        ("fulfilments", "delivery"),
        ("reservations", "reservation"),
        ("waybills", "waybill"),
        ("returns", "return"),
    )
    rows = [
        (name, each["id"], each["status"], _detail(each, clock))
        for key, name in parts
        for each in found[key]
    ]
    say()
    say("Its parts:")
    output.show_table(("PART", "ID", "STATUS", "DETAIL"), rows, empty="  none")


def _detail(part: Any, clock: When) -> str:  # noqa: ANN401 -- JSON
    if "courier_id" in part:
        courier = part["courier_id"] or "no courier"
        return f"{courier}, promised {clock(part['promised_us'])}"
    if "sku" in part:
        why = f", {shapes.words(part['reason'])}" if part["reason"] else ""
        return f"{part['quantity']} x {part['sku']}{why}"
    return shapes.words(part.get("carrier") or part.get("reason") or "-")


def list_incidents(
    *,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are open.")] = False,
    hub: Annotated[str | None, typer.Option(help="Only this hub's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The most to list.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List incidents: open ones worst first, else newest first."""
    query = {"status": "open" if open_only else None, "hub": hub, "limit": limit}
    rows = client.items(client.get(client.path("incident"), query))
    if as_json:
        output.show_json(rows)
        return
    known = clocks.read() if rows else clocks.NONE
    output.show_table(
        ("INCIDENT", "KIND", "HUB", "STATUS", "SEVERITY", "OPENED", "LASTED", "ORDERS", "ROUND"),
        [
            (
                row["id"],
                row["kind"],
                row["hub_id"],
                row["status"],
                row["severity"],
                known.when(row["opened_us"], row["hub_id"]),
                shapes.lasting((row["closed_us"] or row["updated_us"]) - row["opened_us"]),
                len(row["orders"]),
                row["round"],
            )
            for row in rows
        ],
        empty="There are no incidents.",
        right="SEVERITY,ORDERS,ROUND",
    )


def show_incident(
    incident: Annotated[str, typer.Argument(help="The incident's id.")], *, as_json: AsJson = False
) -> None:
    """Show one incident: its evidence, and who works on it."""
    found = client.get(client.path("incident", incident))
    runs = client.items(client.get(client.path("run"), {"incident_id": incident}))
    if as_json:
        output.show_json({**found, "runs": runs})
        return
    clock = clocks.read().of(found["hub_id"])
    _show_state(found, clock)
    _show_evidence(found, clock)
    _show_work(runs, clock)


def _show_state(found: Any, clock: When) -> None:  # noqa: ANN401 -- JSON
    output.show_facts(
        (
            ("incident", found["id"]),
            ("kind", found["kind"]),
            ("hub", found["hub_id"]),
            ("status", found["status"]),
            ("severity", found["severity"]),
            ("opened", clock(found["opened_us"])),
            ("closed", clock(found["closed_us"])),
            ("orders in danger", len(found["orders"])),
        )
    )


def _show_evidence(found: Any, clock: When) -> None:  # noqa: ANN401 -- JSON
    say()
    say("Evidence:")
    output.show_table(
        ("WHAT", "VALUE", "LIMIT", "UNIT", "SEEN"),
        [
            (
                shapes.words(row["name"]),
                row["value"],
                row["limit"],
                row["unit"],
                clock(row["observed_us"]),
            )
            for row in found["evidence"]
        ],
        empty="  none",
        right="VALUE,LIMIT",
    )


def _show_work(runs: Sequence[Any], clock: When) -> None:
    say()
    say("Work on it:")
    output.show_table(
        ("ROUND", "AGENT", "STATUS", "STARTED", "RUN", "DETAIL"),
        [
            (
                row["round"],
                row["agent"],
                row["status"],
                clock(row["started_us"]),
                row["id"],
                row["detail"] or "-",
            )
            for row in runs
        ],
        empty="  nobody yet",
        right="ROUND",
    )


def show_decision(
    decision: Annotated[str, typer.Argument(help="The id of a proposal, or of one action.")],
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The most actions to explain.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show why: what was chosen, what for, and what would flip it.

    Each factor's value times its weight makes its points; the option with the least wins.
    """
    from makegood.cli import decision as text

    found = client.items(client.get(client.path("decision", decision), {"limit": limit}))
    if as_json:
        output.show_json(found)
    else:
        text.show(found)
