"""What a person can do with a hold other than decide: claim, edit, ask, answer, escalate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from makegood.api.console import edits
from makegood.api.reviewed import notes_of
from makegood.domain.authority import WAITING_REVIEWS

if TYPE_CHECKING:
    from makegood.api.console.scene import Scene
    from makegood.gates.reviews import ReviewItem
    from makegood.ledger.privacy import Vault


@dataclass(frozen=True, slots=True)
class Said:
    """A question or an answer as it is shown."""

    kind: str
    who: str
    at: str
    words: str


def tools(scene: Scene, vault: Vault, item: ReviewItem) -> dict[str, Any]:
    """Return what a person can do with a hold, and what was asked and answered on it."""
    zone = scene.zone(item.hub_id)
    claimed = bool(item.claimed_by) and (item.claimed_until_us or 0) > scene.now_us
    ladder = scene.policies.approvals.deadline.ladder
    return {
        "item": item,
        "open": item.status in WAITING_REVIEWS and scene.may_decide,
        "claimed_by_me": claimed and item.claimed_by == scene.who.id,
        "claimed": claimed,
        "claim_minutes": scene.policies.approvals.claim_minutes,
        "fields": edits.fields(scene, item),
        "can_climb": item.level < len(ladder),
        "said_before": tuple(
            Said(
                kind=note.kind,
                who=scene.name(note.person_id),
                at=scene.show.second(note.at_us, zone),
                words=note.words,
            )
            for note in notes_of(scene.tx, vault, item.id)
        ),
    }
