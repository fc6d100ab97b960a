"""Coupons: claims for late orders, the ladder walked, and the actions that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from makegood.sdk import (
    MINUTE,
    AgentContext,
    Cause,
    Claim,
    Compensated,
    Coupon,
    CustomerReading,
    Given,
    Money,
    Proposed,
    SalesOrder,
    compensate,
)


@dataclass(frozen=True, slots=True)
class Late:
    """One order that arrives late, and for what it is compensated; `at_most` is in minor units."""

    order: SalesOrder
    late_us: int
    cause: Cause = Cause.LATE
    at_most: int | None = None


def awards(
    context: AgentContext,
    late: Sequence[Late],
    customers: Mapping[str, CustomerReading],
    settled: frozenset[str],
) -> Compensated | None:
    """Walk the ladder for every late order that was not compensated yet, the latest first."""
    claims = [
        _claim(one, customers)
        for one in sorted(late, key=lambda one: (-one.late_us, one.order.id))
        if one.order.currency and not one.order.coupon_minor and _key(one) not in settled
    ]
    if not claims:
        return None
    return compensate(claims, _given(context, claims), context.policies.compensation, context.stamp)


def coupons(
    made: Compensated, late: Sequence[Late], decision: int, doubts: tuple[str, ...]
) -> list[Proposed]:
    """Return a coupon for each award, explained by the given decision of the proposal."""
    known = {one.order.id: one for one in late}
    return [
        Proposed(_coupon(known[award.order_id], award.amount), decision, award.order_id, doubts)
        for award in made.awards
        if award.amount is not None
    ]


def _claim(one: Late, customers: Mapping[str, CustomerReading]) -> Claim:
    order = one.order
    customer = customers.get(order.customer_id)
    return Claim(
        order_id=order.id,
        customer_id=order.customer_id,
        late_us=one.late_us,
        value=Money(minor=order.total_minor, currency=order.currency),
        tier=customer.tier if customer else "standard",
        late_orders=customer.late_orders if customer else 0,
        at_most=one.at_most,
    )


def _coupon(one: Late, amount: Money) -> Coupon:
    return Coupon(
        hub_id=one.order.hub_id,
        order_id=one.order.id,
        customer_id=one.order.customer_id,
        cause=one.cause,
        amount=amount,
    )


def _key(one: Late) -> str:
    return str(_coupon(one, Money(minor=1, currency=one.order.currency)).obligation_key)


def _given(context: AgentContext, claims: Sequence[Claim]) -> Given:
    window = context.policies.compensation.caps.customer_window_minutes
    return context.state.given(
        context.incident.hub_id,
        sorted({claim.customer_id for claim in claims}),
        claims[0].value.currency,
        since_us=context.clock.now_us() - window * MINUTE,
    )
