"""Why an option was chosen: contributions in percent, the best rejected, what would flip it.

In a joint plan the cost of choosing otherwise is that of the whole plan solved again with that
choice forced. An exact plan is solved again here; of one that was searched the record says what
that came to, or, past its budget of such solves, what the same plan costs with this order elsewhere
(`Explanation.forced`). What other orders lose by it, crowding included, is its displacement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from makegood.domain.decisions import Decision, Method, Option, Subject
from makegood.domain.policy import BP, FactorName
from makegood.errors import InvalidInput
from makegood.planning.flow import Choices, solve, total


@dataclass(frozen=True, slots=True)
class Contribution:
    """One factor's part of a score: raw value x weight = points, and its share of all points.

    `share_bp` is the share of the absolute points in basis points; shares sum to 10000 exactly
    (largest remainder), or are all 0 where there are no points.
    """

    name: str
    unit: str
    value: int
    weight: int
    points: int
    share_bp: int


@dataclass(frozen=True, slots=True)
class Flip:
    """The least change of one of the chosen option's raw values, in its unit, that flips it."""

    name: str
    unit: str
    by: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one subject's option was chosen.

    `margin` is by how many points the best rejected option's whole plan is worse (0: a tie) and
    `displacement` the part of it that falls on other subjects or on crowding. Without a second
    option `rejected` is None. `forced` is False where a joint plan was not solved again with the
    rejected option forced: then margin and flips are the most that they can be.
    """

    subject: str
    chosen: Option
    score: int
    contributions: tuple[Contribution, ...]
    rejected: Option | None
    rejected_contributions: tuple[Contribution, ...]
    margin: int
    displacement: int
    flips: tuple[Flip, ...]
    forced: bool = True


def shares_bp(points: Sequence[int]) -> tuple[int, ...]:
    """Return each part's share of the absolute sum in basis points, by largest remainder.

    They sum to 10000 exactly, or are all 0 where every part is 0. Ties go to the earlier part.
    """
    sizes = [abs(part) for part in points]
    whole = sum(sizes)
    if whole == 0:
        return (0,) * len(sizes)
    floors = [size * BP // whole for size in sizes]
    by_rest = sorted(range(len(sizes)), key=lambda i: (-(sizes[i] * BP % whole), i))
    for i in by_rest[: BP - sum(floors)]:
        floors[i] += 1
    return tuple(floors)


def contributions(decision: Decision, option: Option) -> tuple[Contribution, ...]:
    """Return every factor's part of an option's score, in the order of the factors."""
    points = decision.contributions(option)
    return tuple(
        Contribution(spec.name, spec.unit, value, spec.weight, part, share)
        for spec, value, part, share in zip(
            decision.factors, option.values, points, shares_bp(points), strict=True
        )
    )


def explain(decision: Decision, subject_id: str) -> Explanation:
    """Explain what was chosen for one subject of a decision.

    A joint plan is solved again for the rejected options that could be the best, 2 ms each for
    278 orders and 32 couriers.

    Raises:
        KeyError: the decision has no such subject.
        InvalidInput: the record cannot have been made.

    """
    subject = decision.subject(subject_id)
    if decision.method is Method.LADDER:
        return _of_ladder(decision, subject)
    chosen = subject.options[subject.chosen]
    if decision.method is Method.MIN_COST_FLOW:
        rejected, margin = _best_forced(decision, subject)
    else:
        rejected, margin = _best_other(decision, subject)
    apart = 0 if rejected is None else decision.score(rejected) - decision.score(chosen)
    displacement = margin - apart
    if decision.method is Method.ROUTES and rejected is not None:
        displacement = _on_others(decision, rejected) - _on_others(decision, chosen)
    return Explanation(
        subject=subject.id,
        chosen=chosen,
        score=decision.score(chosen),
        contributions=contributions(decision, chosen),
        rejected=rejected,
        rejected_contributions=contributions(decision, rejected) if rejected else (),
        margin=margin,
        displacement=displacement,
        flips=_flips(decision, margin) if rejected else (),
        forced=decision.method is not Method.ROUTES or subject.forced,
    )


def _on_others(decision: Decision, option: Option) -> int:
    """Return the part of a score that is about what others suffer."""
    return sum(
        spec.weight * value
        for spec, value in zip(decision.factors, option.values, strict=True)
        if spec.name in (FactorName.CROWDING, FactorName.DISPLACEMENT)
    )


def _flips(decision: Decision, margin: int) -> tuple[Flip, ...]:
    """Return what flips it: the score grown past the margin, so by margin // weight + 1."""
    return tuple(
        Flip(spec.name, spec.unit, margin // spec.weight + 1)
        for spec in decision.factors
        if spec.weight > 0
    )


def _best_other(decision: Decision, subject: Subject) -> tuple[Option | None, int]:
    others = [o for i, o in enumerate(subject.options) if i != subject.chosen]
    if not others:
        return None, 0
    best = min(others, key=decision.score)
    return best, decision.score(best) - decision.score(subject.options[subject.chosen])


def _best_forced(decision: Decision, subject: Subject) -> tuple[Option | None, int]:
    """Return the option whose plan, with it forced, is the least worse, and by how much."""
    choices = Choices.of(decision)
    number = decision.subjects.index(subject)
    start = int(np.searchsorted(choices.subject, number))
    optimum = total(choices, solve(choices))
    found: tuple[int, int] | None = None
    rest = _rest(choices, number)
    for index in _by_score(decision, subject):
        cost = decision.score(subject.options[index])
        if found is not None and cost + rest >= found[0]:
            break
        forced = _forced(choices, number, start + index)
        if forced is not None and (found is None or forced < found[0]):
            found = forced, index
    if found is None:
        return None, 0
    return subject.options[found[1]], found[0] - optimum


def _by_score(decision: Decision, subject: Subject) -> Iterator[int]:
    others = [i for i in range(len(subject.options)) if i != subject.chosen]
    yield from sorted(others, key=lambda i: (decision.score(subject.options[i]), i))


def _rest(choices: Choices, number: int) -> int:
    """Return what all the others cost at best when this subject is not there: a lower bound."""
    apart = choices.subject == number
    free = replace(
        choices,
        subject=np.append(choices.subject[~apart], number),
        cost=np.append(choices.cost[~apart], 0),
        resource=np.append(choices.resource[~apart], -1),
    )
    return total(free, solve(free))


def _forced(choices: Choices, number: int, index: int) -> int | None:
    gone = choices.subject == number
    gone[index] = False
    left = choices.without(gone)
    try:
        return total(left, solve(left))
    except InvalidInput:
        return None


def _of_ladder(decision: Decision, subject: Subject) -> Explanation:
    """Explain a rung: the one above is the best rejected (below the top), and minutes flip it."""
    chosen = subject.options[subject.chosen]
    above = subject.chosen + 1 < len(subject.options)
    other = subject.chosen + 1 if above else subject.chosen - 1
    rejected = subject.options[other] if 0 <= other < len(subject.options) else None
    delay, start = chosen.values[:2]
    flips: tuple[Flip, ...] = ()
    margin = 0
    if rejected is not None:
        by = rejected.values[1] - delay if above else start - delay - 1
        flips = (Flip("delay", "min", by),)
        margin = decision.score(rejected) - decision.score(chosen)
    return Explanation(
        subject=subject.id,
        chosen=chosen,
        score=decision.score(chosen),
        contributions=contributions(decision, chosen),
        rejected=rejected,
        rejected_contributions=contributions(decision, rejected) if rejected else (),
        margin=margin,
        displacement=0,
        flips=flips,
    )
