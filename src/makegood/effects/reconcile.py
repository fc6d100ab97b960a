"""Unknown outcomes: what may be done about an effect that nobody has heard of.

| the adapter is | then                                                                     |
|----------------|--------------------------------------------------------------------------|
| idempotent     | the same call under the same key, within the key's lifetime              |
| queryable      | read back once nothing can be in flight any more; not found is sent again |
| neither        | a person decides                                                         |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from makegood.clock import MINUTE, SECOND
from makegood.domain.effects import AdapterFacts, EffectStatus, Outcome, Repeat
from makegood.effects import reads, records
from makegood.errors import Conflict, NotFound
from makegood.ledger.entries import Draft, append
from makegood.ledger.kinds import EntryKind

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.effects.reads import Effect

ENDINGS: Final = (EffectStatus.CONFIRMED, EffectStatus.FAILED)
FIRST_WAIT_US: Final = SECOND
LONGEST_WAIT_US: Final = 5 * MINUTE


def must_look_up(effect: Effect, adapter: AdapterFacts) -> bool:
    """Say whether an effect is to be read back before it may be sent again."""
    return effect.status is EffectStatus.UNKNOWN and adapter.repeat is Repeat.QUERYABLE


def why_not(effect: Effect, adapter: AdapterFacts, now_us: int) -> str:
    """Say why an effect may not be sent any more, so that a person must decide; else nothing.

    When it may be tried again was written down before; the process may have been down since.
    """
    if not effect.intact:
        return "the action is not the one that was granted"
    if effect.status is EffectStatus.INTENDED:
        return ""
    match adapter.repeat:
        case Repeat.NEITHER:
            return "nobody knows whether it was done, and the tool cannot repeat or look up"
        case Repeat.IDEMPOTENT if now_us >= effect.intended_us + adapter.key_lifetime_us:
            return "nobody knows whether it was done, and its key may be forgotten"
        case _:
            return ""


def next_us(effect: Effect, adapter: AdapterFacts, now_us: int) -> int | None:
    """Return when to try again, or None when a person must decide.

    Waits double from a second to five minutes. A queryable outside is asked only when no call
    can be in flight any more.
    """
    repeats = min(max(effect.attempts - 1, 0), 20)
    wait_us = min(FIRST_WAIT_US << repeats, LONGEST_WAIT_US)
    match adapter.repeat:
        case Repeat.NEITHER:
            return None
        case Repeat.QUERYABLE:
            sent_us = effect.dispatched_us or now_us
            return max(now_us + wait_us, sent_us + adapter.in_flight_us)
        case Repeat.IDEMPOTENT:
            again_us = now_us + wait_us
            alive = again_us < effect.intended_us + adapter.key_lifetime_us
            return again_us if alive else None


def decide(
    tx: Connection,
    effect_id: str,
    status: EffectStatus,
    person_id: str,
    note: str,
    now_us: int,
) -> None:
    """Write down what a person found out about an effect that nobody could know of.

    One that is intended and was never sent they may end as well: failed where it is not to be
    done any more, confirmed where it was done by hand.

    Raises:
        NotFound: there is no such effect.
        Conflict: it is neither unknown nor intended, or the answer neither confirmed nor failed.

    """
    effect = reads.get(tx, effect_id)
    if effect is None:
        raise NotFound(f"no effect {effect_id}")
    if effect.status not in reads.TO_SEND:
        raise Conflict(f"effect {effect_id} is {effect.status}, not unknown or still to be sent")
    if status not in ENDINGS:
        raise Conflict(f"an effect is decided confirmed or failed, not {status}")
    outcome = Outcome(status=status, reference="decided-by-a-person", detail=note)
    records.end(tx, [(effect, outcome)], now_us, person_id)
    body = {"effect_id": effect.id, "status": status}
    draft = Draft(effect.hub_id, EntryKind.EFFECT_DECIDED, now_us, person_id, body)
    append(tx, [draft])
