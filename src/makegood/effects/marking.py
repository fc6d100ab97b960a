"""Marking calls as sent: the last transaction before they go out, and all that it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from makegood.clock import SECOND
from makegood.domain.effects import EffectStatus, Outcome
from makegood.effects import reads, reconcile, records, unsent
from makegood.gates import kill
from makegood.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from sqlalchemy import Connection

    from makegood.domain.effects import AdapterFacts
    from makegood.domain.policy import Policies
    from makegood.effects.reads import Effect

ASKED_AGAIN_US: Final = 30 * SECOND
"""How long what a breaker keeps back waits before it is looked at again."""
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Marked:
    """What may be sent now, and how many moved otherwise: left to a person, or ended."""

    sent: list[Effect]
    moved: int


def in_doubt(
    tx: Connection,
    adapter: AdapterFacts,
    effects: Sequence[Effect],
    policies: Policies,
    now_us: int,
) -> list[Effect]:
    """Return the effects that the outside must be asked about before they may go out again.

    That is all that a queryable tool leaves unknown. What an idempotent one does is harmless to
    repeat as long as it is still wanted; where it is not, only the outside can say whether it was
    done before that.
    """
    unknown = [e for e in effects if e.status is EffectStatus.UNKNOWN]
    unwanted = unsent.why_not(tx, unknown, policies.detection, now_us)
    return [e for e in unknown if e.id in unwanted or reconcile.must_look_up(e, adapter)]


def mark(
    tx: Connection,
    adapter: AdapterFacts,
    effects: Sequence[Effect],
    looked_up: Container[str],
    policies: Policies,
    now_us: int,
) -> Marked:
    """Mark effects as sent; `looked_up` are the ids of those that the outside knows nothing of.

    What may not go out is called off where it was never sent, has failed where the outside has
    not done it, and is asked about again where that is not known yet.
    """
    switches = kill.read_locked(tx)
    still = reads.still(tx, effects, reads.TO_SEND)
    going = [e for e in effects if e.id in still and not switches.stops(e.action, e.agent)]
    moved = 0
    asked: list[Effect] = []
    for effect in going:
        if why := reconcile.why_not(effect, adapter, now_us):
            records.leave_unknown(tx, [effect], why, {effect.id: None}, now_us)
            moved += 1
        else:
            asked.append(effect)
    off = unsent.why_not(tx, asked, policies.detection, now_us)
    moved += _end(tx, adapter, [(e, off[e.id]) for e in asked if e.id in off], looked_up, now_us)
    wanted = [e for e in asked if e.id not in off]
    waiting = unsent.kept_back(tx, wanted, policies.breakers, now_us)
    records.put_off(tx, sorted(waiting), now_us + ASKED_AGAIN_US)
    sent = records.mark_dispatched(tx, [e for e in wanted if e.id not in waiting], now_us)
    return Marked(sent, moved)


def _end(
    tx: Connection,
    adapter: AdapterFacts,
    off: Sequence[tuple[Effect, str]],
    looked_up: Container[str],
    now_us: int,
) -> int:
    """End what may not go out (again), as far as it is known not to have been done."""
    never_sent = [(e, why) for e, why in off if e.status is EffectStatus.INTENDED]
    records.call_off(tx, never_sent, now_us)
    undone = [
        (e, why)
        for e, why in off
        if e.id in looked_up and now_us >= (e.dispatched_us or 0) + adapter.in_flight_us
    ]
    failed = [
        (e, Outcome(status=EffectStatus.FAILED, detail=f"not done: {why}")) for e, why in undone
    ]
    if failed:
        records.end(tx, failed, now_us)
    ended = {e.id for e, _ in (*never_sent, *undone)}
    for effect, why in off:
        if effect.id in ended:
            log.warning("not sent", effect_id=effect.id, why=why)
        else:
            # It may be under way yet; once it cannot be, the outside is asked again.
            later_us = max(
                now_us + ASKED_AGAIN_US, (effect.dispatched_us or 0) + adapter.in_flight_us
            )
            records.leave_unknown(tx, [effect], why, {effect.id: later_us}, now_us)
    return len(ended)
