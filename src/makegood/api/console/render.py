"""Templates and static files: found in the package, escaped always, named by their content."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from makegood.api.console.words import Words, chosen
from makegood.errors import NotFound

if TYPE_CHECKING:
    from http import HTTPStatus

    from fastapi import Request

TYPES: Final = {
    "console.css": "text/css; charset=utf-8",
    "desk.css": "text/css; charset=utf-8",
    "hand.js": "text/javascript; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "desk.js": "text/javascript; charset=utf-8",
    "keys.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""The static files there are, and what they are."""


@cache
def static(name: str) -> bytes:
    """Return a static file; raise NotFound for any that `TYPES` does not name."""
    if name not in TYPES:
        raise NotFound(f"static file {name!r}")
    return files("makegood.api.console").joinpath("static", name).read_bytes()


@cache
def version(name: str) -> str:
    """Return a short digest of a static file, by which browsers may keep it for good."""
    return hashlib.sha256(static(name)).hexdigest()[:12]


def _address(name: str) -> str:
    return f"/static/{name}?v={version(name)}"


@cache
def environment() -> Environment:
    """Return the templates; an undefined name is an error, never an empty place."""
    made = Environment(
        loader=PackageLoader("makegood.api.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Jinja types its globals by its own six; any callable will do.
    globals_: dict[str, Any] = made.globals
    globals_["static"] = _address
    return made


def words_of(request: Request) -> Words:
    """Return the language that whoever asks has switched to, or that their browser asks for."""
    return chosen(request.cookies, request.headers.get("accept-language", ""))


def page(
    name: str, context: dict[str, Any], status: HTTPStatus | int = 200, words: Words | None = None
) -> HTMLResponse:
    """Return a page made from a template; `t` in it gives the texts."""
    template = environment().get_template(name)
    return HTMLResponse(template.render(t=words or Words(), **context), int(status))
