"""What the store and the ledger say of effects: each step of their life is written here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam

from makegood.domain.actions import ActionKind
from makegood.domain.authority import ActionStatus, ObligationStatus
from makegood.domain.canonical import derive_id
from makegood.domain.effects import EffectStatus, Outcome
from makegood.effects.reads import ACTION, EFFECT, TO_SEND, Effect
from makegood.gates import balances, counters, obligations
from makegood.ledger.entries import SYSTEM, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.store.sql import among, insert

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from makegood.domain.effects import AdapterFacts
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
    insert(tx, EFFECT, rows)
    _act(tx, [item.action_id for item in spent], ActionStatus.INTENDED)
    append(tx, drafts)


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
        rows.append(
            {
                "b_id": effect.id,
                "status": outcome.status,
                "reference": outcome.reference,
                "detail": outcome.detail,
                "ended_us": now_us,
                "next_us": None,
            }
        )
    _update_many(tx, rows)
    _settle(tx, by_status[EffectStatus.CONFIRMED])
    _release(tx, by_status[EffectStatus.FAILED])
    append(tx, drafts)


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


def _update_many(tx: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    change = EFFECT.update().where(EFFECT.c.id == bindparam("b_id"))
    names = [name for name in rows[0] if name != "b_id"]
    tx.execute(change.values({name: bindparam(name) for name in names}), list(rows))


def _settle(tx: Connection, confirmed: Sequence[Effect]) -> None:
    _act(tx, [e.action_id for e in confirmed], ActionStatus.CONFIRMED)
    obligations.end(tx, [e.action_id for e in confirmed], ObligationStatus.SETTLED)
    for effect in confirmed:
        if effect.action.kind is ActionKind.REFUND and effect.action.money is not None:
            balances.confirm(tx, effect.order_id, effect.action.money.minor)


def _release(tx: Connection, failed: Sequence[Effect]) -> None:
    ids = [e.action_id for e in failed]
    _act(tx, ids, ActionStatus.FAILED)
    obligations.end(tx, ids, ObligationStatus.RELEASED)
    counters.release(tx, ids)
    for effect in failed:
        if effect.action.kind is ActionKind.REFUND and effect.action.money is not None:
            balances.free(tx, effect.order_id, effect.action.money.minor)


def _act(tx: Connection, action_ids: Sequence[str], status: ActionStatus) -> None:
    if action_ids:
        tx.execute(_MOVE, {"ids": list(action_ids), "to": status})


def _draft(effect: Effect, outcome: Outcome, now_us: int, actor: str) -> Draft:
    # The detail is the outside's or a person's free text and may name a customer: it stays in
    # the working table, which can be erased.
    body = {
        "effect_id": effect.id,
        "action_id": effect.action_id,
        "key": effect.key,
        "status": outcome.status,
        "reference": outcome.reference,
        "attempts": effect.attempts,
    }
    refs = [effect.action_id, f"sales_order/{effect.order_id}"]
    if actor != SYSTEM:
        refs.append(actor)
    return Draft(effect.hub_id, _KIND[outcome.status], now_us, actor, body, tuple(refs))
