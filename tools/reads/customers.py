"""Customers' tier and history; their names and phones are not read on purpose."""

from __future__ import annotations

from makegood.sdk import CustomerReading, reads, tool
from tools.reads.answers import Answer, in_parts, read


class _Customer(Answer):
    id: str
    tier: str
    orders: int = 0
    late_orders: int = 0
    refunds: int = 0


class _Customers(Answer):
    customers: tuple[_Customer, ...]


@tool(reads)
def customers(customer_ids: list[str]) -> list[CustomerReading]:
    """Read customers' tier and how many orders, late orders and refunds they had, by id.

    An id that the system does not know is left out.

    Raises:
        ReadFailed: the order management system did not answer, or in another shape.

    """
    return [
        CustomerReading(
            customer_id=customer.id,
            tier=customer.tier,
            orders=customer.orders,
            late_orders=customer.late_orders,
            refunds=customer.refunds,
        )
        for ids in in_parts(customer_ids)
        for customer in read("orders", "/oms/customers", _Customers, ids=ids).customers
    ]
