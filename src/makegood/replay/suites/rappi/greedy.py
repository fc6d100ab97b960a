"""The simple rule that the planner has to beat: the nearest free courier, at once."""

from __future__ import annotations

import numpy as np

from makegood.replay.suites.rappi.fleet import Fleet, Orders, Send
from makegood.replay.suites.rappi.rules import Ints, all_seconds, distances_m


def greedy(now_s: int, pending: Ints, orders: Orders, fleet: Fleet) -> list[Send]:
    """Send the nearest free courier to each waiting order, first come, first served.

    A courier is free who is on shift and carries nothing, and is taken only where the shift
    lasts until the pick-up.
    """
    free = np.flatnonzero((fleet.on_s <= now_s) & (fleet.free_s <= now_s) & (fleet.off_s >= now_s))
    sends = list[Send]()
    for i in pending.tolist():
        if not len(free):
            break
        away_m = distances_m(fleet.lat[free], fleet.lon[free], orders.lat[i], orders.lon[i])
        arrives_s = now_s + all_seconds(away_m, fleet.speed[free])
        in_time = np.maximum(arrives_s, orders.ready_s[i]) <= fleet.off_s[free]
        if not in_time.any():
            continue
        nearest = int(np.argmin(np.where(in_time, away_m, np.iinfo(np.int64).max)))
        sends.append(Send(int(free[nearest]), (i,), now_s))
        free = np.delete(free, nearest)
    return sends
