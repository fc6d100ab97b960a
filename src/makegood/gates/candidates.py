"""An action on its way through the gate."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from makegood.domain.actions import Floor, read_action
from makegood.domain.authority import Verdict
from makegood.domain.canonical import canonical, derive_id

if TYPE_CHECKING:
    from makegood.domain.actions import Action, ObligationKey
    from makegood.domain.entities import Fact, Footing


DOUBT: Final = "confidence.doubt"
"""The rule whose reasons are an agent's own words."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule's say on an action: the rule's name, its verdict and why, in plain words."""

    rule: str
    verdict: Verdict
    why: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a proposal comes from: the run, its incident and the agent.

    `editor` is the person who changed what the agent proposed, if somebody did.
    """

    proposal_id: str
    run_id: str
    incident_id: str
    agent: str
    editor: str = ""


@dataclass(frozen=True, slots=True)
class Intention:
    """One proposed action with the decision that explains it (its index and subject).

    `doubts` are reasons for which the proposer's own data may not be trusted (a stale feed, a
    missing input): each makes the gate hold. `margin` is by how many points of the score the
    chosen option beats the best other one, where there is one and it says something.
    """

    action: Action
    decision: int = -1
    subject: str = ""
    doubts: tuple[str, ...] = ()
    margin: int | None = None


Facts = dict[str, dict[str, "Fact"]]

_STRICTNESS = {Verdict.ALLOW: 0, Verdict.HOLD: 1, Verdict.MET: 2, Verdict.DENY: 3}


@dataclass(slots=True)
class Candidate:
    """One action while it is judged; reasons gather, and the strictest decides."""

    id: str
    position: int
    action: Action
    body: bytes
    digest: str
    key: ObligationKey
    obligation_id: str
    intention: Intention
    footings: tuple[Footing, ...]
    fingerprint: str = ""
    facts: Facts = field(default_factory=Facts)
    generation: int = 1
    bypass: str = ""
    """The id of a bypass that lifts policy's breakers over it, if there is one."""
    passed_under: str = ""
    """The bypass that lifted one."""
    reasons: list[Reason] = field(default_factory=list[Reason])
    verdict: Verdict = Verdict.DENY
    """The strictest of what the rules said; deny when none has spoken."""

    def say(self, rule: str, verdict: Verdict, why: str) -> None:
        """Add a rule's say; what keeps people safe is never held, so no rule can ask for that."""
        if verdict is Verdict.HOLD and self.action.facts.floor is Floor.NEVER_HELD:
            return
        if not self.reasons or _STRICTNESS[verdict] > _STRICTNESS[self.verdict]:
            self.verdict = verdict
        self.reasons.append(Reason(rule, verdict, why))

    def hold(self, rule: str, why: str) -> None:
        """Let a breaker of policy hold it, unless a bypass lifts it: then that stands there."""
        if self.bypass:
            self.passed_under = self.bypass
            self.say(rule, Verdict.ALLOW, f"{why}; lifted by bypass {self.bypass}")
        else:
            self.say(rule, Verdict.HOLD, why)

    @property
    def deciding(self) -> tuple[Reason, ...]:
        """The reasons that made the verdict."""
        return tuple(reason for reason in self.reasons if reason.verdict is self.verdict)

    @property
    def why(self) -> str:
        """Why, in plain words, each said once."""
        return "; ".join(dict.fromkeys(reason.why for reason in self.deciding))

    @property
    def bypass_id(self) -> str:
        """The bypass without which it would not have passed, if there is one."""
        return self.passed_under if self.verdict is Verdict.ALLOW else ""

    @property
    def may_still_pass(self) -> bool:
        """Whether no rule has denied it or found it settled already."""
        return not self.reasons or self.verdict in (Verdict.ALLOW, Verdict.HOLD)


def candidates(origin: Origin, intentions: tuple[Intention, ...]) -> list[Candidate]:
    """Return the actions of a proposal with their digests and the obligations they settle."""
    return [candidate(origin, index, intention) for index, intention in enumerate(intentions)]


def candidate(origin: Origin, index: int, intention: Intention) -> Candidate:
    """Return the action at one position of a proposal, as it can be read back from its record.

    Raises:
        pydantic.ValidationError: it is no action, however it was made.

    """
    body = canonical(intention.action.model_dump(mode="json"))
    action = read_action(body)
    key = action.obligation_key
    return Candidate(
        id=derive_id("act", origin.proposal_id, index),
        position=index,
        action=action,
        body=body,
        digest=hashlib.sha256(body).hexdigest(),
        key=key,
        obligation_id=obligation_id(key),
        intention=intention,
        footings=action.stands_on(),
    )


def obligation_id(key: ObligationKey) -> str:
    """Return the id of an obligation; the same key always has the same id."""
    return derive_id("obl", key.kind, key.target, key.entitlement, key.occurrence)
