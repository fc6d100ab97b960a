"""Feeding it: events from a file, or a recorded day, into a database whose daemon is stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from makegood.cli import output
from makegood.cli.context import opened, settings
from makegood.cli.output import AsJson, Code, note, say
from makegood.errors import InvalidInput

if TYPE_CHECKING:
    from makegood.events.model import EventOutcome, Raw
    from makegood.settings import Settings

_BATCH: Final = 1_000
_SHOWN: Final = 20
_ACTOR: Final = "local"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(ingest)
    app.command("import")(import_)


def ingest(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="CloudEvents, one JSON object a line.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Take in a file of CloudEvents.

    The daemon must be stopped; a running one takes them at POST /v1/events.
    """
    from makegood.sources.jsonl import read_lines

    if not file.is_file():
        raise InvalidInput("FILE", f"there is no file {file}", "check the path")
    _take_in(settings(ctx), read_lines(file), None, as_json=as_json)


def import_(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help="The form of the record: mdrp.")],
    archive: Annotated[Path, typer.Argument(help="Archive (.tar.gz) or folder, as published.")],
    *,
    instance: Annotated[str, typer.Option(help="Name of one day in it.")],
    as_json: AsJson = False,
) -> None:
    """Take in a recorded day as events.

    The daemon must be stopped.
    """
    from makegood.sources import mdrp

    if kind != "mdrp":
        raise InvalidInput("KIND", f"{kind!r} is no form of record", "use mdrp")
    events = list(mdrp.events(archive, instance))
    _take_in(settings(ctx), events, len(events), as_json=as_json)


def _take_in(found: Settings, events: Iterable[Raw], total: int | None, *, as_json: bool) -> None:
    from makegood.cli.progress import counting

    counts: Counter[str] = Counter()
    problems: list[EventOutcome] = []
    with counting("taking in", total) as seen:
        for outcome in _outcomes(found, events):
            counts[outcome.outcome.value] += 1
            if outcome.problem:
                problems.append(outcome)
            seen(counts.total())
    set_aside = counts["conflict"] + counts["quarantined"]
    if as_json:
        shown = [
            {
                "index": each.index,
                "event_id": each.event_id,
                "outcome": each.outcome.value,
                "field": each.field,
                "problem": each.problem,
                "mend": each.mend,
            }
            for each in problems[:_SHOWN]
        ]
        output.show_json({"events": counts.total(), "counts": dict(counts), "problems": shown})
    else:
        listed = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
        say(f"{counts.total():,} events: {listed or 'nothing to do'}")
        for each in problems[:_SHOWN]:
            who = each.event_id or "?"
            mend = f" ({each.mend})" if each.mend else ""
            note(f"  {who} {each.outcome.value}: {each.field} {each.problem}{mend}")
        if len(problems) > _SHOWN:
            note(f"  ... and {len(problems) - _SHOWN:,} more")
    if set_aside:
        output.end(Code.NO)


def _outcomes(found: Settings, events: Iterable[Raw]) -> Iterator[EventOutcome]:
    from makegood.clock import SystemClock
    from makegood.events.ingest import ingest as take
    from makegood.events.model import IngestContext
    from makegood.ledger.privacy import Vault
    from makegood.runtime.ownership import held
    from makegood.state.projection import project

    context = IngestContext(clock=SystemClock(), vault=Vault(), project=project, actor=_ACTOR)
    rest = iter(events)
    with opened(found) as store, held(store):
        while batch := list(islice(rest, _BATCH)):
            yield from take(store, batch, context).outcomes
