"""Sends messages to customers through the message provider.

*Idempotent*: the provider sends a repeated key only once, for 24 hours. It knows the customer's
address by the order, so that no personal data leaves through here.
"""

from __future__ import annotations

from typing import Any

import httpx

from makegood.sdk import (
    DAY,
    SECOND,
    ActionKind,
    AdapterFacts,
    Capability,
    EffectCall,
    EffectRefused,
    Notify,
    Outcome,
    Repeat,
    effects,
    tool,
)
from tools.effects.calls import AT_ONCE, Answer, batch, get, look_up


class _Notice(Answer):
    id: str
    key: str


class _Notices(Answer):
    notifications: tuple[_Notice, ...]


@tool(effects)
class Notifications:
    """Messages to customers, by template."""

    facts = AdapterFacts(
        name="notifications",
        system="notifications",
        capability=Capability.NOTIFIES,
        kinds=(ActionKind.NOTIFY,),
        repeat=Repeat.IDEMPOTENT,
        key_lifetime_us=DAY,
        in_flight_us=30 * SECOND,
        at_once=AT_ONCE,
    )

    def __init__(self, client: httpx.Client) -> None:
        """Use a client that carries the credential for messages."""
        self._client = client

    def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
        """Send all messages at once; each has its own key."""
        return batch(self._client, "/notifications:batch", calls, _body)

    def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
        """Ask the provider what it sent."""
        return look_up(
            keys,
            lambda some: {
                sent.key: sent.id
                for sent in get(self._client, "/notifications", _Notices, some).notifications
            },
        )


def _body(call: EffectCall) -> dict[str, Any]:
    action = call.action
    if not isinstance(action, Notify):
        raise EffectRefused(f"{action.kind} is not a message")
    body = {"order_id": action.order_id, "template": action.template}
    return body if action.minutes is None else {**body, "minutes": action.minutes}
