"""How fast the sandbox city lives: by itself with a simple desk, and with a whole house in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from benchmarks.figures import Better, Figure, seconds
from makegood.clock import HOUR, MINUTE, VirtualClock
from makegood.replay.company.city import DistrictScript, draw, inhabit, read_city
from makegood.replay.stage import StageOptions, staged
from makegood.replay.suites.base import Charge
from makegood.replay.suites.storm.arms import STARTS_US
from makegood.replay.suites.storm.desks import Greedy
from makegood.replay.suites.storm.suite import CITY
from makegood.workspace.reference import reference_root

if TYPE_CHECKING:
    from benchmarks.figures import Scale
    from makegood.replay.company import Company

_STRIDE_US: Final = 10 * MINUTE
_MARK_H_A_S: Final = 0.1


def measure(scale: Scale) -> list[Figure]:
    """Measure the storm's city with a house in it, beside the city by itself."""
    script = draw(read_city(CITY), 1, STARTS_US)
    if scale.city_orders:
        script = replace(script, orders=script.orders[: scale.city_orders])
    alone = max(_alone(script) for _ in range(scale.rounds))
    return [
        Figure(
            name=f"the storm's city of {len(script.orders)} orders, agents at work: "
            "simulated hours",
            value=_with_a_house(script),
            unit="h/s",
            limit=alone,
            limit_name="the city by itself, with the greedy desk",
            mark=_MARK_H_A_S,
            better=Better.MORE,
        )
    ]


def _alone(script: DistrictScript) -> float:
    clock = VirtualClock(script.starts_us)
    company, life = inhabit(clock, script)
    Greedy(company, life)

    def run() -> None:
        end_us = script.starts_us + 12 * HOUR
        while (next_us := company.next_us) is not None and clock.now_us() < end_us:
            clock.advance_to(next_us + _STRIDE_US)
            company.catch_up()

    took_s = seconds(run)
    return (clock.now_us() - script.starts_us) / HOUR / took_s


def _with_a_house(script: DistrictScript) -> float:
    def company_of(clock: VirtualClock) -> Company:
        return inhabit(clock, script)[0]

    options = StageOptions(
        workspace=reference_root(),
        starts_us=script.starts_us,
        company=company_of,
        charge=Charge(0),
    )
    with staged(options) as stage:
        took_s = seconds(stage.run)
        return (stage.clock.now_us() - script.starts_us) / HOUR / took_s
