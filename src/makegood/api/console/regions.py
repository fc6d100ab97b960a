"""Regions: the parts of a page that follow what happens, each rendered and swapped by itself.

A page names its regions with the topics they are about. A browser that hears of a change asks for
the regions of its topics and says which marks (digests of what it shows) it has; it gets those
that came out otherwise. Lists go one step further: a row that the browser has is not made again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from makegood.api.console.render import environment
from makegood.api.topics import Topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from makegood.api.console.words import Words


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a page: its name is its element's id and, unless named, its template's.

    `make` returns what the template shows; a region whose template comes out empty is hidden.
    """

    name: str
    topics: frozenset[Topic]
    make: Callable[[], Mapping[str, Any]]
    template: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One page: its template, what stands still on it, and its regions."""

    template: str
    title: str
    still: Mapping[str, Any] = field(default_factory=dict[str, Any])
    regions: tuple[Region, ...] = ()


def region(name: str, *topics: Topic, make: Callable[[], Mapping[str, Any]]) -> Region:
    """Return a region that is about some topics."""
    return Region(name, frozenset({Topic.ALL, *topics}), make)


def render(one: Region, context: Mapping[str, Any], words: Words) -> str:
    """Return what stands inside a region."""
    template = environment().get_template(f"regions/{one.template or one.name}.html")
    return template.render(t=words, **context, **one.make()).strip()


def mark(html: str) -> str:
    """Return a short digest of what a region shows."""
    return hashlib.blake2b(html.encode(), digest_size=6).hexdigest()


def whole(plan: Plan, context: Mapping[str, Any], words: Words) -> dict[str, Markup]:
    """Return every region of a page with the element around it."""
    return {one.name: _wrapped(one, render(one, context, words)) for one in plan.regions}


def _wrapped(one: Region, html: str) -> Markup:
    hidden = "" if html else " hidden"
    topics = " ".join(sorted(one.topics))
    around = Markup('<div class="region" id="{}" data-live="{}" data-mark="{}"{}>{}</div>')
    return around.format(one.name, topics, mark(html), Markup(hidden), Markup(html))  # noqa: S704 -- autoescaped by its template


def some(
    plan: Plan,
    context: Mapping[str, Any],
    words: Words,
    wanted: Iterable[str],
    marks: Mapping[str, str],
) -> dict[str, dict[str, str]]:
    """Return those of the wanted regions that show something else than the browser has."""
    names = frozenset(wanted)
    found: dict[str, dict[str, str]] = {}
    for one in plan.regions:
        if one.name not in names:
            continue
        html = render(one, context, words)
        if marks.get(one.name) != mark(html):
            found[one.name] = {"mark": mark(html), "html": html}
    return found


def marks_of(header: str) -> dict[str, str]:
    """Return what a browser says that it has: `name=mark` separated by spaces."""
    pairs = (part.partition("=") for part in header[:16_000].split())
    return {name: value for name, _, value in pairs if value}
