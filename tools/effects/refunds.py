"""Pays money back through the payment provider.

*Idempotent*: the provider answers a repeated key with the refund it made before, for 24 hours;
its books can be asked by key for ever, so a later doubt is settled by reading.
"""

from __future__ import annotations

import httpx

from makegood.sdk import (
    DAY,
    SECOND,
    ActionKind,
    AdapterFacts,
    Capability,
    EffectCall,
    EffectRefused,
    Outcome,
    Refund,
    Repeat,
    effects,
    tool,
)
from tools.effects.calls import Answer, each, get, look_up, post


class _Refund(Answer):
    id: str
    key: str


class _Refunds(Answer):
    refunds: tuple[_Refund, ...]


@tool(effects)
class Refunds:
    """Refunds; its credential can do nothing else, and no other credential can do this."""

    facts = AdapterFacts(
        name="refunds",
        system="refunds",
        capability=Capability.PAYS_BACK,
        kinds=(ActionKind.REFUND,),
        repeat=Repeat.IDEMPOTENT,
        key_lifetime_us=DAY,
        in_flight_us=60 * SECOND,
    )

    def __init__(self, client: httpx.Client) -> None:
        """Use a client that carries the refund credential."""
        self._client = client

    def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
        """Make each refund by itself: a doubt about one must not be a doubt about all."""
        return each(calls, self._refund)

    def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
        """Ask the provider's books."""
        return look_up(
            keys,
            lambda some: {
                made.key: made.id
                for made in get(self._client, "/payments/refunds", _Refunds, some).refunds
            },
        )

    def _refund(self, call: EffectCall) -> str:
        action = call.action
        if not isinstance(action, Refund):
            raise EffectRefused(f"{action.kind} is not a refund")
        body = {
            "order_id": action.order_id,
            "amount": action.amount.model_dump(),
            "reason": action.cause.value,
        }
        return post(self._client, "/payments/refunds", body, _Refund, call.key).id
