"""Small towns for the stage: a district of a few orders and a storm of an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from makegood.clock import MINUTE, from_rfc3339
from makegood.replay.company import CityPlan, Company, Credentials
from makegood.replay.stage import StageOptions
from makegood.replay.suites.base import Charge
from tests.conftest import ROOT

if TYPE_CHECKING:
    from makegood.clock import VirtualClock

START_US: Final = from_rfc3339("2026-07-14T09:30:00Z")
STORM: Final = CityPlan(
    seed=3,
    orders=36,
    customers=30,
    couriers=(3, 2, 2),
    lasts_us=60 * MINUTE,
    placed_within_us=30 * MINUTE,
    rain_from_us=4 * MINUTE,
    rain_peak_us=15 * MINUTE,
    rain_until_us=40 * MINUTE,
    unreserved_orders=3,
)


def storm(clock: VirtualClock) -> Company:
    """Return a company on which an hour of rain falls."""
    return Company(clock, plan=STORM, credentials=Credentials.fresh())


def options(**changed: object) -> StageOptions:
    """Return the options of a stage with that company and the reference workspace."""
    given: dict[str, Any] = {
        "company": storm,
        "charge": Charge(0),
        "step_us": MINUTE,
        "longest_us": 80 * MINUTE,
    }
    given |= changed
    return StageOptions(workspace=ROOT, starts_us=START_US, **given)
