"""One decision for each order that a plan leaves late: all its ways out, and the one taken.

What a way costs is its factors by policy's weights, so the order of preference is policy's. Ways
that use the same thing (a partner's rider, another hub's couriers) are chosen together, exactly;
what is then recorded of an order are the ways that the others' choices leave to it, so that its
choice is the least score and can be made again by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from makegood.domain.decisions import Decision, FactorSpec, Method, Option, Subject
from makegood.domain.policy import UNITS, FactorName, Policies
from makegood.planning.assignment import Stamp
from makegood.planning.flow import Choices, solve

FLOOR: Final = "floor"
"""The factor of what the engine bars whatever policy's weights say, by more than they can sum to.

The limit of weights and values keeps every other score below it, and integers of JSON above it.
"""

_FLOOR_WEIGHT: Final = 1_000_000_000_000_000


class WayKind(StrEnum):
    """What kind of way out it is."""

    PLANNED = "planned"
    KEEP = "keep"
    COURIER = "courier"
    PARTNER = "partner"
    HUB = "hub"
    SLOT = "slot"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way out of one order's lateness.

    `key` names the actions and what they name (`reassign+to:courier`), `arrives_us` is when the
    order is expected then, `to` whom or where it goes, `promised_us` the promise that then stands.
    `uses` is what it takes one unit of. What is `barred` is recorded, and never chosen.
    """

    kind: WayKind
    key: str
    arrives_us: int
    promised_us: int
    factors: Mapping[FactorName, int]
    to: str = ""
    uses: str = ""
    barred: bool = False

    @property
    def late_us(self) -> int:
        """How much later than the promise that then stands it arrives; negative when early."""
        return self.arrives_us - self.promised_us


@dataclass(frozen=True, slots=True)
class Endangered:
    """One order by a subject's id, with its ways; the first, as planned, is never barred."""

    id: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """The decision over all of them, and the way taken by each subject's id."""

    decision: Decision
    taken: Mapping[str, Way]


def choose(
    late: Sequence[Endangered], units: Mapping[str, int], policies: Policies, stamp: Stamp
) -> Options | None:
    """Choose a way for every order together, or return None where there is none to choose for.

    `units` is how many may take a way that uses something; what it does not name is used once.
    Pure: the same input gives the same choice.
    """
    if not late:
        return None
    names, specs = _specs(policies)
    values = [[_values(names, way) for way in each.ways] for each in late]
    scores = [[_score(specs, one) for one in some] for some in values]
    chosen = _together(late, scores, units)
    used = Counter(each.ways[i].uses for each, i in zip(late, chosen, strict=True))
    uses = {way.uses for each in late for way in each.ways if way.uses}
    full = {name for name in uses if used[name] >= units.get(name, 1)}
    subjects: list[Subject] = []
    for each, mine, costs, raw in zip(late, chosen, scores, values, strict=True):
        left = [
            i
            for i, way in enumerate(each.ways)
            if way.uses not in full or way.uses == each.ways[mine].uses
        ]
        # Of ways that weigh the same the one taken comes first, so that it is taken again.
        ranked = sorted(left, key=lambda i: (each.ways[i].barred, costs[i], i != mine, i))
        options = tuple(Option(key=each.ways[i].key, values=raw[i]) for i in ranked)
        subjects.append(Subject(id=each.id, options=options, chosen=ranked.index(mine)))
    decision = Decision(
        method=Method.LEAST_SCORE,
        factors=specs,
        subjects=tuple(subjects),
        policy_digest=stamp.policy_digest,
        workspace_digest=stamp.workspace_digest,
    )
    return Options(decision, {each.id: each.ways[i] for each, i in zip(late, chosen, strict=True)})


def _specs(policies: Policies) -> tuple[tuple[FactorName, ...], tuple[FactorSpec, ...]]:
    """Return policy's factors that weigh anything by name, and what is recorded: the floor too."""
    weights = policies.objectives.weights
    named = tuple(name for name in policies.factors.factors if weights.get(name))
    return named, (
        *(FactorSpec(name=name, unit=UNITS[name], weight=weights[name]) for name in named),
        FactorSpec(name=FLOOR, unit="bars", weight=_FLOOR_WEIGHT),
    )


def _values(names: Sequence[FactorName], way: Way) -> tuple[int, ...]:
    return (*(way.factors.get(name, 0) for name in names), int(way.barred))


def _score(specs: Sequence[FactorSpec], values: Sequence[int]) -> int:
    return sum(spec.weight * value for spec, value in zip(specs, values, strict=True))


def _together(
    late: Sequence[Endangered], scores: Sequence[Sequence[int]], units: Mapping[str, int]
) -> list[int]:
    """Return the index of each order's way in the choice that is best for all of them."""
    open_ways = [[i for i, way in enumerate(each.ways) if not way.barred] for each in late]
    names = sorted({way.uses for each in late for way in each.ways if way.uses and not way.barred})
    number = {name: n for n, name in enumerate(names)}
    room = np.array([units.get(name, 1) for name in names], dtype=np.int64)
    counts = [len(each) for each in open_ways]
    found = solve(
        Choices(
            subjects=len(late),
            subject=np.repeat(np.arange(len(late), dtype=np.int64), counts),
            cost=np.array(
                [scores[n][i] for n, each in enumerate(open_ways) for i in each], dtype=np.int64
            ),
            resource=np.array(
                [
                    number.get(late[n].ways[i].uses, -1)
                    for n, each in enumerate(open_ways)
                    for i in each
                ],
                dtype=np.int64,
            ),
            units=room,
            slots=np.zeros(int(room.sum()), dtype=np.int64),
        )
    )
    starts = np.cumsum([0, *counts[:-1]])
    picks: list[int] = (found - starts).tolist()
    return [each[pick] for each, pick in zip(open_ways, picks, strict=True)]
