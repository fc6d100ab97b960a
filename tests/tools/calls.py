"""Calls as the executor makes them."""

from __future__ import annotations

from makegood.domain.canonical import digest_model
from makegood.sdk import Action, Cause, Coupon, EffectCall, Money, Reassign, Refund


def call(key: str, action: Action) -> EffectCall:
    return EffectCall(key=key, action=action, digest=digest_model(action))


def refund(minor: int = 500, order_id: str = "so-00001", currency: str = "CNY") -> Refund:
    return Refund(
        hub_id="hub-north",
        order_id=order_id,
        cause=Cause.UNDELIVERABLE,
        amount=Money(minor=minor, currency=currency),
    )


def coupon(order_id: str = "so-00001") -> Coupon:
    return Coupon(
        hub_id="hub-north",
        order_id=order_id,
        cause=Cause.LATE,
        amount=Money(minor=300, currency="CNY"),
    )


def reassign(fulfilment_id: str, to_courier: str, assignment: int) -> Reassign:
    return Reassign(
        hub_id="hub-north",
        order_id=fulfilment_id.removesuffix("-f1"),
        cause=Cause.WEATHER,
        fulfilment_id=fulfilment_id,
        assignment=assignment,
        to_courier=to_courier,
    )
