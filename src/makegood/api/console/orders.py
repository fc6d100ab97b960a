"""One order, with all its parts and everything that happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from makegood.clock import from_rfc3339
from makegood.domain.actions import ACTIONS
from makegood.errors import NotFound
from makegood.gates import balances
from makegood.gates.review_items import ACTION
from makegood.state import query

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from makegood.api.console.scene import Scene
    from makegood.domain.entities import Entity, SalesOrder
    from makegood.state.query import OrderParts, TimelineEntry

_LONGEST_VALUE: Final = 60
_MOST_ACTIONS: Final = 50
_MOST_TOLD: Final = 4


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Part:
    """One entity of an order."""

    kind: str
    id: str
    status: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline."""

    at: str
    what: str
    who: str
    detail: str
    odd: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One action on an order and how far it has come."""

    sentence: str
    status: str
    word: str
    at: str
    why: str
    link: str


def order(scene: Scene, order_id: str) -> dict[str, Any]:
    """Return an order with its parts; raise NotFound where it is not known."""
    found = order_or_none(scene, order_id)
    if found is None:
        raise NotFound(f"order {order_id}")
    return found


def timeline(scene: Scene, order_id: str) -> dict[str, Any]:
    """Return what happened to an order, the newest first."""
    zone = _zone(scene, order_id)
    moments = [_moment(scene, one, zone) for one in query.timeline(scene.tx, order_id)]
    return {"timeline": tuple(reversed(moments))}


def asked_of(scene: Scene, order_id: str) -> dict[str, Any]:
    """Return what agents asked for an order, and how far each came."""
    return {"asked": _asked(scene, order_id, _zone(scene, order_id))}


def _zone(scene: Scene, order_id: str) -> ZoneInfo:
    found = query.sales_orders(scene.tx, [order_id])
    return scene.zone(found[order_id].hub_id if order_id in found else "")


def order_or_none(scene: Scene, order_id: str) -> dict[str, Any] | None:
    """Return an order with its parts, or None where it is not known."""
    try:
        parts = query.order_parts(scene.tx, order_id)
    except NotFound:
        return None
    zone = scene.zone(parts.order.hub_id)
    expected = [f.expected_us for f in parts.fulfilments if f.expected_us is not None]
    return {
        "id": order_id,
        "status": scene.words(f"is.{parts.order.status}"),
        "promise": scene.speak.promise(parts.order, max(expected, default=None), zone),
        "facts": _order_facts(scene, parts.order, zone),
        "parts": _parts(scene, parts, zone),
    }


def _order_facts(scene: Scene, order: SalesOrder, zone: ZoneInfo) -> tuple[Fact, ...]:
    say, show = scene.words, scene.show
    facts = [
        Fact(say("order.status"), say(f"is.{order.status}")),
        Fact(say("order.hub"), scene.speak.hub(order.hub_id)),
        Fact(say("order.customer"), order.customer_id),
        Fact(say("order.placed"), show.time(order.placed_us, zone)),
    ]
    if order.currency:
        stands = balances.standing(scene.tx, order)
        amounts = {
            "order.total": order.total_minor,
            "order.captured": order.captured_minor,
            "order.refunded": stands.back_minor,
            "money.going_fact": stands.going_minor,
            "money.left_fact": stands.left_minor,
            "order.coupons": order.coupon_minor,
        }
        facts += [Fact(say(key), show.minor(m, order.currency)) for key, m in amounts.items()]
    return tuple(facts)


def _parts(scene: Scene, parts: OrderParts, zone: ZoneInfo) -> tuple[Part, ...]:
    every: tuple[Entity, ...] = (
        *parts.fulfilments,
        *parts.reservations,
        *parts.waybills,
        *parts.returns,
    )
    return tuple(
        Part(
            kind=scene.words(f"part.{entity.kind}"),
            id=entity.id,
            status=scene.words(f"is.{entity.status}"),
            facts=_entity_facts(scene, entity, zone),
        )
        for entity in every
    )


def _entity_facts(scene: Scene, entity: Entity, zone: ZoneInfo) -> tuple[Fact, ...]:
    return tuple(
        Fact(_plain(scene, name), text)
        for name, value in entity.material().items()
        if name != "status" and (text := _value(scene, name, value, zone))
    )


def told(scene: Scene, data: Mapping[str, object], zone: ZoneInfo) -> list[str]:
    """Return the plain values of an event's data by name, readably."""
    return [
        f"{_plain(scene, name)} {text}"
        for name, value in data.items()
        if (text := _value(scene, name, value, zone))
    ]


def _value(scene: Scene, name: str, value: object, zone: ZoneInfo) -> str:
    """Return a plain value readably; what has parts of its own is left out."""
    text = ""
    match value:
        case int() if name.endswith("_us"):
            text = scene.show.time(value, zone)
        case str() if name.endswith("_at"):
            text = _instant(scene, value, zone)
        case str() if name == "hub_id":
            text = scene.speak.hub(value)
        case {"minor": int(minor), "currency": str(currency)}:
            text = scene.show.minor(minor, currency)
        case str() | int() | float():
            text = str(value)[:_LONGEST_VALUE]
        case _:
            pass
    return text


def _plain(scene: Scene, name: str) -> str:
    for ending in ("_us", "_at", "_id"):
        name = name.removesuffix(ending)
    return scene.words(f"fact.{name}")


def _instant(scene: Scene, text: str, zone: ZoneInfo) -> str:
    try:
        return scene.show.time(from_rfc3339(text), zone)
    except ValueError:
        return ""


def _moment(scene: Scene, one: TimelineEntry, zone: ZoneInfo) -> Moment:
    noun = scene.words(f"part.{one.entity.kind}")
    verb = scene.words(f"verb.{one.type.rpartition('.')[2]}")
    return Moment(
        at=scene.show.second(one.occurred_us, zone),
        what=scene.words("stage.event_of", part=noun, what=verb),
        who=one.source,
        detail=one.parked or ", ".join(told(scene, one.data, zone)[:_MOST_TOLD]),
        odd=bool(one.parked),
    )


def _asked(scene: Scene, order_id: str, zone: ZoneInfo) -> tuple[Asked, ...]:
    rows = scene.tx.execute(
        select(ACTION)
        .where(ACTION.c.order_id == order_id)
        .order_by(ACTION.c.judged_us.desc(), ACTION.c.position)
        .limit(_MOST_ACTIONS)
    )
    return tuple(
        Asked(
            sentence=scene.speak.action(ACTIONS.validate_json(row.body), zone),
            status=row.status,
            word=scene.words(f"status.{row.status}"),
            at=scene.show.second(row.judged_us, zone),
            why="; ".join(scene.speak.reasons(row.why, tuple(row.rules.split()))),
            link=f"/decision/{row.id}",
        )
        for row in rows
    )
