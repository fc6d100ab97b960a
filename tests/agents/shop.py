"""A shop in memory: the state that agents read, the desk they submit to, and the reviewers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.types import Command

from makegood.clock import MINUTE, VirtualClock
from makegood.domain.actions import FACTS, ActionKind, Floor
from makegood.domain.authority import ActionStatus, ReviewStatus
from makegood.domain.entities import FulfilmentOrder, Hub, SalesOrder, Waybill
from makegood.domain.incidents import Incident, IncidentKind, IncidentStatus
from makegood.planning import CourierLoad, Given
from makegood.proposals import validate
from makegood.proposals.types import ActionOutcome, AgentContext, Earlier, Proposal, Proposed
from makegood.proposals.validate import Fault
from tests.planning.city import HOME, NOW_US, STAMP, policies

_OF_DELIVERIES = (IncidentKind.WEATHER, IncidentKind.CAPACITY)


def sale(order: FulfilmentOrder, *, total: int = 8_000, note: str = "") -> SalesOrder:
    return SalesOrder(
        id=order.order_id,
        hub_id=order.hub_id,
        status="placed",
        customer_id=order.customer_id,
        currency="CNY",
        total_minor=total,
        captured_minor=total,
        placed_us=NOW_US - 30 * MINUTE,
        promised_us=order.promised_us,
        note=note,
    )


@dataclass
class Shop:
    """Everything one run sees; `reviews` answers like the gate and its reviewers would."""

    orders: list[FulfilmentOrder]
    loads: list[CourierLoad]
    sales: dict[str, SalesOrder]
    hub_now: Hub | None = None
    lost: list[CourierLoad] = field(default_factory=list[CourierLoad])
    given_before: Given = field(default_factory=Given)
    incidents: list[Incident] = field(default_factory=list[Incident])
    before: list[Earlier] = field(default_factory=list[Earlier])
    parcels: list[Waybill] = field(default_factory=list[Waybill])
    submitted: dict[str, Proposal] = field(default_factory=dict[str, Proposal])
    judged: dict[str, dict[int, ActionOutcome]] = field(
        default_factory=dict[str, dict[int, ActionOutcome]]
    )

    def hub(self, hub_id: str) -> Hub | None:
        known = self.hub_now
        return known if known is not None and known.id == hub_id else None

    def fulfilments(self, ids: Sequence[str]) -> tuple[FulfilmentOrder, ...]:
        known = {order.id: order for order in self.orders}
        return tuple(known[each] for each in ids if each in known)

    def open_incidents(self, hub_id: str) -> tuple[Incident, ...]:
        return tuple(self.incidents)

    def open_fulfilments(self, hub_id: str) -> tuple[FulfilmentOrder, ...]:
        return tuple(self.orders)

    def couriers(self, hub_id: str) -> tuple[CourierLoad, ...]:
        return tuple(self.loads)

    def lost_couriers(self, hub_id: str) -> tuple[CourierLoad, ...]:
        return tuple(self.lost)

    def sales_orders(self, ids: Sequence[str]) -> tuple[SalesOrder, ...]:
        return tuple(self.sales[each] for each in ids if each in self.sales)

    def waybills(self, order_ids: Sequence[str]) -> tuple[Waybill, ...]:
        return tuple(one for one in self.parcels if one.order_id in set(order_ids))

    def earlier(self, order_ids: Sequence[str]) -> tuple[Earlier, ...]:
        asked = set(order_ids)
        return tuple(one for one in [*self.before, *self._mine()] if one.order_id in asked)

    def given(
        self, hub_id: str, customer_ids: Sequence[str], currency: str, *, since_us: int
    ) -> Given:
        return self.given_before

    def submit(self, proposal: Proposal) -> str:
        for digest, known in self.submitted.items():
            if (known.run_id, known.attempt) == (proposal.run_id, proposal.attempt):
                return digest
        digest = proposal.digest()
        self.submitted[digest] = proposal
        return digest

    def outcomes(self, proposal_digest: str) -> tuple[ActionOutcome, ...] | None:
        judged = self.judged.get(proposal_digest)
        return None if judged is None else tuple(judged.values())

    def judge(self, digest: str) -> dict[int, ActionOutcome]:
        """Hold what the engine's floor holds, and carry out the rest."""
        self.judged[digest] = {
            index: _judged(index, one) for index, one in enumerate(self.submitted[digest].actions)
        }
        return self.judged[digest]

    def decide(self, digest: str, index: int, *, approve: bool) -> None:
        old = self.judged[digest][index]
        self.judged[digest][index] = replace(
            old,
            status=ActionStatus.CONFIRMED if approve else ActionStatus.REJECTED,
            review=ReviewStatus.APPROVED if approve else ReviewStatus.REJECTED,
        )

    def _mine(self) -> list[Earlier]:
        return [
            Earlier(
                kind=one.action.kind,
                order_id=one.action.order_id,
                entity=one.action.entity,
                obligation=one.action.obligation_key,
                status=one.status,
                amount=one.action.money,
            )
            for judged in self.judged.values()
            for one in judged.values()
        ]


def _judged(index: int, one: Proposed) -> ActionOutcome:
    if FACTS[one.action.kind].floor is Floor.HOLDS or one.doubts:
        return ActionOutcome(index, one.action, ActionStatus.HELD, ReviewStatus.OPEN)
    return ActionOutcome(index, one.action, ActionStatus.CONFIRMED)


def incident(kind: IncidentKind, shop: Shop) -> Incident:
    return Incident(
        id="inc-1",
        kind=kind,
        key=f"{kind}:hub-1",
        hub_id="hub-1",
        status=IncidentStatus.OPEN,
        severity=3,
        opened_us=NOW_US,
        updated_us=NOW_US,
        round=1,
        orders=tuple(order.id for order in shop.orders),
        sales_orders=() if kind in _OF_DELIVERIES else tuple(shop.sales),
    )


def context(
    shop: Shop,
    kind: IncidentKind = IncidentKind.WEATHER,
    *,
    run_id: str = "run-1",
    tools: Mapping[str, Any] | None = None,
    model: BaseChatModel | None = None,
) -> AgentContext:
    return AgentContext(
        incident=incident(kind, shop),
        run_id=run_id,
        agent="storm",
        round=1,
        clock=VirtualClock(NOW_US),
        policies=policies(),
        stamp=STAMP,
        seed=1,
        state=shop,
        desk=shop,
        tools=tools or {},
        model=model,
    )


def raining(mm_h: float = 20.0, *, minutes_ago: int = 1) -> Hub:
    seen_us = NOW_US - minutes_ago * MINUTE
    return Hub(id="hub-1", status="open", position=HOME, rain_mm_h=mm_h, rain_seen_us=seen_us)


class Driver:
    """Drives one graph as the runtime does: by thread, and woken by interrupt id."""

    def __init__(
        self,
        build: Callable[[AgentContext], Any],
        context: AgentContext,
        saver: InMemorySaver | None = None,
    ) -> None:
        self.saver = saver or InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=()))
        self.graph = build(context).compile(checkpointer=self.saver)
        self.config: Any = {"configurable": {"thread_id": context.run_id}}

    def start(self) -> dict[str, Any]:
        return self.graph.invoke({}, self.config, durability="sync")

    def wake(self, word: object = None) -> dict[str, Any]:
        return self.graph.invoke(
            Command(resume={self.interrupt_id: word}), self.config, durability="sync"
        )

    @property
    def interrupts(self) -> tuple[Any, ...]:
        return self.graph.get_state(self.config).interrupts

    @property
    def interrupt_id(self) -> str:
        [one] = self.interrupts
        return one.id

    @property
    def done(self) -> bool:
        return not self.graph.get_state(self.config).next


def kinds(proposal: Proposal) -> dict[ActionKind, int]:
    counted: dict[ActionKind, int] = {}
    for one in proposal.actions:
        counted[one.action.kind] = counted.get(one.action.kind, 0) + 1
    return counted


def faults(proposal: Proposal, made: Shop) -> tuple[Fault, ...]:
    """Return what does not make sense in a proposal of this shop, by the reference policies."""
    return validate.faults(proposal, made, policies().objectives)
