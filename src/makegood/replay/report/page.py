"""A report as one self-contained HTML file: headline tables, then the suite's own sections."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, StrictUndefined, select_autoescape
from markupsafe import Markup

from makegood import __version__
from makegood.clock import SystemClock, to_datetime

if TYPE_CHECKING:
    from makegood.replay.suites.base import Suite, SuiteOptions, SuiteResult

_TEMPLATE: Final = Path(__file__).with_name("page.html.j2")
# A picture must not bring anything along that is fetched or run.
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
    environment.filters["anchor"] = anchor
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        suite=suite,
        passed=suite.passed(result),
        facts=_facts(options),
        tables=suite.tables(result),
        sections=[(each, [Markup(p) for p in each.pictures]) for each in sections],  # noqa: S704 -- looked through above
        version=__version__,
        made=f"{to_datetime(SystemClock().now_us()):%Y-%m-%d %H:%M} UTC",
    )


def anchor(title: str) -> str:
    """Return a title as the id of its place in the page."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _facts(options: SuiteOptions) -> list[tuple[str, str]]:
    facts = [("workspace", options.workspace.resolve().name), ("charge", str(options.charge))]
    if options.seeds is not None:
        last = options.first_seed + options.seeds - 1
        facts.append(("seeds", f"{options.first_seed} to {last}"))
    if options.interval_min is not None:
        facts.append(("interval", f"{options.interval_min:g} min"))
    if options.data is not None:
        facts.append(("data", options.data.name))
    return facts
