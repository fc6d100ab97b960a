"""Actions: the closed list of typed intentions.

An action says what it would settle (`obligation_key`), so that two incidents that owe the same
thing meet, and what it stands on (`stands_on`), so that an approval is for what the reviewer saw.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from makegood.domain.action_base import ActionBase, Changing, OnFulfilment, Paying
from makegood.domain.action_kinds import FACTS, ActionKind, Cause, Floor, KindFacts, ObligationKey
from makegood.domain.entities import EntityKind, EntityRef, Footing
from makegood.domain.ids import Id
from makegood.domain.money import Money

__all__ = [
    "ACTIONS",
    "FACTS",
    "Action",
    "ActionBase",
    "ActionKind",
    "Cancel",
    "Cause",
    "ChangeAddress",
    "ChangeItems",
    "ChangePayment",
    "Coupon",
    "Exchange",
    "Floor",
    "HoldOrder",
    "KindFacts",
    "Merge",
    "Notify",
    "ObligationKey",
    "Reassign",
    "Recall",
    "Refund",
    "Release",
    "Reroute",
    "Reschedule",
    "Return",
    "Split",
    "StopService",
    "Substitute",
    "SupplierChange",
    "Unassign",
    "read_action",
]


class Reassign(OnFulfilment):
    """Give a fulfilment order to another courier; `assignment` is the one it replaces."""

    kind: Literal[ActionKind.REASSIGN] = ActionKind.REASSIGN
    from_courier: Id | None = None
    to_courier: Id

    @property
    def resource(self) -> EntityRef | None:
        """The courier who would carry it."""
        return EntityRef(EntityKind.COURIER, self.to_courier)

    def stands_on(self) -> tuple[Footing, ...]:
        """Return the assignment it replaces, and that the courier is at work."""
        courier = EntityRef(EntityKind.COURIER, self.to_courier)
        return (*super().stands_on(), Footing(courier, ("status", "capacity")))


class Unassign(OnFulfilment):
    """Take a fulfilment order away from its courier."""

    kind: Literal[ActionKind.UNASSIGN] = ActionKind.UNASSIGN


class Recall(OnFulfilment):
    """Call the courier of a fulfilment order back to the hub."""

    kind: Literal[ActionKind.RECALL] = ActionKind.RECALL


class Reroute(OnFulfilment):
    """Serve a fulfilment order from another hub."""

    kind: Literal[ActionKind.REROUTE] = ActionKind.REROUTE
    to_hub: Id


class Reschedule(ActionBase):
    """Give an order a new promise."""

    kind: Literal[ActionKind.RESCHEDULE] = ActionKind.RESCHEDULE
    promised_us: int = Field(ge=0)

    def entitlement(self) -> str:
        """Return the new promise."""
        return f"promise-{self.promised_us}"


class Split(ActionBase):
    """Deliver some lines of an order apart from the rest."""

    kind: Literal[ActionKind.SPLIT] = ActionKind.SPLIT
    lines: tuple[Id, ...] = Field(min_length=1)


class Merge(ActionBase):
    """Deliver an order together with another of the same customer."""

    kind: Literal[ActionKind.MERGE] = ActionKind.MERGE
    with_order: Id

    def stands_on(self) -> tuple[Footing, ...]:
        """Return both orders' status, and whose they are."""
        other = EntityRef(EntityKind.SALES_ORDER, self.with_order)
        return (*super().stands_on(), Footing(other, ("status", "customer_id")))


class Substitute(ActionBase):
    """Replace the article of a line by another of the same price."""

    kind: Literal[ActionKind.SUBSTITUTE] = ActionKind.SUBSTITUTE
    line: Id
    sku: Id


class HoldOrder(ActionBase):
    """Stop working on an order until it is released."""

    kind: Literal[ActionKind.HOLD] = ActionKind.HOLD


class Release(ActionBase):
    """Carry on with an order that was put on hold."""

    kind: Literal[ActionKind.RELEASE] = ActionKind.RELEASE


class Notify(ActionBase):
    """Tell the customer something, from a template; `minutes` fills in the delay."""

    kind: Literal[ActionKind.NOTIFY] = ActionKind.NOTIFY
    template: str = Field(pattern=r"^[a-z_]{1,40}$")
    minutes: int | None = Field(default=None, ge=0)

    def entitlement(self) -> str:
        """Return the message, once per cause."""
        return f"{self.cause}:{self.template}"

    def stands_on(self) -> tuple[Footing, ...]:
        """Return the promise that the message is about."""
        return self._on_order("promised_us")


class StopService(ActionBase):
    """Take no more orders at a hub; `order_id` is `-`."""

    kind: Literal[ActionKind.STOP_SERVICE] = ActionKind.STOP_SERVICE

    @property
    def entity(self) -> EntityRef:
        """The hub."""
        return EntityRef(EntityKind.HUB, self.hub_id)

    def stands_on(self) -> tuple[Footing, ...]:
        """Return the hub's status."""
        return (Footing(self.entity, ("status",)),)


class Coupon(Paying):
    """Give the customer a coupon."""

    kind: Literal[ActionKind.COUPON] = ActionKind.COUPON

    def stands_on(self) -> tuple[Footing, ...]:
        """Return the promise that was broken."""
        return self._on_order("promised_us")


class Refund(Paying):
    """Pay money back to the customer, for the whole order or for some of its lines."""

    kind: Literal[ActionKind.REFUND] = ActionKind.REFUND
    lines: tuple[Id, ...] = ()

    def target(self) -> str:
        """Return the order, or the lines of it."""
        suffix = "#" + ",".join(sorted(set(self.lines))) if self.lines else ""
        return f"{self.entity}{suffix}"

    @property
    def pays_back(self) -> Money | None:
        """The amount."""
        return self.amount

    def stands_on(self) -> tuple[Footing, ...]:
        """Return the balances, and whether it was delivered after all.

        The status is left out: cancelling the order beside the refund must not make it stale.
        """
        return self._on_order("delivered_us", "captured_minor", "refunded_minor")


class Cancel(Paying):
    """Cancel an order; `amount` is the order's value, paid back only by a refund of its own."""

    kind: Literal[ActionKind.CANCEL] = ActionKind.CANCEL

    def stands_on(self) -> tuple[Footing, ...]:
        """Return the status and the value; money paid back beside it must not make it stale."""
        return self._on_order("status", "delivered_us", "total_minor", "captured_minor")


class SupplierChange(Paying):
    """Buy a line from another supplier; `amount` is what that costs more."""

    kind: Literal[ActionKind.SUPPLIER_CHANGE] = ActionKind.SUPPLIER_CHANGE
    line: Id
    supplier: Id


class ChangeAddress(Changing):
    """Deliver elsewhere; the address itself lies sealed with the request it names."""

    kind: Literal[ActionKind.CHANGE_ADDRESS] = ActionKind.CHANGE_ADDRESS
    request_id: Id


class ChangeItems(Changing):
    """Change articles of an order before it leaves."""

    kind: Literal[ActionKind.CHANGE_ITEMS] = ActionKind.CHANGE_ITEMS
    lines: tuple[Id, ...] = Field(min_length=1)
    skus: tuple[Id, ...] = Field(min_length=1)


class Exchange(Changing):
    """Exchange delivered articles for others."""

    kind: Literal[ActionKind.EXCHANGE] = ActionKind.EXCHANGE
    lines: tuple[Id, ...] = Field(min_length=1)
    skus: tuple[Id, ...] = Field(min_length=1)


class ChangePayment(Changing):
    """Charge another payment method."""

    kind: Literal[ActionKind.CHANGE_PAYMENT] = ActionKind.CHANGE_PAYMENT
    method: Id


class Return(Changing):
    """Take articles back."""

    kind: Literal[ActionKind.RETURN] = ActionKind.RETURN
    lines: tuple[Id, ...] = Field(min_length=1)


Action = Annotated[
    Reassign
    | Reroute
    | Reschedule
    | Split
    | Merge
    | Substitute
    | HoldOrder
    | Release
    | Notify
    | StopService
    | Recall
    | Unassign
    | Coupon
    | ChangeAddress
    | ChangeItems
    | Exchange
    | ChangePayment
    | Return
    | Refund
    | Cancel
    | SupplierChange,
    Field(discriminator="kind"),
]

ACTIONS: TypeAdapter[Action] = TypeAdapter(Action)


@lru_cache(maxsize=8_192)
def read_action(body: bytes) -> Action:
    """Return an action from its JSON; none ever changes, and each is read again in every round.

    Raises:
        pydantic.ValidationError: it is no action.

    """
    return ACTIONS.validate_json(body)
