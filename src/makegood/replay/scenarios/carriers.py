"""Parcels in a scenario: orders that a carrier brings, and what a carrier gets wrong.

A carrier is an outside of its own: it tells of its waybills under its own source, and nobody can
ask it for more than it tells. How long parcels take is an assumption.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from makegood.clock import MINUTE, to_rfc3339
from makegood.domain.frozen import Frozen
from makegood.domain.geo import Point
from makegood.domain.money import Money
from makegood.replay.company.model import Line, Order, OrderStatus

if TYPE_CHECKING:
    from makegood.replay.stage import CloudEvent, Stage

Minute = Annotated[float, Field(ge=0, le=24 * 60)]
_PRICES: Final = (3_900, 5_900, 8_900, 12_900)
_REACH_DEGREES: Final = 0.03
_HANDED_OVER_US: Final = 2 * MINUTE


class Parcels(Frozen):
    """Orders that go out as parcels with one carrier, which scans each every so many minutes.

    Of them the carrier says of `stuck` that they do not move, for `stuck_minutes`; of `lost` nobody
    hears again. Between `silent_from` and `silent_until` (minutes of the scenario) it scans and
    delivers nothing, and says nothing.
    """

    do: Literal["parcels"]
    carrier: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    orders: Annotated[int, Field(ge=1, le=2_000)]
    at_minutes: Minute = 0
    until_minutes: Minute
    promise_minutes: Minute = 240
    takes_minutes: tuple[Minute, Minute] = (100, 180)
    scans_minutes: Annotated[float, Field(gt=0)] = 30
    stuck: Annotated[int, Field(ge=0)] = 0
    stuck_minutes: Minute = 150
    lost: Annotated[int, Field(ge=0)] = 0
    silent_from: Minute | None = None
    silent_until: Minute | None = None
    seed: int = 1

    @model_validator(mode="after")
    def _whole(self) -> Parcels:
        if self.stuck + self.lost > self.orders:
            message = "stuck and lost together: no more than there are parcels"
            raise ValueError(message)
        if (self.silent_from is None) != (self.silent_until is None):
            message = "silent_from and silent_until: say both or neither"
            raise ValueError(message)
        return self

    def lay(self, stage: Stage, starts_us: int) -> None:
        """Lay it on the stage."""
        carrier = _Carrier(self, stage, starts_us)
        stage.passes.append(carrier.tell)
        for parcel in _drawn(self, stage, starts_us):
            stage.at(parcel.order.placed_us, partial(carrier.take, parcel))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parcel:
    """An order, and what its parcel does at which minutes after it was handed over."""

    order: Order
    steps: tuple[tuple[float, str], ...]


def _drawn(plan: Parcels, stage: Stage, starts_us: int) -> Iterator[_Parcel]:
    """Draw every parcel beforehand, so that what the agents do changes none of them."""
    rng = Random(f"{plan.seed}/{plan.carrier}")
    fates = ["stuck"] * plan.stuck + ["lost"] * plan.lost
    fates += ["fine"] * (plan.orders - len(fates))
    rng.shuffle(fates)
    records = stage.company.records
    customers, hubs = sorted(records.customers), sorted(records.hubs)
    currency = stage.company.script.plan.currency if stage.company.script else "CNY"
    for number, fate in enumerate(fates, 1):
        placed_us = starts_us + round(rng.uniform(plan.at_minutes, plan.until_minutes) * MINUTE)
        hub = records.hubs[rng.choice(hubs)]
        price = Money(minor=rng.choice(_PRICES), currency=currency)
        promised_us = placed_us + round(plan.promise_minutes * MINUTE)
        order = Order(
            id=f"px-{plan.carrier}-{number:04d}",
            customer_id=rng.choice(customers),
            hub_id=hub.id,
            lines=(Line(line_id="1", sku="parcel-goods", quantity=1, price=price),),
            total=price,
            placed_us=placed_us,
            promised_us=promised_us,
            first_promised_us=promised_us,
            drop_off=_near(hub.position, rng),
        )
        yield _Parcel(order=order, steps=_steps(plan, fate, rng.uniform(*plan.takes_minutes)))


def _near(place: Point, rng: Random) -> Point:
    """Draw a door within some kilometres of a place."""
    north, east = (rng.uniform(-_REACH_DEGREES, _REACH_DEGREES) for _ in range(2))
    return Point(round(place.lat + north, 6), round(place.lon + east, 6))


def _steps(plan: Parcels, fate: str, takes: float) -> tuple[tuple[float, str], ...]:
    """Return what happens to a parcel at which minutes, by its fate."""
    scans = [plan.scans_minutes * n for n in range(int(takes // plan.scans_minutes) + 1)]
    middle = scans[len(scans) // 2]
    if fate == "fine":
        return (*((at, "scanned") for at in scans), (takes, "delivered"))
    before = [(at, "scanned") for at in scans if at <= middle]
    if fate == "lost":
        return tuple(before)
    late = plan.stuck_minutes + middle
    after = [(at + plan.stuck_minutes, "scanned") for at in scans if at > middle]
    last = (max(late, takes + plan.stuck_minutes), "delivered")
    return (*before, (middle + 1, "stuck"), *after, last)


class _Carrier:
    """One carrier: takes parcels, does their steps, and tells of them when it can."""

    def __init__(self, plan: Parcels, stage: Stage, starts_us: int) -> None:
        self._plan = plan
        self._stage = stage
        self._starts_us = starts_us
        self._told = 0
        self._untold: list[CloudEvent] = []

    def tell(self, events: list[CloudEvent], _now_us: int) -> list[CloudEvent]:
        """Let through what the company tells, and add what the carrier does."""
        mine, self._untold = self._untold, []
        return [*events, *mine]

    def take(self, parcel: _Parcel) -> None:
        """Let the order come in, be paid and reserved, and hand its parcel over."""
        company, order = self._stage.company, parcel.order
        company.catch_up()
        with company.lock:
            company.records.put(order)
            company.tape.placed(order, company.records.customer(order.customer_id))
            company.payments.capture(order.id, order.customer_id, order.total, order.hub_id)
            company.tape.reserved(order)
        self._say("created", order, {"order_id": order.id, "carrier": self._plan.carrier})
        self._go_on(order, parcel.steps, 0.0)

    def _go_on(self, order: Order, steps: tuple[tuple[float, str], ...], delay: float) -> None:
        """Do the first of the steps at its time, or when the carrier works again."""
        if not steps:
            return
        (at, what), *_ = steps
        due_us = order.placed_us + _HANDED_OVER_US + round((at + delay) * MINUTE)
        works_us = self._works_us(due_us)
        later = delay + (works_us - due_us) / MINUTE
        self._stage.at(works_us, partial(self._step, order, what, steps[1:], later))

    def _works_us(self, at_us: int) -> int:
        """Return when the carrier does what was due at an instant."""
        plan = self._plan
        if plan.silent_from is None or plan.silent_until is None:
            return at_us
        from_us = self._starts_us + round(plan.silent_from * MINUTE)
        until_us = self._starts_us + round(plan.silent_until * MINUTE)
        return until_us if from_us <= at_us < until_us else at_us

    def _step(
        self, order: Order, what: str, rest: tuple[tuple[float, str], ...], delay: float
    ) -> None:
        if what == "delivered":
            self._deliver(order)
            return
        self._say(
            what, order, {"checkpoint": "depot"} if what == "scanned" else {"reason": "held_up"}
        )
        self._go_on(order, rest, delay)

    def _deliver(self, order: Order) -> None:
        """Hand the parcel over; one whose order was ended meanwhile goes back."""
        company = self._stage.company
        company.catch_up()
        with company.lock:
            now = company.records.order(order.id)
            if now.status is OrderStatus.CANCELLED:
                self._say("returned", order, {})
                return
            done = replace(now, status=OrderStatus.COMPLETED, delivered_us=company.now_us)
            company.records.put(done)
            company.tape.completed(done)
        self._say("delivered", order, {})

    def _say(self, what: str, order: Order, data: dict[str, Any]) -> None:
        self._told += 1
        self._untold.append(
            {
                "specversion": "1.0",
                "id": f"{self._plan.carrier}-{self._told}",
                "source": f"/carrier/{self._plan.carrier}",
                "type": f"waybill.{what}",
                "subject": f"wb-{order.id}",
                "time": to_rfc3339(self._stage.clock.now_us()),
                "datacontenttype": "application/json",
                "sequence": str(self._starts_us // MINUTE * 100_000 + self._told),
                "hub": order.hub_id,
                "data": data,
            }
        )
