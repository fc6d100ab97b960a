"""Riders of another fleet in a district: where they wait, and by what contract."""

from __future__ import annotations

from collections.abc import Sequence

from makegood.clock import MINUTE
from makegood.domain.money import Money
from makegood.replay.company.city.params import CityParams
from makegood.replay.company.model import Courier, Hub
from makegood.replay.company.partners import PARTNER, Contract, Partners


def hired(
    params: CityParams, stores: tuple[Hub, ...], starts_us: int
) -> tuple[tuple[Courier, str], ...]:
    """Return the riders of another fleet with their store; rain slows them and stops none."""
    theirs = params.partner
    if theirs is None:
        return ()
    store = next(each for each in stores if each.id == theirs.store)
    couriers = (
        Courier(
            id=f"partner-{number:02d}",
            hub_id=params.district.id,
            vehicle=PARTNER,
            capacity=theirs.capacity,
            position=store.position,
            position_us=starts_us,
            shift_starts_us=starts_us,
            shift_ends_us=starts_us + 2 * params.lasts_minutes * MINUTE,
        )
        for number in range(1, theirs.count + 1)
    )
    return tuple((each, store.id) for each in couriers)


def engage(partners: Partners, params: CityParams, riders: Sequence[Courier]) -> None:
    """Begin the contract with the other fleet, where there is one."""
    theirs = params.partner
    if theirs is not None:
        fee = Money(minor=theirs.fee_minor, currency=params.currency)
        ids = tuple(rider.id for rider in riders)
        name = f"{PARTNER}-{params.district.id}"
        partners.engage(Contract(name, ids, fee, theirs.range_m))
