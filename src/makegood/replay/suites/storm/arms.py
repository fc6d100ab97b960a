"""The arms of the storm, each played to its end on one seed of the same city."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from makegood.clock import HOUR, MINUTE, VirtualClock
from makegood.errors import InvalidInput
from makegood.planning import warm_up
from makegood.replay.company import Company
from makegood.replay.company.city import (
    CityParams,
    DistrictLife,
    DistrictScript,
    draw,
    inhabit,
)
from makegood.replay.scenarios.frames import Frame, frame
from makegood.replay.suites.base import Charge
from makegood.replay.suites.storm.bound import best_known
from makegood.replay.suites.storm.desks import Greedy, People
from makegood.replay.suites.storm.moment import Glance, glance
from makegood.replay.suites.storm.scoring import Played, Scores, in_window, measure
from makegood.workspace.loader import mounted

ARMS: Final = ("none", "greedy", "human", "agent", "bound")
# 17:00 in Hangzhou on a day in summer.
STARTS_US: Final = 1_783_933_200_000_000
_MAP_AFTER_MIN: Final = 15
_STRIDE_US: Final = 10 * MINUTE
# About 20 seconds a seed on one core.
BOUND_ITERATIONS: Final = 400


@dataclass(frozen=True, slots=True)
class Agents:
    """What came of Makegood's own arm besides its scores."""

    played: Played
    decision_s: tuple[float, ...]
    checked: int
    violations: tuple[str, ...]
    frames: tuple[Frame, ...]


def pure(params: CityParams, seed: int, arm: str) -> Played:
    """Play an arm that needs no house: `none`, `greedy` or `human`.

    Raises:
        InvalidInput: there is no such arm.

    """
    desks: dict[str, Callable[[Company, DistrictLife], object]] = {
        "none": lambda _company, _life: None,
        "greedy": Greedy,
        "human": People,
    }
    if arm not in desks:
        raise InvalidInput("arms", f"{arm!r} is none of them", f"use {', '.join(ARMS)}")
    clock, company, life = _city(draw(params, seed, STARTS_US))
    desks[arm](company, life)
    _run_out(clock, company)
    return measure(company, life)


def looked_at(params: CityParams, seed: int, workspace: Path) -> Glance:
    """Return what stands at the storm's moment where nobody dispatches."""
    clock, company, life = _city(draw(params, seed, STARTS_US))
    clock.advance_to(STARTS_US + params.storm.moment_minutes * MINUTE)
    company.catch_up()
    with mounted(workspace) as mount:
        return glance(company, life, mount.policies)


def agent(params: CityParams, seed: int, workspace: Path, charge: Charge) -> Agents:
    """Play Makegood itself: the real house on a stage, with its effects carried out.

    Raises:
        WorkspaceBroken: the workspace has errors.

    """
    # The house brings a database and a web framework with it, which the pure arms do without.
    from makegood.replay.stage import StageOptions, staged  # noqa: PLC0415

    lives: list[DistrictLife] = []
    with mounted(workspace) as mount:
        warm_up(mount.policies)

    def company_of(clock: VirtualClock) -> Company:
        company, life = inhabit(clock, draw(params, seed, STARTS_US))
        lives.append(life)
        return company

    options = StageOptions(
        workspace=workspace, starts_us=STARTS_US, company=company_of, charge=charge
    )
    frames: list[Frame] = []
    with staged(options) as stage:
        for minutes in (0, _MAP_AFTER_MIN):
            moment_us = STARTS_US + (params.storm.moment_minutes + minutes) * MINUTE
            stage.at(moment_us, lambda: frames.append(frame(stage)))
        stage.run()
        report, summary = stage.check(), stage.summary()
        played = measure(stage.company, lives[0])
        caps = _caps_kept(stage.company, workspace)
        more = {"holds": summary.holds.total, "caps_kept": caps}
        scores = played.scores.model_copy(update=more)
        return Agents(
            Played(scores, played.trips, played.by_quarter),
            stage.decision_s,
            sum(report.looked_at.values()),
            tuple(str(each) for each in report.violations),
            tuple(frames),
        )


def bound(params: CityParams, seed: int, start: Played | None, iterations: int) -> Scores:
    """Return the best plan known with everything known beforehand, or `start` where that is best.

    Without a start the search begins with no plan at all.
    """
    script = draw(params, seed, STARTS_US)
    kept = best_known(script, start.trips if start else (), iterations, seed)
    counted = in_window(script)
    found = sum(kept[number] for number in counted)
    best = max(found, start.scores.kept if start else 0)
    return Scores(promised=len(counted), kept=best, on_time=best / len(counted))


def _city(script: DistrictScript) -> tuple[VirtualClock, Company, DistrictLife]:
    clock = VirtualClock(script.starts_us)
    company, life = inhabit(clock, script)
    return clock, company, life


def _run_out(clock: VirtualClock, company: Company) -> None:
    while (next_us := company.next_us) is not None and clock.now_us() < STARTS_US + 12 * HOUR:
        clock.advance_to(next_us + _STRIDE_US)
        company.catch_up()


def _caps_kept(company: Company, workspace: Path) -> bool:
    """Say whether no customer was given more in coupons than the policy allows a day."""
    with mounted(workspace) as mount:
        caps = mount.policies.compensation.caps.customer
    given: dict[tuple[str, str], int] = {}
    for coupon in company.payments.coupons.values():
        customer = company.records.order(coupon.paid.order_id).customer_id
        key = (customer, coupon.paid.amount.currency)
        given[key] = given.get(key, 0) + coupon.paid.amount.minor
    return all(total <= (caps.of(currency) or 0) for (_, currency), total in given.items())
