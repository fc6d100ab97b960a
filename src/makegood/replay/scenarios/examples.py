"""Where to look when an expectation was not met: the worst example, and the decision behind it.

A count or a mean has no decision of its own. So the order is named that did worst by it, and of
that order the last action; of a count of actions, the last one that is counted too much or is
missing. Where no agent decided anything (a feed, a life of the house), there is none to show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, select

from makegood.domain.actions import ActionKind
from makegood.domain.authority import ActionStatus, Verdict
from makegood.effects.reads import ACTION, EFFECT
from makegood.gates.review_items import REVIEW
from makegood.replay.scenarios.measures import lateness, stranded_orders, untold_orders

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from makegood.replay.scenarios.model import Expectation
    from makegood.replay.stage import Stage

_COUNTED: Final = {
    "done": ACTION.c.status == ActionStatus.CONFIRMED,
    "held": ACTION.c.verdict == Verdict.HOLD,
    "denied": ACTION.c.verdict == Verdict.DENY,
    "waiting": ACTION.c.status == ActionStatus.HELD,
    "unknown": ACTION.c.status == ActionStatus.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Example:
    """An order that shows it, and the action whose decision is behind it; empty where none is."""

    order_id: str = ""
    action_id: str = ""


def example(stage: Stage, one: Expectation, measured: float) -> Example:
    """Return the worst example of an expectation that was not met."""
    family, _, rest = one.what.partition(".")
    too_many = one.at_most is not None and measured > one.at_most
    with stage.store.read() as tx:
        match family:
            case "actions":
                found = _of_action(tx, *rest.split("."), too_many=too_many)
            case "money" if rest in ("coupons", "refunds"):
                found = _dearest(tx, ActionKind(rest.removesuffix("s")))
            case "holds":
                found = _of_hold(tx, rest)
            case "effects":
                found = _last(tx, ACTION.c.id.in_(select(EFFECT.c.action_id).where(_effect(rest))))
            case "orders":
                found = _last(tx, ACTION.c.kind == ActionKind.STOP_SERVICE)
            case _:
                found = None
        if found is not None:
            return Example(found.order_id, found.id)
        return _of_order(tx, _worst(stage, one.what))


def _of_action(tx: Connection, kind: str, word: str, *, too_many: bool) -> Row[Any] | None:
    counted = _COUNTED.get(word)
    mine = ACTION.c.kind == kind
    if counted is None:
        return _last(tx, mine)
    return _last(tx, and_(mine, counted if too_many else ~counted))


def _of_hold(tx: Connection, status: str) -> Row[Any] | None:
    reviewed = select(REVIEW.c.action_id)
    if status != "total":
        reviewed = reviewed.where(REVIEW.c.status == status)
    return _last(tx, ACTION.c.id.in_(reviewed))


def _effect(status: str) -> ColumnElement[bool]:
    return EFFECT.c.attempts > 1 if status == "tried_again" else EFFECT.c.status == status


def _dearest(tx: Connection, kind: ActionKind) -> Row[Any] | None:
    paid = and_(ACTION.c.kind == kind, ACTION.c.status == ActionStatus.CONFIRMED)
    by_amount = select(ACTION).where(paid).order_by(ACTION.c.amount_minor.desc(), ACTION.c.id)
    return tx.execute(by_amount.limit(1)).first()


def _last(tx: Connection, which: ColumnElement[bool]) -> Row[Any] | None:
    latest = select(ACTION).where(which).order_by(ACTION.c.judged_us.desc(), ACTION.c.id)
    return tx.execute(latest.limit(1)).first()


def _worst(stage: Stage, what: str) -> str:
    """Return the order that did worst by a measure of orders: the latest, of those it is about."""
    late_us = lateness(stage)
    if what == "money.stranded":
        late_us = {each: late_us.get(each, 0) for each in stranded_orders(stage)}
    elif what == "promises.told_share":
        late_us = {each: late_us[each] for each in untold_orders(stage)}
    elif not what.startswith(("promises.", "actions.", "holds.", "money.")):
        return ""
    return max(late_us, key=lambda each: (late_us[each], each), default="")


def _of_order(tx: Connection, order_id: str) -> Example:
    found = _last(tx, ACTION.c.order_id == order_id) if order_id else None
    return Example(order_id, found.id if found is not None else "")
