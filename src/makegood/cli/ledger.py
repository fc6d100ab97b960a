"""The ledger: verify every entry offline, and read what it says of something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from makegood.cli import output
from makegood.cli.context import opened, settings
from makegood.cli.output import AsJson, Code, say

if TYPE_CHECKING:
    from makegood.ledger.verify import Report
    from makegood.store.session import Store

_NOUNS: Final = ("sales_order", "incident", "person", "token", "courier", "hub")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    ledger = typer.Typer(
        help="The record of everything that was decided and done.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    ledger.command("verify")(verify)
    ledger.command("show")(show)
    app.add_typer(ledger, name="ledger")


def verify(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Check every hash, link and head, and the event log.

    The daemon may be running.
    """
    with opened(settings(ctx)) as store:
        report = verified(store)
    if as_json:
        output.show_json(
            {
                "sound": report.sound,
                "partitions": report.partitions,
                "entries": report.entries,
                "problems": [
                    {"partition": each.part, "sequence": each.seq, "problem": each.what}
                    for each in report.problems
                ],
            }
        )
    elif report.sound:
        say(f"ledger verified: {report.entries:,} entries in {report.partitions} partitions")
    else:
        for each in report.problems:
            say(f"{each.part} entry {each.seq}: {each.what}")
        output.complain(f"the ledger does not verify: {len(report.problems)} problems or more")
    if not report.sound:
        output.end(Code.NO)


def verified(store: Store) -> Report:
    """Check a database's ledger and event log, showing how far it has come."""
    from sqlalchemy import func, select

    from makegood.cli.progress import counting
    from makegood.events import audit
    from makegood.ledger.entries import HEAD

    with store.read() as tx:
        total = tx.execute(select(func.coalesce(func.sum(HEAD.c.seq), 0))).scalar_one()
        with counting("verifying", int(total)) as seen:
            return audit.everything(tx, seen)


def show(
    about: Annotated[str, typer.Argument(help="An id, or KIND/ID such as sales_order/so-00012.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show the entries that speak of something, by its id."""
    from makegood.cli import client, clocks

    # Entities, incidents, persons and tokens are found under KIND/ID, everything else by id.
    names = [about] if "/" in about else [about, *(f"{noun}/{about}" for noun in _NOUNS)]
    where = client.path("ledger")
    rows = [row for name in names for row in client.items(client.get(where, {"about": name}))]
    rows.sort(key=lambda row: (row["at_us"], row["part"], row["seq"]))
    if as_json:
        output.show_json(rows)
        return
    clock = clocks.read() if rows else clocks.NONE
    columns = ("WHEN", "PARTITION", "ENTRY", "KIND", "BY")
    lines = [
        (clock.when(r["at_us"], r["part"]), r["part"], r["seq"], r["kind"], r["actor"])
        for r in rows
    ]
    output.show_table(columns, lines, empty=f"The ledger says nothing of {about}.", right="ENTRY")
