"""Safety limits: the gate denies what would send a courier or a drone past them, whoever asks.

They are the courier's capacity and what policy says of the vehicle: payload, range, and the rain
and wind that it may leave in, by the weather of the hub as it was last heard. A courier's load is
what the projection says they hold, and what is on its way to them: granted, intended or confirmed
reassignments that the outside has not reported back yet.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import and_, func, or_, select

from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind, Reassign, read_action
from makegood.domain.authority import ActionStatus, Verdict
from makegood.domain.entities import Courier, EntityKind, Hub
from makegood.domain.limits import Sky, grounded, out_of_range, room_of
from makegood.domain.statuses import OPEN_FULFILMENT
from makegood.state import query
from makegood.store import tables
from makegood.store.sql import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from makegood.domain.entities import Entity, FulfilmentOrder
    from makegood.domain.policies_detection import Detection, VehicleLimits
    from makegood.gates.candidates import Candidate

ACTION = table(tables.authority.Action)
PARCEL = table(tables.entities.FulfilmentOrder)
_UNDER_WAY = (ActionStatus.GRANTED, ActionStatus.INTENDED, ActionStatus.UNKNOWN)


CAPACITY: Final = "safety.capacity"
VEHICLE: Final = "safety.vehicle"


class Unsafe(NamedTuple):
    """The rule that a reassignment breaks, and why; both are empty where it is safe."""

    rule: str = ""
    why: str = ""


SAFE: Final = Unsafe()


def check(tx: Connection, detection: Detection, judged: Sequence[Candidate], now_us: int) -> None:
    """Deny reassignments past a courier's limits; in order, so that the first ones fit."""
    moves = [c for c in judged if isinstance(c.action, Reassign) and c.may_still_pass]
    wanted = [c.action for c in moves if isinstance(c.action, Reassign)]
    for candidate, found in zip(moves, unsafe(tx, wanted, detection, now_us), strict=True):
        if found.why:
            candidate.say(found.rule, Verdict.DENY, found.why)


def unsafe(
    tx: Connection,
    moves: Sequence[Reassign],
    detection: Detection,
    now_us: int,
    ignoring: Sequence[str] = (),
) -> list[Unsafe]:
    """Return for each reassignment why it would send its courier past a limit, if it would.

    Orders that leave a courier within the same list make room, unless they may not leave: what is
    denied stays where it is, so the rest is looked at again without it. `ignoring` are actions
    (ids) that are not to be counted as on their way, because they are what is being asked about.
    """
    if not moves:
        return []
    wanted = sorted({move.to_courier for move in moves})
    couriers = query.many(tx, EntityKind.COURIER, wanted)
    parcels = query.fulfilments(tx, [move.fulfilment_id for move in moves])
    whys = _past_limits(tx, moves, couriers, parcels, detection, now_us)
    load = query.courier_loads(tx, wanted)
    for courier_id, extra in _on_their_way(tx, wanted, ignoring).items():
        load[courier_id] = load.get(courier_id, 0) + extra
    limits, stands = detection.travel.limits, False
    while not stands:
        going = [index for index, found in enumerate(whys) if not found.why]
        room = _after_leaving([moves[index] for index in going], parcels, load)
        for index in going:
            whys[index] = _judge(moves[index], couriers, parcels, room, limits)
        stands = not any(whys[index].why for index in going)
    return whys


def _past_limits(
    tx: Connection,
    moves: Sequence[Reassign],
    couriers: Mapping[str, Entity],
    parcels: Mapping[str, FulfilmentOrder],
    detection: Detection,
    now_us: int,
) -> list[Unsafe]:
    """Say which moves go past what policy lets a vehicle do; hubs are read only where it says."""
    limits = detection.travel.limits
    found = [SAFE] * len(moves)
    limited = [
        (index, move, courier, limits[courier.vehicle])
        for index, move in enumerate(moves)
        if isinstance(courier := couriers.get(move.to_courier), Courier)
        and courier.vehicle in limits
    ]
    if not limited:
        return found
    hubs = query.many(tx, EntityKind.HUB, sorted({move.hub_id for _, move, _, _ in limited}))
    stale_us = detection.feeds.weather_stale_minutes * MINUTE
    for index, move, courier, limit in limited:
        hub = hubs.get(move.hub_id)
        hub = hub if isinstance(hub, Hub) else None
        why = grounded(limit, courier.vehicle, Sky.over(hub, now_us, stale_us))
        parcel = parcels.get(move.fulfilment_id)
        if not why and parcel is not None:
            home = None if hub is None else hub.position
            why = out_of_range(limit, courier.vehicle, parcel, home)
        found[index] = Unsafe(VEHICLE, why) if why else SAFE
    return found


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
    limits: Mapping[str, VehicleLimits],
) -> Unsafe:
    courier = couriers.get(move.to_courier)
    if not isinstance(courier, Courier):
        return SAFE
    after = load.get(move.to_courier, 0) + _load(parcels.get(move.fulfilment_id))
    room = room_of(courier, limits.get(courier.vehicle))
    if after > room:
        return Unsafe(CAPACITY, f"courier {courier.id} would carry {after}, room is for {room}")
    load[move.to_courier] = after
    return SAFE


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
    # Taken out of the action's own text, so that each delivery is found by its key.
    parcel_id = func.substr(ACTION.c.entity, len(f"{EntityKind.FULFILMENT_ORDER}/") + 1)
    coming = (
        select(ACTION.c.id, ACTION.c.body)
        .select_from(ACTION.outerjoin(PARCEL, PARCEL.c.id == parcel_id))
        .where(ACTION.c.resource.in_(resources), ACTION.c.kind == ActionKind.REASSIGN, not_over)
    )
    skip = frozenset(ignoring)
    moves = [read_action(row.body) for row in tx.execute(coming) if row.id not in skip]
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
