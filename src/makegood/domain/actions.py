"""Actions: the closed list of typed intentions, and what the engine itself knows of each.

No policy can change `FACTS`. An action says what it would settle (`obligation_key`), so that
two incidents that owe the same thing meet, and what it stands on (`stands_on`), so that an
approval is for what the reviewer saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from makegood.domain.entities import EntityKind, EntityRef, Footing
from makegood.domain.frozen import Frozen
from makegood.domain.money import Money


class ActionKind(StrEnum):
    """Every kind of action there is."""

    REASSIGN = "reassign"
    REROUTE = "reroute"
    RESCHEDULE = "reschedule"
    SPLIT = "split"
    MERGE = "merge"
    SUBSTITUTE = "substitute"
    HOLD = "hold"
    RELEASE = "release"
    NOTIFY = "notify"
    STOP_SERVICE = "stop_service"
    RECALL = "recall"
    UNASSIGN = "unassign"
    COUPON = "coupon"
    CHANGE_ADDRESS = "change_address"
    CHANGE_ITEMS = "change_items"
    EXCHANGE = "exchange"
    CHANGE_PAYMENT = "change_payment"
    RETURN = "return"
    REFUND = "refund"
    CANCEL = "cancel"
    SUPPLIER_CHANGE = "supplier_change"


class Floor(StrEnum):
    """The least that the engine asks of a kind, whatever the policy says."""

    POLICY = "policy"
    NEVER_HELD = "never_held"
    COUNTERS = "counters"
    HOLDS_IF_MONEY = "holds_if_money"
    HOLDS = "holds"


@dataclass(frozen=True, slots=True)
class KindFacts:
    """What the engine knows of a kind: does money go out, can it be undone, its floor."""

    money_out: bool
    reversible: bool
    floor: Floor


_POLICY = KindFacts(money_out=False, reversible=True, floor=Floor.POLICY)
_SAFETY = KindFacts(money_out=False, reversible=True, floor=Floor.NEVER_HELD)
_CHANGE = KindFacts(money_out=True, reversible=False, floor=Floor.HOLDS_IF_MONEY)
_MONEY = KindFacts(money_out=True, reversible=False, floor=Floor.HOLDS)

FACTS: dict[ActionKind, KindFacts] = {
    ActionKind.REASSIGN: _POLICY,
    ActionKind.REROUTE: _POLICY,
    ActionKind.RESCHEDULE: _POLICY,
    ActionKind.SPLIT: _POLICY,
    ActionKind.MERGE: _POLICY,
    ActionKind.SUBSTITUTE: _POLICY,
    ActionKind.HOLD: _POLICY,
    ActionKind.RELEASE: _POLICY,
    ActionKind.NOTIFY: KindFacts(money_out=False, reversible=False, floor=Floor.POLICY),
    ActionKind.STOP_SERVICE: _SAFETY,
    ActionKind.RECALL: _SAFETY,
    ActionKind.UNASSIGN: _SAFETY,
    ActionKind.COUPON: KindFacts(money_out=True, reversible=False, floor=Floor.COUNTERS),
    ActionKind.CHANGE_ADDRESS: _CHANGE,
    ActionKind.CHANGE_ITEMS: _CHANGE,
    ActionKind.EXCHANGE: _CHANGE,
    ActionKind.CHANGE_PAYMENT: _CHANGE,
    ActionKind.RETURN: _CHANGE,
    ActionKind.REFUND: _MONEY,
    ActionKind.CANCEL: _MONEY,
    ActionKind.SUPPLIER_CHANGE: _MONEY,
}


class Cause(StrEnum):
    """What a customer or an order is owed something for; a rejection is final per cause."""

    LATE = "late"
    UNDELIVERABLE = "undeliverable"
    OUT_OF_STOCK = "out_of_stock"
    CAPACITY = "capacity"
    WEATHER = "weather"
    DUPLICATE = "duplicate"
    RETURNED = "returned"
    GOODWILL = "goodwill"
    SAFETY = "safety"


@dataclass(frozen=True, slots=True)
class ObligationKey:
    """What an action would settle; unique in the store, and the outside's idempotency key."""

    kind: str
    target: str
    entitlement: str
    occurrence: int

    def __str__(self) -> str:
        """Return the key as one line of text."""
        return f"{self.kind}:{self.target}:{self.entitlement}:{self.occurrence}"


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
        return ActionKind(getattr(self, "kind"))  # noqa: B009 -- each subclass declares its literal

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


class _OnFulfilment(ActionBase):
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


class Reassign(_OnFulfilment):
    """Give a fulfilment order to another courier; `assignment` is the one it replaces."""

    kind: Literal[ActionKind.REASSIGN] = ActionKind.REASSIGN
    from_courier: str | None = None
    to_courier: str = Field(min_length=1)

    @property
    def resource(self) -> EntityRef | None:
        """The courier who would carry it."""
        return EntityRef(EntityKind.COURIER, self.to_courier)

    def stands_on(self) -> tuple[Footing, ...]:
        """Return the assignment it replaces, and that the courier is at work."""
        courier = EntityRef(EntityKind.COURIER, self.to_courier)
        return (*super().stands_on(), Footing(courier, ("status", "capacity")))


class Unassign(_OnFulfilment):
    """Take a fulfilment order away from its courier."""

    kind: Literal[ActionKind.UNASSIGN] = ActionKind.UNASSIGN


class Recall(_OnFulfilment):
    """Call the courier of a fulfilment order back to the hub."""

    kind: Literal[ActionKind.RECALL] = ActionKind.RECALL


class Reroute(_OnFulfilment):
    """Serve a fulfilment order from another hub."""

    kind: Literal[ActionKind.REROUTE] = ActionKind.REROUTE
    to_hub: str = Field(min_length=1)


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
    lines: tuple[str, ...] = Field(min_length=1)


class Merge(ActionBase):
    """Deliver an order together with another of the same customer."""

    kind: Literal[ActionKind.MERGE] = ActionKind.MERGE
    with_order: str = Field(min_length=1)


class Substitute(ActionBase):
    """Replace the article of a line by another of the same price."""

    kind: Literal[ActionKind.SUBSTITUTE] = ActionKind.SUBSTITUTE
    line: str = Field(min_length=1)
    sku: str = Field(min_length=1)


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
        return (Footing(self.entity, ("promised_us",)),)


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


class _Paying(ActionBase):
    amount: Money

    @property
    def money(self) -> Money | None:
        """The amount."""
        return self.amount


class Coupon(_Paying):
    """Give the customer a coupon."""

    kind: Literal[ActionKind.COUPON] = ActionKind.COUPON

    def stands_on(self) -> tuple[Footing, ...]:
        """Return the promise that was broken."""
        return (Footing(self.entity, ("promised_us",)),)


class Refund(_Paying):
    """Pay money back to the customer, for the whole order or for some of its lines."""

    kind: Literal[ActionKind.REFUND] = ActionKind.REFUND
    lines: tuple[str, ...] = ()

    def target(self) -> str:
        """Return the order, or the lines of it."""
        suffix = "#" + ",".join(sorted(set(self.lines))) if self.lines else ""
        return f"{self.entity}{suffix}"

    def stands_on(self) -> tuple[Footing, ...]:
        """Return the balances, and whether it was delivered after all.

        The status is left out: cancelling the order beside the refund must not make it stale.
        """
        return (Footing(self.entity, ("delivered_us", "captured_minor", "refunded_minor")),)


class Cancel(_Paying):
    """Cancel an order; `amount` is its value at risk, paid back only by a refund of its own."""

    kind: Literal[ActionKind.CANCEL] = ActionKind.CANCEL

    def stands_on(self) -> tuple[Footing, ...]:
        """Return the status; money paid back beside it must not make it stale."""
        return (Footing(self.entity, ("status", "delivered_us")),)


class SupplierChange(_Paying):
    """Buy a line from another supplier; `amount` is what that costs more."""

    kind: Literal[ActionKind.SUPPLIER_CHANGE] = ActionKind.SUPPLIER_CHANGE
    line: str = Field(min_length=1)
    supplier: str = Field(min_length=1)


class _Changing(ActionBase):
    amount: Money | None = None

    @property
    def money(self) -> Money | None:
        """The difference that goes to the customer, if any."""
        return self.amount


class ChangeAddress(_Changing):
    """Deliver elsewhere; the address itself lies sealed with the request it names."""

    kind: Literal[ActionKind.CHANGE_ADDRESS] = ActionKind.CHANGE_ADDRESS
    request_id: str = Field(min_length=1)


class ChangeItems(_Changing):
    """Change articles of an order before it leaves."""

    kind: Literal[ActionKind.CHANGE_ITEMS] = ActionKind.CHANGE_ITEMS
    lines: tuple[str, ...] = Field(min_length=1)
    skus: tuple[str, ...] = Field(min_length=1)


class Exchange(_Changing):
    """Exchange delivered articles for others."""

    kind: Literal[ActionKind.EXCHANGE] = ActionKind.EXCHANGE
    lines: tuple[str, ...] = Field(min_length=1)
    skus: tuple[str, ...] = Field(min_length=1)


class ChangePayment(_Changing):
    """Charge another payment method."""

    kind: Literal[ActionKind.CHANGE_PAYMENT] = ActionKind.CHANGE_PAYMENT
    method: str = Field(min_length=1)


class Return(_Changing):
    """Take articles back."""

    kind: Literal[ActionKind.RETURN] = ActionKind.RETURN
    lines: tuple[str, ...] = Field(min_length=1)


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
