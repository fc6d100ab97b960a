"""What an adapter of an outside system declares, is given and answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from pydantic import Field

from makegood.domain.actions import Action, ActionKind
from makegood.domain.frozen import Frozen


class Capability(StrEnum):
    """What an adapter can do to the world; breakers judge by this, never by a tool's name."""

    PAYS_BACK = "pays_back"
    ISSUES_COUPON = "issues_coupon"
    CANCELS = "cancels"
    CHANGES_ORDER = "changes_order"
    CHANGES_SUPPLIER = "changes_supplier"
    MOVES_COURIER = "moves_courier"
    NOTIFIES = "notifies"


class Repeat(StrEnum):
    """What happens when the same call is made again after an unknown outcome."""

    IDEMPOTENT = "idempotent"
    QUERYABLE = "queryable"
    NEITHER = "neither"


class EffectStatus(StrEnum):
    """The life of an effect; each outcome is its own word."""

    INTENDED = "intended"
    DISPATCHED = "dispatched"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AdapterFacts:
    """What an adapter declares of itself.

    `system` names the connection whose address and credential it is given. `key_lifetime_us` is
    how long the outside remembers an idempotency key; `in_flight_us` is how long a call may
    still be under way after it was sent. `at_once` is how many calls make up one request: a kill
    switch that is set while many go out stops all that are not in the request under way.
    """

    name: str
    system: str
    capability: Capability
    kinds: tuple[ActionKind, ...]
    repeat: Repeat
    key_lifetime_us: int
    in_flight_us: int
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class Connection:
    """Where an outside system is, and the credential for it (empty for reads without one).

    With `capability`, the credential is handed only to adapters that declare that one.
    """

    system: str
    base_url: str
    credential: str = ""
    capability: Capability | None = None

    def __repr__(self) -> str:
        """Show the address, never the credential."""
        return f"Connection({self.system!r}, {self.base_url!r})"


@dataclass(frozen=True, slots=True)
class EffectCall:
    """One granted action on its way out, with the key that makes repeating it harmless."""

    key: str
    action: Action
    digest: str


class Outcome(Frozen):
    """What the outside answered: `confirmed` or `failed`, its own reference and a plain detail."""

    status: EffectStatus
    reference: str = Field(default="", pattern=r"^[A-Za-z0-9_.:-]{0,80}$")
    detail: str = ""


@runtime_checkable
class Adapter(Protocol):
    """One outside system's way of carrying out some kinds of action.

    `perform_many` takes calls of the adapter's own kinds and answers one outcome per call, in
    order. It raises `OutcomeUnknown` when the outside may have acted on any of them without
    saying so, and answers `failed` only where nothing was done. `look_up_many` answers what the
    outside did under each key, or None where it knows nothing of it.
    """

    facts: AdapterFacts

    def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
        """Carry out the calls."""
        ...

    def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
        """Say what was done under each key."""
        ...


def capability_of(kind: ActionKind) -> Capability:
    """Return the capability that an action of this kind needs."""
    return _NEEDS[kind]


_NEEDS: dict[ActionKind, Capability] = {
    ActionKind.REASSIGN: Capability.MOVES_COURIER,
    ActionKind.REROUTE: Capability.MOVES_COURIER,
    ActionKind.UNASSIGN: Capability.MOVES_COURIER,
    ActionKind.RECALL: Capability.MOVES_COURIER,
    ActionKind.NOTIFY: Capability.NOTIFIES,
    ActionKind.COUPON: Capability.ISSUES_COUPON,
    ActionKind.REFUND: Capability.PAYS_BACK,
    ActionKind.CANCEL: Capability.CANCELS,
    ActionKind.SUPPLIER_CHANGE: Capability.CHANGES_SUPPLIER,
} | dict.fromkeys(
    (
        ActionKind.RESCHEDULE,
        ActionKind.SPLIT,
        ActionKind.MERGE,
        ActionKind.SUBSTITUTE,
        ActionKind.HOLD,
        ActionKind.RELEASE,
        ActionKind.STOP_SERVICE,
        ActionKind.CHANGE_ADDRESS,
        ActionKind.CHANGE_ITEMS,
        ActionKind.EXCHANGE,
        ActionKind.CHANGE_PAYMENT,
        ActionKind.RETURN,
    ),
    Capability.CHANGES_ORDER,
)
