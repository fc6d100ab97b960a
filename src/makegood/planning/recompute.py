"""Makes a recorded decision again, from its options, raw factors and weights alone."""

from __future__ import annotations

import numpy as np

from makegood.domain.decisions import Decision, Method, Subject
from makegood.planning.compensation import rung
from makegood.planning.flow import Choices, solve


def recompute(decision: Decision) -> tuple[int, ...]:
    """Return the index of each subject's chosen option, found again by the decision's method.

    Nothing but the record is looked at, so the result equals what was chosen, or the record is
    not what decided (invariant 10). What a model chose cannot be made again: its text and choice
    are recorded, and the choice is returned as it stands.

    Raises:
        InvalidInput: the record cannot have been made (a resource without capacity, no plan).

    """
    if not decision.subjects:
        return ()
    if decision.method is Method.MIN_COST_FLOW:
        choices = Choices.of(decision)
        starts = np.searchsorted(choices.subject, np.arange(choices.subjects))
        return tuple(int(index) for index in solve(choices) - starts)
    if decision.method is Method.LADDER:
        return tuple(rung(subject) for subject in decision.subjects)
    if decision.method is Method.MODEL:
        return tuple(subject.chosen for subject in decision.subjects)
    return tuple(_least(decision, subject) for subject in decision.subjects)


def _least(decision: Decision, subject: Subject) -> int:
    scores = decision.scores(subject.options)
    return scores.index(min(scores))
