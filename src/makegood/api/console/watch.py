"""What the house itself is doing: agents at work, effects in doubt, feeds, and what is stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from makegood.clock import DAY, MINUTE, SECOND
from makegood.domain.authority import RunStatus
from makegood.domain.effects import EffectStatus
from makegood.domain.roles import Role
from makegood.domain.statuses import CourierStatus
from makegood.effects import reads
from makegood.gates import kill
from makegood.ledger.entries import ENTRY
from makegood.ledger.kinds import EntryKind
from makegood.state import query
from makegood.store import tables
from makegood.store.sql import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makegood.api.console.scene import Scene
    from makegood.effects.reads import Effect

RUN: Final = table(tables.incidents.Run)
_AT_WORK: Final = (RunStatus.RUNNING, RunStatus.WAITING)
_MOST_EFFECTS: Final = 12


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent with what it is at: runs that think, runs that wait for people, since when."""

    name: str
    running: int
    waiting: int
    failed: int
    since: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """An effect whose outcome is unknown, that failed, or that was never sent."""

    id: str
    sentence: str
    status: str
    word: str
    order_id: str
    at: str
    attempts: str
    detail: str
    asks: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed: how old it is, how old it may be, and how much of that has passed (percent)."""

    name: str
    age: str
    limit: str
    percent: int
    stale: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """A kill switch that is set."""

    scope: str
    what: str
    said: str
    reason: str


def agents(scene: Scene) -> tuple[Agent, ...]:
    """Return the agents with runs under way, and those with failed runs in the last day."""
    at_work = RUN.c.status.in_([status.value for status in _AT_WORK])
    lately = RUN.c.updated_us > scene.now_us - DAY
    failed = (RUN.c.status == RunStatus.FAILED.value) & lately
    counted = (
        select(
            RUN.c.agent,
            RUN.c.status,
            func.count().label("number"),
            func.min(RUN.c.started_us).label("since_us"),
        )
        .where(at_work | failed)
        .group_by(RUN.c.agent, RUN.c.status)
    )
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for row in scene.tx.execute(counted):
        found.setdefault(row.agent, {})[row.status] = (row.number, row.since_us)
    return tuple(_agent(scene, name, found[name]) for name in sorted(found))


def _agent(scene: Scene, name: str, by_status: dict[str, tuple[int, int]]) -> Agent:
    none = (0, scene.now_us)
    running, waiting = (by_status.get(status, none) for status in _AT_WORK)
    return Agent(
        name=name,
        running=running[0],
        waiting=waiting[0],
        failed=by_status.get(RunStatus.FAILED, none)[0],
        since=scene.show.ago(min(running[1], waiting[1])),
    )


def doubts(scene: Scene) -> tuple[Doubt, ...]:
    """Return the effects nobody knows the end of, that failed in the last day, or that wait.

    What is intended is sent at once, unless a switch or a missing tool keeps it back: after a
    minute a person may end it, so that it is not done hours later.
    """
    waiting = reads.of_status(scene.tx, (EffectStatus.INTENDED,), _MOST_EFFECTS)
    stuck = [one for one in waiting if one.intended_us <= scene.now_us - MINUTE]
    unknown = reads.of_status(scene.tx, (EffectStatus.UNKNOWN,), _MOST_EFFECTS)
    failed = reads.of_status(scene.tx, (EffectStatus.FAILED,), _MOST_EFFECTS)
    since_us = scene.now_us - DAY
    lately = [one for one in failed if (one.ended_us or one.intended_us) > since_us]
    return tuple(_doubt(scene, one) for one in [*unknown, *stuck, *lately][:_MOST_EFFECTS])


def _doubt(scene: Scene, one: Effect) -> Doubt:
    zone = scene.zone(one.hub_id)
    return Doubt(
        id=one.id,
        sentence=scene.speak.action(one.action, zone),
        status=one.status,
        word=scene.words(f"status.{one.status}"),
        order_id=one.order_id,
        at=scene.show.second(one.ended_us or one.dispatched_us or one.intended_us, zone),
        attempts=scene.words("effects.attempts", n=one.attempts),
        detail=one.detail,
        # While it is tried again by itself there is nothing for a person to find out.
        asks=scene.may_decide and _asks(one),
    )


def _asks(one: Effect) -> bool:
    unknown = one.status is EffectStatus.UNKNOWN and one.next_us is None
    return unknown or one.status is EffectStatus.INTENDED


def feeds(scene: Scene) -> tuple[Feed, ...]:
    """Return how long ago weather and couriers of each hub, and any event, were heard of."""
    limits = scene.policies.detection.feeds
    return tuple(
        _feed(scene, name, heard_us, stale_us)
        for name, heard_us, stale_us in _heard(
            scene, limits.weather_stale_minutes * MINUTE, limits.couriers_stale_minutes * MINUTE
        )
    )


def _heard(
    scene: Scene, weather_us: int, couriers_us: int
) -> Iterator[tuple[str, int | None, int]]:
    say = scene.words
    for hub in scene.hubs.values():
        name = scene.speak.hub(hub.id)
        yield say("feed.weather", hub=name), hub.rain_seen_us, weather_us
        loads = query.couriers(scene.tx, hub.id)
        on = [load.courier for load in loads if load.courier.status == CourierStatus.ON]
        if on:
            positions = [one.position_us for one in on if one.position_us is not None]
            yield say("feed.couriers", hub=name), max(positions, default=None), couriers_us
    received = select(func.max(ENTRY.c.at_us)).where(
        ENTRY.c.kind == EntryKind.EVENTS_RECEIVED.value
    )
    yield say("feed.events"), scene.tx.execute(received).scalar_one(), 0


def _feed(scene: Scene, name: str, heard_us: int | None, stale_us: int) -> Feed:
    show = scene.show
    age_us = None if heard_us is None else max(0, scene.now_us - heard_us)
    stale = bool(stale_us) and (age_us is None or age_us // SECOND > stale_us // SECOND)
    return Feed(
        name=name,
        age=scene.words("feed.never") if heard_us is None else show.ago(heard_us),
        limit=scene.words("feed.limit", limit=show.lasting(stale_us)) if stale_us else "",
        percent=0
        if not stale_us
        else 100
        if age_us is None
        else min(100, age_us * 100 // stale_us),
        stale=stale,
    )


def stops(scene: Scene) -> tuple[Stop, ...]:
    """Return the kill switches that are set."""
    _, zone = scene.place
    return tuple(
        Stop(
            scope=one.scope,
            what=scope_name(scene, one.scope),
            said=scene.words(
                "kill.said", name=scene.name(one.set_by), time=scene.show.time(one.set_us, zone)
            ),
            reason=one.reason,
        )
        for one in kill.switches(scene.tx)
    )


def scope_name(scene: Scene, scope: str) -> str:
    """Return what a scope stops, in words."""
    kind, _, name = scope.partition(":")
    match kind:
        case "hub":
            name = scene.speak.hub(name)
        case "kind":
            name = scene.words(f"short.{name}")
        case "cause":
            name = scene.words(f"cause.{name}")
        case _:
            pass
    return scene.words(f"scope.{kind}", name=name)


def may_clear(scene: Scene) -> bool:
    """Say whether the person who looks may let things run again."""
    return Role.OPERATOR in scene.who.roles
