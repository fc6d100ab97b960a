"""`/v1/effect`: what was set going in the outside world, and how it ended."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import Connection

from makegood.api.auth import Who
from makegood.api.idempotency import Repeatable
from makegood.api.routes.listing import Limit, Listing, Out
from makegood.api.seam import House
from makegood.domain.actions import Action
from makegood.domain.effects import EffectStatus
from makegood.domain.frozen import Frozen
from makegood.effects import reads, reconcile
from makegood.errors import NotFound

router = APIRouter(prefix="/v1", tags=["effect"])

Statuses = Annotated[list[EffectStatus] | None, Query(alias="status")]


class EffectOut(Out):
    """An effect; `key` is the idempotency key that the outside sees, `reference` its answer."""

    id: str
    key: str
    action_id: str
    obligation_id: str
    order_id: str
    hub_id: str
    adapter: str
    agent: str
    status: EffectStatus
    attempts: int
    intended_us: int
    dispatched_us: int | None
    ended_us: int | None
    next_us: int | None
    reference: str
    detail: str
    action: Action


class Finding(Frozen):
    """What a person found out about an effect that nobody could know of."""

    status: Literal[EffectStatus.CONFIRMED, EffectStatus.FAILED]
    note: str = Field(min_length=1, max_length=500)


@router.get("/effect")
def list_effects(
    house: House, status: Statuses = None, order_id: str | None = None, limit: Limit = 200
) -> Listing[EffectOut]:
    """List effects, newest first; those of one order oldest first."""
    with house.store.read() as tx:
        if order_id is not None:
            found = reads.of_order(tx, order_id)
        else:
            found = reads.of_status(tx, status or tuple(EffectStatus), limit)
    wanted = set(status or EffectStatus)
    return Listing(items=tuple(EffectOut.of(e) for e in found if e.status in wanted))


@router.get("/effect/{effect_id}")
def get_effect(house: House, effect_id: str) -> EffectOut:
    """Return one effect, by its own id or its action's."""
    with house.store.read() as tx:
        return _get(tx, effect_id)


@router.post("/effect/{effect_id}/decide")
def decide_effect(
    house: House, who: Who, once: Repeatable, effect_id: str, finding: Finding
) -> EffectOut:
    """Write down how an unknown effect really ended."""
    now_us = house.clock.now_us()

    def work(tx: Connection) -> EffectOut:
        own_id = _get(tx, effect_id).id
        reconcile.decide(tx, own_id, finding.status, who.id, finding.note, now_us)
        return _get(tx, own_id)

    return once.do(EffectOut, work)


def _get(tx: Connection, effect_id: str) -> EffectOut:
    found = reads.get(tx, effect_id)
    if found is None:
        raise NotFound(f"no effect {effect_id}")
    return EffectOut.of(found)
