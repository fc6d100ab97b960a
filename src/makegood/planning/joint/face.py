"""The joint plan as everybody else calls it: the compiler is loaded when first it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from makegood.clock import MINUTE
from makegood.domain.conditions import Conditions, Rain
from makegood.domain.entities import Courier, FulfilmentOrder
from makegood.domain.forecast import CourierLoad
from makegood.domain.geo import Point
from makegood.domain.policy import BP, Policies
from makegood.domain.statuses import CourierStatus, FulfilmentStatus
from makegood.planning.assignment import Choice, Plan, Stamp
from makegood.planning.joint.work import Work


def plan_jointly(
    work: Work, *, endangered: frozenset[str], stamp: Stamp, seed: int = 0
) -> Plan | None:
    """Plan all open deliveries of a hub together, or return None where none is endangered.

    Any that is still at its shop may change hands if the whole gets better by it; the decision is
    about those that are `endangered` or do. Pure: the same input and seed give the same plan.
    """
    # Loading numba takes half a second, which only plans are worth.
    from makegood.planning.joint.plan import plan  # noqa: PLC0415

    return plan(work, endangered, stamp, seed)


def warm_up(policies: Policies) -> None:
    """Load, or compile where nobody has yet, what plans need: before the first storm, not in it."""
    home = Point(0.0, 0.0)
    orders = tuple(
        FulfilmentOrder(id=f"o{n}", status=FulfilmentStatus.CREATED, pick_up=home, drop_off=home)
        for n in range(4)
    )
    courier = Courier(id="c", status=CourierStatus.ON, vehicle="other", capacity=4, position=home)
    conditions = Conditions(home, Rain(0, (0.0,)), policies.detection.travel, 0)
    loads = (CourierLoad(courier), CourierLoad(courier.but(id="d")))
    work = Work(orders=orders, couriers=loads, conditions=conditions, policies=policies)
    plan_jointly(work, endangered=frozenset({"o0"}), stamp=Stamp("", ""))


def sure_late(
    choices: Sequence[Choice],
    conditions: Conditions,
    policies: Policies,
    *,
    as_it_falls: bool = False,
) -> tuple[Choice, ...]:
    """Return the choices that are late with at least policy's `sure_bp` of likelihood.

    Who is late by a little in a plan that reaches far ahead is often saved by a later one. With
    `as_it_falls`, nobody counts as late whom only rain that is foretold, and does not fall yet,
    makes late: forecasts are prepared for, and money follows what happens.
    """
    spread = policies.detection.travel.spread_bp / BP
    sure = min(max(policies.objectives.sure_bp, 1), BP - 1) / BP
    scales = log(sure / (1.0 - sure))

    def is_sure(choice: Choice) -> bool:
        foretold_us = conditions.foretold_us(choice.arrives_us) if as_it_falls else 0
        arrives_us = choice.arrives_us - foretold_us
        deviation_us = max((arrives_us - conditions.now_us) * spread, float(MINUTE))
        return choice.late_us - foretold_us >= scales * deviation_us

    return tuple(choice for choice in choices if is_sure(choice))
