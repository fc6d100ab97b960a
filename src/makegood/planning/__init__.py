"""Pure and deterministic planning: reassignment, compensation, explanation, recomputation."""

from __future__ import annotations

from makegood.planning.assignment import KEEP, Choice, Plan, Stamp, assign
from makegood.planning.compensation import NONE, Award, Claim, Compensated, Given, compensate
from makegood.planning.explain import Contribution, Explanation, Flip, explain, shares_bp
from makegood.planning.queues import Conditions, CourierLoad, foresee
from makegood.planning.recompute import recompute

__all__ = [
    "KEEP",
    "NONE",
    "Award",
    "Choice",
    "Claim",
    "Compensated",
    "Conditions",
    "Contribution",
    "CourierLoad",
    "Explanation",
    "Flip",
    "Given",
    "Plan",
    "Stamp",
    "assign",
    "compensate",
    "explain",
    "foresee",
    "recompute",
    "shares_bp",
]
