"""Pure and deterministic planning: reassignment, compensation, explanation, recomputation."""

from __future__ import annotations

from makegood.domain.conditions import Conditions, Rain
from makegood.domain.forecast import CourierLoad
from makegood.planning.assignment import KEEP, Choice, Plan, Stamp, assign, beyond
from makegood.planning.compensation import NONE, Award, Claim, Compensated, Given, compensate
from makegood.planning.explain import Contribution, Explanation, Flip, explain, shares_bp
from makegood.planning.joint.face import plan_jointly, sure_late, warm_up
from makegood.planning.joint.work import Work
from makegood.planning.options import Endangered, Options, Way, WayKind, choose
from makegood.planning.options_around import Around, Elsewhere
from makegood.planning.options_ways import endangered
from makegood.planning.recompute import recompute
from makegood.planning.stock import StockPlan, plan_stock
from makegood.planning.stock_scene import Short, StockHub, StockScene
from makegood.planning.stock_ways import StockWay, WayOut

__all__ = [
    "KEEP",
    "NONE",
    "Around",
    "Award",
    "Choice",
    "Claim",
    "Compensated",
    "Conditions",
    "Contribution",
    "CourierLoad",
    "Elsewhere",
    "Endangered",
    "Explanation",
    "Flip",
    "Given",
    "Options",
    "Plan",
    "Rain",
    "Short",
    "Stamp",
    "StockHub",
    "StockPlan",
    "StockScene",
    "StockWay",
    "Way",
    "WayKind",
    "WayOut",
    "Work",
    "assign",
    "beyond",
    "choose",
    "compensate",
    "endangered",
    "explain",
    "plan_jointly",
    "plan_stock",
    "recompute",
    "shares_bp",
    "sure_late",
    "warm_up",
]
