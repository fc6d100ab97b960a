"""Gives endangered orders to couriers with room: one exact plan for all of them together.

Each order may keep what it has, so that a plan always exists, or go to one of the nearest
couriers with room. Couriers' room is counted in orders: free units over the largest load among
the orders that may go there, so that no choice can overfill anyone. Each further order on the
same courier delays the others there, so it costs more than the one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from makegood.clock import SECOND
from makegood.domain.conditions import Conditions
from makegood.domain.decisions import Capacity, Decision, FactorSpec, Method, Option, Subject
from makegood.domain.entities import FulfilmentOrder
from makegood.domain.forecast import CourierLoad, Forecast, foresee
from makegood.domain.limits import room_of
from makegood.domain.policies_planning import BEYOND_COURIERS
from makegood.domain.policy import UNITS, FactorName, Policies
from makegood.planning.factors import Grid, Scene, grid
from makegood.planning.flow import Choices, Ints, solve
from makegood.planning.limits import allowed

KEEP: Final = "keep"


@dataclass(frozen=True, slots=True)
class Stamp:
    """Under what a decision was made: digests of policy and workspace."""

    policy_digest: str
    workspace_digest: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What the plan does with one order; `to_courier` is None where it keeps what it has.

    `arrives_us` is predicted with the whole plan carried out, `late_us` is past the promise
    (negative when early).
    """

    order: FulfilmentOrder
    to_courier: str | None
    arrives_us: int
    late_us: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A joint plan: the decision that explains it, and each order's choice in the same order."""

    decision: Decision
    choices: tuple[Choice, ...]


def assign(
    orders: Sequence[FulfilmentOrder],
    couriers: Sequence[CourierLoad],
    *,
    values: Mapping[str, int],
    conditions: Conditions,
    policies: Policies,
    stamp: Stamp,
    frozen: frozenset[str] = frozenset(),
    lost: Sequence[CourierLoad] = (),
) -> Plan | None:
    """Plan `orders` (at least one; ids distinct) for `couriers`, or return None without orders.

    `values` is the money at stake in minor units by fulfilment order. Orders under way (picked
    up) and those in `frozen` keep their courier; couriers who are `lost` are given nothing, but
    may come back to what they hold. Pure: the same input gives the same plan.
    """
    if not orders:
        return None
    city = _City(orders, couriers, lost, conditions)
    forecast = city.forecast({}, {})
    scene = Scene(orders, couriers, forecast.queues, forecast.arrives_us, values, conditions)
    offered = _offered(scene, grid(scene), policies, frozen)
    decision = _decide(offered, policies, stamp)
    return Plan(decision, _choices(city, decision))


def beyond(plan: Plan, limit_us: int, moving: frozenset[str]) -> tuple[Choice, ...]:
    """Return the choices for orders that no option of theirs brings within a limit of lateness.

    The chosen one with the whole plan carried out does not, nor does any other by itself. Orders
    on their way, or in `moving` to another courier, are left out.
    """
    names = [spec.name for spec in plan.decision.factors]
    if FactorName.LATENESS not in names:
        return ()
    column = names.index(FactorName.LATENESS)
    return tuple(
        choice
        for choice, subject in zip(plan.choices, plan.decision.subjects, strict=True)
        if choice.late_us > limit_us
        and choice.order.picked_up_us is None
        and choice.order.id not in moving
        and min(option.values[column] for option in subject.options) * SECOND > limit_us
    )


@dataclass(frozen=True, slots=True)
class _City:
    """What is foreseen, with the plan or without."""

    orders: Sequence[FulfilmentOrder]
    couriers: Sequence[CourierLoad]
    lost: Sequence[CourierLoad]
    conditions: Conditions

    def forecast(
        self, to: Mapping[str, str | None], gained: Mapping[str, Sequence[FulfilmentOrder]]
    ) -> Forecast:
        """Predict everything, once orders have gone `to` others and couriers `gained` them."""
        couriers = [_after(load, to, gained) for load in self.couriers]
        lost = [_after(load, to, gained) for load in self.lost]
        held = {order.id for load in (*couriers, *lost) for order in load.held}
        waiting = [order for order in self.orders if order.id not in held]
        return foresee(couriers, waiting, self.conditions, lost)


@dataclass(frozen=True, slots=True)
class _Offered:
    """The options that are put to the solver: flat, by order; column m means keep."""

    scene: Scene
    row: Ints
    column: Ints
    values: Ints
    units: Ints
    slots: tuple[tuple[int, ...], ...]


def _offered(scene: Scene, made: Grid, policies: Policies, frozen: frozenset[str]) -> _Offered:
    n, m = len(scene.orders), len(scene.couriers)
    loads = np.array([order.load for order in scene.orders], dtype=np.int64)
    free = _room(scene)
    fits = (loads[:, None] <= free[None, :]) & allowed(scene)
    index = {load.courier.id: j for j, load in enumerate(scene.couriers)}
    for i, order in enumerate(scene.orders):
        if order.id in frozen or order.picked_up_us is not None:
            fits[i, :] = False
        elif order.courier_id in index:
            fits[i, index[order.courier_id]] = False
    far = np.where(fits, made.fetch_m, np.iinfo(np.int64).max)
    nearest = np.argsort(far, axis=1, kind="stable")[:, : policies.objectives.nearest]
    offered = np.take_along_axis(fits, nearest, axis=1)
    column = np.concatenate([nearest, np.full((n, 1), m, dtype=np.int64)], axis=1)
    taken = np.concatenate([offered, np.ones((n, 1), dtype=np.bool_)], axis=1)
    row, place = np.nonzero(taken)
    flat = column[row, place]
    names = list(_named(policies))
    values = np.stack([made.factors[name][row, flat] for name in names], axis=1)
    widest = np.ones(m + 1, dtype=np.int64)
    np.maximum.at(widest, flat, loads[row])
    units = free // widest[:m]
    return _Offered(scene, row.astype(np.int64), flat, values, units, _slots(made, units, policies))


def _named(policies: Policies) -> Iterable[FactorName]:
    """Return policy's factors; what a courier's further orders do to others, the slots say."""
    left_out = BEYOND_COURIERS | {FactorName.DISPLACEMENT}
    return (name for name in policies.factors.factors if name not in left_out)


def _room(scene: Scene) -> Ints:
    """Return the units of room that each courier has, within what their vehicle may carry."""
    limits = scene.conditions.travel.limits
    rooms = [
        max(0, room_of(load.courier, limits.get(load.courier.vehicle)) - load.load)
        for load in scene.couriers
    ]
    return np.array(rooms, dtype=np.int64)


def _slots(made: Grid, units: Ints, policies: Policies) -> tuple[tuple[int, ...], ...]:
    """Return what each further order on the same courier costs: its step, once for each before."""
    names = policies.factors.factors
    weight = policies.objectives.weights[FactorName.CROWDING] if FactorName.CROWDING in names else 0
    steps: list[int] = (made.step_us // SECOND * weight).tolist()
    counts: list[int] = units.tolist()
    return tuple(
        tuple(step * before for before in range(count))
        for step, count in zip(steps, counts, strict=True)
    )


def _decide(offered: _Offered, policies: Policies, stamp: Stamp) -> Decision:
    specs = tuple(
        FactorSpec(name=name, unit=UNITS[name], weight=policies.objectives.weights[name])
        for name in _named(policies)
    )
    weights = np.array([spec.weight for spec in specs], dtype=np.int64)
    ids = [load.courier.id for load in offered.scene.couriers]
    choices = Choices(
        len(offered.scene.orders),
        offered.row,
        offered.values @ weights,
        np.where(offered.column == len(ids), -1, offered.column),
        offered.units,
        np.array([cost for slots in offered.slots for cost in slots], dtype=np.int64),
    )
    return Decision(
        method=Method.MIN_COST_FLOW,
        factors=specs,
        subjects=_subjects(offered, ids, solve(choices)),
        capacities=tuple(
            Capacity(resource=courier_id, units=len(slots), slots=slots)
            for courier_id, slots in zip(ids, offered.slots, strict=True)
        ),
        policy_digest=stamp.policy_digest,
        workspace_digest=stamp.workspace_digest,
    )


def _subjects(offered: _Offered, ids: Sequence[str], chosen: Ints) -> tuple[Subject, ...]:
    orders = offered.scene.orders
    starts = np.searchsorted(offered.row, np.arange(len(orders) + 1))
    keys, resources = [*ids, KEEP], [*ids, ""]
    columns: list[int] = offered.column.tolist()
    options = [
        Option(key=keys[column], resource=resources[column], values=tuple(values))
        for column, values in zip(columns, offered.values.tolist(), strict=True)
    ]
    return tuple(
        Subject(
            id=order.id,
            options=tuple(options[starts[i] : starts[i + 1]]),
            chosen=int(chosen[i] - starts[i]),
        )
        for i, order in enumerate(orders)
    )


def _choices(city: _City, decision: Decision) -> tuple[Choice, ...]:
    """Predict every order again with the whole plan carried out."""
    to: dict[str, str | None] = {}
    for subject in decision.subjects:
        key = subject.options[subject.chosen].key
        to[subject.id] = None if key == KEEP else key
    gained: dict[str, list[FulfilmentOrder]] = {}
    for order in city.orders:
        courier_id = to[order.id]
        if courier_id is not None:
            gained.setdefault(courier_id, []).append(order)
    arrives = city.forecast(to, gained).arrives_us
    return tuple(_choice(city, order, to[order.id], arrives[order.id]) for order in city.orders)


def _after(
    load: CourierLoad,
    to: Mapping[str, str | None],
    gained: Mapping[str, Sequence[FulfilmentOrder]],
) -> CourierLoad:
    kept = tuple(order for order in load.held if to.get(order.id) is None)
    return replace(load, held=(*kept, *gained.get(load.courier.id, ())))


def _choice(city: _City, order: FulfilmentOrder, to_courier: str | None, arrives_us: int) -> Choice:
    promised_us = city.conditions.now_us if order.promised_us is None else order.promised_us
    return Choice(order, to_courier, arrives_us, arrives_us - promised_us)
