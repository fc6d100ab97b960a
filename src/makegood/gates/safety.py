"""Safety limits: the gate denies what would load a courier past capacity, whoever proposed it.

A courier's load is what the projection says they hold, and what is on its way to them: granted,
intended or confirmed reassignments that the outside has not reported back yet.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import and_, literal, or_, select

from makegood.domain.actions import ACTIONS, ActionKind, Reassign
from makegood.domain.authority import ActionStatus, Verdict
from makegood.domain.entities import Courier, EntityKind
from makegood.domain.statuses import OPEN_FULFILMENT
from makegood.state import query
from makegood.store import tables
from makegood.store.sql import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from makegood.domain.entities import Entity, FulfilmentOrder
    from makegood.gates.candidates import Candidate

ACTION = table(tables.authority.Action)
PARCEL = table(tables.entities.FulfilmentOrder)
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

    Orders that leave a courier within the same list make room, unless they may not leave: what is
    denied stays where it is, so the rest is looked at again without it. `ignoring` are actions
    (ids) that are not to be counted as on their way, because they are what is being asked about.
    """
    if not moves:
        return []
    wanted = sorted({move.to_courier for move in moves})
    couriers = query.many(tx, EntityKind.COURIER, wanted)
    parcels = query.fulfilments(tx, [move.fulfilment_id for move in moves])
    load = query.courier_loads(tx, wanted)
    for courier_id, extra in _on_their_way(tx, wanted, ignoring).items():
        load[courier_id] = load.get(courier_id, 0) + extra
    whys = [""] * len(moves)
    stands = False
    while not stands:
        going = [index for index, why in enumerate(whys) if not why]
        room = _after_leaving([moves[index] for index in going], parcels, load)
        for index in going:
            whys[index] = _judge(moves[index], couriers, parcels, room)
        stands = not any(whys[index] for index in going)
    return whys


def _after_leaving(
    moves: Sequence[Reassign], parcels: Mapping[str, FulfilmentOrder], load: Mapping[str, int]
) -> dict[str, int]:
    room = dict(load)
    for move in moves:
        parcel = parcels.get(move.fulfilment_id)
        if parcel is not None and parcel.courier_id in room:
            room[parcel.courier_id] -= parcel.load
    return room


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
    # What was carried out is on its way until the outside reports it, and its parcel is open.
    not_over = or_(
        ACTION.c.status.in_(_UNDER_WAY),
        and_(
            ACTION.c.status == ActionStatus.CONFIRMED,
            PARCEL.c.status.in_(sorted(OPEN_FULFILMENT)),
        ),
    )
    ref = literal(f"{EntityKind.FULFILMENT_ORDER}/") + PARCEL.c.id
    coming = (
        select(ACTION.c.id, ACTION.c.body)
        .select_from(ACTION.outerjoin(PARCEL, ACTION.c.entity == ref))
        .where(ACTION.c.resource.in_(resources), ACTION.c.kind == ActionKind.REASSIGN, not_over)
    )
    skip = frozenset(ignoring)
    moves = [ACTIONS.validate_json(row.body) for row in tx.execute(coming) if row.id not in skip]
    mine = [move for move in moves if isinstance(move, Reassign)]
    parcels = query.fulfilments(tx, [move.fulfilment_id for move in mine])
    extra: dict[str, int] = defaultdict(int)
    for move in mine:
        parcel = parcels.get(move.fulfilment_id)
        if not _is_reported(move, parcel):
            extra[move.to_courier] += _load(parcel)
    return dict(extra)


def _is_reported(move: Reassign, parcel: FulfilmentOrder | None) -> bool:
    """Say whether the projection knows of this move, or of a later one, already."""
    if parcel is None:
        return False
    return parcel.courier_id == move.to_courier or parcel.assignment > move.assignment
