"""What policies say that cannot be meant: rules about nothing, and roles that decide nothing.

Each of these is sound by itself and would be a dead letter: nothing would ever say so at run time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from makegood.domain import literals
from makegood.domain.foundations import facts_under, known_facts, statuses_under
from makegood.domain.roles import DECIDERS
from makegood.workspace.lines import Loc, line_of
from makegood.workspace.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from makegood.domain.policy import MaterialChange, Policies

_DECIDE: Final = " and ".join(sorted(DECIDERS))


def dead_letters(
    policies: Policies, trees: Mapping[str, Any], file: Mapping[str, str]
) -> list[Problem]:
    """Return what can never apply; `trees` are the files as read, `file` their names."""
    found = [("approvals", *each) for each in (*_materiality(policies), *_roles(policies))]
    found += [("breakers", *each) for each in _needs(policies)]
    return [
        Problem(file[name], line_of(trees[name], loc), f"{_dotted(loc)}: {why}")
        for name, loc, why in found
    ]


def strange_agents(
    policies: Policies,
    tree: Any,  # noqa: ANN401 -- whatever the YAML holds
    file: str,
    agents: Collection[str],
) -> list[Problem]:
    """Return conditions that name an agent which the workspace has not."""
    found: list[Problem] = []
    for number, condition in enumerate(policies.breakers.conditions):
        loc: Loc = ("conditions", number, "when")
        for name, text in literals.compared(condition.when):
            if name == "agent" and text not in agents:
                there = ", ".join(sorted(agents)) or "none"
                why = f"there is no agent {text!r}; there are {there}"
                found.append(Problem(file, line_of(tree, loc), f"{_dotted(loc)}: {why}"))
    return found


def _materiality(policies: Policies) -> Iterator[tuple[Loc, str]]:
    for number, rule in enumerate(policies.approvals.materiality):
        yield from _material(rule, ("materiality", number))


def _material(rule: MaterialChange, loc: Loc) -> Iterator[tuple[Loc, str]]:
    resting = [kind for kind in rule.kinds if rule.fact in facts_under(kind)]
    for kind in rule.kinds:
        if kind not in resting:
            facts = ", ".join(sorted(facts_under(kind)))
            yield (*loc, "fact"), f"no {kind} stands on {rule.fact}; it stands on {facts}"
    if rule.fact != "status" or not resting:
        return
    there = frozenset[str]().union(*(statuses_under(kind) for kind in resting))
    for status in rule.becomes or ():
        if status not in there:
            why = f"there is no status {status!r}; there are {', '.join(sorted(there))}"
            yield (*loc, "becomes"), why


def _roles(policies: Policies) -> Iterator[tuple[Loc, str]]:
    approvals = policies.approvals
    for number, rule in enumerate(approvals.rules):
        for role in rule.roles:
            if role not in DECIDERS:
                loc = ("rules", number, "roles")
                yield loc, f"who is {role} decides nothing; {_DECIDE} do"
    deciding = {role for rule in approvals.rules for role in rule.roles} & DECIDERS
    for number, rung in enumerate(approvals.deadline.ladder):
        if deciding.isdisjoint(rung.tell):
            told = ", ".join(rung.tell)
            loc = ("deadline", "ladder", number)
            yield loc, f"no rule lets {told} decide anything, so whoever is told could not"


def _needs(policies: Policies) -> Iterator[tuple[Loc, str]]:
    for kind, facts in policies.breakers.confidence.needs.items():
        for fact in facts:
            if fact not in known_facts(kind):
                there = ", ".join(sorted(known_facts(kind)))
                why = f"there is no fact {fact!r}, so that every {kind} would hold"
                yield ("confidence", "needs", kind.value), f"{why}; there are {there}"


def _dotted(loc: Loc) -> str:
    return ".".join(str(part) for part in loc)
