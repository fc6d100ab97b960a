"""What a plan itself has changed: a message about it does not lapse because it was carried out.

A plan gives an order a new promise, tells the customer, and adds a coupon. Once the first is done,
the promise that the other two stand on has moved: to what the plan says, so they are still right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import bindparam, select

from makegood.domain.actions import ACTIONS, Action, ActionKind, Reschedule
from makegood.domain.authority import ActionStatus
from makegood.domain.entities import SalesOrder
from makegood.store import tables
from makegood.store.sql import among, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from makegood.gates.fingerprints import Entities

ACTION = table(tables.authority.Action)
_OF_PLAN = ACTION.alias("of_plan")
_ABOUT_A_PROMISE: Final = (ActionKind.NOTIFY, ActionKind.COUPON)
_GIVEN: Final = (ActionStatus.INTENDED, ActionStatus.UNKNOWN, ActionStatus.CONFIRMED)
_PROMISES: Final = (
    select(ACTION.c.id, _OF_PLAN.c.body)
    .join(
        _OF_PLAN,
        (_OF_PLAN.c.proposal_id == ACTION.c.proposal_id)
        & (_OF_PLAN.c.order_id == ACTION.c.order_id),
    )
    .where(
        among(ACTION.c.id, "ids"),
        _OF_PLAN.c.kind == bindparam("kind"),
        _OF_PLAN.c.status.in_(list(_GIVEN)),
    )
)


def explains(tx: Connection, moved: Mapping[str, Action], entities: Entities) -> frozenset[str]:
    """Return those of some actions (by id) whose facts moved by nothing but their own plan.

    That is so of a message or a coupon, which stand on the promise alone, where the promise is
    now what the same proposal's new promise for the order says, and that one went out.
    """
    asked = {name: one for name, one in moved.items() if one.kind in _ABOUT_A_PROMISE}
    if not asked:
        return frozenset()
    given: dict[str, set[int]] = {}
    for row in tx.execute(_PROMISES, {"ids": sorted(asked), "kind": ActionKind.RESCHEDULE}):
        promise = cast("Reschedule", ACTIONS.validate_json(row.body))
        given.setdefault(row.id, set()).add(promise.promised_us)
    return frozenset(
        name
        for name, promises in given.items()
        if isinstance(order := entities.get(asked[name].entity), SalesOrder)
        and order.promised_us in promises
    )
