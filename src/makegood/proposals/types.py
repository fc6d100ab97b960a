"""The two sides of an agent's desk: the context it is handed and the proposals it hands back.

An agent never sees the store: it reads through `StateReader`, submits through `Desk`, and both
are the runtime's. Everything here is frozen and free of the engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from makegood.clock import Clock
from makegood.domain.actions import Action, ActionKind, ObligationKey
from makegood.domain.authority import ActionStatus, ReviewStatus
from makegood.domain.canonical import digest
from makegood.domain.decisions import Decision
from makegood.domain.entities import EntityRef, FulfilmentOrder, Hub, SalesOrder, Waybill
from makegood.domain.incidents import Incident
from makegood.domain.money import Money
from makegood.domain.policy import Policies
from makegood.errors import NotFound
from makegood.planning import CourierLoad, Given, Stamp

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.tools import BaseTool


@dataclass(frozen=True, slots=True)
class Proposed:
    """One action with the decision that explains it: its index and the subject in it.

    `doubts` are reasons, in plain words, for which the agent's own data may not be trusted (a
    stale feed, a missing place): each makes the gate hold.
    """

    action: Action
    decision: int
    subject: str
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What one run wants done. `attempt` is 0 at first, and 1 for the answer to a rejection."""

    incident_id: str
    run_id: str
    agent: str
    round: int
    attempt: int = 0
    actions: tuple[Proposed, ...]
    decisions: tuple[Decision, ...]
    summary: str = ""

    def digest(self) -> str:
        """Return the SHA-256 of the proposal's canonical form; it costs 30 ms for 278 orders."""
        actions = [
            {
                "action": one.action.model_dump(mode="json"),
                "decision": one.decision,
                "subject": one.subject,
                "doubts": list(one.doubts),
            }
            for one in self.actions
        ]
        decisions = [decision.model_dump(mode="json") for decision in self.decisions]
        origin = [self.incident_id, self.run_id, self.agent, self.round, self.attempt]
        return digest([origin, actions, decisions, self.summary])


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """How far one action of a proposal has come; `reason` is what a reviewer or the gate said."""

    index: int
    action: Action
    status: ActionStatus
    review: ReviewStatus | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An action that was proposed before on an order, by whichever run or agent; judged `at_us`."""

    kind: ActionKind
    order_id: str
    entity: EntityRef
    obligation: ObligationKey
    status: ActionStatus
    amount: Money | None = None
    at_us: int = 0


class StateReader(Protocol):
    """Read access to the projection and to what was proposed before, as of one instant."""

    def hub(self, hub_id: str) -> Hub | None:
        """Return a hub, or None where there is none of that id."""
        ...

    def open_incidents(self, hub_id: str) -> tuple[Incident, ...]:
        """Return the open incidents of a hub, the worst and then the oldest first."""
        ...

    def fulfilments(self, ids: Sequence[str]) -> tuple[FulfilmentOrder, ...]:
        """Return the open fulfilment orders among these ids, in the order of the ids."""
        ...

    def open_fulfilments(self, hub_id: str) -> tuple[FulfilmentOrder, ...]:
        """Return all open fulfilment orders of a hub by id, endangered or not."""
        ...

    def couriers(self, hub_id: str) -> tuple[CourierLoad, ...]:
        """Return a hub's couriers on shift by id, with the open fulfilment orders they hold.

        `reserved` counts the load of reassignments to them that are granted and not confirmed.
        """
        ...

    def lost_couriers(self, hub_id: str) -> tuple[CourierLoad, ...]:
        """Return a hub's couriers who cannot be reached, by id, with the open orders they hold."""
        ...

    def sales_orders(self, ids: Sequence[str]) -> tuple[SalesOrder, ...]:
        """Return the sales orders among these ids, in the order of the ids."""
        ...

    def waybills(self, order_ids: Sequence[str]) -> tuple[Waybill, ...]:
        """Return the waybills of these sales orders, by order and id."""
        ...

    def earlier(self, order_ids: Sequence[str]) -> tuple[Earlier, ...]:
        """Return every action proposed before on these sales orders, oldest first."""
        ...

    def given(
        self, hub_id: str, customer_ids: Sequence[str], currency: str, *, since_us: int
    ) -> Given:
        """Return coupons not ended otherwise: by customer since `since_us`, by the hub's hour."""
        ...


class Desk(Protocol):
    """Where proposals go, and where their outcomes are read."""

    def submit(self, proposal: Proposal) -> str:
        """Hand a proposal to the runtime, in memory, and return the digest of what stands.

        A run's attempt is taken once: a node that runs again gets the first one's digest.
        """
        ...

    def outcomes(self, proposal_digest: str) -> tuple[ActionOutcome, ...] | None:
        """Return how far each action has come, or None while the gate has not judged it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentContext:
    """Everything an agent is handed for one run."""

    incident: Incident
    run_id: str
    agent: str
    round: int
    clock: Clock
    policies: Policies
    stamp: Stamp
    seed: int
    state: StateReader
    desk: Desk
    tools: Mapping[str, BaseTool] = field(default_factory=dict[str, "BaseTool"])
    model: BaseChatModel | None = None

    def read(self, tool: str, **arguments: object) -> Any:  # noqa: ANN401 -- each tool has its own answer
        """Call a read tool of the workspace by its name.

        Raises:
            NotFound: the workspace has no read tool of that name.
            ReadFailed, NotConnected: the tool could not read its system.

        """
        found = self.tools.get(tool)
        if found is None:
            raise NotFound(
                f"read tool {tool!r}; the workspace has {', '.join(self.tools) or 'none'}"
            )
        return found.invoke(dict(arguments))

    def proposal(
        self,
        actions: Sequence[Proposed],
        decisions: Sequence[Decision],
        *,
        summary: str = "",
        attempt: int = 0,
    ) -> Proposal:
        """Return a proposal of this run."""
        return Proposal(
            incident_id=self.incident.id,
            run_id=self.run_id,
            agent=self.agent,
            round=self.round,
            attempt=attempt,
            actions=tuple(actions),
            decisions=tuple(decisions),
            summary=summary,
        )
