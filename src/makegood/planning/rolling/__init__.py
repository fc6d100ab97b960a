"""Rolling-horizon dispatching of couriers: plan all that is known, fix only what cannot wait.

A `Horizon` is given the day's places, couriers, service times and weights; `know` tells it of
orders and `decide` returns what is fixed now: couriers sent, bundles picked up and dropped. It is
deterministic: the same calls with the same seed give the same moves, however fast the machine is.
`warm` compiles the kernels, so that no timed decision has to.

    places = [(x, y, 0.0), ...]                          # metres; or `on_sphere(lat, lon)`
    horizon = Horizon(places, couriers, Service(before_pick=2.0, whole=True), Tuning(), seed=1)
    horizon.know({7: Order(pick=0, drop=12, ready=35.0, due=50.0, late=30.0)})
    for move in horizon.decide(now=30.0, until=32.0):
        ...                                              # Sent or Bundle
"""

from __future__ import annotations

from makegood.planning.rolling.horizon import Horizon, on_sphere, warm
from makegood.planning.rolling.moves import Bundle, Courier, Move, Order, Sent
from makegood.planning.rolling.tuning import Service, Tuning

__all__ = [
    "Bundle",
    "Courier",
    "Horizon",
    "Move",
    "Order",
    "Sent",
    "Service",
    "Tuning",
    "on_sphere",
    "warm",
]
