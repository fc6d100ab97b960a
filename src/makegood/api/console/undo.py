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
    """One approval that is not carried out yet.

    `seconds` are left to take it back, as the person lives them, however fast the house's clock is.
    """

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
            seconds=_left(scene, item.decided_us, item.approving_until_us),
            at=scene.show.second(item.approving_until_us, scene.zone(item.hub_id)),
        )
        for item in sorted(found, key=lambda one: one.approving_until_us or 0, reverse=True)
        if item.approving_until_us is not None
    )


def _left(scene: Scene, from_us: int | None, until_us: int) -> int:
    left_us = max(0, until_us - scene.now_us)
    if from_us is None or from_us >= until_us:
        return left_us // SECOND
    return scene.policies.approvals.undo_seconds * left_us // (until_us - from_us)
