"""Whom safety lets go where: couriers by orders, before anything is weighed (invariant 13)."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from makegood.domain.limits import grounded, out_of_range
from makegood.planning.factors import Scene

Bools: TypeAlias = NDArray[np.bool_]


def allowed(scene: Scene) -> Bools:
    """Return whether each order (row) may go to each courier (column) by their vehicle's limits.

    It is what the gate asks too, so that no plan is made of what would be denied.
    """
    found = np.ones((len(scene.orders), len(scene.couriers)), dtype=np.bool_)
    conditions = scene.conditions
    for column, load in enumerate(scene.couriers):
        vehicle = load.courier.vehicle
        limits = conditions.travel.limits.get(vehicle)
        if limits is None:
            continue
        if grounded(limits, vehicle, conditions.sky):
            found[:, column] = False
            continue
        found[:, column] = [
            not out_of_range(limits, vehicle, order, conditions.home) for order in scene.orders
        ]
    return found
