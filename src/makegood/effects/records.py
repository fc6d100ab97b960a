"""What the store and the ledger say of effects: each step of their life is written here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select

from makegood.domain.actions import ActionKind
from makegood.domain.authority import ActionStatus, GrantStatus, ObligationStatus
from makegood.domain.canonical import derive_id
from makegood.domain.effects import EffectStatus, Outcome
from makegood.effects.reads import ACTION, EFFECT, GRANT, TO_SEND, Effect
from makegood.gates import balances, counters, obligations, review_settling
from makegood.gates.last_look import BY_GATE
from makegood.ledger.entries import SYSTEM, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.outbox.messages import EffectIds, Message, MessageType, put
from makegood.store.sql import among, insert, update_each

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from makegood.domain.effects import AdapterFacts
    from makegood.domain.money import Money
    from makegood.gates.grants import Spent


_KIND = {
    EffectStatus.CONFIRMED: EntryKind.EFFECT_CONFIRMED,
    EffectStatus.FAILED: EntryKind.EFFECT_FAILED,
    EffectStatus.UNKNOWN: EntryKind.EFFECT_UNKNOWN,
}
_ACTION = {
    EffectStatus.CONFIRMED: ActionStatus.CONFIRMED,
    EffectStatus.FAILED: ActionStatus.FAILED,
    EffectStatus.UNKNOWN: ActionStatus.UNKNOWN,
}

_FORGET = EFFECT.delete().where(
    EFFECT.c.status == EffectStatus.FAILED,
    EFFECT.c.attempts == 0,
    or_(among(EFFECT.c.action_id, "action_ids"), among(EFFECT.c.key, "keys")),
)
_VOID = (
    GRANT.update()
    .where(GRANT.c.id.in_(select(EFFECT.c.grant_id).where(among(EFFECT.c.id, "ids"))))
    .values(
        status=GrantStatus.VOID,
        ended_us=bindparam("now_us"),
        detail="called off before it was sent",
    )
)
_ENDED = (
    EFFECT.update()
    .where(EFFECT.c.id == bindparam("b_id"))
    .values(
        {name: bindparam(name) for name in ("status", "reference", "detail", "ended_us", "next_us")}
    )
)
_PUT_OFF = EFFECT.update().where(among(EFFECT.c.id, "ids")).values(next_us=bindparam("until_us"))
_MOVE = ACTION.update().where(among(ACTION.c.id, "ids")).values(status=bindparam("to"))


def intend(
    tx: Connection,
    spent: Sequence[Spent],
    adapters: Mapping[ActionKind, AdapterFacts],
    now_us: int,
    epoch: int,
) -> None:
    """Write the intents of grants that were spent in this same transaction."""
    rows: list[dict[str, Any]] = []
    drafts: list[Draft] = []
    for item in spent:
        adapter = adapters[item.action.kind]
        row = {
            "id": derive_id("eff", item.key),
            "key": item.key,
            "grant_id": item.grant_id,
            "action_id": item.action_id,
            "obligation_id": item.obligation_id,
            "order_id": item.order_id,
            "hub_id": item.hub_id,
            "adapter": adapter.name,
            "status": EffectStatus.INTENDED,
            "intended_us": now_us,
            "next_us": now_us,
            "epoch": epoch,
        }
        rows.append(row)
        body = {
            "effect_id": row["id"],
            "action_id": item.action_id,
            "grant_id": item.grant_id,
            "key": item.key,
            "digest": item.digest,
            "adapter": adapter.name,
        }
        refs = (item.action_id, f"sales_order/{item.order_id}")
        drafts.append(Draft(item.hub_id, EntryKind.EFFECT_INTENDED, now_us, SYSTEM, body, refs))
    _forget_called_off(tx, rows)
    insert(tx, EFFECT, rows)
    _act(tx, [item.action_id for item in spent], ActionStatus.INTENDED)
    append(tx, drafts)


def _forget_called_off(tx: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Make room for intents of what was called off before it was sent, and then approved again.

    The outside never saw the key. What became of the first intent stays on the ledger.
    """
    if rows:
        names = ("action_id", "key")
        tx.execute(_FORGET, {f"{name}s": [row[name] for row in rows] for name in names})


def put_off(tx: Connection, effect_ids: Sequence[str], until_us: int) -> None:
    """Let effects wait until they are looked at again; nothing else of them changes."""
    if effect_ids:
        tx.execute(_PUT_OFF, {"ids": list(effect_ids), "until_us": until_us})


def mark_dispatched(tx: Connection, effects: Sequence[Effect], now_us: int) -> list[Effect]:
    """Write down that calls are about to be sent, from here on they may have been; return them."""
    if not effects:
        return []
    ids = [effect.id for effect in effects]
    change = EFFECT.update().where(EFFECT.c.id.in_(ids), EFFECT.c.status.in_(TO_SEND))
    values = {
        "status": EffectStatus.DISPATCHED,
        "dispatched_us": now_us,
        "attempts": EFFECT.c.attempts + 1,
    }
    if tx.execute(change.values(values)).rowcount != len(ids):
        message = "effects were locked, and yet one of them moved"
        raise AssertionError(message)
    sent = EffectStatus.DISPATCHED
    return [replace(e, status=sent, dispatched_us=now_us, attempts=e.attempts + 1) for e in effects]


def end(
    tx: Connection,
    outcomes: Iterable[tuple[Effect, Outcome]],
    now_us: int,
    actor: str = SYSTEM,
) -> None:
    """Write down how effects ended: confirmed, or failed with nothing done."""
    by_status: dict[EffectStatus, list[Effect]] = {
        EffectStatus.CONFIRMED: [],
        EffectStatus.FAILED: [],
    }
    drafts: list[Draft] = []
    rows: list[dict[str, Any]] = []
    for effect, outcome in outcomes:
        by_status[outcome.status].append(effect)
        drafts.append(_draft(effect, outcome, now_us, actor))
        rows.append(_ending(effect, outcome, now_us))
    _update_many(tx, rows)
    _settle(tx, by_status[EffectStatus.CONFIRMED])
    _release(tx, by_status[EffectStatus.FAILED])
    append(tx, drafts)
    _tell(tx, MessageType.EFFECT_FAILED, by_status[EffectStatus.FAILED], now_us)


def call_off(tx: Connection, effects: Sequence[tuple[Effect, str]], now_us: int) -> None:
    """Write down that intents may not be sent any more, and why: nothing was done.

    What they had taken is given back. Where a person had approved one they are asked again, and
    it keeps its obligation, as what is held does.
    """
    if not effects:
        return
    _update_many(tx, [_ending(e, _never_sent(why), now_us) for e, why in effects])
    # Nothing came of what they were spent on; another grant of the same may be given.
    tx.execute(_VOID, {"ids": [e.id for e, _ in effects], "now_us": now_us})
    asked = {
        e.id
        for e, why in effects
        if e.given_by != BY_GATE and review_settling.ask_again(tx, e.action_id, why, now_us)
    }
    _free(tx, [e for e, _ in effects if e.id in asked])
    _release(tx, [e for e, _ in effects if e.id not in asked])
    # Why is the house's own sentence and names nobody, so that the ledger may keep it.
    append(tx, [_draft(e, _never_sent(why), now_us, SYSTEM, why=why) for e, why in effects])


def _never_sent(why: str) -> Outcome:
    return Outcome(status=EffectStatus.FAILED, reference="never-sent", detail=why)


def leave_unknown(
    tx: Connection,
    effects: Sequence[Effect],
    why: str,
    next_us: Mapping[str, int | None],
    now_us: int,
) -> None:
    """Write down that nobody knows whether these were done; `next_us` says when to ask, by id."""
    if not effects:
        return
    _update_many(
        tx,
        [
            {
                "b_id": effect.id,
                "status": EffectStatus.UNKNOWN,
                "reference": "",
                "detail": why,
                "ended_us": None,
                "next_us": next_us[effect.id],
            }
            for effect in effects
        ],
    )
    _act(tx, [effect.action_id for effect in effects], ActionStatus.UNKNOWN)
    outcome = Outcome(status=EffectStatus.UNKNOWN, detail=why)
    append(tx, [_draft(effect, outcome, now_us, SYSTEM) for effect in effects])
    _tell(tx, MessageType.EFFECT_UNKNOWN, effects, now_us)


def _tell(tx: Connection, what: MessageType, effects: Sequence[Effect], now_us: int) -> None:
    """Let others know of money, or the end of an order, that did not come to what was granted."""
    ids = (
        EffectIds(effect_id=e.id, action_id=e.action_id, hub_id=e.hub_id, order_id=e.order_id)
        for e in effects
        if e.action.money is not None
    )
    put(tx, [Message(what, now_us, each) for each in ids])


def _ending(effect: Effect, outcome: Outcome, now_us: int) -> dict[str, Any]:
    return {
        "b_id": effect.id,
        "status": outcome.status,
        "reference": outcome.reference,
        "detail": outcome.detail,
        "ended_us": now_us,
        "next_us": None,
    }


def _update_many(tx: Connection, rows: Sequence[dict[str, Any]]) -> None:
    update_each(tx, _ENDED, rows)


def _settle(tx: Connection, confirmed: Sequence[Effect]) -> None:
    _act(tx, [e.action_id for e in confirmed], ActionStatus.CONFIRMED)
    obligations.end(tx, [e.action_id for e in confirmed], ObligationStatus.SETTLED)
    balances.confirm(tx, _paid_back(confirmed))


def _release(tx: Connection, failed: Sequence[Effect]) -> None:
    ids = [e.action_id for e in failed]
    _act(tx, ids, ActionStatus.FAILED)
    obligations.end(tx, ids, ObligationStatus.RELEASED)
    counters.release(tx, ids)
    _free(tx, failed)


def _free(tx: Connection, undone: Sequence[Effect]) -> None:
    balances.free(tx, _paid_back(undone))


def _paid_back(effects: Sequence[Effect]) -> Iterator[tuple[str, Money]]:
    for effect in effects:
        if money := effect.action.pays_back:
            yield effect.order_id, money


def _act(tx: Connection, action_ids: Sequence[str], status: ActionStatus) -> None:
    if action_ids:
        tx.execute(_MOVE, {"ids": list(action_ids), "to": status})


def _draft(effect: Effect, outcome: Outcome, now_us: int, actor: str, **more: str) -> Draft:
    # The detail is the outside's or a person's free text and may name a customer: it stays in
    # the working table, which can be erased.
    body = {
        "effect_id": effect.id,
        "action_id": effect.action_id,
        "key": effect.key,
        "status": outcome.status,
        "reference": outcome.reference,
        "attempts": effect.attempts,
        **more,
    }
    refs = [effect.action_id, f"sales_order/{effect.order_id}"]
    if actor != SYSTEM:
        refs.append(actor)
    return Draft(effect.hub_id, _KIND[outcome.status], now_us, actor, body, tuple(refs))
