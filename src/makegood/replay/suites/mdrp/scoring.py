"""What a dispatched day is worth, as the published results measure it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from makegood.replay.feasibility import Carrying, Game, Place, Task, Worker, violations
from makegood.replay.suites.base import SuiteResult
from makegood.replay.suites.mdrp.days import MealDay, Spot, travel
from makegood.replay.suites.mdrp.play import Played

_SHOWN = 20
_LATE_MIN = 90


class Scores(BaseModel):
    """One instance's scores, or the unweighted mean over instances.

    Minutes, but for the seconds of a decision; percentages of all orders where undelivered, of
    those delivered where over 90 minutes. `cost_per_order` is in the instances' own money.
    """

    model_config = ConfigDict(frozen=True)

    undelivered_pct: float
    click_to_door_mean: float
    click_to_door_p90: float
    over_90_min_pct: float
    ready_to_pickup_mean: float
    cost_per_order: float
    orders_per_bundle: float
    decision_wall_s_p95: float
    decision_wall_s_max: float


class InstanceScores(Scores):
    """One instance: its name and size, its scores, and what its record breaks of the rules."""

    name: str
    orders: int
    couriers: int
    violations: tuple[str, ...]


class MdrpResult(SuiteResult):
    """The suite's result; `seed` is the planner's own, and a decision is charged nothing."""

    interval_min: float
    charge: str = "none: by the rules a decision takes no time"
    seed: int
    scores: Scores
    instances: tuple[InstanceScores, ...]


One = TypeVar("One", bound=Scores)


def measure(day: MealDay, every: int, played: Played) -> InstanceScores:
    """Measure a dispatched day, and hold its record against the rules."""
    bundles = [step for step in played.record if isinstance(step, Carrying)]
    meals = {meal.name: meal for meal in day.meals}
    dropped = {o: at for b in bundles for o, at in zip(b.orders, b.dropped, strict=False)}
    picked = {order: bundle.picked for bundle in bundles for order in bundle.orders}
    doors = np.array([at - meals[o].placed for o, at in dropped.items() if o in meals] or [np.nan])
    waits = [at - meals[o].ready for o, at in picked.items() if o in meals] or [np.nan]
    broken = violations(*_ruled(day, every), played.record)
    walls = np.array(played.decision_s)
    return InstanceScores(
        name=day.name,
        orders=len(meals),
        couriers=len(day.drivers),
        violations=tuple(str(one) for one in broken[:_SHOWN]),
        undelivered_pct=100 * (len(meals) - len(dropped)) / len(meals),
        click_to_door_mean=float(doors.mean()),
        click_to_door_p90=float(np.percentile(doors, 90)),
        over_90_min_pct=float(100 * (doors > _LATE_MIN).mean()),
        ready_to_pickup_mean=float(np.mean(waits)),
        cost_per_order=_cost(day, bundles) / max(1, len(dropped)),
        orders_per_bundle=len(picked) / max(1, len(bundles)),
        decision_wall_s_p95=float(np.percentile(walls, 95)),
        decision_wall_s_max=float(walls.max()),
    )


def averaged(instances: Sequence[InstanceScores]) -> Scores:
    """Return each score's unweighted mean over instances, and the longest decision of all."""
    values = {
        name: float(np.mean([getattr(one, name) for one in instances]))
        for name in Scores.model_fields
    }
    longest = max(one.decision_wall_s_max for one in instances)
    return Scores.model_validate(values | {"decision_wall_s_max": longest})


def _cost(day: MealDay, bundles: Sequence[Carrying]) -> float:
    count = Counter(bundle.courier for bundle in bundles for _ in bundle.orders)
    terms = day.terms
    return sum(
        max(terms.pay_per_order * count[d.name], terms.pay_per_hour * (d.off - d.on) / 60)
        for d in day.drivers
    )


def _ruled(day: MealDay, every: int) -> tuple[Game, dict[str, Task], dict[str, Worker]]:
    terms = day.terms
    # The record's places are those of the day: metres east and north.
    ways: dict[tuple[Place, Place], int] = {}

    def way(_courier: str, a: Place, b: Place) -> float:
        if (a, b) not in ways:
            ways[a, b] = travel(terms.metres_per_minute, _spot(a), _spot(b))
        return ways[a, b]

    game = Game(
        travel=way,
        before_pick=terms.pick_up_service / 2,
        after_pick=terms.pick_up_service / 2,
        before_drop=terms.drop_off_service / 2,
        after_drop=terms.drop_off_service / 2,
        every=every,
        tick=1,
        slack=0.0,
    )
    tasks = {m.name: Task(m.restaurant, m.customer, m.placed, m.ready) for m in day.meals}
    workers = {d.name: Worker(d.start, d.on, d.off) for d in day.drivers}
    return game, tasks, workers


def _spot(place: Place) -> Spot:
    match place:
        case (int(x), int(y)):
            return x, y
        case _:
            message = f"{place!r} is no place of a day"
            raise TypeError(message)
