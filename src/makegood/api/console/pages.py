"""The console's pages: what each answers, and which parts of it follow what happens."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import HTMLResponse, JSONResponse

from makegood.api.auth import Caller, caller_of
from makegood.api.console import (
    desk,
    entry,
    exports,
    levers,
    orders,
    plans,
    queue,
    record,
    regions,
    story,
    watch,
)
from makegood.api.console.filters import Filters
from makegood.api.console.regions import Plan, region
from makegood.api.console.render import TYPES, page, static, version, words_of
from makegood.api.console.scene import Scene
from makegood.api.console.search import GROUPS, Search
from makegood.api.seam import Desk, House
from makegood.api.topics import Topic
from makegood.gates import reviews

if TYPE_CHECKING:
    from collections.abc import Callable

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
router.include_router(entry.router)
router.include_router(desk.router)
router.include_router(levers.router)
router.include_router(exports.router)

_SAID: Final = frozenset({"approved", "second", "rejected", "undone", "done", "approving"})
_FOREVER: Final = "public, max-age=31536000, immutable"

Called = Annotated[Caller, Depends(caller_of)]


def _common(scene: Scene, caller: Caller, request: Request) -> dict[str, Any]:
    said = request.query_params.get("said", "")
    return {
        "person": caller.principal.name,
        "csrf": caller.csrf,
        "may_decide": scene.may_decide,
        "may_clear": watch.may_clear(scene),
        "said": f"said.{said}" if said in _SAID else "",
        "reasons": tuple(reviews.Reason),
        "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "path": request.url.path,
    }


def _answer(
    request: Request, house: Desk, caller: Caller, plan_of: Callable[[Scene], Plan]
) -> Response:
    """Return a page, or only those of its regions that are asked for and show something new."""
    words = words_of(request)
    with house.store.read() as tx:
        scene = Scene(tx, house.clock.now_us(), house.policies, caller.principal, words)
        made = plan_of(scene)
        plan = Plan(
            made.template, made.title, made.still, (*plans.everywhere(scene), *made.regions)
        )
        context = _common(scene, caller, request) | {"title": plan.title}
        wanted = request.query_params.get("part")
        if wanted is not None:
            have = _have(request)
            found = regions.some(plan, context, words, wanted.split(","), have)
            return JSONResponse({"regions": found})
        rendered = regions.whole(plan, context, words)
    return page(plan.template, context | dict(plan.still) | {"regions": rendered}, words=words)


def _have(request: Request) -> dict[str, str]:
    return regions.marks_of(request.headers.get("x-have", ""))


@router.get("/")
def now_page(request: Request, house: House, caller: Called) -> Response:
    """Show what is happening, and the first of what waits for a person."""
    return _answer(request, house, caller, plans.now_plan)


@router.get("/review")
def queue_page(request: Request, house: House, caller: Called) -> Response:
    """Show what waits for a person, a page at a time."""
    filters = Filters.of(request.query_params)
    have = _have(request)

    def plan(scene: Scene) -> Plan:
        listed = partial(queue.listing, scene, filters, have)
        return Plan(
            "queue.html",
            scene.words("nav.queue"),
            {"filters": filters},
            (
                region("filters", Topic.REVIEWS, make=partial(queue.choices, scene, filters)),
                region("queue", Topic.REVIEWS, Topic.ORDERS, make=listed),
            ),
        )

    return _answer(request, house, caller, plan)


@router.get("/review/{review_id}")
def hold_page(request: Request, house: House, caller: Called, review_id: str) -> Response:
    """Show one hold with everything behind it."""
    return _answer(request, house, caller, partial(plans.hold_plan, house.vault, review_id))


@router.get("/order/{order_id}")
def order_page(request: Request, house: House, caller: Called, order_id: str) -> Response:
    """Show one order with all its parts and its timeline."""

    def plan(scene: Scene) -> Plan:
        order = orders.order(scene, order_id)
        return Plan(
            "order.html",
            scene.words("order.title", order=order_id),
            {"order": order},
            (
                region(
                    "asked",
                    Topic.AGENTS,
                    Topic.REVIEWS,
                    Topic.EFFECTS,
                    make=partial(orders.asked_of, scene, order_id),
                ),
                region("timeline", Topic.ORDERS, make=partial(orders.timeline, scene, order_id)),
                region("order", Topic.ORDERS, make=lambda: {"order": order}),
                region("where", Topic.ORDERS, make=partial(story.where, scene, order_id)),
                region(
                    "entries",
                    Topic.LEDGER,
                    make=partial(story.entries_of, scene, f"sales_order/{order_id}"),
                ),
            ),
        )

    return _answer(request, house, caller, plan)


@router.get("/decision/{action_id}")
def decision_page(request: Request, house: House, caller: Called, action_id: str) -> Response:
    """Show one decision's whole story, from the event to the effect."""

    def plan(scene: Scene) -> Plan:
        told = story.decision(scene, action_id)
        return Plan(
            "decision.html",
            told["sentence"],
            told,
            (
                region("journey", Topic.LEDGER, make=partial(story.way, scene, action_id)),
                region("entries", Topic.LEDGER, make=partial(story.entries_of, scene, action_id)),
            ),
        )

    return _answer(request, house, caller, plan)


@router.get("/ledger")
def ledger_page(request: Request, house: House, caller: Called, verify: str = "") -> Response:
    """Search decisions and the ledger, and say whether it holds together."""
    asked = Search.of(request.query_params)

    def plan(scene: Scene) -> Plan:
        still = {
            "asked": asked,
            "groups": tuple(GROUPS),
            "people": sorted(scene.names.items(), key=lambda one: one[1]),
            "verified": record.verified(scene) if verify or record.is_short(scene) else None,
        }
        return Plan(
            "ledger.html",
            scene.words("nav.ledger"),
            still,
            (
                region("heads", Topic.LEDGER, make=lambda: {"heads": record.heads(scene)}),
                region("lines", Topic.LEDGER, make=partial(record.listing, scene, asked)),
            ),
        )

    return _answer(request, house, caller, plan)


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
