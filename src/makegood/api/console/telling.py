"""How the console answers a form: in a person's words, to a script as JSON, else by a page."""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode, urlsplit

from starlette.responses import JSONResponse, RedirectResponse

from makegood.api import problems
from makegood.api.console import entry
from makegood.api.console.render import page, words_of
from makegood.domain.authority import WAITING_REVIEWS, ReviewStatus
from makegood.errors import Conflict, Stale
from makegood.gates import persons, review_items

if TYPE_CHECKING:
    from collections.abc import Generator

    from fastapi import Request, Response

    from makegood.api.console.words import Words
    from makegood.api.decisions import BatchOut, BatchResultOut
    from makegood.api.problems import Problem
    from makegood.api.seam import Desk

_JSON: Final = "application/json"
_MOST_TOLD: Final = 3


def wants_json(request: Request) -> bool:
    """Say whether a script asks, which shows the answer itself."""
    return _JSON in request.headers.get("accept", "")


def done(request: Request, said: str, then: str, **more: object) -> Response:
    """Answer that it was done: `said` names the text that says so, `more` fills its names."""
    if wants_json(request):
        return JSONResponse({"said": words_of(request)(f"said.{said}", **more), **more})
    back = entry.inner_path(then)
    joint = "&" if "?" in back else "?"
    return RedirectResponse(f"{back}{joint}{urlencode({'said': said})}", HTTPStatus.SEE_OTHER)


def batch_told(request: Request, house: Desk, made: BatchOut, then: str, did: str) -> Response:
    """Answer how a batch went: what was approved or rejected (`did`), and why the rest was not."""
    words = words_of(request)
    went = [one.review_id for one in made.results if one.ok] if made.done else []
    left = [one for one in made.results if not one.ok]
    what = "; ".join(dict.fromkeys(_of_batch(words, house, one) for one in left[:_MOST_TOLD]))
    key = "batch_none" if not made.done else "batch_some" if left else "batch_done"
    number = len(went) if made.done else len(left)
    said = words(f"said.{key}_{did}", n=number, left=len(left), what=what)
    if wants_json(request):
        status = HTTPStatus.OK if made.done else HTTPStatus.CONFLICT
        return JSONResponse({"said": said, "title": said, "done": went}, status)
    if not made.done:
        raise Conflict(said)
    return done(request, did, then)


def undone_told(request: Request, went: int, left: int, then: str) -> Response:
    """Answer how many approvals were taken back, and how many it was too late for."""
    words = words_of(request)
    if not went:
        raise Conflict(words("said.undone_none"))
    if not wants_json(request):
        if left:
            raise Conflict(words("said.undone_some", n=went, left=left))
        return done(request, "undone", then)
    key = "said.undone_some" if left else "said.undone_all"
    return JSONResponse({"said": words(key, n=went, left=left)})


def _of_batch(words: Words, house: Desk, one: BatchResultOut) -> str:
    with house.store.read() as tx:
        found = review_items.some(tx, [one.review_id])
    if not found:
        return one.detail
    item = found[0]
    if item.status is ReviewStatus.STALE:
        return f"{item.order_id}: {words('queue.stale')}"
    return f"{item.order_id}: {_what_happened(words, house, one.review_id) or one.detail}"


@contextmanager
def retold(
    request: Request, house: Desk, review_id: str, stale: str = "said.stale"
) -> Generator[None]:
    """Say in a person's words why a decision came too late: who decided, or that it moved."""
    words = words_of(request)
    try:
        yield
    except Stale as error:
        raise Stale(words(stale)) from error
    except Conflict as error:
        what = _what_happened(words, house, review_id)
        if what is None:
            raise
        raise Conflict(words("said.too_late", what=what)) from error


def _what_happened(words: Words, house: Desk, review_id: str) -> str | None:
    with house.store.read() as tx:
        item = review_items.get(tx, review_id)
        if item.status in WAITING_REVIEWS:
            return None
        name = persons.names(tx).get(item.decided_by, item.decided_by)
    return words(f"just.{item.status}", name=name, reason=words(f"reason.{item.reason}"))


def error_page(request: Request, problem: Problem) -> Response:
    """Return a problem as a page, as JSON to a script, or as the way to the log-in page."""
    words = words_of(request)
    if wants_json(request):
        title = words(_error_key(words, problem.status))
        return problems.response(problem.model_copy(update={"title": title}))
    if problem.status == HTTPStatus.UNAUTHORIZED and request.method == "GET":
        then = request.url.path if request.url.path != entry.HOME else ""
        if then and request.url.query:
            then = f"{then}?{request.url.query}"
        where = f"/login?then={quote(then)}" if then else "/login"
        return RedirectResponse(where, HTTPStatus.SEE_OTHER)
    logged_in = problem.status != HTTPStatus.UNAUTHORIZED
    told = {
        "problem": problem,
        "key": _error_key(words, problem.status),
        "back": _came_from(request) if logged_in else "",
        "home": entry.HOME if logged_in else "/login",
    }
    return page("error.html", told, problem.status, words)


def _error_key(words: Words, status: int) -> str:
    """Return the text for a status, or for its hundred."""
    keys = (f"error.{status}", f"error.{status // 100}xx", "error.title")
    return next(key for key in keys if words.has(key))


def _came_from(request: Request) -> str:
    """Return the page of the console from which a form was sent, or nothing."""
    try:
        came = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    same = bool(came.path) and came.netloc == request.headers.get("host", "")
    path = came.path + (f"?{came.query}" if came.query else "")
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return entry.inner_path(path) if same and path not in (here, entry.HOME) else ""
