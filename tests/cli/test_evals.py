"""`makegood eval`: suites by name, results on standard output, progress beside it, exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.programs import makegood

if TYPE_CHECKING:
    from pathlib import Path


def test_a_suite_that_is_none_is_bad_usage_and_says_which_there_are(tmp_path: Path) -> None:
    ran = makegood(tmp_path, "eval", "run", "nonsense")
    assert (ran.code, ran.out) == (2, "")
    assert "storm, mdrp, rappi, scenarios" in ran.err


@pytest.mark.parametrize("charge", ["free", "fixed:-1", "fixed:soon"])
def test_a_charge_that_is_none_is_bad_usage_and_says_how_to_write_one(
    tmp_path: Path, charge: str
) -> None:
    ran = makegood(tmp_path, "eval", "run", "scenarios", "--charge", charge)
    assert (ran.code, ran.out) == (2, "")
    assert "fixed:0.5" in ran.err


def test_a_report_is_refused_before_the_work_where_its_folder_is_missing(tmp_path: Path) -> None:
    ran = makegood(tmp_path, "eval", "run", "scenarios", "--report", "none/out.html")
    assert ran.code == 2
    assert "--report" in ran.err


def test_two_saved_results_are_compared_by_seed(tmp_path: Path) -> None:
    for name, kept in (("a", (0.5, 0.7)), ("b", (0.6, 0.8))):
        runs = [{"seed": seed, "kept": value} for seed, value in enumerate(kept)]
        (tmp_path / name).write_text(json.dumps({"suite": "storm", "runs": runs}))
    ran = makegood(tmp_path, "eval", "compare", "a", "b", "--json")
    assert ran.code == 0
    (metric,) = ran.json["metrics"]
    assert metric["metric"] == "kept"
    assert metric["difference"] == pytest.approx(0.1)
    text = makegood(tmp_path, "eval", "compare", "a", "b")
    assert "kept" in text.out
    assert "+0.1" in text.out


def test_comparing_what_is_not_there_names_it(tmp_path: Path) -> None:
    ran = makegood(tmp_path, "eval", "compare", "a", "b")
    assert ran.code == 2
    assert "a: there is no such file" in ran.err


SHORT = """
title: A short evening
about: Rain over a few orders, so that two workspaces can be held against each other.
begins: 2026-07-14T17:30:00+08:00
seed: 3
city:
  orders: 24
  customers: 20
  couriers: [2, 2, 2]
  lasts_minutes: 40
  placed_within_minutes: 20
  rain_from_minutes: 2
  rain_peak_minutes: 8
  rain_until_minutes: 30
  peak_mm_h: 46
ends_minutes: 45
expect: [{what: promises.orders, at_least: 1, why: something is to be compared}]
"""


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("what", ["workspace", "policies"])
def test_two_workspaces_or_policies_are_run_and_compared_on_the_same_seed(
    tmp_path: Path, what: str
) -> None:
    (tmp_path / "short.yaml").write_text(SHORT, encoding="utf-8")
    for name in ("a", "workspace"):
        assert makegood(tmp_path, "init", name).code == 0
    held = tmp_path / "workspace" / "policies" / "autonomy.yaml"
    text = held.read_text(encoding="utf-8").replace("reassign: allow", "reassign: hold")
    held.write_text(text, encoding="utf-8")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "autonomy.yaml").write_text(text, encoding="utf-8")
    on = ("--suite", "scenarios", "--data", "short.yaml", "--jobs", "1", "--json")
    ran = makegood(tmp_path, "--workspace", "a", "eval", "compare", "a", what, *on, within_s=380)
    assert ran.code == 0, ran.err
    found = {each["metric"]: each for each in ran.json["metrics"]}
    holds = found["measures.holds.total"]
    assert (holds["pairs"], holds["a"]) == (1, 0)
    assert holds["b"] > 0
    assert found["measures.promises.orders"]["difference"] == 0
