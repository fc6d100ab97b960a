"""Safety limits: the gate denies what would load a courier past capacity, whoever proposed it.

A courier's load is what the projection says they hold, and what is on its way to them: granted
or intended reassignments that the outside has not reported back yet.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import and_, select

from makegood.domain.actions import ActionKind, Reassign
from makegood.domain.authority import ActionStatus, Verdict
from makegood.domain.entities import Courier, EntityKind
from makegood.state import query
from makegood.store.sql import table
from makegood.store.tables.authority import Action

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from makegood.domain.entities import Entity, FulfilmentOrder
    from makegood.gates.candidates import Candidate

ACTION = table(Action)
_UNDER_WAY = (ActionStatus.GRANTED, ActionStatus.INTENDED, ActionStatus.UNKNOWN)


def check(tx: Connection, judged: Sequence[Candidate]) -> None:
    """Deny reassignments past a courier's capacity; in order, so that the first ones fit."""
    moves = [c for c in judged if isinstance(c.action, Reassign) and c.may_still_pass]
    wanted = [c.action for c in moves if isinstance(c.action, Reassign)]
    overloads = overloaded(tx, wanted)
    for candidate, why in zip(moves, overloads, strict=True):
        if why:
            candidate.say("safety.capacity", Verdict.DENY, why)


def overloaded(
    tx: Connection, moves: Sequence[Reassign], ignoring: Sequence[str] = ()
) -> list[str]:
    """Return for each reassignment why it would overload its courier, or an empty text.

    Orders that leave a courier within the same list make room. `ignoring` are actions (ids) that
    are not to be counted as on their way, because they are what is being asked about.
    """
    if not moves:
        return []
    wanted = sorted({move.to_courier for move in moves})
    couriers = query.many(tx, EntityKind.COURIER, wanted)
    parcels = query.fulfilments(tx, [move.fulfilment_id for move in moves])
    load = query.courier_loads(tx, wanted)
    for courier_id, extra in _on_their_way(tx, wanted, ignoring).items():
        load[courier_id] = load.get(courier_id, 0) + extra
    for move in moves:
        parcel = parcels.get(move.fulfilment_id)
        if parcel is not None and parcel.courier_id in load:
            load[parcel.courier_id] -= parcel.load
    return [_judge(move, couriers, parcels, load) for move in moves]


def _judge(
    move: Reassign,
    couriers: Mapping[str, Entity],
    parcels: Mapping[str, FulfilmentOrder],
    load: dict[str, int],
) -> str:
    courier = couriers.get(move.to_courier)
    if not isinstance(courier, Courier):
        return ""
    after = load.get(move.to_courier, 0) + _load(parcels.get(move.fulfilment_id))
    if after > courier.capacity:
        return f"courier {courier.id} would carry {after}, room is for {courier.capacity}"
    load[move.to_courier] = after
    return ""


def _load(parcel: FulfilmentOrder | None) -> int:
    return parcel.load if parcel is not None else 1


def _on_their_way(
    tx: Connection, couriers: Sequence[str], ignoring: Sequence[str]
) -> dict[str, int]:
    resources = [f"{EntityKind.COURIER}/{courier}" for courier in couriers]
    coming = and_(
        ACTION.c.resource.in_(resources),
        ACTION.c.kind == ActionKind.REASSIGN,
        ACTION.c.status.in_(_UNDER_WAY),
    )
    rows = tx.execute(select(ACTION.c.id, ACTION.c.resource, ACTION.c.entity).where(coming)).all()
    coming_parcels = query.fulfilments(tx, [row.entity.partition("/")[2] for row in rows])
    extra: dict[str, int] = defaultdict(int)
    skip = frozenset(ignoring)
    for row in rows:
        courier_id = row.resource.partition("/")[2]
        parcel = coming_parcels.get(row.entity.partition("/")[2])
        there = parcel is not None and parcel.courier_id == courier_id
        if row.id not in skip and not there:
            extra[courier_id] += _load(parcel)
    return dict(extra)
