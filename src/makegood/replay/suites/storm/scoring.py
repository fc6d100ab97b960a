"""What came of one arm on one seed, read off the company's own books."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict

from makegood.clock import MINUTE
from makegood.replay.company import Company
from makegood.replay.company.city import DistrictLife, DistrictScript
from makegood.replay.company.city.draw import DRONE
from makegood.replay.company.model import FulfilmentStatus, OrderStatus
from makegood.replay.suites.storm.bound import Trip

_PER_KILO: Final = 1000.0
QUARTER_MIN: Final = 15


class Scores(BaseModel):
    """What came of one arm on one seed.

    `on_time` is the share of the orders promised within the storm's window that were delivered by
    the promise given when they were placed; an order that was not taken counts as broken. Money is
    in minor units; `caps_kept` says whether no customer got more coupons than the policy's cap.
    """

    model_config = ConfigDict(frozen=True)

    promised: int
    kept: int
    on_time: float
    cancelled: int = 0
    undelivered: int = 0
    coupons: int = 0
    coupon_minor: int = 0
    caps_kept: bool = True
    metres: int = 0
    drones_flown: int = 0
    partner_deliveries: int = 0
    partner_minor: int = 0
    overtime_min: float = 0.0
    holds: int = 0
    kg_co2e: float = 0.0


@dataclass(frozen=True, slots=True)
class Played:
    """One arm as it was played: its scores, its trips, and who is kept by quarter of an hour."""

    scores: Scores
    trips: tuple[Trip, ...]
    by_quarter: tuple[tuple[int, int], ...]


def in_window(script: DistrictScript) -> list[int]:
    """Return the numbers of the orders that are promised within the storm's window."""
    first_us, last_us = script.window_us
    return [
        number
        for number, coming in enumerate(script.orders)
        if first_us <= coming.order.first_promised_us < last_us
    ]


def is_kept(company: Company, order_id: str) -> bool:
    """Say whether every delivery of an order came by the promise given when it was placed.

    An order that was promised anew is not kept, whenever it came.
    """
    order = company.records.orders.get(order_id)
    if order is None or order.status is not OrderStatus.COMPLETED:
        return False
    if order.promised_us > order.first_promised_us:
        return False
    deliveries = [company.records.fulfilment(each) for each in order.fulfilment_ids]
    return all((each.delivered_us or 0) <= order.first_promised_us for each in deliveries)


def measure(company: Company, life: DistrictLife) -> Played:
    """Return what came of a city that has come to rest."""
    script = life.script
    counted = in_window(script)
    ids = [script.orders[number].order.id for number in counted]
    kept = [is_kept(company, each) for each in ids]
    found = [company.records.orders.get(each) for each in ids]
    over = [order.status for order in found if order is not None]
    given = tuple(company.payments.coupons.values())
    scores = Scores(
        promised=len(ids),
        kept=sum(kept),
        on_time=sum(kept) / len(ids),
        cancelled=over.count(OrderStatus.CANCELLED),
        undelivered=len(ids)
        - over.count(OrderStatus.CANCELLED)
        - over.count(OrderStatus.COMPLETED),
        coupons=len(given),
        coupon_minor=sum(each.paid.amount.minor for each in given),
        metres=sum(life.riding.metres.values()),
        drones_flown=_flown(company),
        partner_deliveries=len(company.partners.charges),
        partner_minor=sum(each.fee.minor for each in company.partners.charges),
        overtime_min=round(sum(life.overtime_us.values()) / MINUTE, 1),
        kg_co2e=round(_co2e(company, life), 3),
    )
    due = [script.orders[number].order.first_promised_us for number in counted]
    return Played(scores, _trips(company, script), _quarters(script, due, kept))


def _flown(company: Company) -> int:
    couriers = company.records.couriers
    return sum(
        each.picked_up_us is not None and couriers[each.courier_id or ""].vehicle == DRONE
        for each in company.records.fulfilments.values()
        if each.courier_id is not None
    )


def _co2e(company: Company, life: DistrictLife) -> float:
    by_km = life.script.params.scores.kg_co2e_per_km
    couriers = company.records.couriers
    return sum(
        metres / _PER_KILO * by_km.get(couriers[courier_id].vehicle, max(by_km.values()))
        for courier_id, metres in life.riding.metres.items()
    )


def _trips(company: Company, script: DistrictScript) -> tuple[Trip, ...]:
    """Return the trips as they were made, each in the order of its deliveries."""
    number = {coming.order.id: index for index, coming in enumerate(script.orders)}
    trips: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for each in company.records.fulfilments.values():
        if each.status is FulfilmentStatus.DELIVERED and each.courier_id and each.picked_up_us:
            done = (each.delivered_us or 0, number[each.order_id])
            trips.setdefault((each.courier_id, each.picked_up_us), []).append(done)
    return tuple(
        Trip(courier_id, at_us, tuple(order for _, order in sorted(orders)))
        for (courier_id, at_us), orders in sorted(trips.items())
    )


def _quarters(
    script: DistrictScript, due_us: list[int], kept: list[bool]
) -> tuple[tuple[int, int], ...]:
    """Return promises that fall due, and those of them that are kept, by quarter of an hour."""
    first_us, last_us = script.window_us
    count = -(-(last_us - first_us) // (QUARTER_MIN * MINUTE))
    due, good = [0] * count, [0] * count
    for at_us, is_good in zip(due_us, kept, strict=True):
        quarter = (at_us - first_us) // (QUARTER_MIN * MINUTE)
        due[quarter] += 1
        good[quarter] += is_good
    return tuple(zip(due, good, strict=True))
