"""Exact joint choice under capacities, as a minimum-cost flow.

Each subject sends one unit to one of its options: straight to the sink, or through the resource
that the option uses, which has one arc to the sink for each unit of its capacity. What those cost
never falls from one to the next, so that an optimum fills them in turn and stays exact (Ahuja,
Magnanti, Orlin: Network Flows, section 14.4), and integer capacities make it whole (theorem 9.10).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from makegood.domain.decisions import Decision
from makegood.errors import InvalidInput

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Choices:
    """All options of all subjects, flat and grouped by subject: whose, at what cost, using what.

    `resource` is -1 for an option that uses none. `units` is each resource's capacity, and
    `slots` what each of its units costs, flat and grouped by resource, rising within each.
    """

    subjects: int
    subject: Ints
    cost: Ints
    resource: Ints
    units: Ints
    slots: Ints

    @classmethod
    def of(cls, decision: Decision) -> Choices:
        """Return the choices that a decision recorded, scored anew from its raw factors.

        Raises:
            InvalidInput: an option uses a resource whose capacity is not recorded.

        """
        number = {capacity.resource: i for i, capacity in enumerate(decision.capacities)}
        unknown = {o.resource for s in decision.subjects for o in s.options} - {"", *number}
        if unknown:
            raise InvalidInput("capacities", f"{min(unknown)!r} is used and has no capacity")
        weights = np.array([factor.weight for factor in decision.factors], dtype=np.int64)
        values = np.array(
            [option.values for subject in decision.subjects for option in subject.options],
            dtype=np.int64,
        ).reshape(-1, len(weights))
        counts = [len(subject.options) for subject in decision.subjects]
        return cls(
            subjects=len(counts),
            subject=np.repeat(np.arange(len(counts), dtype=np.int64), counts),
            cost=values @ weights,
            resource=np.array(
                [number.get(o.resource, -1) for s in decision.subjects for o in s.options],
                dtype=np.int64,
            ),
            units=np.array([c.units for c in decision.capacities], dtype=np.int64),
            slots=np.array(
                [cost for c in decision.capacities for cost in c.slots or (0,) * c.units],
                dtype=np.int64,
            ),
        )

    def without(self, gone: NDArray[np.bool_]) -> Choices:
        """Return the choices with some options taken away."""
        keep = ~gone
        return replace(
            self,
            subject=self.subject[keep],
            cost=self.cost[keep],
            resource=self.resource[keep],
        )


def solve(choices: Choices) -> Ints:
    """Return the flat index of each subject's option in a plan of least total cost.

    The same choices in the same order give the same plan, ties included.

    Raises:
        InvalidInput: there is no plan, because some subject cannot do without a resource.

    """
    # Only plans need it, and loading it takes 60 ms.
    from ortools.graph.python import min_cost_flow  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs] -- it ships none

    n, m = choices.subjects, len(choices.units)
    sink = n + m
    heads = np.where(choices.resource >= 0, n + choices.resource, sink)
    # ortools declares the element type where numpy expects a shape.
    network: Any = min_cost_flow.SimpleMinCostFlow()
    arcs = network.add_arcs_with_capacity_and_unit_cost(
        choices.subject.astype(np.int32),
        heads.astype(np.int32),
        np.ones(len(heads), dtype=np.int64),
        choices.cost,
    )
    network.add_arcs_with_capacity_and_unit_cost(
        np.repeat(np.arange(n, sink, dtype=np.int32), choices.units),
        np.full(len(choices.slots), sink, dtype=np.int32),
        np.ones(len(choices.slots), dtype=np.int64),
        choices.slots,
    )
    supplies = np.concatenate([np.ones(n), np.zeros(m), [-n]]).astype(np.int64)
    network.set_nodes_supplies(np.arange(n + m + 1, dtype=np.int32), supplies)
    if network.solve() != network.OPTIMAL:
        raise InvalidInput("subjects", "no plan serves them all", "give each an option to keep")
    flows: Ints = np.asarray(network.flows(arcs), dtype=np.int64)
    chosen = np.flatnonzero(flows > 0).astype(np.int64)
    return chosen[np.argsort(choices.subject[chosen], kind="stable")]


def total(choices: Choices, chosen: Ints) -> int:
    """Return the total cost of a plan, crowding included."""
    used = choices.resource[chosen]
    taken = np.bincount(used[used >= 0], minlength=len(choices.units))
    starts = np.cumsum(choices.units) - choices.units
    place = np.arange(len(choices.slots)) - np.repeat(starts, choices.units)
    crowding = choices.slots[place < np.repeat(taken, choices.units)]
    return int(choices.cost[chosen].sum() + crowding.sum())
