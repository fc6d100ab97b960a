"""What rain that is foretold, and does not fall yet, makes of a ride."""

from __future__ import annotations

from dataclasses import replace

import pytest

from makegood.clock import MINUTE
from makegood.planning import Rain
from tests.planning.city import NOW_US, conditions

DRY_THEN_40 = Rain(NOW_US - 5 * MINUTE, (0.0, 40.0))


def test_foretold_rain_makes_what_slower_riding_makes_from_its_beginning_on() -> None:
    here = replace(conditions(), rain=DRY_THEN_40, falls_mm_h=0.0)
    assert here.foretold_us(NOW_US + 10 * MINUTE) == 0
    slower = 1 - here.travel.speed("e_bike", 40.0) / here.travel.speed("e_bike", 0.0)
    wanted_us = 20 * MINUTE * slower
    assert here.foretold_us(NOW_US + 30 * MINUTE) == pytest.approx(wanted_us, rel=0.01)


@pytest.mark.parametrize("falls_mm_h", [None, 40.0, 60.0])
def test_rain_that_falls_already_or_is_not_known_makes_no_difference(
    falls_mm_h: float | None,
) -> None:
    here = replace(conditions(), rain=DRY_THEN_40, falls_mm_h=falls_mm_h)
    assert here.foretold_us(NOW_US + 60 * MINUTE) == 0
