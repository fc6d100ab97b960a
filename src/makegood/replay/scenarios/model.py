"""A scenario as written in `evals/scenarios/NAME.yaml`, and reading it.

Minutes count from the scenario's beginning. Whatever stands in a file is checked strictly: an
unknown key, a wrong type or an expectation of something that is never measured is an error that
names the file, the line and the mend.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, model_validator

from makegood.clock import MINUTE, from_datetime
from makegood.domain.frozen import Frozen
from makegood.errors import InvalidInput
from makegood.replay.company import CityPlan
from makegood.replay.scenarios.happenings import Happening
from makegood.replay.scenarios.people import Reviewer
from makegood.replay.suites.base import Charge
from makegood.workspace.lines import BrokenYaml, line_of, load_yaml

FOLDER: Final = "evals/scenarios"
_ZONE: Final = ZoneInfo("Asia/Shanghai")

Minute = Annotated[float, Field(ge=0, le=24 * 60)]
Share = Annotated[float, Field(ge=0, le=1)]


class City(Frozen):
    """The district and its weather: see `CityPlan`, whose assumptions hold for what is left out."""

    orders: Annotated[int, Field(ge=8, le=2_000)] = 120
    customers: Annotated[int, Field(ge=1, le=5_000)] = 100
    lasts_minutes: Minute = 90
    placed_within_minutes: Minute = 60
    rain_from_minutes: Minute = 8
    rain_peak_minutes: Minute = 25
    rain_until_minutes: Minute = 70
    peak_mm_h: Annotated[float, Field(ge=0, le=300)] = 0.0
    promise_minutes: Minute = 45
    usual_load: Annotated[int, Field(ge=1, le=20)] = 4
    shelter_share: Share = 0.7
    stuck_share: Share = 0.0
    flooded_share: Share = 0.0
    unreserved_orders: Annotated[int, Field(ge=0)] = 0
    short_articles: Annotated[int, Field(ge=0, le=9)] = 0
    spare_units: Annotated[int, Field(ge=0)] = 0
    supply_minutes: Minute = 60
    supply_units: Annotated[int, Field(ge=0)] = 0
    swap_share: Share = 0.0
    twice_orders: Annotated[int, Field(ge=0)] = 0
    couriers: tuple[int, int, int] = (7, 5, 4)
    demand: tuple[int, int, int] = (46, 30, 24)

    @model_validator(mode="after")
    def _in_order(self) -> City:
        if not self.rain_from_minutes < self.rain_peak_minutes < self.rain_until_minutes:
            message = "rain_from_minutes, rain_peak_minutes, rain_until_minutes must rise"
            raise ValueError(message)
        if self.unreserved_orders > self.orders - self.orders // 8:
            message = "unreserved_orders: not so many of the orders, the first eighth has stock"
            raise ValueError(message)
        if self.twice_orders > self.orders:
            message = "twice_orders: no more than there are orders"
            raise ValueError(message)
        return self

    def plan(self, seed: int) -> CityPlan:
        """Return the plan of the city for one seed."""
        given = self.model_dump()
        spans = {name: given.pop(name) for name in list(given) if name.endswith("_minutes")}
        in_us = {f"{n.removesuffix('_minutes')}_us": round(m * MINUTE) for n, m in spans.items()}
        return CityPlan(seed=seed, **given, **in_us)


class Expectation(Frozen):
    """What is expected of one measure (see `measures.MEASURES`), and why it matters."""

    what: str
    at_least: float | None = None
    at_most: float | None = None
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _bounded(self) -> Expectation:
        if self.at_least is None and self.at_most is None:
            message = "say at_least, at_most or both"
            raise ValueError(message)
        return self

    def holds(self, value: float) -> bool:
        """Say whether a measure is as expected."""
        low = self.at_least is None or value >= self.at_least
        return low and (self.at_most is None or value <= self.at_most)

    def __str__(self) -> str:
        parts = [f">= {self.at_least:g}"] if self.at_least is not None else []
        parts += [f"<= {self.at_most:g}"] if self.at_most is not None else []
        return f"{self.what} {' and '.join(parts)}"


class Scenario(Frozen):
    """One situation: the city, who decides, what happens to it, and what is expected."""

    title: str = Field(min_length=1)
    about: str = Field(min_length=1)
    seed: int = 1
    begins: Annotated[datetime, Field(strict=False)]
    city: City = City()
    step_seconds: Annotated[int, Field(ge=5, le=300)] = 60
    ends_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = 150
    charge: str = "fixed:1"
    people: tuple[Reviewer, ...] = ()
    happens: tuple[Happening, ...] = ()
    expect: Annotated[tuple[Expectation, ...], Field(min_length=1)]

    @property
    def starts_us(self) -> int:
        """When it begins."""
        return from_datetime(self.begins.replace(tzinfo=self.begins.tzinfo or _ZONE))

    @property
    def cost(self) -> Charge:
        """What a decision costs the world."""
        return Charge.parse(self.charge)


def folder(workspace: Path) -> Path:
    """Return where a workspace keeps its scenarios."""
    return workspace / FOLDER


def names(workspace: Path) -> tuple[str, ...]:
    """Return the names of a workspace's scenarios, sorted."""
    return tuple(sorted(path.stem for path in folder(workspace).glob("*.yaml")))


def find(name: str, workspace: Path) -> Path:
    """Return the file of a scenario: by its name in the workspace, or by its path.

    Raises:
        InvalidInput: there is none.

    """
    if name.endswith((".yaml", ".yml")) and Path(name).is_file():
        return Path(name)
    path = folder(workspace) / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(names(workspace)) or "none"
        raise InvalidInput("SCENARIO", f"there is no scenario {name!r}", f"there are: {known}")
    return path


def load(path: Path) -> Scenario:
    """Read a scenario.

    Raises:
        InvalidInput: the file cannot be read, or something in it is not right; all are named.

    """
    try:
        tree = load_yaml(path.read_text(encoding="utf-8"))
    except BrokenYaml as error:
        raise InvalidInput(f"{path.name}:{error.line}", str(error), "mend the YAML") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(path.name, f"cannot be read: {error}") from error
    try:
        found = Scenario.model_validate_json(json.dumps(tree, default=str), strict=True)
    except ValidationError as error:
        problems = "; ".join(_say(path, tree, one) for one in error.errors(include_url=False))
        raise InvalidInput(path.name, problems) from error
    _require_measures(path, found)
    return found


def _require_measures(path: Path, scenario: Scenario) -> None:
    from makegood.replay.scenarios.measures import is_measure  # noqa: PLC0415 -- a cycle of names

    for one in scenario.expect:
        if not is_measure(one.what):
            raise InvalidInput(
                f"{path.name}: expect", f"{one.what!r} is not measured", "see evals/README.md"
            )


def _say(path: Path, tree: Any, error: Any) -> str:  # noqa: ANN401 -- YAML, and pydantic's dictionary
    where = tuple(part for part in error["loc"] if part != "[key]")
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{path.name}:{line_of(tree, where)} {'.'.join(map(str, where))}: {message}"
