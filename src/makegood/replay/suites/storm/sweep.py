"""Sweeps: one value of the frozen city changed at a time, everything else left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from makegood.replay.company.city import CityParams
from makegood.replay.suites.storm.result import SeedResult, SweepPoint, on_time

_VALUES: Final = {
    "rain": (0.5, 1.5, 2.0, 3.0),
    "courier loss": (0.5, 0.75, 1.25),
    "forecast error": (0.0, 2.0, 4.0),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One value: a factor on the city's own severity, loss or forecast error."""

    sweep: str
    value: float

    def __str__(self) -> str:
        return f"{self.sweep} {self.value:g}"

    def over(self, params: CityParams) -> CityParams:
        """Return the city with this one value changed."""
        if self.sweep == "rain":
            return params.model_copy(update={"severity": params.severity * self.value})
        if self.sweep == "courier loss":
            couriers = params.couriers
            changed = couriers.model_copy(update={"loss": couriers.loss * self.value})
            return params.model_copy(update={"couriers": changed})
        error = params.forecast.model_copy(update={"error": params.forecast.error * self.value})
        return params.model_copy(update={"forecast": error})


def settings() -> tuple[Setting, ...]:
    """Return every setting of every sweep; the city as it is stands in the result itself."""
    return tuple(Setting(name, value) for name, values in _VALUES.items() for value in values)


def points(found: Sequence[tuple[Setting | None, SeedResult]]) -> tuple[SweepPoint, ...]:
    """Return the share kept by each arm in each setting, over its seeds."""
    by_setting: dict[Setting, list[SeedResult]] = {}
    for setting, run in found:
        if setting is not None:
            by_setting.setdefault(setting, []).append(run)
    return tuple(
        SweepPoint(
            sweep=setting.sweep,
            value=setting.value,
            seeds=tuple(run.seed for run in runs),
            on_time={
                name: on_time([run.arms[name].on_time for run in runs]) for name in runs[0].arms
            },
        )
        for setting, runs in by_setting.items()
    )
