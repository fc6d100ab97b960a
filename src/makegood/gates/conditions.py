"""Conditions of policy: CEL expressions over the fields of an action, each by its name."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from makegood.clock import to_datetime
from makegood.domain import expressions
from makegood.domain.expressions import Circumstances, ConditionFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makegood.domain.actions import ActionKind
    from makegood.domain.policy import Condition
    from makegood.gates.candidates import Candidate


def check(
    conditions: Sequence[Condition], judged: Sequence[Candidate], agent: str, now_us: int
) -> None:
    """Hold what a condition is true of, and what it has no answer for."""
    by_kind: dict[ActionKind, list[Condition]] = defaultdict(list)
    for condition in conditions:
        for kind in condition.kinds:
            by_kind[kind].append(condition)
    hour = to_datetime(now_us).hour
    for candidate in judged:
        about = by_kind.get(candidate.action.kind)
        if about:
            around = Circumstances(agent, len(candidate.intention.doubts), hour)
            _check(about, candidate, around)


def _check(about: Sequence[Condition], candidate: Candidate, around: Circumstances) -> None:
    values = expressions.values_of(candidate.action, around)
    for condition in about:
        rule = f"condition.{condition.name}"
        try:
            holds = expressions.condition(condition.kinds, condition.when).holds(values)
        except ConditionFailed as error:
            candidate.hold(rule, f"the condition {condition.name} has no answer: {error}")
            continue
        if holds:
            candidate.hold(rule, condition.why)
