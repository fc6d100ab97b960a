"""The reviews: what waits for a person, and their yes or no."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from makegood.cli import client, clocks, desk_steps, looking, output, shapes
from makegood.cli.output import AsJson, say

_UNDECIDED: Final = ("open", "stale")
Review = Annotated[str, typer.Argument(help="The review's id, as `review list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    review = typer.Typer(
        help="What waits for a person: look, change, approve, reject.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    review.command("list")(list_reviews)
    review.command("show")(show_review)
    review.command("approve")(approve)
    review.command("reject")(reject)
    desk_steps.register(review)
    app.add_typer(review, name="review")


def list_reviews(
    *,
    status: Annotated[
        list[str] | None,
        typer.Option(
            help="open, stale, approving, approved, rejected, expired, superseded or void;"
            " may repeat."
        ),
    ] = None,
    hub: Annotated[str | None, typer.Option(help="Only this hub's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The most to list.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what waits, the most urgent first."""
    query: dict[str, Any] = {"status": status or None, "hub": hub, "limit": limit}
    rows = client.items(client.get(client.path("review"), query))
    if as_json:
        output.show_json(rows)
        return
    clock = clocks.read() if rows else clocks.NONE
    output.show_table(
        ("REVIEW", "STATUS", "DEADLINE", "WHAT", "MONEY", "ORDER", "WHY"),
        [
            (
                row["id"],
                row["status"],
                clock.when(row["deadline_us"], row["hub_id"]),
                shapes.words(row["action"]["kind"]),
                shapes.amount_of(row["action"]),
                row["order_id"],
                row["why"],
            )
            for row in rows
        ],
        empty="Nothing waits for a person.",
        right="MONEY",
    )


def show_review(review: Review, *, as_json: AsJson = False) -> None:
    """Show one review: what would happen, and why it is held."""
    found = client.get(client.path("review", review))
    if as_json:
        output.show_json(found)
        return
    _show(found)
    desk_steps.show_notes(review, found["hub_id"])
    if found["status"] in _UNDECIDED:
        say()
        say(f"To approve this: makegood review approve {review} --seen {found['seen']}")


def _show(found: Any) -> None:  # noqa: ANN401 -- JSON
    clock, hub = clocks.read(), found["hub_id"]
    say(shapes.sentence(found["action"]))
    say()
    output.show_facts(
        (
            ("status", found["status"]),
            ("review", found["id"]),
            ("order", found["order_id"]),
            ("customer", found["customer_id"]),
            ("hub", found["hub_id"]),
            ("held because", found["why"]),
            ("rules", ", ".join(found["rules"])),
            ("proposed by", f"{found['agent']}, incident {found['incident_id']}"),
            ("opened", clock.when(found["opened_us"], hub)),
            ("deadline", clock.when(found["deadline_us"], hub)),
            ("taken by", _taken(found, clock)),
            ("passed on by", found["delegated_by"]),
            ("escalated", f"rung {found['level']}" if found["level"] else ""),
            ("edited by", found["edited_by"]),
            ("can be edited", ", ".join(found["editable"])),
            ("first yes by", found["first_by"]),
            ("decided by", found["decided_by"]),
            ("decided", clock.when(found["decided_us"], hub) if found["decided_us"] else ""),
            ("reason", found["reason"]),
            ("void because", found["note"]),
            ("replaced by", found["replaced_by"]),
            ("its decision", f"makegood decision show {found['action_id']}"),
        )
    )
    if found["changed"]:
        say()
        say("Since it was opened this has moved:")
        output.show_table(("ENTITY", "FACT", "BEFORE", "NOW"), found["changed"], empty="")


def _taken(found: Any, clock: clocks.Clocks) -> str:  # noqa: ANN401 -- JSON
    until_us = found["claimed_until_us"]
    until = clock.when(until_us, found["hub_id"])
    return f"{found['claimed_by']} until {until}" if until_us else ""


def approve(
    review: Review,
    *,
    seen: Annotated[
        str | None,
        typer.Option(help="What `review show` prints; without it you are shown it and asked."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Approve exactly what you saw of a review.

    It is refused if the action, or anything that it stands on, is another by now.
    """
    if seen is None:
        mend = f"look with `makegood review show {review}`, and pass --seen as it says"
        ask = "Approve exactly this?"
        [seen] = looking.seen([review], _show, ask=ask, mend=mend, as_json=as_json)
    decided = client.post(client.path("review", review, "approve"), {"seen": seen})
    _tell(review, decided, as_json=as_json)


def reject(
    review: Review,
    *,
    reason: Annotated[
        str,
        typer.Option(
            help="not_owed, wrong_amount, already_settled, other_remedy, suspected_fraud or other."
        ),
    ],
    comment: Annotated[str, typer.Option(help="More, in your words.")] = "",
    seen: Annotated[
        str | None,
        typer.Option(help="Its `seen`, from `review show --json`: reject that, or nothing."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Reject an action for good: nothing revives it."""
    body = {"reason": reason, "comment": comment} | ({"seen": seen} if seen else {})
    decided = client.post(client.path("review", review, "reject"), body)
    _tell(review, decided, as_json=as_json)


def _tell(review: str, decided: Any, *, as_json: bool) -> None:  # noqa: ANN401 -- JSON
    if as_json:
        output.show_json(decided)
    else:
        detail = f": {decided['detail']}" if decided["detail"] else "."
        say(f"{review} is {shapes.words(decided['status'])}{detail}")
