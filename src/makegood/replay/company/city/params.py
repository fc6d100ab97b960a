"""The parameters of a district and its storm, as a YAML file gives them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from makegood.domain.frozen import Frozen
from makegood.errors import InvalidInput
from makegood.workspace.lines import BrokenYaml, load_yaml

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Span = tuple[float, float]


class District(Frozen):
    """Where it is; stores lie around its middle."""

    id: str
    name: str
    lat: float
    lon: float
    delivery_radius_m: Positive


class Store(Frozen):
    """A dark store: where it lies from the district's middle, and who picks and packs there."""

    id: str
    name: str
    north_m: float
    east_m: float
    share: Share
    pickers: Annotated[int, Field(ge=1)]
    packers: Annotated[int, Field(ge=1)]


class Packing(Frozen):
    """How long picking and packing take."""

    pick_seconds_per_line: Positive
    pick_seconds_least: Positive
    pack_seconds: Positive
    spread: Share


class Promise(Frozen):
    """A promise that customers choose, and how many do."""

    minutes: Annotated[int, Field(ge=1)]
    share: Share


class Demand(Frozen):
    """Orders a minute by half hour, what rain adds, and what is in an order."""

    per_minute: Annotated[tuple[float, ...], Field(min_length=1)]
    rain_gain_per_mm_h: float
    rain_gain_most: float
    stops_minutes: Count
    lines: Annotated[tuple[int, ...], Field(min_length=1)]
    light_share: Share
    customers: Annotated[int, Field(ge=1)]
    promises: Annotated[tuple[Promise, ...], Field(min_length=1)]
    patience_minutes: Count


class Vehicle(Frozen):
    """A kind of vehicle; `shelters` is the share of its riders whom rain can drive into shelter."""

    name: str
    share: Share
    m_s: Positive
    capacity: Annotated[int, Field(ge=1)]
    halved_by_mm_h: Positive
    shelters: Share


class Shelter(Frozen):
    """When riders look for shelter and come out again."""

    from_mm_h: Span
    back_share: Share
    delay_minutes: Span
    back_minutes: Span


class Couriers(Frozen):
    """Who rides, and how they behave; `loss` scales the share that looks for shelter."""

    count: Annotated[int, Field(ge=1)]
    usual_load: Annotated[int, Field(ge=1)]
    acceptance: Share
    answers_seconds: Count
    deviation: Share
    detour: Annotated[float, Field(ge=1)]
    shift_ends_minutes: Span
    vehicles: Annotated[tuple[Vehicle, ...], Field(min_length=1)]
    shelter: Shelter
    loss: Annotated[float, Field(ge=0)] = 1.0


class Drones(Frozen):
    """The drones of one dock, and what they cannot do."""

    count: Count
    dock: str
    m_s: Positive
    capacity: Annotated[int, Field(ge=1)]
    range_m: Positive
    rain_mm_h: Positive
    wind_m_s: Positive
    turnaround_seconds: Count


class Partner(Frozen):
    """Riders of another fleet who wait at one store; `fee_minor` is for one delivery."""

    count: Count
    store: str
    m_s: Positive
    capacity: Annotated[int, Field(ge=1)]
    halved_by_mm_h: Positive
    range_m: Annotated[int, Field(ge=0)]
    fee_minor: Annotated[int, Field(ge=0)]


class StormCurve(Frozen):
    """Hourly rain and wind of a storm, and how an hour's rain is spread over its quarters."""

    mm: Annotated[tuple[float, ...], Field(min_length=1)]
    wind_m_s: Annotated[tuple[float, ...], Field(min_length=1)]
    begins_minutes: Count
    within_hour: tuple[Share, Share, Share, Share]
    gusts: Positive
    wind_per_mm_h: float
    window_minutes: Span
    moment_minutes: Count


class ForecastError(Frozen):
    """How wrong the weather service is: one draw a seed for amounts, one for time.

    `error` scales both, for sweeps; 0 is a perfect forecast.
    """

    scale_spread: Share
    shift_minutes: float
    error: Annotated[float, Field(ge=0)] = 1.0


class Humans(Frozen):
    """The dispatchers' desk."""

    dispatchers: Count
    seconds_per_order: Positive
    notice_minutes: float


class Scoring(Frozen):
    """What scores are reckoned with."""

    kg_co2e_per_km: dict[str, float]
    overtime_after_minutes: Count


class CityParams(Frozen):
    """Everything that makes a district and its storm, apart from the seed.

    `severity` multiplies the rain of the real storm.
    """

    name: str
    currency: str
    zone: str
    begins_at: Annotated[str, Field(pattern=r"^\d\d:\d\d$")]
    lasts_minutes: Annotated[int, Field(ge=1)]
    severity: Annotated[float, Field(ge=0)]
    district: District
    stores: Annotated[tuple[Store, ...], Field(min_length=1)]
    packing: Packing
    demand: Demand
    couriers: Couriers
    drones: Drones
    partner: Partner | None = None
    storm: StormCurve
    forecast: ForecastError
    humans: Humans
    scores: Scoring


def read_city(source: str | Path) -> CityParams:
    """Read a city: a path, or the name of one that comes with Makegood (`hangzhou_storm`).

    Raises:
        InvalidInput: there is no such city, or it is not a valid one; names the field.

    """
    text = _text(source)
    try:
        found = load_yaml(text)
    except BrokenYaml as error:
        raise InvalidInput(str(source), str(error), "mend the YAML") from error
    try:
        return CityParams.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(
            f"{source}: {where}", first["msg"], "see cities/hangzhou_storm"
        ) from error


def _text(source: str | Path) -> str:
    if isinstance(source, str):
        kept = files("makegood.replay") / "cities" / f"{source}.yaml"
        if kept.is_file():
            return kept.read_text(encoding="utf-8")
    path = Path(source)
    if not path.is_file():
        raise InvalidInput("city", f"there is no city {source}", "use hangzhou_storm, or a file")
    return path.read_text(encoding="utf-8")
