"""What happens in a scenario besides its city's own life: faults, lies, kills, other people.

Each happening is laid on a stage before it begins; minutes count from there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from makegood.clock import HOUR, MINUTE
from makegood.domain.frozen import Frozen
from makegood.domain.money import Money
from makegood.effects.boundary import Point
from makegood.errors import InvalidInput
from makegood.gates import breakers, reviews
from makegood.gates.circuits import State
from makegood.replay.company import Fault, FaultKind
from makegood.replay.company.model import FulfilmentStatus, PayOut
from makegood.replay.company.weather import RainField, Storm
from makegood.replay.scenarios.carriers import Parcels
from makegood.replay.scenarios.feeds import Held, Lying, Muddled

if TYPE_CHECKING:
    from makegood.replay.company import Company
    from makegood.replay.stage import Stage

_EVERYWHERE_M: Final = 50_000
_NOT_LEFT: Final = (FulfilmentStatus.CREATED, FulfilmentStatus.READY)
_OPERATOR: Final = "person_operator"
Minute = Annotated[float, Field(ge=0, le=24 * 60)]
Share = Annotated[float, Field(ge=0, le=1)]


def _us(minutes: float) -> int:
    return round(minutes * MINUTE)


class LayFault(Frozen):
    """A route of the company fails, delays, breaks off or answers unknown from a minute on."""

    do: Literal["fault"]
    at_minutes: Minute
    until_minutes: Minute | None = None
    route: Annotated[str, Field(pattern=r"^[A-Z]+ /\S*$")]
    kind: Annotated[FaultKind, Field(strict=False)]
    times: Annotated[int, Field(ge=1)] | None = None
    after: Annotated[int, Field(ge=0)] = 0
    seconds: Annotated[float, Field(ge=0)] = 0.0
    acts: bool = True

    def lay(self, stage: Stage, starts_us: int) -> None:
        """Lay it on the stage."""
        fault = Fault(
            route=self.route,
            kind=self.kind,
            times=self.times,
            after=self.after,
            seconds=self.seconds,
            acts=self.acts,
        )
        faults = stage.company.faults
        stage.at(starts_us + _us(self.at_minutes), lambda: faults.lay(fault))
        if self.until_minutes is not None:
            stage.at(starts_us + _us(self.until_minutes), faults.clear)


class Kill(Frozen):
    """The house dies without a word, at once or at a point of an effect, and comes back later."""

    do: Literal["kill"]
    at_minutes: Minute
    back_after_minutes: Minute
    point: Annotated[Point, Field(strict=False)] | None = None

    def lay(self, stage: Stage, starts_us: int) -> None:
        """Lay it on the stage."""
        back_us = _us(self.back_after_minutes)
        stage.at(starts_us + _us(self.at_minutes), lambda: stage.kill(back_us, self.point))


class Mute(Frozen):
    """Events of some types do not come through for a while; then all at once, or never."""

    do: Literal["mute"]
    at_minutes: Minute
    until_minutes: Minute
    types: Annotated[tuple[str, ...], Field(min_length=1)]
    lost: bool = False

    def lay(self, stage: Stage, starts_us: int) -> None:
        """Lay it on the stage."""
        held = Held(self.types, starts_us + _us(self.until_minutes), lost=self.lost)
        stage.at(starts_us + _us(self.at_minutes), lambda: stage.passes.append(held))


class Muddle(Frozen):
    """A share of the events comes twice, and another late and out of order."""

    do: Literal["muddle"]
    at_minutes: Minute = 0
    until_minutes: Minute
    again: Share = 0.0
    late: Share = 0.0
    by_minutes: Annotated[float, Field(gt=0, le=60)] = 3
    seed: int = 1

    def lay(self, stage: Stage, starts_us: int) -> None:
        """Lay it on the stage."""
        until_us = starts_us + _us(self.until_minutes)
        muddled = Muddled(self.again, self.late, _us(self.by_minutes), until_us, self.seed)
        stage.at(starts_us + _us(self.at_minutes), lambda: stage.passes.append(muddled))


class Lie(Frozen):
    """Weather feed and weather service say something else than what falls.

    With `flaps_minutes` they say it for so long, then that nothing falls for as long, and again.
    """

    do: Literal["lie"]
    at_minutes: Minute
    until_minutes: Minute
    rain_mm_h: Annotated[float, Field(ge=0, le=300)]
    forecast_mm_h: Annotated[float, Field(ge=0, le=300)]
    flaps_minutes: Annotated[float, Field(gt=0)] | None = None

    def lay(self, stage: Stage, starts_us: int) -> None:
        """Lay it on the stage."""
        until_us = starts_us + _us(self.until_minutes)

        def says(now_us: int) -> tuple[float, float]:
            if (
                self.flaps_minutes is not None
                and (now_us - starts_us) // _us(self.flaps_minutes) % 2
            ):
                return 0.0, 0.0
            return self.rain_mm_h, self.forecast_mm_h

        def begin() -> None:
            stage.passes.append(Lying(says, until_us))
            truth = stage.company.rain
            stage.company.rain = self._field(stage, starts_us)
            stage.at(until_us, lambda: setattr(stage.company, "rain", truth))

        stage.at(starts_us + _us(self.at_minutes), begin)

    def _field(self, stage: Stage, starts_us: int) -> RainField:
        """Return what the weather service answers from: the lie, everywhere, peaking in between."""
        begins_us = starts_us + _us(self.at_minutes)
        ends_us = starts_us + _us(self.until_minutes) + HOUR
        peak = max(self.rain_mm_h, self.forecast_mm_h)
        hub = next(iter(stage.company.records.hubs.values()))
        storm = Storm(
            centre=hub.position,
            radius_m=_EVERYWHERE_M,
            starts_us=begins_us,
            peaks_us=(begins_us + ends_us) // 2,
            ends_us=ends_us,
            peak_mm_h=peak,
        )
        return RainField((storm,) if peak > 0 else ())


class PaidElsewhere(Frozen):
    """Somebody in the shop pays a part back by hand on orders whose refund is held here."""

    do: Literal["paid_elsewhere"]
    at_minutes: Minute
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    orders: Annotated[int, Field(ge=1)] = 5

    def lay(self, stage: Stage, starts_us: int) -> None:
        """Lay it on the stage."""
        stage.at(starts_us + _us(self.at_minutes), lambda: self._pay(stage))

    def _pay(self, stage: Stage) -> None:
        with stage.store.read() as tx:
            held = [item for item in reviews.queue(tx) if item.action.kind == "refund"]
        payments = stage.company.payments
        for item in held[: self.orders]:
            left = payments.balance(item.order_id)
            minor = round((left.captured_minor - left.refunded_minor) * self.share)
            if minor > 0:
                key = f"shop-{item.order_id}"
                stage.others.add(key)
                amount = Money(minor=minor, currency=left.currency)
                payments.refund(key, PayOut(item.order_id, amount, "by hand"))


class ResetBreakers(Frozen):
    """An operator looks at the breakers that are not closed, and closes them."""

    do: Literal["reset_breakers"]
    at_minutes: Minute

    def lay(self, stage: Stage, starts_us: int) -> None:
        """Lay it on the stage."""
        stage.at(starts_us + _us(self.at_minutes), lambda: self._reset(stage))

    def _reset(self, stage: Stage) -> None:
        house, now_us = stage.house, stage.clock.now_us()
        with stage.store.read() as tx:
            found = breakers.states(tx, house.policies, now_us)
        for one in found:
            if one.state is not State.CLOSED:
                with house.store.write() as tx:
                    breakers.reset(tx, house.policies, one.name, one.scope, _OPERATOR, now_us)


class Fire(Frozen):
    """A hub burns: it takes no more orders, and what had not left it is lost."""

    do: Literal["fire"]
    at_minutes: Minute
    hub: Annotated[str, Field(min_length=1)]

    def lay(self, stage: Stage, starts_us: int) -> None:
        """Lay it on the stage.

        Raises:
            InvalidInput: the city has no such hub.

        """
        if self.hub not in (hubs := stage.company.records.hubs):
            raise InvalidInput("happens.fire.hub", f"no hub {self.hub!r}", f"use {', '.join(hubs)}")
        stage.at(starts_us + _us(self.at_minutes), lambda: self._burn(stage.company))

    def _burn(self, company: Company) -> None:
        company.catch_up()
        with company.lock:
            hub = replace(company.records.hub(self.hub), serving=False)
            company.records.put(hub)
            company.tape.hub_stopped(hub)
            for each in tuple(company.records.fulfilments.values()):
                if each.hub_id == self.hub and each.status in _NOT_LEFT:
                    company.fleet.fail(each, "hub_fire")


Happening = Annotated[
    LayFault | Kill | Mute | Muddle | Lie | PaidElsewhere | ResetBreakers | Fire | Parcels,
    Field(discriminator="do"),
]
