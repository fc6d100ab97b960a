"""The reference breaker of refunds on half a month of real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import refund_breakers
from benchmarks.refund_breakers import FILE, by_count, caught, play, read, reference

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.refund_breakers import Refunded

HUB = "Palo Alto"


@pytest.fixture(scope="module")
def refunds(data: Path) -> list[Refunded]:
    if not (data / FILE).is_file():
        pytest.skip(f"no {FILE} in the directory of real data")
    return read(data / FILE)


def test_no_ordinary_day_trips_the_reference_breaker(refunds: list[Refunded]) -> None:
    assert len(refunds) == 233
    played = play(reference("refunds-above-norm"), refunds)
    assert played.trips == ()
    assert (played.passed, played.minor) == (233, sum(one.minor for one in refunds))


def test_a_burst_of_ten_is_always_stopped_after_a_few(refunds: list[Refunded]) -> None:
    seen, passed = caught(reference("refunds-above-norm"), refunds, HUB, 10, tries=8)
    assert seen == 8
    assert passed < 5


def test_a_plain_count_that_no_ordinary_day_trips_lets_more_of_a_burst_pass(
    refunds: list[Refunded],
) -> None:
    assert len(play(by_count(5), refunds).trips) == 2
    assert play(by_count(8), refunds).trips == ()
    by_norm = caught(reference("refunds-above-norm"), refunds, HUB, 10, tries=8)
    plain = caught(by_count(8), refunds, HUB, 10, tries=8)
    assert plain[1] > by_norm[1]


@pytest.mark.slow
def test_the_tables_are_printed(
    data: Path, refunds: list[Refunded], capsys: pytest.CaptureFixture[str]
) -> None:
    refund_breakers.main(data)
    assert "| reference `refunds-above-norm` | 0 |" in capsys.readouterr().out
