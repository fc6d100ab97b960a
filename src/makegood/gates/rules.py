"""What policy and the engine's own floor say of one action, each rule by its name.

The floor stands in the engine: no policy lowers it, and it goes by what the adapter that would
run the action can do, not by the name an agent gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from makegood.domain.actions import ActionKind, Floor
from makegood.domain.authority import Verdict
from makegood.domain.effects import AdapterFacts, Capability, capability_of
from makegood.domain.money import Money
from makegood.domain.policy import Autonomy
from makegood.gates.candidates import DOUBT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makegood.domain.policy import Policies
    from makegood.gates.candidates import Candidate

_SAYS: Final = {
    Autonomy.ALLOW: Verdict.ALLOW,
    Autonomy.HOLD: Verdict.HOLD,
    Autonomy.DENY: Verdict.DENY,
}
_NOUNS: Final = {
    ActionKind.REASSIGN: "reassignment",
    ActionKind.REROUTE: "change of hub",
    ActionKind.RESCHEDULE: "new promise",
    ActionKind.MERGE: "merging of orders",
    ActionKind.SUBSTITUTE: "substitution",
    ActionKind.HOLD: "stop of an order",
    ActionKind.NOTIFY: "message",
    ActionKind.CHANGE_ADDRESS: "change of address",
    ActionKind.CHANGE_ITEMS: "change of articles",
    ActionKind.CHANGE_PAYMENT: "change of payment",
    ActionKind.CANCEL: "cancellation",
    ActionKind.SUPPLIER_CHANGE: "change of supplier",
}
_HOLDS_WHATEVER: Final = (
    Capability.PAYS_BACK,
    Capability.CANCELS,
    Capability.CHANGES_SUPPLIER,
)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What the gate judges by: the policies, their digests and the adapters' declarations."""

    policies: Policies
    policy_digest: str
    workspace_digest: str
    adapters: Mapping[ActionKind, AdapterFacts]

    def judge(self, candidate: Candidate) -> None:
        """Let every rule that needs no other action have its say."""
        kind = candidate.action.kind
        autonomy = self.policies.autonomy.of(kind)
        candidate.say(f"autonomy.{kind}", _SAYS[autonomy], _of_autonomy(autonomy, kind))
        self._adapter(candidate)
        if candidate.action.facts.floor is Floor.NEVER_HELD:
            return
        self._floor(candidate)
        self._breakers(candidate)
        for doubt in candidate.intention.doubts:
            candidate.say(DOUBT, Verdict.HOLD, doubt)

    def _adapter(self, candidate: Candidate) -> None:
        kind = candidate.action.kind
        adapter = self.adapters.get(kind)
        if adapter is None:
            candidate.say("adapter.none", Verdict.DENY, f"no tool carries out {kind}")
        elif adapter.capability is not capability_of(kind):
            why = (
                f"{adapter.name} declares {adapter.capability}, {kind} needs {capability_of(kind)}"
            )
            candidate.say("adapter.capability", Verdict.DENY, why)

    def _floor(self, candidate: Candidate) -> None:
        facts = candidate.action.facts
        adapter = self.adapters.get(candidate.action.kind)
        by_capability = adapter is not None and adapter.capability in _HOLDS_WHATEVER
        money = candidate.action.money
        if facts.floor is Floor.HOLDS or by_capability:
            candidate.say("floor.always", Verdict.HOLD, _waits(candidate.action.kind))
        elif facts.floor is Floor.HOLDS_IF_MONEY and (money is None or money.minor > 0):
            unsaid = "it does not say whether money would go out to the customer"
            why = unsaid if money is None else "money would go out to the customer"
            candidate.say("floor.money", Verdict.HOLD, why)

    def _breakers(self, candidate: Candidate) -> None:
        breakers = self.policies.breakers
        action = candidate.action
        if action.kind in breakers.hold_kinds:
            candidate.hold("breaker.kind", _waits(action.kind))
        if action.kind is not ActionKind.COUPON or action.money is None:
            return
        limit = breakers.coupon_hold_above.of(action.money.currency)
        if limit is None:
            why = f"policy names no coupon amount in {action.money.currency}"
            candidate.hold("breaker.coupon_currency", why)
        elif action.money.minor > limit:
            allowed = Money(minor=limit, currency=action.money.currency)
            why = f"{action.money} is more than the {allowed} that may go out without a person"
            candidate.hold("breaker.coupon_amount", why)


def tool_of(adapters: Mapping[ActionKind, AdapterFacts], kind: ActionKind) -> str:
    """Return the name of the adapter that carries out a kind, or nothing."""
    adapter = adapters.get(kind)
    return adapter.name if adapter else ""


def _waits(kind: ActionKind) -> str:
    # One text for the engine's floor and for policy, so that a reviewer reads it once.
    return f"every {_NOUNS.get(kind, kind)} waits for a person"


def _of_autonomy(autonomy: Autonomy, kind: ActionKind) -> str:
    match autonomy:
        case Autonomy.ALLOW:
            return "policy lets agents do it"
        case Autonomy.HOLD:
            return _waits(kind)
        case Autonomy.DENY:
            return f"no policy lets agents do a {_NOUNS.get(kind, kind)}"
