"""What the largest pages are made of: what is on every page, the first page, and one hold."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from makegood.api.console import (
    chart,
    district,
    fuses,
    holds,
    just,
    now,
    orders,
    story,
    tools,
    undo,
    watch,
)
from makegood.api.console.regions import Plan, region
from makegood.api.topics import Topic
from makegood.gates import reviews

if TYPE_CHECKING:
    from makegood.api.console.regions import Region
    from makegood.api.console.scene import Scene
    from makegood.ledger.privacy import Vault

JUST_LENGTH: Final = 6
FIRST_HOLDS: Final = 8


def everywhere(scene: Scene) -> tuple[Region, ...]:
    """Return the regions that every page has."""
    return (
        region("nav", Topic.REVIEWS, make=lambda: {"waiting": holds.waiting(scene)}),
        region("clock", make=lambda: _clock(scene)),
        region("alarm", Topic.ALARMS, make=lambda: _alarms(scene)),
        region("undo", Topic.REVIEWS, Topic.EFFECTS, make=lambda: {"undos": undo.mine(scene)}),
    )


def _alarms(scene: Scene) -> dict[str, Any]:
    return {"stops": watch.stops(scene), "bypasses": fuses.in_force(scene)}


def _breakers(scene: Scene) -> dict[str, Any]:
    return {"breakers": fuses.breakers(scene)}


def _clock(scene: Scene) -> dict[str, Any]:
    place, zone = scene.place
    return {"place": place, "clock": scene.show.second(scene.now_us, zone)}


def now_plan(scene: Scene) -> Plan:
    """Return what is happening, and the first of what waits for a person."""
    return Plan(
        "now.html",
        scene.words("nav.now"),
        {},
        (
            region(
                "figures",
                Topic.ORDERS,
                Topic.INCIDENTS,
                Topic.REVIEWS,
                make=lambda: {"figures": now.headline(scene)},
            ),
            region("first", Topic.REVIEWS, make=lambda: _first(scene)),
            region("just", Topic.REVIEWS, Topic.EFFECTS, make=lambda: _just(scene)),
            region(
                "map", Topic.ORDERS, Topic.INCIDENTS, make=lambda: {"city": district.city(scene)}
            ),
            region("incidents", Topic.INCIDENTS, make=lambda: {"troubles": now.troubles(scene)}),
            region("chart", Topic.REVIEWS, make=lambda: {"chart": chart.activity(scene)}),
            region("agents", Topic.AGENTS, make=lambda: {"agents": watch.agents(scene)}),
            region("effects", Topic.EFFECTS, make=lambda: {"doubts": watch.doubts(scene)}),
            region("feeds", Topic.ORDERS, make=lambda: {"feeds": watch.feeds(scene)}),
            region("breakers", Topic.ALARMS, Topic.EFFECTS, make=lambda: _breakers(scene)),
            region("stops", Topic.ALARMS, make=lambda: {"stops": watch.stops(scene)}),
            region("bypasses", Topic.ALARMS, make=lambda: {"bypasses": fuses.bypasses(scene)}),
            region("did", Topic.AGENTS, Topic.EFFECTS, make=lambda: {"deeds": now.deeds(scene)}),
        ),
    )


def _first(scene: Scene) -> dict[str, Any]:
    shown = holds.queue(scene, FIRST_HOLDS)
    waiting = holds.waiting(scene)
    return {"holds": shown, "more": max(0, waiting - len(shown)), "waiting": waiting}


def _just(scene: Scene) -> dict[str, Any]:
    return {"just": just.decided(scene, JUST_LENGTH)}


def hold_plan(vault: Vault, review_id: str, scene: Scene) -> Plan:
    """Return one hold with everything behind it."""
    item = reviews.get(scene.tx, review_id)
    hold = holds.holds(scene, [item])[0]
    order = partial(orders.order_or_none, scene, item.order_id)
    return Plan(
        "hold.html",
        hold.sentence,
        {"hold": hold, "exact": story.exact(item), "digest": item.digest, "item": item},
        (
            region("onward", Topic.REVIEWS, make=partial(story.onward, scene, item)),
            region("head", Topic.ORDERS, Topic.REVIEWS, make=lambda: {"hold": hold}),
            region(
                "decide",
                Topic.REVIEWS,
                Topic.EFFECTS,
                make=partial(story.deciding, scene, item, hold),
            ),
            region("tools", Topic.REVIEWS, make=partial(tools.tools, scene, vault, item)),
            region(
                "moved", Topic.REVIEWS, Topic.ORDERS, make=partial(story.difference, scene, item)
            ),
            region("weighed", make=partial(story.weighed, scene, item, hold)),
            region("cause", Topic.INCIDENTS, make=partial(story.cause, scene, item)),
            region(
                "before", Topic.REVIEWS, Topic.EFFECTS, make=partial(story.before_it, scene, item)
            ),
            region("order", Topic.ORDERS, make=lambda: {"order": order()}),
            region("where", Topic.ORDERS, make=partial(story.where, scene, item.order_id)),
            region("timeline", Topic.ORDERS, make=partial(orders.timeline, scene, item.order_id)),
            region(
                "journey",
                Topic.REVIEWS,
                Topic.EFFECTS,
                make=partial(story.way, scene, item.action_id),
            ),
        ),
    )
