"""Who dispatches on top of the company's own dispatcher: nobody, a greedy program, or people.

An order is stuck when it lies at a store and its courier is in shelter or gone, or it has none.
Neither desk looks ahead; both give a stuck order to the nearest courier with room for it.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final

from makegood.clock import MINUTE, SECOND
from makegood.domain.geo import distance_m
from makegood.replay.company import Company
from makegood.replay.company.city import DistrictLife
from makegood.replay.company.model import Fulfilment

_LOOKS_EVERY_US: Final = 10 * SECOND


def is_stuck(life: DistrictLife, delivery: Fulfilment) -> bool:
    """Say whether nobody who can be reached has a delivery that lies at a store."""
    return delivery.courier_id is None or life.is_away(delivery.courier_id)


def nearest_free(company: Company, life: DistrictLife, delivery: Fulfilment) -> str | None:
    """Return who has room and is nearest to a delivery's store; None where all are full."""
    place = company.records.hub(delivery.hub_id).position
    free = [
        (distance_m(life.place_of(courier), place), courier.id)
        for courier in life.riders()
        if courier.load + delivery.load <= courier.capacity and courier.id != delivery.courier_id
    ]
    return min(free)[1] if free else None


class Greedy:
    """Gives every stuck order to the nearest free courier, at once."""

    def __init__(self, company: Company, life: DistrictLife) -> None:
        """Begin to look."""
        self._company = company
        self._life = life
        life.agenda.at(life.script.starts_us, self._look)

    def _look(self) -> None:
        for delivery in self._life.waiting():
            if is_stuck(self._life, delivery):
                courier_id = nearest_free(self._company, self._life, delivery)
                if courier_id is None:
                    break
                self._company.fleet.give(delivery, courier_id)
        now_us = self._company.now_us
        if now_us < self._life.script.ends_us:
            self._life.agenda.at(now_us + _LOOKS_EVERY_US, self._look)


class People:
    """So many dispatchers, so many seconds an order, who see what is stuck only after a while.

    They take the order that has been stuck the longest; what they find is no longer stuck, or has
    nobody to go to, has cost them the time all the same.
    """

    def __init__(self, company: Company, life: DistrictLife) -> None:
        """Begin with everyone at their desk."""
        self._company = company
        self._life = life
        self._people = life.script.params.humans
        self._since_us: dict[str, int] = {}
        self._free_us = [life.script.starts_us] * self._people.dispatchers
        heapify(self._free_us)
        if self._free_us:
            life.agenda.at(life.script.starts_us, self._look)

    def _look(self) -> None:
        now_us = self._company.now_us
        stuck = {each.id for each in self._life.waiting() if is_stuck(self._life, each)}
        self._since_us = {each: self._since_us.get(each, now_us) for each in sorted(stuck)}
        notice_us = round(self._people.notice_minutes * MINUTE)
        seen = sorted(
            (since_us, each)
            for each, since_us in self._since_us.items()
            if now_us - since_us >= notice_us
        )
        for _, fulfilment_id in seen:
            if self._free_us[0] > now_us:
                break
            done_us = now_us + round(self._people.seconds_per_order * SECOND)
            heappop(self._free_us)
            heappush(self._free_us, done_us)
            self._work(fulfilment_id, done_us)
        if now_us < self._life.script.ends_us:
            self._life.agenda.at(now_us + _LOOKS_EVERY_US, self._look)

    def _work(self, fulfilment_id: str, done_us: int) -> None:
        # Whoever is worked on is nobody else's; should it stay stuck, its wait begins anew.
        self._since_us[fulfilment_id] = done_us

        def act() -> None:
            delivery = self._company.records.fulfilment(fulfilment_id)
            if delivery in self._life.waiting() and is_stuck(self._life, delivery):
                courier_id = nearest_free(self._company, self._life, delivery)
                if courier_id is not None:
                    self._company.fleet.give(delivery, courier_id)

        self._life.agenda.at(done_us, act)
