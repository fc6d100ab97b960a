"""Routes of the order management system."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from makegood.replay.company.company import Company
from makegood.replay.company.credentials import System
from makegood.replay.company.model import Command, Customer, Hub, Order
from makegood.replay.company.routes.common import Body, Key, Keys, guard
from makegood.replay.company.stock import OrderStock


class CancelBody(Body):
    """Why an order is cancelled."""

    reason: str = Field(default="unknown", pattern=r"^[a-z][a-z0-9_]{0,39}$")


class RescheduleBody(Body):
    """The new promise, in microseconds since the epoch."""

    promised_us: int = Field(ge=0)


class SplitBody(Body):
    """The lines to deliver apart."""

    line_ids: tuple[str, ...] = Field(min_length=1)


class SubstituteBody(Body):
    """The line to fill, and the article to fill it with."""

    line_id: str = Field(min_length=1)
    sku: str = Field(min_length=1)


class Sources(Body):
    """Where the goods of orders could come from, in the order asked for."""

    orders: tuple[OrderStock, ...]


class Orders(Body):
    """Orders found, in the order asked for; unknown ids are left out."""

    orders: tuple[Order, ...]


class Customers(Body):
    """Customers found, in the order asked for; unknown ids are left out."""

    customers: tuple[Customer, ...]


class Hubs(Body):
    """All hubs."""

    hubs: tuple[Hub, ...]


class Commands(Body):
    """What was done under some keys, oldest first."""

    commands: tuple[Command, ...]


def routes(company: Company) -> APIRouter:
    """Return the routes under `/oms`."""
    router = APIRouter(prefix="/oms")
    _readings(router, company)
    _commands(router, company)
    return router


def _readings(router: APIRouter, company: Company) -> None:
    records = company.records

    @router.get("/orders")
    async def orders(ids: Annotated[str, Query(min_length=1)]) -> Orders:
        wanted = (records.orders.get(each) for each in ids.split(","))
        return Orders(orders=tuple(order for order in wanted if order is not None))

    @router.get("/sources")
    async def sources(ids: Annotated[str, Query(min_length=1)]) -> Sources:
        return Sources(orders=company.oms.sources(ids.split(",")))

    @router.get("/orders/{order_id}")
    async def order(order_id: str) -> Order:
        return records.order(order_id)

    @router.get("/customers")
    async def customers(ids: Annotated[str, Query(min_length=1)]) -> Customers:
        wanted = (records.customers.get(each) for each in ids.split(","))
        return Customers(customers=tuple(each for each in wanted if each is not None))

    @router.get("/customers/{customer_id}")
    async def customer(customer_id: str) -> Customer:
        return records.customer(customer_id)

    @router.get("/hubs")
    async def hubs() -> Hubs:
        return Hubs(hubs=tuple(records.hubs.values()))

    @router.get("/commands")
    async def commands(key: Keys) -> Commands:
        return Commands(commands=company.oms.under(key))


def _commands(router: APIRouter, company: Company) -> None:
    oms = company.oms
    may_change = [Depends(guard(company, System.ORDERS))]

    @router.post("/orders/{order_id}/cancel", dependencies=may_change)
    async def cancel(order_id: str, body: CancelBody, key: Key = "") -> Command:
        return oms.cancel(key, order_id, body.reason)

    @router.post("/orders/{order_id}/hold", dependencies=may_change)
    async def hold(order_id: str, key: Key = "") -> Command:
        return oms.hold(key, order_id)

    @router.post("/orders/{order_id}/release", dependencies=may_change)
    async def release(order_id: str, key: Key = "") -> Command:
        return oms.release(key, order_id)

    @router.post("/orders/{order_id}/reschedule", dependencies=may_change)
    async def reschedule(order_id: str, body: RescheduleBody, key: Key = "") -> Command:
        return oms.reschedule(key, order_id, body.promised_us)

    @router.post("/orders/{order_id}/split", dependencies=may_change)
    async def split(order_id: str, body: SplitBody, key: Key = "") -> Command:
        return oms.split(key, order_id, body.line_ids)

    @router.post("/orders/{order_id}/substitute", dependencies=may_change)
    async def substitute(order_id: str, body: SubstituteBody, key: Key = "") -> Command:
        return oms.substitute(key, order_id, body.line_id, body.sku)

    @router.post("/hubs/{hub_id}/stop", dependencies=may_change)
    async def stop(hub_id: str, key: Key = "") -> Command:
        return oms.stop(key, hub_id)
