"""Persons and the tokens by which they show who they are; the operator's work."""

from __future__ import annotations

from typing import Annotated

import typer

from makegood.cli import client, output, shapes
from makegood.cli.output import AsJson, note, say


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    person = typer.Typer(
        help="Who may do something here.", no_args_is_help=True, rich_markup_mode=None
    )
    person.command("add")(add_person)
    person.command("list")(list_persons)
    person.command("end")(end_person)
    person.command("link")(make_link)
    app.add_typer(person, name="person")
    token = typer.Typer(
        help="The secrets by which persons show who they are.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    token.command("add")(add_token)
    token.command("revoke")(revoke_token)
    token.command("list")(list_tokens)
    app.add_typer(token, name="token")


def add_person(
    name: Annotated[str, typer.Argument(help="Their name, as others will see it.")],
    *,
    role: Annotated[
        list[str],
        typer.Option(help="operator, supervisor, auditor or source; may be given again."),
    ],
    source: Annotated[
        list[str] | None,
        typer.Option(
            help="For the role source: a CloudEvents source, or its beginning with * at the end."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a person with roles."""
    body = {"name": name, "roles": role, "sources": source or []}
    made = client.post(client.path("person"), body)
    if as_json:
        output.show_json(made)
        return
    say(f"{made['name']} is {made['id']}, with the role {', '.join(made['roles'])}.")
    note(f"Next: makegood token add {made['id']}")


def list_persons(*, as_json: AsJson = False) -> None:
    """List everybody, those who have left too."""
    rows = client.items(client.get(client.path("person")))
    if as_json:
        output.show_json(rows)
        return
    output.show_table(
        ("PERSON", "NAME", "ROLES", "SOURCES", "ADDED", "LEFT"),
        [
            (
                row["id"],
                row["name"],
                ", ".join(row["roles"]),
                " ".join(row["sources"]),
                shapes.when(row["added_us"]),
                shapes.when(row["left_us"]),
            )
            for row in rows
        ],
        empty="There is nobody yet; begin with `makegood db operator NAME`.",
    )


def end_person(person: Annotated[str, typer.Argument(help="Their id.")]) -> None:
    """Take every right from a person; what they did stays theirs."""
    client.delete(client.path("person", person))
    say(f"{person} has no rights any more.")


def make_link(person: Annotated[str, typer.Argument(help="Their id.")]) -> None:
    """Make a link that logs a person in to the console, once.

    It works within ten minutes.
    """
    made = client.post(client.path("person", person, "link"))
    say(f"{client.base_url()}{made['path']}")
    note("It works once, within ten minutes.")


def add_token(
    person: Annotated[str, typer.Argument(help="The id of the person it belongs to.")],
    *,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    days: Annotated[
        int | None, typer.Option(help="How long it works; until revoked unless given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token for a person; its secret is shown this once."""
    body = {"person_id": person, "label": label, "expires_in_days": days}
    made = client.post(client.path("token"), body)
    if as_json:
        output.show_json(made)
        return
    note(f"{made['id']} for {made['person_id']}. This is the only time it is shown:")
    say(made["secret"])


def revoke_token(token: Annotated[str, typer.Argument(help="The token's id.")]) -> None:
    """End a token, and every session that it began."""
    client.delete(client.path("token", token))
    say(f"{token} does not work any more.")


def list_tokens(
    *,
    person: Annotated[str | None, typer.Option(help="Only this person's.")] = None,
    as_json: AsJson = False,
) -> None:
    """List tokens, without their secrets."""
    rows = client.items(client.get(client.path("token"), {"person_id": person}))
    if as_json:
        output.show_json(rows)
        return
    output.show_table(
        ("TOKEN", "PERSON", "LABEL", "ADDED", "EXPIRES", "REVOKED"),
        [
            (
                row["id"],
                row["person_id"],
                row["label"] or "-",
                shapes.when(row["added_us"]),
                shapes.when(row["expires_us"]),
                shapes.when(row["revoked_us"]),
            )
            for row in rows
        ],
        empty="There are no tokens.",
    )
