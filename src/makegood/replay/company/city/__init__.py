"""A grown-up district: stores with queues, couriers who decline, drones, and a real storm."""

from __future__ import annotations

from collections.abc import Iterable

from makegood.clock import Clock
from makegood.replay.company.city.draw import DistrictScript, draw
from makegood.replay.company.city.life import DistrictLife
from makegood.replay.company.city.params import CityParams, read_city
from makegood.replay.company.company import Company, Emit
from makegood.replay.company.credentials import Credentials
from makegood.replay.company.faults import Fault
from makegood.replay.company.life.agenda import Agenda

__all__ = ["CityParams", "DistrictLife", "DistrictScript", "draw", "inhabit", "read_city"]


def inhabit(
    clock: Clock,
    script: DistrictScript,
    *,
    credentials: Credentials | None = None,
    faults: Iterable[Fault] = (),
    emit: Emit | None = None,
) -> tuple[Company, DistrictLife]:
    """Return a company on a clock that stands at the script's start, and the life in it."""
    company = Company(clock, credentials=credentials, faults=faults, emit=emit)
    lives: list[DistrictLife] = []

    def begin(hands: Clock, agenda: Agenda) -> DistrictLife:
        lives.append(DistrictLife(company, hands, agenda, script))
        return lives[0]

    company.settle(begin)
    return company, lives[0]
