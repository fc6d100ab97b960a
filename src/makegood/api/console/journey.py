"""One action's whole way, from the event that began it to the effect that ended it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import select

from makegood.api.console import just, orders
from makegood.api.explained import PROPOSAL
from makegood.clock import DAY
from makegood.domain.authority import GrantStatus, ReviewStatus, Verdict
from makegood.domain.effects import EffectStatus
from makegood.domain.entities import EntityKind
from makegood.domain.incidents import IncidentKind
from makegood.errors import NotFound
from makegood.gates.review_items import ACTION, REVIEW
from makegood.incidents import book
from makegood.state import query
from makegood.store.sql import among, table
from makegood.store.tables.events import EventLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from sqlalchemy import Row

    from makegood.api.console.scene import Scene
    from makegood.domain.incidents import Incident

LOG: Final = table(EventLog)
_FOUND_FROM: Final = {
    IncidentKind.WEATHER: EntityKind.HUB,
    IncidentKind.ANOMALY: EntityKind.SALES_ORDER,
    IncidentKind.PARCEL: EntityKind.WAYBILL,
    IncidentKind.DUPLICATE: EntityKind.SALES_ORDER,
}
_LOOKED_BACK_US: Final = 14 * DAY
_DONE: Final = "done"
_BAD: Final = "bad"
_WAITING: Final = "waiting"
_REVIEW_STATES: Final = {
    ReviewStatus.OPEN: _WAITING,
    ReviewStatus.STALE: _WAITING,
    ReviewStatus.APPROVED: _DONE,
}
_EFFECT_STATES: Final = {
    EffectStatus.CONFIRMED: _DONE,
    EffectStatus.FAILED: _BAD,
    EffectStatus.UNKNOWN: _BAD,
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the way; `state` is done, bad or waiting, `link` a page that says more.

    `told` are sentences of their own, `lines` stand behind one another.
    """

    name: str
    state: str
    at: str
    title: str
    lines: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    id: str = ""
    link: str = ""


def action_row(scene: Scene, action_id: str) -> Row[Any]:
    """Return an action as it is stored; raise NotFound where there is none of that id."""
    row = scene.tx.execute(select(ACTION).where(ACTION.c.id == action_id)).one_or_none()
    if row is None:
        raise NotFound(f"no action {action_id}")
    return row


def stages(scene: Scene, action_id: str) -> tuple[Stage, ...]:
    """Return every stage that one action has reached."""
    row = action_row(scene, action_id)
    return tuple(_stages(scene, row, scene.zone(row.hub_id)))


def _stages(scene: Scene, row: Row[Any], zone: ZoneInfo) -> Iterator[Stage]:
    incident = _incident_of(scene, row)
    if incident is not None:
        yield from _trigger(scene, row, incident, zone)
        yield _incident(scene, incident, zone)
    yield from _event(scene, row, zone)
    yield from _proposal(scene, row, zone)
    yield _verdict(scene, row, zone)
    yield from _review(scene, row, zone)
    yield from _grants(scene, row, zone)
    yield from _effect(scene, row, zone)


def _event(scene: Scene, row: Row[Any], zone: ZoneInfo) -> Iterator[Stage]:
    before = [
        one for one in query.timeline(scene.tx, row.order_id) if one.received_us <= row.judged_us
    ]
    if not before:
        return
    last = before[-1]
    yield Stage(
        name=scene.words("stage.order"),
        state=_DONE,
        at=scene.show.full(last.occurred_us, zone),
        title=scene.words(
            "stage.event_of",
            part=scene.words(f"part.{last.entity.kind}"),
            what=scene.words(f"verb.{last.type.rpartition('.')[2]}"),
        ),
        lines=(scene.words("stage.events", n=len(before)), last.source),
        id=last.event_id,
        link=f"/order/{row.order_id}",
    )


def _incident_of(scene: Scene, row: Row[Any]) -> Incident | None:
    try:
        return book.get(scene.tx, row.incident_id)
    except NotFound:
        return None


def _trigger(scene: Scene, row: Row[Any], incident: Incident, zone: ZoneInfo) -> Iterator[Stage]:
    """Yield the last event, before an incident, about what such an incident is found from.

    Where all couriers of a hub are too few, no single event is what it was found from.
    """
    kind = _FOUND_FROM.get(incident.kind)
    if kind is None:
        return
    wanted = [
        LOG.c.entity_kind == kind.value,
        among(LOG.c.entity_id, "ids"),
        LOG.c.received_us.between(incident.opened_us - _LOOKED_BACK_US, incident.opened_us),
    ]
    newest = (LOG.c.received_us.desc(), LOG.c.seq.desc())
    query_of = select(LOG).where(*wanted).order_by(*newest).limit(1)
    ids = _about(scene, kind, incident, row.order_id)
    event = scene.tx.execute(query_of, {"ids": ids}).one_or_none()
    if event is None:
        return
    yield Stage(
        name=scene.words("stage.trigger"),
        state=_DONE,
        at=scene.show.full(event.occurred_us, zone),
        title=scene.words(
            "stage.trigger_of",
            part=scene.speak.entity(kind, event.entity_id),
            what=scene.words(f"verb.{event.type.rpartition('.')[2]}"),
        ),
        told=tuple(orders.told(scene, orjson.loads(event.body)["data"], zone)),
        lines=(event.source,),
        id=event.event_id,
    )


def _about(scene: Scene, kind: EntityKind, incident: Incident, order_id: str) -> list[str]:
    """Return the ids of what an incident is about, of the kind that it is found from."""
    orders_of = list(incident.sales_orders) or [order_id]
    if kind is EntityKind.HUB:
        return [incident.hub_id]
    if kind is EntityKind.WAYBILL:
        return [waybill.id for waybill in query.waybills_of(scene.tx, orders_of)]
    return orders_of


def _incident(scene: Scene, incident: Incident, zone: ZoneInfo) -> Stage:
    newest = {one.name: one for one in incident.evidence}
    return Stage(
        name=scene.words("stage.incident"),
        state=_DONE,
        at=scene.show.full(incident.opened_us, zone),
        title=scene.speak.incident(incident),
        told=tuple(scene.speak.evidence(one, incident) for one in newest.values()),
        id=incident.id,
    )


def _proposal(scene: Scene, row: Row[Any], zone: ZoneInfo) -> Iterator[Stage]:
    columns = (PROPOSAL.c.created_us, PROPOSAL.c.digest)
    made = scene.tx.execute(select(*columns).where(PROPOSAL.c.id == row.proposal_id)).one_or_none()
    if made is None:
        return
    yield Stage(
        name=scene.words("stage.proposal"),
        state=_DONE,
        at=scene.show.full(made.created_us, zone),
        title=scene.words("stage.proposed", agent=row.agent),
        lines=(f"{scene.words('hold.digest')} {made.digest[:16]}",),
        id=row.proposal_id,
    )


def _verdict(scene: Scene, row: Row[Any], zone: ZoneInfo) -> Stage:
    verdict = Verdict(row.verdict)
    return Stage(
        name=scene.words("stage.gate"),
        state=_BAD if verdict is Verdict.DENY else _DONE,
        at=scene.show.full(row.judged_us, zone),
        title=scene.words(f"verdict.{verdict}"),
        lines=scene.speak.reasons(row.why, tuple(row.rules.split())),
        id=row.rules,
    )


def _review(scene: Scene, row: Row[Any], zone: ZoneInfo) -> Iterator[Stage]:
    one = scene.tx.execute(select(REVIEW).where(REVIEW.c.action_id == row.id)).one_or_none()
    if one is None:
        return
    status = ReviewStatus(one.status)
    ended = scene.words(
        f"just.{status}",
        name=scene.name(one.decided_by),
        reason=scene.words(f"reason.{one.reason}"),
    )
    opened = scene.show.full(one.opened_us, zone)
    yield Stage(
        name=scene.words("stage.review"),
        state=_REVIEW_STATES.get(status, _BAD),
        at=scene.show.full(one.decided_us, zone) if one.decided_us else opened,
        title=scene.words("status.held") if one.decided_us is None else ended,
        lines=(scene.words("stage.opened", time=opened),)
        + ((scene.words("queue.first", name=scene.name(one.first_by)),) if one.first_by else ()),
        id=one.id,
        link=f"/review/{one.id}",
    )


def _grants(scene: Scene, row: Row[Any], zone: ZoneInfo) -> Iterator[Stage]:
    found = select(just.GRANT).where(just.GRANT.c.action_id == row.id)
    for one in scene.tx.execute(found.order_by(just.GRANT.c.granted_us)):
        status = GrantStatus(one.status)
        lost = status in (GrantStatus.VOID, GrantStatus.EXPIRED)
        yield Stage(
            name=scene.words("stage.grant"),
            state=_BAD if lost else _DONE if status is GrantStatus.SPENT else _WAITING,
            at=scene.show.full(one.granted_us, zone),
            title=scene.words(f"grant.{status}", name=scene.name(one.given_by)),
            lines=(scene.speak.gate.one(one.detail),) if one.detail else (),
            id=one.id,
        )


def _effect(scene: Scene, row: Row[Any], zone: ZoneInfo) -> Iterator[Stage]:
    one = scene.tx.execute(
        select(just.EFFECT).where(just.EFFECT.c.action_id == row.id)
    ).one_or_none()
    if one is None:
        return
    told = [scene.words("effects.attempts", n=one.attempts)]
    if one.reference and one.status != EffectStatus.FAILED:
        told.append(scene.words("step.reference", reference=one.reference))
    if one.detail:
        told.append(scene.speak.gate.one(one.detail))
    yield Stage(
        name=scene.words("stage.effect"),
        state=_EFFECT_STATES.get(EffectStatus(one.status), _WAITING),
        at=scene.show.full(one.ended_us or one.dispatched_us or one.intended_us, zone),
        title=scene.words(f"step.{one.status}"),
        lines=tuple(told),
        id=one.id,
    )
