"""What a decision reads like: how its best rejected option was judged, and how good the plan is."""

from __future__ import annotations

from typing import Any

import pytest

from makegood.cli import decision

PLANNED: dict[str, Any] = {
    "kind": "reassign",
    "subject": "ful-1",
    "chosen": {"key": "cou-1"},
    "score": 900,
    "contributions": [],
    "rejected": {"key": "cou-2"},
    "rejected_contributions": [],
    "margin": 1_200,
    "displacement": 300,
    "flips": [],
    "forced": True,
    "method": "routes",
    "action_id": "act-1",
    "policy_digest": "0" * 64,
    "quality": {"cost": 8_000, "bound": 6_000, "bound_by": "some relaxation", "gap_bp": 2_500},
    "took_us": 430_000,
    "budget_us": 1_000_000,
}


def test_a_plan_says_what_could_be_gained_at_most_and_what_its_round_took(
    capsys: pytest.CaptureFixture[str],
) -> None:
    decision.show([PLANNED])
    said = capsys.readouterr().out
    assert "cou-2, 1,200 points worse" in said
    assert "the whole plan solved again with it" in said
    assert "8,000 points, no plan can save more than 25.0 % of them (some relaxation)" in said
    assert "0.43 s for the round, of 1 s" in said
    assert "too long" not in said


def test_what_was_not_solved_again_and_a_budget_that_was_overrun_are_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    decision.show([PLANNED | {"forced": False, "took_us": 1_250_000, "quality": None}])
    said = capsys.readouterr().out
    assert "cou-2, at most 1,200 points worse" in said
    assert "all others as they were" in said
    assert "1.25 s for the round, of 1 s: 0.25 s too long" in said
    assert "no plan can save" not in said
