"""Who is asking: a bearer token, or the console's cookie with its form token.

One dependency stands before every route: it finds out who is asking, looks the route up in the
table of `access`, and refuses everything that the table does not open to them.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Request
from fastapi.routing import APIRoute

from makegood.api import access
from makegood.api.problems import Refusal
from makegood.api.seam import Desk, desk_of
from makegood.errors import NotAllowed, NotAuthenticated
from makegood.gates import logins, tokens
from makegood.gates.persons import Principal

if TYPE_CHECKING:
    from collections.abc import Mapping

COOKIE: Final = "makegood_session"
CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELD: Final = "csrf"
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking; `csrf` is empty unless they came with the console's cookie."""

    principal: Principal
    csrf: str = ""


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form that was sent, or none; files are not taken."""
    if not request.headers.get("content-type", "").startswith(_FORMS):
        return {}
    form = await request.form(max_files=0, max_fields=120)
    return {name: value for name, value in form.items() if isinstance(value, str)}


Form = Annotated[dict[str, str], Depends(form_of)]


def permit(request: Request, form: Form) -> None:
    """Let a request pass if the table opens its route to whoever asks; keep who that is.

    Raises:
        NotAuthenticated: nobody is logged in, or the token is unknown.
        NotAllowed: the route is not open to them, or the form token is missing or wrong.

    """
    route = request.scope.get("route")
    path = route.path if isinstance(route, APIRoute) else ""
    roles = access.roles_for(request.method, path)
    if roles is None:
        raise NotAllowed("this route is open to nobody")
    if request.method not in _SAFE:
        _require_same_site(request.headers)
    if roles is access.ANYBODY:
        return
    caller = _caller(request)
    if caller.csrf and request.method not in _SAFE:
        sent = request.headers.get(CSRF_HEADER) or form.get(CSRF_FIELD, "")
        if not hmac.compare_digest(sent.encode(), caller.csrf.encode()):
            raise NotAllowed("the form token is missing or wrong; load the page again")
    access.check(roles, caller.principal)
    request.state.caller = caller


def _require_same_site(headers: Mapping[str, str]) -> None:
    # What every present browser says of itself (Fetch Metadata); programs say nothing.
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise NotAllowed("a page of another site may not send this")


def _caller(request: Request) -> Caller:
    desk = desk_of(request)
    header = request.headers.get("authorization", "")
    if header:
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise NotAuthenticated("send the header `Authorization: Bearer TOKEN`")
        with desk.store.read() as tx:
            return Caller(tokens.authenticate(tx, secret.strip(), desk.wall.now_us()))
    session = session_of(request, desk)
    if session is None:
        raise NotAuthenticated("log in, or send the header `Authorization: Bearer TOKEN`")
    return Caller(session.principal, session.csrf)


def session_of(request: Request, desk: Desk) -> logins.Session | None:
    """Return the console session that a request's cookie stands for, if any."""
    cookie = request.cookies.get(COOKIE, "")
    if not cookie:
        return None
    with desk.store.read() as tx:
        return logins.session(tx, cookie, desk.wall.now_us())


def caller_of(request: Request) -> Caller:
    """Return who passed `permit` on this request."""
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):
        raise Refusal(HTTPStatus.FORBIDDEN, "this route is open to nobody")
    return caller


def person_of(request: Request) -> Principal:
    """Return the person who passed `permit` on this request."""
    return caller_of(request).principal


Who = Annotated[Principal, Depends(person_of)]
