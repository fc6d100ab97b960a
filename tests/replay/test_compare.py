"""Two results are compared piece by piece, and only where both have the piece."""

from __future__ import annotations

from random import Random
from statistics import NormalDist
from typing import Any

import orjson
import pytest

from makegood.errors import InvalidInput
from makegood.replay.compare import compare, read, samples

NAMES = ("a.json", "b.json")


def _result(kept: dict[int, float], suite: str = "storm", **more: float) -> dict[str, Any]:
    runs = [{"seed": seed, "arm": {"kept": value}, **more} for seed, value in kept.items()]
    return {"suite": suite, "seeds": len(runs), "runs": runs}


def test_what_a_seed_does_to_both_does_not_blur_the_difference() -> None:
    rng = Random(5)
    weather = {seed: rng.gauss(0.9, 0.05) for seed in range(30)}
    better = {seed: value + 0.01 + rng.gauss(0, 0.001) for seed, value in weather.items()}
    (found,) = compare(_result(weather), _result(better), NAMES).metrics
    assert found.metric == "arm.kept"
    assert found.pairs == 30
    assert found.is_clear
    assert found.lo is not None
    assert found.hi is not None
    assert 0.009 < found.lo < 0.01 < found.hi < 0.011


def test_the_interval_covers_no_difference_about_nineteen_times_in_twenty() -> None:
    rng, covered = Random(7), 0
    for _ in range(100):
        a = {seed: rng.gauss(0, 1) for seed in range(40)}
        b = {seed: value + rng.gauss(0, 1) for seed, value in a.items()}
        (found,) = compare(_result(a), _result(b), NAMES).metrics
        covered += not found.is_clear
    # Four standard deviations of a count of 100 at 95 %.
    spread = 4 * (100 * 0.95 * 0.05) ** 0.5
    assert 95 - spread < covered <= 100
    assert NormalDist().cdf(4) > 0.9999


def test_only_seeds_that_both_have_are_paired() -> None:
    (found,) = compare(_result({1: 0.5, 2: 1.0}), _result({2: 0.9, 3: 0.1}), NAMES).metrics
    assert (found.pairs, found.a, found.b, found.lo) == (1, 1.0, 0.9, None)
    assert not found.is_clear


def test_results_of_other_suites_or_other_seeds_are_not_compared() -> None:
    with pytest.raises(InvalidInput, match=r"a\.json is of storm, b\.json of mdrp"):
        compare(_result({1: 1.0}), _result({1: 1.0}, "mdrp"), NAMES)
    with pytest.raises(InvalidInput, match="no seed or day in common"):
        compare(_result({1: 1.0}), _result({2: 1.0}), NAMES)


def test_a_piece_that_has_a_name_and_a_seed_is_known_by_both() -> None:
    outcomes = [{"scenario": "flood", "seed": seed, "kept": seed / 10} for seed in (1, 2)]
    assert samples({"outcomes": outcomes}) == {"kept": {"flood 1": 0.1, "flood 2": 0.2}}


def test_pieces_are_found_by_whatever_names_them() -> None:
    found = samples(
        {
            "suite": "mdrp",
            "instances": [{"instance": "0r50", "met": True, "wall": {"p95": 0.02}, "note": "x"}],
            "violations": ["none"],
        }
    )
    assert found == {"met": {"0r50": 1.0}, "wall.p95": {"0r50": 0.02}}


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"seeds": 3}'])
def test_a_file_that_is_no_result_is_refused_with_its_name(text: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"a\.json"):
        read(text, "a.json")
    assert read(orjson.dumps(_result({1: 1.0})), "a.json")["seeds"] == 1
