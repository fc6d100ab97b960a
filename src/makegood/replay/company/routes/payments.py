"""Routes of the payment provider."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from makegood.domain.money import Money
from makegood.replay.company.company import Company
from makegood.replay.company.credentials import System
from makegood.replay.company.model import Balance, Capture, Coupon, PayOut, Refund
from makegood.replay.company.routes.common import (
    MAX_BATCH,
    Answers,
    Body,
    Key,
    Keys,
    answer_each,
    guard,
    told,
)


class PayBody(Body):
    """Money to give: to the customer of an order, for a reason."""

    order_id: str = Field(min_length=1)
    amount: Money
    reason: str = Field(default="", max_length=200)

    def pay_out(self) -> PayOut:
        """Return the body as the books have it."""
        return PayOut(self.order_id, self.amount, self.reason)


class KeyedPayBody(PayBody):
    """One item of a batch, with its own key."""

    key: str = Field(min_length=1)


class CouponBatch(Body):
    """Coupons to give at once."""

    items: tuple[KeyedPayBody, ...] = Field(max_length=MAX_BATCH)


class Refunds(Body):
    """Refunds found."""

    refunds: tuple[Refund, ...]


class Coupons(Body):
    """Coupons found."""

    coupons: tuple[Coupon, ...]


class Books(Body):
    """The whole books, for audits."""

    captures: tuple[Capture, ...]
    refunds: tuple[Refund, ...]
    coupons: tuple[Coupon, ...]


def routes(company: Company) -> APIRouter:
    """Return the routes under `/payments`."""
    router = APIRouter(prefix="/payments")
    payments = company.payments
    may_refund = Depends(guard(company, System.REFUNDS))
    may_coupon = Depends(guard(company, System.COUPONS))

    @router.post("/refunds", status_code=201, dependencies=[may_refund])
    async def refund(body: PayBody, response: Response, key: Key = "") -> Refund:
        return told(response, payments.refund(key, body.pay_out()))

    @router.get("/refunds")
    async def refunds(key: Keys) -> Refunds:
        return Refunds(refunds=payments.refunds_under(key))

    @router.post("/coupons", status_code=201, dependencies=[may_coupon])
    async def coupon(body: PayBody, response: Response, key: Key = "") -> Coupon:
        return told(response, payments.coupon(key, body.pay_out()))

    @router.post("/coupons:batch", dependencies=[may_coupon])
    async def coupon_batch(body: CouponBatch) -> Answers:
        def act(index: int) -> str:
            item = body.items[index]
            return payments.coupon(item.key, item.pay_out())[0].id

        return answer_each(tuple(item.key for item in body.items), act)

    @router.get("/coupons")
    async def coupons(key: Keys) -> Coupons:
        return Coupons(coupons=payments.coupons_under(key))

    @router.get("/orders/{order_id}")
    async def balance(order_id: str) -> Balance:
        return payments.balance(order_id)

    @router.get("/books")
    async def books() -> Books:
        return Books(
            captures=tuple(payments.captures.values()),
            refunds=tuple(payments.refunds.values()),
            coupons=tuple(payments.coupons.values()),
        )

    return router
