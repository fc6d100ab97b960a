"""Confidence: what the gate itself does not know, or not well enough, holds with the reason.

No bypass lifts it: to act on what nobody knows is to guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from makegood.clock import MINUTE
from makegood.domain.actions import Cause, Reassign
from makegood.domain.authority import Verdict
from makegood.domain.entities import Courier, EntityKind, Hub
from makegood.state import query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from makegood.domain.policy import Policies
    from makegood.gates.candidates import Candidate
    from makegood.gates.fingerprints import Entities


STALE: Final = "confidence.stale"
MARGIN: Final = "confidence.margin"
"""The rule that holds what was chosen by too little."""


def check(
    tx: Connection,
    policies: Policies,
    entities: Entities,
    judged: Sequence[Candidate],
    now_us: int,
) -> None:
    """Hold what stands on an unknown entity, a missing fact, a stale feed or too thin a margin."""
    for candidate in judged:
        _unknown(candidate, entities)
        _missing(candidate, policies, entities)
        _thin(candidate, policies)
    _stale(tx, policies, judged, now_us)


def _unknown(candidate: Candidate, entities: Entities) -> None:
    unknown = [str(f.ref) for f in candidate.footings if f.ref not in entities]
    if unknown and candidate.action.entity.kind is not EntityKind.HUB:
        candidate.say("confidence.unknown", Verdict.HOLD, f"unknown: {', '.join(unknown)}")


def _missing(candidate: Candidate, policies: Policies, entities: Entities) -> None:
    needed = policies.breakers.confidence.needs.get(candidate.action.kind, ())
    entity = entities.get(candidate.action.entity)
    if not needed or entity is None:
        return
    missing = [name for name in needed if entity.fact(name) is None]
    if missing:
        words = ", ".join(name.removesuffix("_us").removesuffix("_minor") for name in missing)
        why = f"nobody knows of {entity.ref}: {words}"
        candidate.say("confidence.missing", Verdict.HOLD, why)


def _thin(candidate: Candidate, policies: Policies) -> None:
    least = policies.breakers.confidence.score_margins.get(candidate.action.kind)
    margin = candidate.intention.margin
    if least is not None and margin is not None and margin < least:
        why = f"the best other option is only {margin} points worse, {least} are asked for"
        if margin < 0:
            why = f"another option is {-margin} points better than the one that was chosen"
        candidate.say(MARGIN, Verdict.HOLD, why)


def _stale(tx: Connection, policies: Policies, judged: Sequence[Candidate], now_us: int) -> None:
    """Hold what rests on a feed that is older than policy allows, each kind on its own."""
    _old_weather(tx, policies, judged, now_us)
    _silent_couriers(tx, policies, judged, now_us)


def _old_weather(
    tx: Connection, policies: Policies, judged: Sequence[Candidate], now_us: int
) -> None:
    """Hold what the weather is said to be the cause of, where nobody knows how the weather is."""
    kinds = policies.breakers.confidence.fresh_weather_for
    asking = [c for c in judged if c.action.cause is Cause.WEATHER and c.action.kind in kinds]
    if not asking:
        return
    hubs = query.many(tx, EntityKind.HUB, sorted({c.action.hub_id for c in asking}))
    limit_us = policies.detection.feeds.weather_stale_minutes * MINUTE
    for candidate in asking:
        hub = hubs.get(candidate.action.hub_id)
        seen_us = hub.rain_seen_us if isinstance(hub, Hub) else None
        if seen_us is None:
            why = f"nobody has heard of the weather of {candidate.action.hub_id}"
            candidate.say(STALE, Verdict.HOLD, why)
        elif now_us - seen_us > limit_us:
            old = (now_us - seen_us) // MINUTE
            why = f"the weather of {candidate.action.hub_id} is {old} min old"
            candidate.say(STALE, Verdict.HOLD, why)


def _silent_couriers(
    tx: Connection, policies: Policies, judged: Sequence[Candidate], now_us: int
) -> None:
    """Hold what gives something to a courier of whom nothing was heard for too long.

    Who never said where they are has no such feed that could be old.
    """
    kinds = policies.breakers.confidence.fresh_couriers_for
    giving = [
        (c, c.action.to_courier)
        for c in judged
        if isinstance(c.action, Reassign) and c.action.kind in kinds
    ]
    if not giving:
        return
    couriers = query.many(tx, EntityKind.COURIER, sorted({courier for _, courier in giving}))
    limit_us = policies.detection.feeds.couriers_stale_minutes * MINUTE
    for candidate, courier_id in giving:
        courier = couriers.get(courier_id)
        seen_us = courier.position_us if isinstance(courier, Courier) else None
        if seen_us is not None and now_us - seen_us > limit_us:
            old = (now_us - seen_us) // MINUTE
            why = f"nobody has heard of courier {courier_id} for {old} min"
            candidate.say(STALE, Verdict.HOLD, why)
