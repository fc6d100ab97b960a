"""Where couriers are and when they are free, and what a decision makes of it.

Everything of a day that decisions look at lies here as arrays, by the orders' and couriers' places
in the day; angles are radians, times whole seconds since midnight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from makegood.replay.suites.rappi.days import Day
from makegood.replay.suites.rappi.rules import (
    CAPACITY,
    Floats,
    Ints,
    all_seconds,
    distances_m,
    travel_s,
)


@dataclass(frozen=True, slots=True)
class Trip:
    """One courier's way to a shop, and from there to the customers of what was picked up.

    Orders are in the order of their drop-offs; `decided_s` is the look at which
    they were given.
    """

    courier: int
    orders: tuple[int, ...]
    decided_s: int
    departs_s: int
    arrives_s: int
    picked_s: int
    dropped_s: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Send:
    """A decision: this courier leaves for these orders' shop, no earlier than `departs_s`."""

    courier: int
    orders: tuple[int, ...]
    departs_s: int


class Orders:
    """A day's orders as arrays."""

    def __init__(self, day: Day) -> None:
        """Lay them out."""
        self.placed_s = np.array([one.placed_s for one in day.orders], dtype=np.int64)
        self.ready_s = np.array([one.ready_s for one in day.orders], dtype=np.int64)
        self.promised_s = np.array([one.promised_s for one in day.orders], dtype=np.int64)
        self.lat = np.radians([one.pick_up.lat for one in day.orders])
        self.lon = np.radians([one.pick_up.lon for one in day.orders])
        to_lat = np.radians([one.drop_off.lat for one in day.orders])
        to_lon = np.radians([one.drop_off.lon for one in day.orders])
        self.carry_m = distances_m(self.lat, self.lon, to_lat, to_lon)


class Fleet:
    """A day's couriers as they move through it."""

    def __init__(self, day: Day) -> None:
        """Put everybody where their shift begins."""
        self._day = day
        self._places = [one.position for one in day.couriers]
        self.lat: Floats = np.radians([one.position.lat for one in day.couriers])
        self.lon: Floats = np.radians([one.position.lon for one in day.couriers])
        self.on_s = np.array([one.on_s for one in day.couriers], dtype=np.int64)
        self.off_s = np.array([one.off_s for one in day.couriers], dtype=np.int64)
        self.free_s: Ints = self.on_s.copy()
        self.speed = np.array([one.speed_km_h for one in day.couriers], dtype=np.int64)
        self.capacity = np.array([CAPACITY[one.vehicle] for one in day.couriers], dtype=np.int64)
        self.trips: list[Trip] = []

    def carry_out(self, send: Send, decided_s: int, cost_s: int = 0) -> Trip | None:
        """Send a courier off, once deciding is over; None where the shift ends before pick-up."""
        courier, orders = self._day.couriers[send.courier], self._day.orders
        speed = courier.speed_km_h
        shop = orders[send.orders[0]].pick_up
        departs_s = max(send.departs_s, decided_s + cost_s, int(self.free_s[send.courier]))
        arrives_s = departs_s + travel_s(self._places[send.courier], shop, speed)
        picked_s = max(arrives_s, *(orders[i].ready_s for i in send.orders))
        if picked_s > courier.off_s:
            return None
        dropped, at, at_s = list[int](), shop, picked_s
        for i in send.orders:
            at_s += travel_s(at, orders[i].drop_off, speed)
            at = orders[i].drop_off
            dropped.append(at_s)
        self._places[send.courier] = at
        self.lat[send.courier], self.lon[send.courier] = np.radians((at.lat, at.lon))
        self.free_s[send.courier] = at_s
        made = (send.courier, send.orders, decided_s, departs_s, arrives_s, picked_s)
        trip = Trip(*made, tuple(dropped))
        self.trips.append(trip)
        return trip

    def to_shops_s(self, couriers: Ints, orders: Orders, which: Ints) -> Ints:
        """Return how long couriers travel to the shops of as many orders, one by one."""
        here, there = (
            (self.lat[couriers], self.lon[couriers]),
            (orders.lat[which], orders.lon[which]),
        )
        return all_seconds(distances_m(*here, *there), self.speed[couriers])
