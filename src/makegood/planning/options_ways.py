"""The ways out of one order's lateness, each with its factors as whole numbers in their units.

What couriers of one's own can do stands in the joint plan's record; the rest is reckoned here: a
partner's rider rides as one of one's own would, from where they are, and another hub serves an
order with whoever is free there first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil, log

import numpy as np

from makegood.clock import MINUTE, SECOND, to_rfc3339
from makegood.domain.decisions import Decision, Option, Subject
from makegood.domain.entities import FulfilmentOrder
from makegood.domain.forecast import CourierLoad, foresee
from makegood.domain.geo import distance_m
from makegood.domain.limits import grounded, out_of_range, room_of
from makegood.domain.policy import BP, FactorName
from makegood.domain.rides import NEVER_US
from makegood.domain.rides import Ways as Rides
from makegood.planning.assignment import KEEP, Choice, Plan
from makegood.planning.factors import late_bp
from makegood.planning.options import Endangered, Way, WayKind
from makegood.planning.options_around import Around

# Riders of other fleets who are considered for one order: those who would be there first.
_RIDERS = 8


def endangered(plan: Plan, late: Sequence[Choice], around: Around) -> tuple[Endangered, ...]:
    """Return the ways of every late choice of a plan, by its fulfilment order's id.

    What is done to a whole sales order (a later slot, its end) is a way of the latest of its
    deliveries alone, so that it is done once.
    """
    leads: dict[str, Choice] = {}
    for choice in sorted(late, key=lambda one: (-one.late_us, one.order.id)):
        leads.setdefault(choice.order.order_id, choice)
    subjects = {subject.id: subject for subject in plan.decision.subjects}
    return tuple(
        Endangered(
            choice.order.id,
            _Maker(choice, subjects[choice.order.id], plan.decision, around).ways(
                lead=leads[choice.order.order_id] is choice
            ),
        )
        for choice in late
    )


class _Maker:
    """Makes the ways of one order."""

    def __init__(
        self, choice: Choice, subject: Subject, decision: Decision, around: Around
    ) -> None:
        self._choice, self._subject = choice, subject
        self._decision, self._around = decision, around
        self._order = choice.order
        self._now_us = around.conditions.now_us
        self._promised_us = choice.arrives_us - choice.late_us
        self._limit_us = around.policies.objectives.give_up_minutes * MINUTE
        self._value = around.values.get(choice.order.id, 0)

    def ways(self, *, lead: bool) -> tuple[Way, ...]:
        planned = self._planned()
        found = [planned]
        movable = self._order.picked_up_us is None and self._order.id not in self._around.frozen
        if movable:
            found += [*self._own(), *self._partners(), *self._hubs()]
        slot = self._slot(planned) if lead else None
        found += [slot] if slot else []
        found += self._end(found) if lead and movable else []
        return tuple(found)

    def _planned(self) -> Way:
        option = self._subject.options[self._subject.chosen]
        choice = self._choice
        return self._told(option, WayKind.PLANNED, choice.arrives_us, choice.to_courier or "")

    def _own(self) -> Iterator[Way]:
        """Keep what it has, where the plan moves it, and the best of the other couriers."""
        others = [o for i, o in enumerate(self._subject.options) if i != self._subject.chosen]
        kept = [option for option in others if option.key == KEEP]
        moved = sorted((o for o in others if o.key != KEEP), key=self._decision.score)
        for option in kept[:1]:
            yield self._told(option, WayKind.KEEP, self._arrival(option), "")
        for option in moved[:1]:
            yield self._told(option, WayKind.COURIER, self._arrival(option), option.key)

    def _arrival(self, option: Option) -> int:
        return self._promised_us + self._raw(option).get(FactorName.LATENESS, 0) * SECOND

    def _raw(self, option: Option) -> dict[FactorName, int]:
        specs = self._decision.factors
        return {FactorName(s.name): v for s, v in zip(specs, option.values, strict=True)}

    def _told(self, option: Option, kind: WayKind, arrives_us: int, to: str) -> Way:
        factors = self._raw(option)
        vehicle = self._around.vehicles.get(to or self._order.courier_id or "", "other")
        metres = factors.get(FactorName.TRAVEL, 0)
        factors[FactorName.CO2E] = self._grams(metres, vehicle)
        return Way(
            kind=kind,
            key=f"reassign+to:{to}" if to else KEEP,
            arrives_us=arrives_us,
            promised_us=self._promised_us,
            factors=factors,
            to=to,
            # The plan leaves room for one more with each courier, so that one order comes or stays.
            uses="" if kind is WayKind.PLANNED else to or self._order.courier_id or "",
        )

    def _partners(self) -> list[Way]:
        ways = [way for load in self._around.partners if (way := self._by_partner(load))]
        return sorted(ways, key=lambda way: (way.arrives_us, way.to))[:_RIDERS]

    def _by_partner(self, load: CourierLoad) -> Way | None:
        """Return what a rider of another fleet would do, within its limits and for its fee."""
        order, conditions, rider = self._order, self._around.conditions, load.courier
        fees = self._around.policies.objectives.ways.partner_fee.get(rider.vehicle)
        fee = None if fees is None else fees.of(self._around.currencies.get(order.id, ""))
        limits = conditions.travel.limits.get(rider.vehicle)
        if fee is None or limits is None or load.load + order.load > room_of(rider, limits):
            return None
        if grounded(limits, rider.vehicle, conditions.sky) or out_of_range(
            limits, rider.vehicle, order, conditions.home
        ):
            return None
        queue = Rides(conditions).ride(
            rider, (*load.held, _nobodys(order)), self._now_us, rider.position
        )
        arrives_us = dict(queue.arrives_us)[order.id]
        if rider.shift_ends_us is not None and arrives_us > rider.shift_ends_us:
            return None
        start, place = rider.position or conditions.home, order.pick_up or conditions.home
        crow_m = distance_m(start, place) + distance_m(place, order.drop_off or place)
        return Way(
            kind=WayKind.PARTNER,
            key=f"reassign+to:{rider.id}",
            arrives_us=arrives_us,
            promised_us=self._promised_us,
            factors=self._own_factors(arrives_us, crow_m, rider.vehicle)
            | {FactorName.COST: fee, FactorName.WORKLOAD: load.load, FactorName.CHANGE: 1},
            to=rider.id,
            uses=rider.id,
        )

    def _hubs(self) -> Iterator[Way]:
        """Yield the hubs that have the goods and somebody who is free in time."""
        stocked = self._around.stocked.get(self._order.id, frozenset())
        repack_us = self._around.policies.objectives.ways.repack_minutes * MINUTE
        for there in self._around.elsewhere:
            if there.hub.id not in stocked or there.room < 1 or there.hub.position is None:
                continue
            packed = replace(
                _nobodys(self._order),
                hub_id=there.hub.id,
                pick_up=there.hub.position,
                pick_up_id=there.hub.id,
                ready_us=self._now_us + repack_us,
            )
            arrives_us = foresee(there.couriers, [packed], there.conditions).arrives_us[packed.id]
            if arrives_us - self._now_us >= NEVER_US:
                continue
            crow_m = distance_m(there.hub.position, packed.drop_off or there.hub.position)
            factors = self._own_factors(arrives_us, crow_m, "other")
            yield Way(
                kind=WayKind.HUB,
                key=f"reroute+to:{there.hub.id}",
                arrives_us=arrives_us,
                promised_us=self._promised_us,
                factors=factors | {FactorName.CHANGE: 1},
                to=there.hub.id,
                uses=there.hub.id,
            )

    def _slot(self, planned: Way) -> Way | None:
        """Return a later promise for what is planned, where the one that stands surely breaks.

        The promise that was given is not kept by it, so it weighs as broken; what it spares is
        the lateness that nobody told of. Arrivals are logistic, as in `factors.late_bp`.
        """
        rules = self._around.policies.objectives.ways
        sure = self._likely(planned.arrives_us) >= rules.promise_sure_bp
        if not sure or self._order.order_id in self._around.repromised:
            return None
        share = rules.slot_sure_bp / BP
        later_us = planned.arrives_us + self._scale_us(planned.arrives_us) * log(
            share / (1.0 - share)
        )
        step_us = rules.slot_minutes * MINUTE
        until_us = ceil(later_us / step_us) * step_us
        if until_us - self._promised_us > self._limit_us:
            return None
        moved_s = (until_us - self._promised_us) // SECOND
        broken = {
            FactorName.LATENESS: max(0, planned.arrives_us - until_us) // SECOND,
            FactorName.LATE_PROBABILITY: BP,
            FactorName.VALUE_AT_RISK: self._value,
            FactorName.PROMISE_MOVED: moved_s,
        }
        return replace(
            planned,
            kind=WayKind.SLOT,
            key=f"reschedule+to:{to_rfc3339(until_us)}",
            promised_us=until_us,
            factors={**planned.factors, **broken},
        )

    def _end(self, others: Sequence[Way]) -> list[Way]:
        """Return the order's end, barred where another way serves it or nobody was warned yet."""
        key = self._around.ends.get(self._order.order_id, "")
        if not key:
            return []
        latest_us = self._promised_us + self._limit_us
        served = any(way.arrives_us <= latest_us for way in others)
        factors = {
            FactorName.LATENESS: self._limit_us // SECOND,
            FactorName.LATE_PROBABILITY: BP,
            FactorName.VALUE_AT_RISK: self._value,
        }
        return [
            Way(
                kind=WayKind.CANCEL,
                key=key,
                arrives_us=latest_us,
                promised_us=self._promised_us,
                factors=factors,
                barred=served or self._order.order_id not in self._around.endable,
            )
        ]

    def _own_factors(self, arrives_us: int, crow_m: int, vehicle: str) -> dict[FactorName, int]:
        likely = self._likely(arrives_us)
        metres = self._around.conditions.travel.road_m(crow_m, vehicle)
        return {
            FactorName.LATENESS: max(0, arrives_us - self._promised_us) // SECOND,
            FactorName.LATE_PROBABILITY: likely,
            FactorName.TRAVEL: metres,
            FactorName.VALUE_AT_RISK: self._value * likely // BP,
            FactorName.CO2E: self._grams(metres, vehicle),
        }

    def _grams(self, metres: int, vehicle: str) -> int:
        return self._around.policies.objectives.ways.grams(metres, vehicle)

    def _likely(self, arrives_us: int) -> int:
        late = np.array([arrives_us - self._promised_us], dtype=np.int64)
        away = np.array([arrives_us - self._now_us], dtype=np.int64)
        return int(late_bp(late, away, self._around.conditions.travel.spread_bp)[0])

    def _scale_us(self, arrives_us: int) -> float:
        spread = self._around.conditions.travel.spread_bp
        return max((arrives_us - self._now_us) * spread / BP, float(MINUTE))


def _nobodys(order: FulfilmentOrder) -> FulfilmentOrder:
    return replace(order, courier_id=None)
