"""Cancels and changes orders through the order management system.

*Queryable*: the system keeps a key as our reference and says what was done under it, but it
judges a repeated command anew, so that a second `cancel` would be refused as though the first
had not been ours. Two adapters, because cancelling is a capability of its own.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from makegood.sdk import (
    SECOND,
    ActionKind,
    AdapterFacts,
    Cancel,
    Capability,
    EffectCall,
    EffectRefused,
    HoldOrder,
    Outcome,
    Release,
    Repeat,
    Reschedule,
    Split,
    StopService,
    Substitute,
    effects,
    tool,
)
from tools.effects.calls import Answer, each, get, look_up, post


class _Command(Answer):
    key: str
    reference: str


class _Commands(Answer):
    commands: tuple[_Command, ...]


class _Orders:
    def __init__(self, client: httpx.Client) -> None:
        """Use a client that carries the credential for orders."""
        self._client = client

    def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
        """Carry out each command by itself."""
        return each(calls, self._command)

    def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
        """Ask the system what it did."""
        return look_up(
            keys,
            lambda some: {
                done.key: done.reference
                for done in get(self._client, "/oms/commands", _Commands, some).commands
            },
        )

    def _command(self, call: EffectCall) -> str:
        path, body = _request(call)
        return post(self._client, path, body, _Command, call.key).reference


@tool(effects)
class Cancellations(_Orders):
    """Cancels orders; the money is given back by a refund of its own."""

    facts = AdapterFacts(
        name="cancellations",
        system="orders",
        capability=Capability.CANCELS,
        kinds=(ActionKind.CANCEL,),
        repeat=Repeat.QUERYABLE,
        key_lifetime_us=0,
        in_flight_us=60 * SECOND,
    )


@tool(effects)
class OrderChanges(_Orders):
    """Holds, releases, splits, fills and re-promises orders, and stops a hub's service."""

    facts = AdapterFacts(
        name="order_changes",
        system="orders",
        capability=Capability.CHANGES_ORDER,
        kinds=(
            ActionKind.HOLD,
            ActionKind.RELEASE,
            ActionKind.RESCHEDULE,
            ActionKind.SPLIT,
            ActionKind.STOP_SERVICE,
            ActionKind.SUBSTITUTE,
        ),
        repeat=Repeat.QUERYABLE,
        key_lifetime_us=0,
        in_flight_us=60 * SECOND,
    )


def _request(call: EffectCall) -> tuple[str, dict[str, Any] | None]:
    """Return the path and body of a command; a path ends with the action's own kind."""
    action = call.action
    body: dict[str, Any] | None = None
    match action:
        case StopService():
            return f"/oms/hubs/{quote(action.hub_id, safe='')}/stop", None
        case HoldOrder() | Release():
            pass
        case Cancel():
            body = {"reason": action.cause.value}
        case Reschedule():
            body = {"promised_us": action.promised_us}
        case Split():
            body = {"line_ids": list(action.lines)}
        case Substitute():
            body = {"line_id": action.line, "sku": action.sku}
        case other:
            raise EffectRefused(f"the order management system cannot {other.kind}")
    return f"/oms/orders/{quote(action.order_id, safe='')}/{action.kind}", body
