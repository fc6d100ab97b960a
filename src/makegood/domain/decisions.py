"""A decision: the options considered, the factors, the weights and what was chosen.

Factors and weights are integers, so a score is exact: `score = sum(weight * value)`, the least
score wins, and the contributions sum to it. A decision over many orders at once (a joint plan)
records every subject's options and the capacity they compete for, so that it can be solved again;
what its total is more than the sum of the chosen scores, the crowding of resources adds.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise
from operator import mul
from typing import Final

from pydantic import Field, model_validator

from makegood.domain.frozen import Frozen
from makegood.domain.policies_detection import BP


class Method(StrEnum):
    """How the chosen options were found; `planning.recompute` has one branch for each."""

    LEAST_SCORE = "least_score"
    MIN_COST_FLOW = "min_cost_flow"
    ROUTES = "routes"
    LADDER = "ladder"
    MODEL = "model"


class FactorSpec(Frozen):
    """One factor: its name, the unit of its raw values and its integer weight."""

    name: str
    unit: str
    weight: int


class Option(Frozen):
    """One way out: its key, the resource it would use and its raw factor values."""

    key: str
    resource: str = ""
    values: tuple[int, ...]


class Subject(Frozen):
    """One thing to decide on (an order), its options and the index of the chosen one.

    `forced` says of a plan that was searched that it was solved again for the options that were
    not chosen, each forced in turn; otherwise others' choices are taken as they were.
    """

    id: str
    options: tuple[Option, ...] = Field(min_length=1)
    chosen: int = Field(ge=0)
    forced: bool = False

    @model_validator(mode="after")
    def _chosen_is_an_option(self) -> Subject:
        if self.chosen >= len(self.options):
            message = f"chosen: {self.chosen} is past the last of {len(self.options)} options"
            raise ValueError(message)
        return self


class Capacity(Frozen):
    """How many subjects may choose an option that uses this resource.

    `slots` is what the first, the second, ... of them adds to the total, in points: not negative
    and never less than the one before, one for each unit. Without slots they add nothing.
    """

    resource: str
    units: int = Field(ge=0)
    slots: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _slots_rise(self) -> Capacity:
        if self.slots and len(self.slots) != self.units:
            message = f"slots: {len(self.slots)} of them for {self.units} units"
            raise ValueError(message)
        if any(a > b for a, b in pairwise((0, *self.slots))):
            message = "slots: none may be negative, or less than the one before"
            raise ValueError(message)
        return self


BUDGET_US: Final = 1_000_000
"""How long a round may take from its incident to the last effect intended; more is reported."""


class Quality(Frozen):
    """How good a joint plan is: what it costs in points, and what no plan costs less than.

    `bound_by` names the relaxation that the bound is the optimum of. A plan may well be the best
    there is and stay above its bound: the gap is at most how much could be gained.
    """

    cost: int
    bound: int
    bound_by: str

    @property
    def gap_bp(self) -> int:
        """What could be gained at most, in basis points of the cost, rounded up."""
        return -(-max(0, self.cost - self.bound) * BP // self.cost) if self.cost > 0 else 0


class Decision(Frozen):
    """Everything needed to explain a choice, and to make it again."""

    method: Method
    factors: tuple[FactorSpec, ...]
    subjects: tuple[Subject, ...]
    capacities: tuple[Capacity, ...] = ()
    seed: int = 0
    iterations: int = 0
    text: str = ""
    quality: Quality | None = None
    policy_digest: str
    workspace_digest: str

    @model_validator(mode="after")
    def _values_match_factors(self) -> Decision:
        width = len(self.factors)
        for subject in self.subjects:
            for option in subject.options:
                if len(option.values) != width:
                    message = (
                        f"subjects.{subject.id}.{option.key}: "
                        f"{len(option.values)} values for {width} factors"
                    )
                    raise ValueError(message)
        return self

    def score(self, option: Option) -> int:
        """Return an option's score; less is better."""
        return self.scores((option,))[0]

    def scores(self, options: Iterable[Option]) -> list[int]:
        """Return options' scores, one after the other; less is better."""
        weights = [factor.weight for factor in self.factors]
        return [sum(map(mul, weights, option.values)) for option in options]

    def contributions(self, option: Option) -> tuple[int, ...]:
        """Return each factor's part of the score, in the order of `factors`."""
        return tuple(f.weight * v for f, v in zip(self.factors, option.values, strict=True))

    def margin(self, subject_id: str) -> int | None:
        """Return by how many points a subject's chosen option beats its best other one.

        None where there is no other, where this decision has no such subject, and in a joint
        plan or on a ladder, whose choices are not made by the least score of one subject.
        """
        if self.method not in (Method.LEAST_SCORE, Method.MODEL):
            return None
        for subject in self.subjects:
            if subject.id == subject_id:
                scores = self.scores(subject.options)
                chosen = scores.pop(subject.chosen)
                return min(scores) - chosen if scores else None
        return None

    def subject(self, subject_id: str) -> Subject:
        """Return one subject; raise KeyError when this decision has none of that id."""
        for candidate in self.subjects:
            if candidate.id == subject_id:
                return candidate
        raise KeyError(subject_id)
