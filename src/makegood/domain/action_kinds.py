"""What the engine itself knows of each kind of action; no policy can change it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
