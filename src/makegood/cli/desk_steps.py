"""What can be done with a review besides deciding it: taking it, changing it, passing it on."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from makegood.cli import client, clocks, looking, output, shapes
from makegood.cli.output import AsJson, say
from makegood.errors import InvalidInput

Review = Annotated[str, typer.Argument(help="The review's id, as `review list` shows it.")]
Reviews = Annotated[
    list[str],
    typer.Argument(
        help="REVIEW=SEEN, as `review list --json` has both; without SEEN you are shown and asked."
    ),
]
Words = Annotated[str, typer.Argument(help="What you want to say, in your words.")]


def register(review: typer.Typer) -> None:
    """Add the commands of this module."""
    review.command("claim")(claim)
    review.command("release")(release)
    review.command("edit")(edit)
    review.command("ask")(ask)
    review.command("answer")(answer)
    review.command("escalate")(escalate)
    review.command("undo")(undo)
    review.command("batch")(batch)


def claim(review: Review, *, as_json: AsJson = False) -> None:
    """Take a review to look at; for a while nobody else decides it."""
    found = _post(review, "claim")
    clock = clocks.NONE if as_json else clocks.read()
    until = clock.when(found["claimed_until_us"], found["hub_id"])
    _tell(found, f"{review} is yours until {until}.", as_json)


def release(review: Review, *, as_json: AsJson = False) -> None:
    """Give a review back that you had taken."""
    _tell(_post(review, "release"), f"{review} is free again.", as_json)


def edit(
    review: Review,
    changes: Annotated[
        list[str],
        typer.Argument(help="FIELD=VALUE, such as amount.minor=1200 or lines='[\"l1\"]'."),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Change what a review holds, for another to decide.

    It is judged anew first.

    `review show --json` names the fields that can be changed (`editable`).
    """
    before = client.get(client.path("review", review))
    body = {"seen": before["seen"], "changes": _changes(changes, before["action"])}
    found = client.post(client.path("review", review, "edit"), body)
    text = f"{shapes.sentence(found['action'])} It is {found['id']} now; another person decides it."
    _tell(found, text, as_json)


def ask(review: Review, question: Words, *, as_json: AsJson = False) -> None:
    """Ask for more information on a review; its deadline goes on."""
    _tell(_post(review, "ask", {"question": question}), f"Asked on {review}.", as_json)


def answer(review: Review, words: Words, *, as_json: AsJson = False) -> None:
    """Answer the question that is open on a review."""
    _tell(_post(review, "answer", {"answer": words}), f"Answered on {review}.", as_json)


def escalate(review: Review, *, as_json: AsJson = False) -> None:
    """Pass a review one rung up the ladder.

    Another person then decides it.
    """
    found = _post(review, "escalate")
    _tell(found, f"{review} is on rung {found['level']} of the ladder.", as_json)


def undo(review: Review, *, as_json: AsJson = False) -> None:
    """Take back your approval while it can be undone.

    Only the console gives approvals that can be.
    """
    found = _post(review, "undo")
    _tell(found, f"{review} is {shapes.words(found['status'])} again.", as_json)


def batch(
    reviews: Reviews,
    *,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Decide on those that can be, and leave the others.")
    ] = False,
    reject: Annotated[
        str, typer.Option("--reject", help="Reject them for good, for this reason.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Approve or reject several reviews as you saw them, or none."""
    ids = [each.partition("=")[0] for each in reviews]
    seen = [each.partition("=")[2] for each in reviews]
    if not all(seen):
        ask = f"{'Reject' if reject else 'Approve'} exactly these {len(ids)}?"
        mend = "name each as REVIEW=SEEN, as `makegood review list --json` has both"
        seen = looking.seen(ids, _show_line, ask=ask, mend=mend, as_json=as_json)
    items = [{"review_id": one, "seen": what} for one, what in zip(ids, seen, strict=True)]
    wanted: dict[str, Any] = {"items": items, "fresh_only": fresh}
    if reject:
        wanted["rejection"] = {"reason": reject}
    made = client.post(client.path("review", "batch"), wanted)
    if as_json:
        output.show_json(made)
        return
    output.show_table(
        ("REVIEW", "STATUS", "WHY"),
        [
            (one["review_id"], shapes.words(one["status"] or "unknown"), one["detail"])
            for one in made["results"]
        ],
        empty="",
    )


def _show_line(found: Any) -> None:  # noqa: ANN401 -- JSON
    say(f"{found['id']}: {shapes.sentence(found['action'])}")
    say(f"  held because {found['why']}")
    for entity, fact, before, now in found["changed"]:
        say(f"  {fact} of {entity} was {before}, is {now}")


def show_notes(review: str, hub: str) -> None:
    """Show what was asked and answered on a review, if anything was."""
    notes = client.items(client.get(client.path("review", review, "note")))
    if notes:
        clock = clocks.read()
        say()
        output.show_table(
            ("WHEN", "WHO", "WHAT", "WORDS"),
            [(clock.when(n["at_us"], hub), n["person_id"], n["kind"], n["words"]) for n in notes],
            empty="",
        )


def _post(review: str, verb: str, body: dict[str, str] | None = None) -> Any:  # noqa: ANN401 -- JSON
    return client.post(client.path("review", review, verb), body)


def _tell(found: Any, text: str, as_json: bool) -> None:  # noqa: ANN401, FBT001 -- JSON
    if as_json:
        output.show_json(found)
    else:
        say(text)


def _changes(given: list[str], action: dict[str, Any]) -> dict[str, Any]:
    """Return changes as the API takes them; `a.b=1` changes one part of field a."""
    changes: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise InvalidInput("changes", f"{one!r} says no FIELD=VALUE", "write amount.minor=1200")
        field, dot, part = name.partition(".")
        if dot:
            whole = changes.setdefault(field, dict(action.get(field) or {}))
            whole[part] = _value(value)
        else:
            changes[field] = _value(value)
    return changes


def _value(text: str) -> Any:  # noqa: ANN401 -- JSON
    import json

    try:
        return json.loads(text)
    except ValueError:
        return text
