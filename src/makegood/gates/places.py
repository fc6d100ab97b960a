"""Where velocity breakers stand: in which scope, and in which currency, over an action."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from makegood.domain.policy import Velocity, VelocityScope, Watched

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makegood.domain.actions import Action


@dataclass(frozen=True)
class Subject:
    """An action as velocity breakers see it; `tool` is the adapter that would carry it out."""

    action: Action
    agent: str
    tool: str = ""

    @cached_property
    def traits(self) -> tuple[str, ...]:
        """All that breakers look at: subjects of the same traits stand under the same ones."""
        action, money = self.action, self.action.money
        currency = money.currency if money else ""
        return (action.kind, action.hub_id, action.cause, self.agent, self.tool, currency)


@dataclass(frozen=True, slots=True)
class Place:
    """One breaker in the scope and the currency of an action."""

    rule: Velocity
    scope: str
    currency: str

    @property
    def key(self) -> str:
        """Under which it is stored."""
        return f"{self.rule.name}|{self.scope}|{self.currency}"


def places(rules: Iterable[Velocity], subject: Subject) -> list[Place]:
    """Return where breakers stand over an action; one that sums money has none without money."""
    action, money = subject.action, subject.action.money
    found: list[Place] = []
    for rule in rules:
        if action.kind not in rule.kinds or (rule.watched is Watched.SUM and money is None):
            continue
        if rule.per is VelocityScope.TOOL and not subject.tool:
            continue
        currency = money.currency if money and rule.watched is Watched.SUM else ""
        found.append(Place(rule, _scope(rule.per, subject), currency))
    return found


def _scope(per: VelocityScope, subject: Subject) -> str:
    match per:
        case VelocityScope.EVERYTHING:
            return "everything"
        case VelocityScope.HUB:
            return f"hub:{subject.action.hub_id}"
        case VelocityScope.AGENT:
            return f"agent:{subject.agent}"
        case VelocityScope.KIND:
            return f"kind:{subject.action.kind}"
        case VelocityScope.TOOL:
            return f"tool:{subject.tool}"
        case VelocityScope.CAUSE:
            return f"cause:{subject.action.cause}"
