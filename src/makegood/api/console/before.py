"""What was decided before on this order and this customer, and how the facts have moved since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, or_, select

from makegood.domain.actions import ACTIONS
from makegood.domain.authority import ActionStatus
from makegood.gates.review_items import ACTION, REVIEW

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from makegood.api.console.scene import Scene
    from makegood.gates.reviews import ReviewItem

_MOST: Final = 12


@dataclass(frozen=True, slots=True)
class Earlier:
    """One action on the same order or for the same customer, and how it ended."""

    sentence: str
    money: str
    status: str
    word: str
    at: str
    by: str
    same_order: bool
    link: str


@dataclass(frozen=True, slots=True)
class Moved:
    """One fact that is no longer what it was when the hold was opened."""

    fact: str
    entity: str
    before: str
    now: str


def earlier(scene: Scene, item: ReviewItem) -> tuple[Earlier, ...]:
    """Return the other actions with money or a person in them, newest first."""
    same = [ACTION.c.order_id == item.order_id]
    if item.customer_id:
        same.append(ACTION.c.customer_id == item.customer_id)
    told = or_(ACTION.c.amount_minor.is_not(None), REVIEW.c.id.is_not(None))
    query = (
        select(ACTION, REVIEW.c.id.label("review_id"), REVIEW.c.decided_by)
        .join(REVIEW, REVIEW.c.action_id == ACTION.c.id, isouter=True)
        .where(or_(*same), ACTION.c.id != item.action_id, told)
        .where(and_(ACTION.c.status != ActionStatus.MET.value))
        .order_by(ACTION.c.judged_us.desc(), ACTION.c.id)
        .limit(_MOST)
    )
    show = scene.show
    return tuple(
        Earlier(
            sentence=scene.speak.action(ACTIONS.validate_json(row.body), scene.zone(row.hub_id)),
            money=show.minor(row.amount_minor, row.currency) if row.currency else "",
            status=row.status,
            word=scene.words(f"status.{row.status}"),
            at=show.time(row.judged_us, scene.zone(row.hub_id)),
            by=scene.name(row.decided_by) if row.decided_by else "",
            same_order=row.order_id == item.order_id,
            link=f"/review/{row.review_id}" if row.review_id else f"/decision/{row.id}",
        )
        for row in scene.tx.execute(query)
    )


def moved(scene: Scene, item: ReviewItem, zone: ZoneInfo) -> tuple[Moved, ...]:
    """Return the difference between what the hold stood on and what is so now."""
    if not item.changed:
        return ()
    currency = scene.currency(item.order_id, item.action.money)
    return tuple(
        Moved(
            fact=scene.words(f"fact.{fact.removesuffix('_us').removesuffix('_minor')}"),
            entity=_entity(scene, entity),
            before=_fact(scene, fact, before, currency, zone),
            now=_fact(scene, fact, now, currency, zone),
        )
        for entity, fact, before, now in item.changed
    )


def _entity(scene: Scene, entity: str) -> str:
    kind, _, name = entity.partition("/")
    return f"{scene.words(f'part.{kind}')} {name}"


def _fact(scene: Scene, fact: str, raw: str | int | None, currency: str, zone: ZoneInfo) -> str:
    if raw is None:
        return "–"
    if fact.endswith("_us") and isinstance(raw, int):
        return scene.show.time(raw, zone)
    if fact.endswith("_minor") and isinstance(raw, int) and currency:
        return scene.show.minor(raw, currency)
    return scene.words(f"is.{raw}") if fact == "status" else str(raw)
