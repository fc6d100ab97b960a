"""The words that cases are written in: orders, refunds, wishes, and plans made of them."""

from __future__ import annotations

from itertools import count
from typing import Final

from makegood.domain.actions import Cause, Coupon, Refund
from makegood.domain.money import Money
from tests.faults.plan import HUB, Order, Payment, Plan, Say, Wish

_NUMBERS: Final = count(1)
CAPTURED: Final = 5_000
INCIDENTS: Final = ("weather", "capacity")


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def fresh(name: str) -> str:
    """An id that no other case of this process uses, for they share one company."""
    return f"{name}-{next(_NUMBERS)}"


def order(name: str = "order", captured: int = CAPTURED) -> Order:
    return Order(id=fresh(name), captured=euros(captured))


def refund(
    of: Order,
    minor: int = 1_990,
    *,
    cause: Cause = Cause.LATE,
    occurrence: int = 1,
    follows: str = "",
) -> Refund:
    return Refund(
        hub_id=HUB,
        order_id=of.id,
        customer_id=f"cus-{of.id}",
        cause=cause,
        amount=euros(minor),
        occurrence=occurrence,
        follows=follows,
    )


def coupon(of: Order, minor: int = 200) -> Coupon:
    return Coupon(
        hub_id=HUB,
        order_id=of.id,
        customer_id=f"cus-{of.id}",
        cause=Cause.LATE,
        amount=euros(minor),
    )


def wish(*actions: Refund | Coupon, incident: str = "") -> Wish:
    return Wish(id=fresh("wish"), incident_id=incident or fresh("incident"), actions=actions)


def paid(of: Order, minor: int = 1_990, *, coupon: bool = False) -> Payment:
    return Payment(order_id=of.id, amount=euros(minor), coupon=coupon)


def housed(plan: Plan) -> Plan:
    """The same plan at a hub of its own, for a house: there it rains, and nobody is on shift."""
    hub = fresh("hub")
    wishes = tuple(
        each.model_copy(
            update={
                "incident_id": INCIDENTS[number % len(INCIDENTS)],
                "actions": tuple(one.model_copy(update={"hub_id": hub}) for one in each.actions),
            }
        )
        for number, each in enumerate(plan.wishes)
    )
    return plan.model_copy(update={"hub": hub, "wishes": wishes})


def one_of_each(orders: int = 3, undo_us: int = 0) -> Plan:
    """A proposal with an approved and a rejected refund, one nobody decides on, and a coupon.

    `orders` says how many orders there are of each, `undo_us` how long a yes can be undone.
    """
    yes, no, open_, given = (
        [order(name) for _ in range(orders)] for name in ("yes", "no", "open", "given")
    )
    wishes = [
        wish(refund(a), refund(b, 1_500), refund(c, 700), coupon(d))
        for a, b, c, d in zip(yes, no, open_, given, strict=True)
    ]
    says = [
        say
        for each in wishes
        for say in (
            Say(wish=each.id, index=0, approve=True, undo_us=undo_us),
            Say(wish=each.id, index=1, approve=False),
        )
    ]
    return Plan(
        orders=(*yes, *no, *open_, *given),
        wishes=tuple(wishes),
        says=tuple(says),
        payments=(*(paid(one) for one in yes), *(paid(one, 200, coupon=True) for one in given)),
    )
