"""What is about to go out: whether it still may, for the world went on meanwhile.

A grant is looked at when it is spent, a moment before it is carried out. Where a kill switch, a
crash or an outside that does not answer lies between the two, that moment lasts for hours: so what
the spending looked at is looked at again in the transaction that marks a call as sent, a few
statements for a whole batch. That holds for what was never sent, and for what is sent again
because nobody knows whether it was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from makegood.clock import HOUR
from makegood.domain.actions import Floor, Reassign
from makegood.domain.effects import EffectStatus
from makegood.gates import balances, bypass, fingerprints, names, own_doing, safety, velocity
from makegood.gates.last_look import BY_GATE

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from sqlalchemy import Connection

    from makegood.domain.policy import Breakers, Detection
    from makegood.effects.reads import Effect

REPEATED_FOR_US: Final = 2 * HOUR
"""How long after its intent a call is made again; an approval that old is for another day."""


def why_not(
    tx: Connection, effects: Sequence[Effect], detection: Detection, now_us: int
) -> dict[str, str]:
    """Return why effects among these, whose rows are locked, may not go out (again), by id.

    Safety always may: a courier is called back however late it is.
    """
    asked = [e for e in effects if not _is_safety(e)]
    if not asked:
        return {}
    entities = fingerprints.load(tx, [e.action.stands_on() for e in asked])
    moved = {e.action_id: e.action for e in asked if _has_moved(e, entities)}
    stale = frozenset(moved) - own_doing.explains(tx, moved, entities)
    found = {e.id: why for e in asked if (why := _trouble(e, stale, entities, now_us))}
    found |= _unsafe(tx, [e for e in asked if e.id not in found], detection, now_us)
    return found | _uncovered(tx, asked, found)


def kept_back(
    tx: Connection, effects: Sequence[Effect], breakers: Breakers, now_us: int
) -> frozenset[str]:
    """Return the ids of effects that wait: a breaker over them has opened since their intent.

    While it is half-open, what the gate let pass before waits as well: only what people approve
    are its probes. What goes out under a bypass is marked.
    """
    asked = [e for e in effects if not _is_safety(e)]
    board = velocity.board(tx, breakers.velocity, [e.subject for e in asked], now_us, lock=False)
    stops = {e.id: stop for e in asked if (stop := _stop(board, e)) is not None}
    if not stops:
        return frozenset()
    bypasses = bypass.in_force(tx, now_us)
    lifted = {e.id: bypasses.over(e.action, e.agent) for e in asked if e.id in stops}
    passed = [
        bypass.Passed(e.action_id, e.hub_id, e.order_id, lifted[e.id], stops[e.id].rule)
        for e in asked
        if lifted.get(e.id)
    ]
    bypass.mark(tx, passed, now_us)
    return frozenset(each for each in stops if not lifted[each])


def _stop(board: velocity.Board, effect: Effect) -> velocity.Stop | None:
    by_gate = effect.given_by == BY_GATE and effect.status is EffectStatus.INTENDED
    return board.turned_since(effect.subject, effect.intended_us, half_open=by_gate)


def _is_safety(effect: Effect) -> bool:
    return effect.action.facts.floor is Floor.NEVER_HELD


def _has_moved(effect: Effect, entities: fingerprints.Entities) -> bool:
    return fingerprints.fingerprint(entities, effect.action.stands_on()) != effect.fingerprint


def _trouble(
    effect: Effect, stale: Container[str], entities: fingerprints.Entities, now_us: int
) -> str:
    never_sent = effect.status is EffectStatus.INTENDED
    if never_sent and now_us > effect.expires_us:
        return "the grant expired before it could be sent"
    if not never_sent and now_us > effect.intended_us + REPEATED_FOR_US:
        return "nobody could say for two hours whether it was done"
    if effect.action_id in stale:
        return "what it stands on has changed before it could be sent"
    return names.trouble(effect.action, entities)


def _unsafe(
    tx: Connection, effects: Sequence[Effect], detection: Detection, now_us: int
) -> dict[str, str]:
    moves = [(e, e.action) for e in effects if isinstance(e.action, Reassign)]
    going, mine = [action for _, action in moves], [e.action_id for e, _ in moves]
    said = safety.unsafe(tx, going, detection, now_us, mine)
    return {e.id: found.why for (e, _), found in zip(moves, said, strict=True) if found.why}


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
