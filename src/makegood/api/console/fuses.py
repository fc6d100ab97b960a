"""Breakers with their state and fill, and the bypasses that lift them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makegood.api.console.watch import scope_name
from makegood.gates import breakers as gate_breakers
from makegood.gates import bypass
from makegood.gates.circuits import SHARES, State

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from makegood.api.console.scene import Scene
    from makegood.gates.breakers import BreakerState
    from makegood.gates.bypass import Bypass


@dataclass(frozen=True, slots=True)
class Fuse:
    """One breaker in one scope; `percent` is how full it is.

    `few` says that it has seen too little to go by what it has seen.
    """

    name: str
    scope: str
    where: str
    state: str
    word: str
    fill: str
    has_cap: bool
    percent: int
    since: str
    why: str
    probes: str
    can_reset: bool
    quiet: bool
    few: str


@dataclass(frozen=True, slots=True)
class Lifted:
    """One bypass, asked for or in force."""

    id: str
    what: str
    reason: str
    by: str
    until: str
    said: str
    waits: bool
    may_confirm: bool


def breakers(scene: Scene) -> tuple[Fuse, ...]:
    """Return the breakers that have seen something, those that are not closed first."""
    found = gate_breakers.states(scene.tx, scene.policies, scene.now_us)
    return tuple(_fuse(scene, one) for one in found)


def _zone(scene: Scene, scope: str) -> ZoneInfo:
    """Return the zone of the hub that a scope is, or the page's own."""
    kind, _, name = scope.partition(":")
    return scene.zone_of_part(name) if kind == "hub" else scene.place[1]


def _fuse(scene: Scene, one: BreakerState) -> Fuse:
    say, zone = scene.words, _zone(scene, one.scope)
    few = _few(scene, one)
    used, cap = _amount(scene, one, one.used), _amount(scene, one, one.cap)
    return Fuse(
        name=one.name,
        scope=one.scope,
        where=scope_name(scene, one.scope),
        state=one.state,
        word=say(f"breaker.{one.state.replace('-', '_')}"),
        fill=say("breaker.fill", used=used, cap=cap) if one.cap else used,
        has_cap=bool(one.cap),
        percent=min(100, one.used * 100 // one.cap) if one.cap and not few else 0,
        since=say("breaker.since", time=scene.show.time(one.since_us, zone)),
        why=_why(scene, one),
        probes=say("breaker.probes", n=one.probes_left) if one.state is State.HALF_OPEN else "",
        can_reset=one.state is not State.CLOSED and scene.may_decide,
        quiet=one.state is State.CLOSED and (not one.cap or bool(few) or one.used * 2 < one.cap),
        few=few,
    )


def _few(scene: Scene, one: BreakerState) -> str:
    """Say from how many on a breaker goes by its share, where a closed one is over it already."""
    if one.state is not State.CLOSED or not one.cap or one.used <= one.cap:
        return ""
    rules = {rule.name: rule for rule in scene.policies.breakers.velocity}
    return scene.words("breaker.few", n=rules[one.name].at_least)


def _why(scene: Scene, one: BreakerState) -> str:
    """Return what a breaker tripped on, in the reader's language where its figures are kept."""
    if one.tripped is None:
        return one.why
    if one.tripped.is_probe:
        return scene.words("breaker.why.probe")
    used, cap = (_amount(scene, one, value) for value in (one.tripped.used, one.tripped.cap))
    minutes = one.window_minutes
    return scene.words(f"breaker.why.{one.watched}", used=used, cap=cap, minutes=minutes)


def _amount(scene: Scene, one: BreakerState, value: int | None) -> str:
    if value is None:
        return "–"
    if one.currency:
        return scene.show.minor(value, one.currency)
    return scene.show.percent(value) if one.watched in SHARES else scene.show.number(value)


def in_force(scene: Scene) -> tuple[Lifted, ...]:
    """Return the bypasses in force, which are red on every page."""
    return tuple(_lifted(scene, one) for one in bypass.active(scene.tx, scene.now_us))


def bypasses(scene: Scene) -> tuple[Lifted, ...]:
    """Return the bypasses in force and those that wait for a second person."""
    shown = (bypass.Status.REQUESTED, bypass.Status.ACTIVE)
    found = bypass.every(scene.tx, scene.now_us)
    return tuple(_lifted(scene, one) for one in found if one.status in shown)


def _lifted(scene: Scene, one: Bypass) -> Lifted:
    say, zone = scene.words, _zone(scene, one.scope)
    waits = one.ends_us is None
    until = scene.show.time(one.ends_us, zone)
    what = scope_name(scene, one.scope)
    first = scene.name(one.requested_by)
    return Lifted(
        id=one.id,
        what=what,
        reason=one.reason,
        by=first if waits else say("bypass.by", first=first, second=scene.name(one.confirmed_by)),
        until=until,
        said=say("bypass.waits") if waits else say("bypass.is_on", scope=what, time=until),
        waits=waits,
        may_confirm=waits and one.requested_by != scene.who.id,
    )
