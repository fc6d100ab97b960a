"""Logging in and out: a token or a link that works once, for a session cookie."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from makegood.api.auth import COOKIE, Form, session_of
from makegood.api.console.render import page, words_of
from makegood.api.console.words import CATALOGUES
from makegood.api.console.words import COOKIE as LANGUAGE
from makegood.api.seam import Desk, House
from makegood.clock import DAY, SECOND
from makegood.errors import NotAuthenticated, NotFound, Throttled
from makegood.gates import logins, tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from makegood.gates.persons import Principal

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

HOME: Final = "/"
_A_YEAR_S: Final = 365 * DAY // SECOND


def inner_path(path: str) -> str:
    """Return a path of this site to go on to, or the front page for anything else."""
    is_inner = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if is_inner and path.isprintable() else HOME


@router.get("/login")
def login_page(request: Request, house: House, then: str = HOME, said: str = "") -> Response:
    """Ask for a token, unless somebody is logged in already."""
    if session_of(request, house) is not None:
        return RedirectResponse(inner_path(then), HTTPStatus.SEE_OTHER)
    key = "logout.done" if said == "out" else ""
    context = {"then": inner_path(then), "failed": "", "said": key}
    return page("login.html", context, words=words_of(request))


@router.post("/login")
def log_in(request: Request, house: House, form: Form) -> Response:
    """Log in with a token."""
    then, secret = inner_path(form.get("then", HOME)), form.get("token", "").strip()
    wall_us = house.wall.now_us()

    def who(tx: Connection) -> Principal:
        return tokens.authenticate(tx, secret, wall_us)

    return _try(request, house, who, then, "login.failed")


@router.get("/login/{code}")
def link_page(request: Request, code: str) -> Response:
    """Offer to log in with a link; looking at it (as mail scanners do) does not use it up."""
    return page("link.html", {"code": code}, words=words_of(request))


@router.post("/login/{code}")
def use_link(request: Request, house: House, code: str) -> Response:
    """Log in with a link, once."""
    wall_us = house.wall.now_us()

    def who(tx: Connection) -> Principal:
        return logins.use_link(tx, code, wall_us)

    return _try(request, house, who, HOME, "login.link_failed")


@router.post("/language/{code}")
def switch_language(request: Request, form: Form, code: str) -> Response:
    """Show everything in another language from now on, in this browser."""
    if code not in CATALOGUES:
        raise NotFound(f"language {code}")
    response = RedirectResponse(inner_path(form.get("then", HOME)), HTTPStatus.SEE_OTHER)
    secure = request.url.scheme == "https"
    response.set_cookie(
        LANGUAGE, code, max_age=_A_YEAR_S, path="/", secure=secure, httponly=True, samesite="lax"
    )
    return response


@router.post("/logout")
def log_out(request: Request, house: House) -> Response:
    """End the session, on the server too."""
    cookie = request.cookies.get(COOKIE, "")
    house.write(lambda tx: logins.end_session(tx, cookie))
    response = RedirectResponse("/login?said=out", HTTPStatus.SEE_OTHER)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


def _try(
    request: Request,
    house: Desk,
    who: Callable[[Connection], Principal],
    then: str,
    failed: str,
) -> Response:
    """Let somebody in, or ask again; after too many failures from one address, only later."""
    address = request.client.host if request.client else ""
    try:
        house.door.enter(address, house.wall.now_us())
        response = _enter(request, house, who, then)
    except NotAuthenticated:
        return _again(request, then, failed, HTTPStatus.UNAUTHORIZED)
    except Throttled as error:
        refusal = _again(request, then, "login.throttled", HTTPStatus.TOO_MANY_REQUESTS)
        refusal.headers["Retry-After"] = str(error.wait_s)
        return refusal
    house.door.well(address)
    return response


def _again(request: Request, then: str, failed: str, status: HTTPStatus) -> Response:
    context = {"then": then, "failed": failed, "said": ""}
    return page("login.html", context, status, words_of(request))


def _enter(
    request: Request, house: Desk, who: Callable[[Connection], Principal], then: str
) -> Response:
    """Begin a new session; one that the browser had before ends, so that none can be planted."""
    before = request.cookies.get(COOKIE, "")

    def work(tx: Connection) -> str:
        principal = who(tx)
        if before:
            logins.end_session(tx, before)
        return logins.start_session(tx, principal, house.wall.now_us())

    secret = house.write(work)
    response = RedirectResponse(then, HTTPStatus.SEE_OTHER)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=logins.SESSION_LIFE_US // SECOND,
        path="/",
        secure=house.secure_cookies or request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response
