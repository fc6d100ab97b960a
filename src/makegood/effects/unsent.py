"""Intents that were never sent: whether they may still be, for the world went on meanwhile.

A grant is looked at when it is spent, a moment before it is carried out. Where a kill switch or a
crash lies between the two, that moment lasts for hours: so what the spending looked at is looked
at again in the transaction that marks an intent as sent, a few statements for a whole batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.domain.actions import Floor
from makegood.domain.effects import EffectStatus
from makegood.gates import balances, fingerprints, own_doing

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from sqlalchemy import Connection

    from makegood.effects.reads import Effect


def why_not(tx: Connection, effects: Sequence[Effect], now_us: int) -> dict[str, str]:
    """Return why intents among these effects, whose rows are locked, may not be sent, by id.

    Safety always may: a courier is called back however late it is.
    """
    asked = [e for e in effects if e.status is EffectStatus.INTENDED and not _is_safety(e)]
    if not asked:
        return {}
    entities = fingerprints.load(tx, [e.action.stands_on() for e in asked])
    moved = {e.action_id: e.action for e in asked if _has_moved(e, entities)}
    stale = frozenset(moved) - own_doing.explains(tx, moved, entities)
    found = {e.id: why for e in asked if (why := _trouble(e, stale, now_us))}
    return found | _uncovered(tx, asked, found)


def _is_safety(effect: Effect) -> bool:
    return effect.action.facts.floor is Floor.NEVER_HELD


def _has_moved(effect: Effect, entities: fingerprints.Entities) -> bool:
    return fingerprints.fingerprint(entities, effect.action.stands_on()) != effect.fingerprint


def _trouble(effect: Effect, stale: frozenset[str], now_us: int) -> str:
    if now_us > effect.expires_us:
        return "the grant expired before it could be sent"
    if effect.action_id in stale:
        return "what it stands on has changed before it could be sent"
    return ""


def _uncovered(
    tx: Connection, effects: Sequence[Effect], called_off: Container[str]
) -> dict[str, str]:
    """Return what pays back more than was captured, the latest first."""
    latest_first = effects[::-1]
    refunds = [e for e in latest_first if e.action.pays_back]
    over = balances.overdrafts(tx, {e.order_id for e in refunds})
    found: dict[str, str] = {}
    # What is called off anyway comes first, and makes room for the others.
    for effect in sorted(refunds, key=lambda e: e.id not in called_off):
        if effect.id not in called_off:
            if over.get(effect.order_id, 0) <= 0:
                continue
            found[effect.id] = "what was captured does not cover it any more"
        if money := effect.action.pays_back:
            over[effect.order_id] = over.get(effect.order_id, 0) - money.minor
    return found
