"""Work that is spread over processes."""

from __future__ import annotations

import pytest

from makegood import logs
from makegood.errors import InvalidInput
from makegood.replay.suites.base import Charge
from makegood.replay.suites.parallel import PieceFailed, each


def _square(number: int) -> int:
    if number < 0:
        message = "below nought"
        raise ValueError(message)
    return number * number


def _unseen(_done: int, _whole: int, _what: str) -> None:
    """Watch nothing."""


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_stand_in_the_order_of_the_pieces_and_each_is_watched(jobs: int) -> None:
    seen: list[tuple[int, int]] = []
    made = each(_square, [3, 1, 2], jobs, lambda done, whole, _what: seen.append((done, whole)))
    assert made == [9, 1, 4]
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_piece_that_fails_is_named(jobs: int) -> None:
    with pytest.raises(PieceFailed, match="-7: below nought"):
        each(_square, [1, -7], jobs, _unseen)


@pytest.mark.parametrize(
    ("text", "fixed_us"), [("measured", None), ("fixed:0.5", 500_000), ("fixed:0", 0)]
)
def test_a_charge_is_read_and_said_again_as_it_was_given(text: str, fixed_us: int | None) -> None:
    charge = Charge.parse(text)
    assert charge.fixed_us == fixed_us
    assert str(charge) == text


@pytest.mark.parametrize("text", ["fixed", "fixed:", "fixed:-1", "fixed:nan", "free", "measured:1"])
def test_what_is_no_charge_is_refused_with_the_mend(text: str) -> None:
    with pytest.raises(InvalidInput, match="use measured"):
        Charge.parse(text)


def _talk(item: int) -> int:
    logs.get_logger(__name__).info("working", item=item)
    return item


def test_what_processes_log_is_never_on_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    assert each(_talk, [1, 2], 2, _unseen) == [1, 2]
    assert capfd.readouterr().out == ""
