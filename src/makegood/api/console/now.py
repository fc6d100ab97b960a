"""The page of what is happening: figures, incidents, and what the agents did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from makegood.api import figures
from makegood.api.console import queue
from makegood.domain.actions import ACTIONS, ActionKind
from makegood.domain.authority import ActionStatus, Verdict
from makegood.domain.policy import BP
from makegood.gates.review_items import ACTION
from makegood.incidents import book
from makegood.incidents import evidence as ev

if TYPE_CHECKING:
    from makegood.api.console.scene import Scene
    from makegood.domain.incidents import Incident

_READ_ACTIONS: Final = 400
_SHOWN_ACTIONS: Final = 14
_CROWDS: Final = frozenset({ActionKind.REASSIGN, ActionKind.NOTIFY, ActionKind.COUPON})


@dataclass(frozen=True, slots=True)
class Figure:
    """One number at the top: `state` colours it."""

    name: str
    value: str
    note: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One open incident, with its evidence in words."""

    id: str
    title: str
    severity: int
    grade: str
    since: str
    age: str
    endangered: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that an agent did by itself, or some of the same kind at once."""

    sentence: str
    agent: str
    at: str
    outcomes: tuple[tuple[str, str], ...]
    order_id: str


def headline(scene: Scene) -> tuple[Figure, ...]:
    """Return the numbers at the top."""
    found = figures.count(scene.tx, scene.now_us)
    say, show = scene.words, scene.show
    ended, kept = found.promises_ended, found.promises_kept
    share = show.percent(kept * BP // ended) if ended else "–"
    late = (
        f"{found.promises_late} {say('head.late')}" if found.promises_late else say("head.all_well")
    )
    kept_note = say("head.kept_of", kept=kept, ended=ended) if ended else say("head.none_ended")
    return (
        Figure(
            say("head.moving"),
            show.number(found.orders_moving),
            say("head.couriers", n=found.couriers_on),
        ),
        Figure(
            say("head.risk"),
            show.number(found.promises_at_risk),
            late,
            "risk" if found.promises_at_risk or found.promises_late else "",
        ),
        Figure(say("head.kept"), share, kept_note, "kept" if ended else ""),
        Figure(
            say("head.incidents"),
            show.number(found.incidents_open),
            _worst(scene) or say("head.no_incident"),
            "late" if found.incidents_open else "",
        ),
        Figure(
            say("head.holds"),
            show.number(found.reviews_waiting),
            _waiting_money(scene) or say("head.nothing_waits"),
            "hold" if found.reviews_waiting else "",
        ),
    )


def _worst(scene: Scene) -> str:
    found = book.open_incidents(scene.tx)
    return scene.speak.incident(found[0]) if found else ""


def _waiting_money(scene: Scene) -> str:
    money = queue.money(scene, queue.groups(scene))
    return scene.words("head.holds_money", money=money) if money else ""


def troubles(scene: Scene) -> tuple[Trouble, ...]:
    """Return the open incidents, the worst first."""
    return tuple(_trouble(scene, incident) for incident in book.open_incidents(scene.tx))


def _trouble(scene: Scene, incident: Incident) -> Trouble:
    newest = {one.name: one for one in incident.evidence}
    hidden = {ev.CAUSE_GONE, ev.ENDANGERED, *ev.FEED_AGES}
    told = [
        scene.speak.evidence(one, incident)
        for one in newest.values()
        if one.name not in hidden or (one.name in ev.FEED_AGES and one.value > one.limit)
    ]
    zone = scene.zone(incident.hub_id)
    return Trouble(
        id=incident.id,
        title=scene.speak.incident(incident),
        severity=incident.severity,
        grade=scene.words(f"severity.{incident.severity}"),
        since=scene.words("incidents.since", time=scene.show.time(incident.opened_us, zone)),
        age=scene.show.lasting(scene.now_us - incident.opened_us),
        endangered=_endangered(scene, incident),
        evidence=tuple(told),
    )


def _endangered(scene: Scene, incident: Incident) -> str:
    """Say how many promises of an incident stand badly, as the figures at the top count them."""
    say = scene.words
    if not incident.orders:
        return say("incidents.orders", n=len(incident.sales_orders))
    found = figures.endangered(scene.tx, incident.orders, scene.now_us)
    if not found.late:
        return say("incidents.risk", n=found.at_risk)
    return say("incidents.risk_late", n=found.at_risk, late=found.late)


def deeds(scene: Scene) -> tuple[Deed, ...]:
    """Return what agents did without a person, newest first; crowds of one kind are one line."""
    by_itself = (
        select(ACTION)
        .where(ACTION.c.verdict == Verdict.ALLOW.value)
        .order_by(ACTION.c.judged_us.desc(), ACTION.c.kind, ACTION.c.position)
        .limit(_READ_ACTIONS)
    )
    rows = scene.tx.execute(by_itself).all()
    found = [_deed(scene, list(crowd)) for _, crowd in groupby(rows, key=_crowd)]
    return tuple(found[:_SHOWN_ACTIONS])


def _crowd(row: Any) -> tuple[object, ...]:  # noqa: ANN401 -- a database row
    if row.kind in _CROWDS:
        return (row.kind, row.hub_id, row.agent, row.judged_us)
    return (row.id,)


def _deed(scene: Scene, rows: list[Any]) -> Deed:
    first = rows[0]
    say, zone = scene.words, scene.zone(first.hub_id)
    action = ACTIONS.validate_json(first.body)
    if len(rows) == 1:
        sentence = scene.speak.action(action, zone)
    else:
        money = [row for row in rows if row.amount_minor is not None]
        sentence = say(
            f"crowd.{first.kind}",
            n=len(rows),
            hub=scene.speak.hub(first.hub_id),
            money=scene.show.sum((row.amount_minor, row.currency) for row in money),
        )
    counts = Counter(row.status for row in rows)
    return Deed(
        sentence=sentence,
        agent=first.agent,
        at=scene.show.second(first.judged_us, zone),
        outcomes=tuple(
            (
                status,
                say(f"status.{status}") if len(rows) == 1 else f"{n} {say(f'status.{status}')}",
            )
            for status, n in sorted(counts.items(), key=_first_the_open)
        ),
        order_id=first.order_id if len(rows) == 1 else "",
    )


def _first_the_open(counted: tuple[str, int]) -> tuple[bool, str]:
    return counted[0] == ActionStatus.CONFIRMED, counted[0]
