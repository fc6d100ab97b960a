"""The console's pages, and the forms on them."""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

from makegood.api import problems
from makegood.api.auth import Caller, Form, Who, caller_of
from makegood.api.console import district, entry, holds, just, now, story
from makegood.api.console.render import TYPES, page, static, version
from makegood.api.console.scene import Scene
from makegood.api.console.words import Words
from makegood.api.decisions import Decided, approve, reject
from makegood.api.idempotency import Once
from makegood.api.seam import Desk, House
from makegood.domain.authority import WAITING_REVIEWS, ReviewStatus
from makegood.errors import Conflict, InvalidInput, Stale
from makegood.gates import persons, reviews

if TYPE_CHECKING:
    from collections.abc import Generator

    from makegood.api.problems import Problem

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
router.include_router(entry.router)

QUEUE_LENGTH: Final = 40
JUST_LENGTH: Final = 6
_SAID: Final = frozenset({"approved", "second", "rejected"})
_FOREVER: Final = "public, max-age=31536000, immutable"

Called = Annotated[Caller, Depends(caller_of)]


def _common(scene: Scene, caller: Caller, said: str = "") -> dict[str, Any]:
    hub, zone = now.place(scene)
    return {
        "person": caller.principal.name,
        "csrf": caller.csrf,
        "may_decide": scene.may_decide,
        "clock": scene.show.second(scene.now_us, zone),
        "place": hub,
        "said": f"said.{said}" if said in _SAID else "",
        "reasons": tuple(reviews.Reason),
    }


@router.get("/")
def now_page(house: House, caller: Called, said: str = "") -> Response:
    """Show what is happening, and what waits for a person."""
    with house.store.read() as tx:
        scene = Scene(tx, house.clock.now_us(), house.policies, caller.principal)
        figures = now.headline(scene)
        waiting = holds.waiting(scene)
        context = _common(scene, caller, said) | {
            "figures": figures,
            "holds": holds.queue(scene, QUEUE_LENGTH),
            "more": max(0, waiting - QUEUE_LENGTH),
            "just": just.decided(scene, JUST_LENGTH),
            "troubles": now.troubles(scene),
            "deeds": now.deeds(scene),
            "city": district.city(scene),
        }
    return page("now.html", context, words=scene.words)


@router.get("/review/{review_id}")
def hold_page(house: House, caller: Called, review_id: str) -> Response:
    """Show one hold with everything behind it."""
    with house.store.read() as tx:
        scene = Scene(tx, house.clock.now_us(), house.policies, caller.principal)
        context = _common(scene, caller) | story.of_review(scene, review_id)
    return page("hold.html", context, words=scene.words)


@router.get("/order/{order_id}")
def order_page(house: House, caller: Called, order_id: str) -> Response:
    """Show one order with all its parts and its timeline."""
    with house.store.read() as tx:
        scene = Scene(tx, house.clock.now_us(), house.policies, caller.principal)
        context = _common(scene, caller) | story.of_order(scene, order_id)
    return page("order.html", context, words=scene.words)


@router.post("/review/{review_id}/approve")
def approve_form(request: Request, house: House, who: Who, form: Form, review_id: str) -> Response:
    """Approve what the page showed."""
    once = Once(house, who.id, "", "")
    with _retold(house, review_id):
        decided = approve(house, once, who, review_id, form.get("seen", ""))
    said = "approved" if decided.status is ReviewStatus.APPROVED else "second"
    return _done(request, decided, said)


@router.post("/review/{review_id}/reject")
def reject_form(request: Request, house: House, who: Who, form: Form, review_id: str) -> Response:
    """Reject for good."""
    given = form.get("reason", "")
    if given not in tuple(reviews.Reason):
        raise InvalidInput("reason", "is not one of the list", "choose a reason")
    once = Once(house, who.id, "", "")
    comment = form.get("comment", "")
    with _retold(house, review_id):
        decided = reject(house, once, who, review_id, reviews.Reason(given), comment)
    return _done(request, decided, "rejected")


@contextmanager
def _retold(house: Desk, review_id: str) -> Generator[None]:
    """Say in a person's words why a decision came too late: who decided, or that it moved."""
    words = Words()
    try:
        yield
    except Stale as error:
        raise Stale(words("said.stale")) from error
    except Conflict as error:
        with house.store.read() as tx:
            item = reviews.get(tx, review_id)
            if item.status in WAITING_REVIEWS:
                raise
            name = persons.names(tx).get(item.decided_by, item.decided_by)
        what = words(f"just.{item.status}", name=name, reason=words(f"reason.{item.reason}"))
        raise Conflict(words("said.too_late", what=what)) from error


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _done(request: Request, decided: Decided, said: str) -> Response:
    if _wants_json(request):
        return JSONResponse({"said": Words()(f"said.{said}"), "review": decided.review_id})
    return RedirectResponse(f"/?said={said}#queue", HTTPStatus.SEE_OTHER)


@router.get("/static/{name}")
def static_file(request: Request, name: str, v: str = "") -> Response:
    """Return a style sheet, a script or a picture."""
    body = static(name)
    headers = {"ETag": f'"{version(name)}"', "Cache-Control": "no-cache"}
    if v == version(name):
        headers["Cache-Control"] = _FOREVER
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, headers=headers, media_type=TYPES[name])


def error_page(request: Request, problem: Problem) -> Response:
    """Return a problem as a page, as JSON to a script, or as the way to the log-in page."""
    if _wants_json(request):
        return problems.response(problem)
    if problem.status == HTTPStatus.UNAUTHORIZED and request.method == "GET":
        then = request.url.path if request.url.path != entry.HOME else ""
        where = f"/login?then={quote(then)}" if then else "/login"
        return RedirectResponse(where, HTTPStatus.SEE_OTHER)
    return page("error.html", {"problem": problem}, problem.status)
