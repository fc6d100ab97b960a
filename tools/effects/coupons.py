"""Gives coupons through the payment provider.

*Idempotent*: a repeated key is answered with the coupon given before, for 24 hours.
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
    Coupon,
    EffectCall,
    EffectRefused,
    Outcome,
    Repeat,
    effects,
    tool,
)
from tools.effects.calls import AT_ONCE, Answer, batch, get, look_up


class _Coupon(Answer):
    id: str
    key: str


class _Coupons(Answer):
    coupons: tuple[_Coupon, ...]


@tool(effects)
class Coupons:
    """Coupons; its credential cannot pay money back."""

    facts = AdapterFacts(
        name="coupons",
        system="coupons",
        capability=Capability.ISSUES_COUPON,
        kinds=(ActionKind.COUPON,),
        repeat=Repeat.IDEMPOTENT,
        key_lifetime_us=DAY,
        in_flight_us=60 * SECOND,
        at_once=AT_ONCE,
    )

    def __init__(self, client: httpx.Client) -> None:
        """Use a client that carries the coupon credential."""
        self._client = client

    def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
        """Give all coupons at once; each has its own key, so that a repeat is harmless."""
        return batch(self._client, "/payments/coupons:batch", calls, _body)

    def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
        """Ask the provider's books."""
        return look_up(
            keys,
            lambda some: {
                made.key: made.id
                for made in get(self._client, "/payments/coupons", _Coupons, some).coupons
            },
        )


def _body(call: EffectCall) -> dict[str, Any]:
    action = call.action
    if not isinstance(action, Coupon):
        raise EffectRefused(f"{action.kind} is not a coupon")
    return {
        "order_id": action.order_id,
        "amount": action.amount.model_dump(),
        "reason": action.cause.value,
    }
