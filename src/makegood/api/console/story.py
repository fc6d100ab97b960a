"""One hold and one order, with everything that is known about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import select

from makegood.api import explained
from makegood.api.console import holds, just
from makegood.clock import from_rfc3339
from makegood.domain.actions import ACTIONS
from makegood.domain.authority import WAITING_REVIEWS
from makegood.errors import NotFound
from makegood.gates import reviews
from makegood.gates.review_items import ACTION
from makegood.incidents import book
from makegood.ledger import entries
from makegood.state import query

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from makegood.api.console.holds import Bar
    from makegood.api.console.scene import Scene
    from makegood.domain.entities import Entity, SalesOrder
    from makegood.gates.reviews import ReviewItem
    from makegood.state.query import OrderParts, TimelineEntry

_LONGEST_VALUE: Final = 60
_MOST_ACTIONS: Final = 50


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


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Why an option was chosen, beside the bars of the chosen one."""

    rejected: str
    rejected_bars: tuple[Bar, ...]
    margin: str
    flips: tuple[str, ...]


def of_review(scene: Scene, review_id: str) -> dict[str, Any]:
    """Return what the page of one hold shows."""
    item = reviews.get(scene.tx, review_id)
    zone = scene.zone(item.hub_id)
    body = orjson.dumps(item.action.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
    waits = item.status in WAITING_REVIEWS
    return {
        "hold": holds.holds(scene, [item])[0],
        "waits": waits,
        "status": scene.words(f"status.{item.status}" if not waits else "status.held"),
        "just": None if waits else just.of(scene, item),
        "exact": body.decode(),
        "digest": item.digest,
        "reasoning": _reasoning(scene, item),
        "incident": _incident(scene, item.incident_id),
        "order": _order_or_none(scene, item.order_id),
        "story": _ledger(scene, item.action_id, zone),
    }


def _reasoning(scene: Scene, item: ReviewItem) -> Reasoning | None:
    decision = explained.decision_of(scene.tx, (item.proposal_id, item.decision, item.subject))
    found = explained.explanation_of(decision, item.subject) if decision else None
    if found is None or found.rejected is None:
        return None
    money = item.action.money
    currency = money.currency if money else ""
    return Reasoning(
        rejected=found.rejected.key,
        rejected_bars=holds.bars(scene, found.rejected_contributions, currency),
        margin=scene.words("hold.margin", margin=scene.show.number(found.margin)),
        flips=tuple(
            scene.words(
                "hold.flip_by",
                factor=scene.words(f"factor.{flip.name}"),
                by=scene.speak.quantity(flip.by, flip.unit, currency),
            )
            for flip in found.flips
        ),
    )


def _incident(scene: Scene, incident_id: str) -> tuple[str, tuple[str, ...]] | None:
    try:
        incident = book.get(scene.tx, incident_id)
    except NotFound:
        return None
    newest = {one.name: one for one in incident.evidence}
    told = tuple(scene.speak.evidence(one, incident) for one in newest.values())
    return scene.speak.incident(incident), told


def _ledger(scene: Scene, ref: str, zone: ZoneInfo) -> tuple[Moment, ...]:
    """Return what the ledger says of something."""
    return tuple(
        Moment(
            at=scene.show.second(entry.at_us, zone),
            what=entry.kind.replace("_", " "),
            who=scene.name(entry.actor),
            detail=scene.words("hold.entry", seq=entry.seq, part=entry.part),
        )
        for entry in entries.about(scene.tx, ref)
    )


def of_order(scene: Scene, order_id: str) -> dict[str, Any]:
    """Return what the page of one order shows."""
    order = _order_or_none(scene, order_id)
    if order is None:
        raise NotFound(f"order {order_id}")
    hub_id = query.sales_order(scene.tx, order_id).hub_id
    zone = scene.zone(hub_id)
    moments = tuple(_moment(scene, one, zone) for one in query.timeline(scene.tx, order_id))
    return {
        "order": order,
        "timeline": moments,
        "asked": _asked(scene, order_id, zone),
        "story": _ledger(scene, f"sales_order/{order_id}", zone),
    }


def _order_or_none(scene: Scene, order_id: str) -> dict[str, Any] | None:
    try:
        parts = query.order_parts(scene.tx, order_id)
    except NotFound:
        return None
    zone = scene.zone(parts.order.hub_id)
    expected = [f.expected_us for f in parts.fulfilments if f.expected_us is not None]
    return {
        "id": order_id,
        "status": parts.order.status,
        "promise": scene.speak.promise(parts.order, max(expected, default=None), zone),
        "facts": _order_facts(scene, parts.order, zone),
        "parts": _parts(scene, parts, zone),
    }


def _order_facts(scene: Scene, order: SalesOrder, zone: ZoneInfo) -> tuple[Fact, ...]:
    say, show = scene.words, scene.show
    facts = [
        Fact(say("order.status"), order.status),
        Fact(say("order.hub"), scene.speak.hub(order.hub_id)),
        Fact(say("order.customer"), order.customer_id),
        Fact(say("order.placed"), show.time(order.placed_us, zone)),
    ]
    if order.currency:
        amounts = {
            "order.total": order.total_minor,
            "order.captured": order.captured_minor,
            "order.refunded": order.refunded_minor,
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
            status=entity.status.replace("_", " "),
            facts=_entity_facts(scene, entity, zone),
        )
        for entity in every
    )


def _entity_facts(scene: Scene, entity: Entity, zone: ZoneInfo) -> tuple[Fact, ...]:
    return tuple(
        Fact(_plain(name), text)
        for name, value in entity.material()
        if name != "status" and (text := _value(scene, name, value, zone))
    )


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


def _plain(name: str) -> str:
    for ending in ("_us", "_at", "_id"):
        name = name.removesuffix(ending)
    return name.replace("_", " ")


def _instant(scene: Scene, text: str, zone: ZoneInfo) -> str:
    try:
        return scene.show.time(from_rfc3339(text), zone)
    except ValueError:
        return ""


def _moment(scene: Scene, one: TimelineEntry, zone: ZoneInfo) -> Moment:
    noun = scene.words(f"part.{one.entity.kind}")
    verb = one.type.rpartition(".")[2].replace("_", " ")
    told = [
        f"{_plain(name)} {text}"
        for name, value in one.data.items()
        if (text := _value(scene, name, value, zone))
    ]
    return Moment(
        at=scene.show.second(one.occurred_us, zone),
        what=f"{noun}: {verb}",
        who=one.source,
        detail=one.parked or ", ".join(told[:4]),
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
            why=row.why,
        )
        for row in rows
    )
