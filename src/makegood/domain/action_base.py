"""What every action has: what it would settle, what it stands on and what it would use up."""

from __future__ import annotations

from pydantic import Field

from makegood.domain.action_kinds import FACTS, ActionKind, Cause, KindFacts, ObligationKey
from makegood.domain.entities import EntityKind, EntityRef, Footing
from makegood.domain.frozen import Frozen
from makegood.domain.money import Money


class ActionBase(Frozen):
    """What every action has.

    `order_id` is the sales order, `customer_id` its customer's pseudonymous id, `occurrence`
    says which time this is: 1 for the first, and a second always names the first in `follows`
    (an obligation id) and holds.
    """

    hub_id: str = Field(min_length=1)
    order_id: str = Field(min_length=1)
    customer_id: str = ""
    cause: Cause
    occurrence: int = Field(default=1, ge=1)
    follows: str = ""

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
        return (Footing(self.entity, ("status", "promised_us", "delivered_us")),)


class OnFulfilment(ActionBase):
    """An action on one delivery, which stands at the assignment that it names."""

    fulfilment_id: str = Field(min_length=1)
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
        return (Footing(self.entity, ("status", "courier_id", "assignment")),)


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
