"""A report as one self-contained HTML file: headline tables, then the suite's own sections."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from jinja2 import Environment, StrictUndefined, select_autoescape
from markupsafe import Markup

from makegood import __version__
from makegood.clock import SystemClock, to_datetime
from makegood.workspace.policies import read_policies

if TYPE_CHECKING:
    from makegood.replay.suites.base import Suite, SuiteOptions, SuiteResult, Table

_TEMPLATE: Final = Path(__file__).with_name("page.html.j2")
# A picture must not bring anything along that is fetched or run.
_FIGURE: Final = re.compile(r"^[-+~<>≤≥±(]?\s*[\d.]|^(yes|no|NO|-|)$")
_ACTION: Final = re.compile(r"act_[0-9a-f]{8,}")
_UNSAFE: Final = re.compile(r"<script|\bon\w+\s*=|javascript:|<foreignObject", re.IGNORECASE)


def render(suite: Suite, result: SuiteResult, options: SuiteOptions) -> str:
    """Return the report of a result.

    Raises:
        ValueError: a picture of the suite holds something that runs.

    """
    sections = suite.sections(result)
    for section in sections:
        for picture in section.pictures:
            if _UNSAFE.search(picture):
                message = f"a picture of {section.title!r} holds a script"
                raise ValueError(message)
    environment = Environment(
        autoescape=select_autoescape(default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Jinja's own type of this dictionary is that of its filters, and of no others.
    filters = cast("dict[str, Any]", environment.filters)
    filters.update(anchor=anchor, words=words, is_action=is_action)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        suite=suite,
        passed=suite.passed(result),
        facts=_facts(options, getattr(result, "charge", str(options.charge))),
        weights=_weights(options.workspace),
        tables=suite.tables(result),
        sections=[(each, [Markup(p) for p in each.pictures]) for each in sections],  # noqa: S704 -- looked through above
        version=__version__,
        made=f"{to_datetime(SystemClock().now_us()):%Y-%m-%d %H:%M} UTC",
    )


def anchor(title: str) -> str:
    """Return a title as the id of its place in the page."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def words(table: Table) -> tuple[bool, ...]:
    """Say which columns of a table hold words, which stand left and may be broken."""
    return tuple(
        number == 0 or any(not _FIGURE.match(row[number]) for row in table.rows)
        for number in range(len(table.columns))
    )


def is_action(cell: str) -> bool:
    """Say whether a cell is the id of an action, whose row another one may point at."""
    return _ACTION.fullmatch(cell) is not None


def _weights(workspace: Path) -> list[tuple[str, str, str, str]]:
    """Return what weighs what in the workspace: factor, weight, unit, meaning."""
    policies, _ = read_policies(workspace)
    if policies is None:
        return []
    weights, factors = policies.objectives.weights, policies.factors.factors
    return [
        (str(name).replace("_", " "), f"{weight:,}", about.unit, about.meaning)
        for name, weight in weights.items()
        if (about := factors.get(name)) is not None
    ]


def _facts(options: SuiteOptions, charge: str) -> list[tuple[str, str]]:
    facts = [("workspace", options.workspace.resolve().name), ("charge", charge)]
    if options.seeds is not None:
        last = options.first_seed + options.seeds - 1
        facts.append(("seeds", f"{options.first_seed} to {last}"))
    if options.interval_min is not None:
        facts.append(("interval", f"{options.interval_min:g} min"))
    if options.data is not None:
        facts.append(("data", options.data.name))
    return facts
