"""What every action has: what it would settle, what it stands on and what it would use up."""

from __future__ import annotations

from pydantic import Field

from makegood.domain.action_kinds import FACTS, ActionKind, Cause, KindFacts, ObligationKey
from makegood.domain.entities import EntityKind, EntityRef, Footing
from makegood.domain.frozen import Frozen
from makegood.domain.ids import Id, IdOrDash, IdOrNone
from makegood.domain.money import Money


class ActionBase(Frozen):
    """What every action has.

    `order_id` is the sales order, `customer_id` its customer's pseudonymous id, `occurrence`
    says which time this is: 1 for the first, and a second always names the first in `follows`
    (an obligation id) and holds.
    """

    hub_id: Id
    order_id: IdOrDash
    customer_id: IdOrNone = ""
    cause: Cause
    occurrence: int = Field(default=1, ge=1)
    follows: IdOrNone = ""

    def _kind(self) -> ActionKind:
        return getattr(self, "kind")  # noqa: B009 -- each subclass declares its literal

    @property
    def entity(self) -> EntityRef:
        """The entity that this action is about."""
        return EntityRef(EntityKind.SALES_ORDER, self.order_id)

    @property
    def money(self) -> Money | None:
        """The money that would go out, if any."""
        return None

    @property
    def pays_back(self) -> Money | None:
        """What goes back to the customer out of what was captured of their order, if anything."""
        return None

    def target(self) -> str:
        """Return what is settled: the entity, or lines of an order."""
        return str(self.entity)

    def entitlement(self) -> str:
        """Return what it is owed for."""
        return str(self.cause)

    @property
    def obligation_key(self) -> ObligationKey:
        """The obligation that this action would settle."""
        return ObligationKey(self._kind(), self.target(), self.entitlement(), self.occurrence)

    @property
    def facts(self) -> KindFacts:
        """What the engine knows of this kind."""
        return FACTS[self._kind()]

    @property
    def resource(self) -> EntityRef | None:
        """What this action would use up, such as a courier's room."""
        return None

    def stands_on(self) -> tuple[Footing, ...]:
        """Return the facts that this action rests on; if one moves, it is judged again."""
        return self._on_order("status", "promised_us", "delivered_us")

    def _on_order(self, *facts: str) -> tuple[Footing, ...]:
        # Limits, kill switches and breakers go by the hub and the customer that an action names.
        return (Footing(self.entity, (*facts, "hub_id", "customer_id")),)


class OnFulfilment(ActionBase):
    """An action on one delivery, which stands at the assignment that it names."""

    fulfilment_id: Id
    assignment: int = Field(ge=0)

    @property
    def entity(self) -> EntityRef:
        """The fulfilment order."""
        return EntityRef(EntityKind.FULFILMENT_ORDER, self.fulfilment_id)

    def entitlement(self) -> str:
        """Return the assignment it would replace: each assignment can be replaced once."""
        return f"after-assignment-{self.assignment}"

    def stands_on(self) -> tuple[Footing, ...]:
        """Return the fulfilment order's status and assignment."""
        facts = ("status", "courier_id", "assignment", "order_id", "hub_id", "customer_id")
        return (Footing(self.entity, facts),)


class Paying(ActionBase):
    """An action by which money, or the worth of it, goes out."""

    amount: Money

    @property
    def money(self) -> Money | None:
        """The amount."""
        return self.amount


class Changing(ActionBase):
    """An action that changes what was agreed, and may leave a difference to pay back."""

    amount: Money | None = None

    @property
    def money(self) -> Money | None:
        """The difference that goes to the customer, if any."""
        return self.amount

    @property
    def pays_back(self) -> Money | None:
        """The difference: it goes out of what was captured."""
        return self.amount

    def stands_on(self) -> tuple[Footing, ...]:
        """Return status, promise and delivery, and the balances where money goes back."""
        balances = ("captured_minor", "refunded_minor") if self.amount else ()
        return self._on_order("status", "promised_us", "delivered_us", *balances)
