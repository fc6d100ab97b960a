"""What stands beside a hold: the other actions by which money of the same order goes back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from makegood.domain.actions import ActionKind, Cancel, read_action
from makegood.domain.authority import PENDING_REVIEWS, UNDER_WAY, ActionStatus
from makegood.gates import balances
from makegood.gates.review_items import ACTION, REVIEW
from makegood.state import query
from makegood.store.sql import among

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from makegood.api.console.scene import Scene
    from makegood.domain.actions import Action
    from makegood.domain.entities import SalesOrder
    from makegood.gates.reviews import ReviewItem

_STANDING: Final = (ActionStatus.HELD, *UNDER_WAY, ActionStatus.CONFIRMED)
_KINDS: Final = frozenset(
    {
        ActionKind.CANCEL,
        ActionKind.REFUND,
        ActionKind.RETURN,
        ActionKind.EXCHANGE,
        ActionKind.CHANGE_ITEMS,
        ActionKind.CHANGE_ADDRESS,
        ActionKind.CHANGE_PAYMENT,
    }
)
_FOUND: Final = (
    select(ACTION, REVIEW.c.id.label("review_id"))
    .join(REVIEW, REVIEW.c.action_id == ACTION.c.id, isouter=True)
    .where(
        among(ACTION.c.order_id, "orders"),
        ACTION.c.kind.in_([kind.value for kind in sorted(_KINDS)]),
        ACTION.c.status.in_([status.value for status in _STANDING]),
    )
    .order_by(ACTION.c.judged_us, ACTION.c.id)
)


@dataclass(frozen=True, slots=True)
class Beside:
    """One other action on the order of a hold: what it does, how far it is, and its page."""

    sentence: str
    status: str
    word: str
    link: str


@dataclass(frozen=True, slots=True)
class Half:
    """What stands beside one hold; `lonely` where an order would end and nothing pays it back."""

    actions: tuple[Beside, ...]
    lonely: bool


NOTHING: Final = Half((), lonely=False)


def of(
    scene: Scene, items: Sequence[ReviewItem], orders: Mapping[str, SalesOrder]
) -> dict[str, Half]:
    """Return by review what stands beside each that is about an order's end or its money."""
    asked = [item for item in items if item.action.kind in _KINDS]
    if not asked:
        return {}
    found: dict[str, list[tuple[str, Action, Beside]]] = defaultdict(list)
    for row in scene.tx.execute(_FOUND, {"orders": sorted({item.order_id for item in asked})}):
        action = read_action(row.body)
        if isinstance(action, Cancel) or action.pays_back is not None:
            one = Beside(
                sentence=scene.speak.action(action, scene.zone(row.hub_id)),
                status=row.status,
                word=scene.words(f"status.{row.status}"),
                link=f"/review/{row.review_id}" if row.review_id else f"/decision/{row.id}",
            )
            found[row.order_id].append((row.id, action, one))
    return {item.id: _half(item, found[item.order_id], orders.get(item.order_id)) for item in asked}


def _half(
    item: ReviewItem, found: Iterable[tuple[str, Action, Beside]], order: SalesOrder | None
) -> Half:
    others = [(action, one) for action_id, action, one in found if action_id != item.action_id]
    paid = any(action.pays_back is not None for action, _ in others)
    has_money = order is not None and order.captured_minor > order.refunded_minor
    ends = isinstance(item.action, Cancel) and has_money
    return Half(tuple(one for _, one in others), lonely=ends and not paid)


def left_of(scene: Scene, item: ReviewItem) -> str:
    """Return how much of an order may still be paid back, and how much after a hold on that."""
    action = item.action
    if action.kind not in _KINDS or action.money is None:
        return ""
    order = query.sales_orders(scene.tx, [item.order_id]).get(item.order_id)
    if order is None or not order.currency:
        return ""
    stands = balances.standing(scene.tx, order)
    show = scene.show
    left = scene.words(
        "money.left",
        left=show.minor(stands.left_minor, order.currency),
        captured=show.minor(order.captured_minor, order.currency),
    )
    back = action.pays_back
    if back is None or back.currency != order.currency or back.minor > stands.left_minor:
        return left
    # What was approved is taken off already, and what ended otherwise takes nothing.
    if item.status not in PENDING_REVIEWS:
        return left
    after = show.minor(stands.left_minor - back.minor, order.currency)
    return f"{left} · {scene.words('money.after', after=after)}"
