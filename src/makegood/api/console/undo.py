"""What the person who looks has approved and can still take back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from makegood.clock import SECOND
from makegood.domain.authority import ReviewStatus
from makegood.gates import review_items
from makegood.gates.review_items import REVIEW

if TYPE_CHECKING:
    from makegood.api.console.scene import Scene

_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Undo:
    """One approval that is not carried out yet: how many seconds are left to take it back."""

    id: str
    sentence: str
    seconds: int
    at: str


def mine(scene: Scene) -> tuple[Undo, ...]:
    """Return the approvals of this person that wait for their undo window to end."""
    waiting = select(REVIEW.c.id).where(
        REVIEW.c.status == ReviewStatus.APPROVING.value, REVIEW.c.decided_by == scene.who.id
    )
    ids = list(scene.tx.execute(waiting.order_by(REVIEW.c.id).limit(_MOST)).scalars())
    found = review_items.some(scene.tx, ids)
    return tuple(
        Undo(
            id=item.id,
            sentence=scene.speak.action(item.action, scene.zone(item.hub_id)),
            seconds=max(0, (item.approving_until_us - scene.now_us) // SECOND),
            at=scene.show.second(item.approving_until_us, scene.zone(item.hub_id)),
        )
        for item in sorted(found, key=lambda one: one.approving_until_us or 0, reverse=True)
        if item.approving_until_us is not None
    )
