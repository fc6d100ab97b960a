"""A hold and what is written on it, as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from makegood.api.routes.listing import Out
from makegood.domain.actions import Action
from makegood.domain.authority import ReviewStatus
from makegood.gates import reviews

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.ledger.privacy import Vault


class ReviewOut(Out):
    """A hold; `seen` must come back with a decision, and stands for exactly what is shown here.

    `changed` lists facts that moved since it was opened: entity, fact, before, now. `priority` is
    the instant by which it should be looked at; the least comes first.
    """

    id: str
    status: ReviewStatus
    action_id: str
    run_id: str
    incident_id: str
    proposal_id: str
    agent: str
    hub_id: str
    order_id: str
    customer_id: str
    action: Action
    digest: str
    fingerprint: str
    seen: str
    rules: tuple[str, ...]
    why: str
    opened_us: int
    deadline_us: int
    first_by: str
    decided_by: str
    decided_us: int | None
    reason: str
    changed: tuple[tuple[str, str, str | int | None, str | int | None], ...]
    priority: int
    claimed_by: str = Field(description="Who has taken it, until `claimed_until_us`.")
    claimed_until_us: int | None
    level: int = Field(description="How many rungs of the escalation ladder it has climbed.")
    warned_us: int | None
    approving_until_us: int | None = Field(description="Until when its approval can be undone.")
    edited_by: str
    delegated_by: str = Field(description="Who passed it on, and so leaves it to others.")
    asked_by: str
    asked_us: int | None = Field(description="When a question was put that is not answered yet.")
    replaced_by: str = Field(description="The review that took its place.")
    note: str = Field(description="Why it turned void.")
    editable: tuple[str, ...] = Field(description="The fields of the action that can be changed.")


class NoteOut(Out):
    """A question or an answer; `words` are empty where the customer was erased."""

    id: str
    kind: reviews.NoteKind
    person_id: str
    at_us: int
    words: str


def notes_of(tx: Connection, vault: Vault, review_id: str) -> tuple[NoteOut, ...]:
    """Return what was asked and answered on a hold, oldest first.

    Raises:
        NotFound: there is no such review.

    """
    review = reviews.get(tx, review_id)
    written = reviews.notes(tx, review_id)
    person = seal_under(review)
    key = vault.keys(tx, [person]).get(person) if written else None
    return tuple(
        NoteOut(
            id=note.id,
            kind=note.kind,
            person_id=note.person_id,
            at_us=note.at_us,
            words=key.unseal(note.words, review_id.encode()).decode() if key else "",
        )
        for note in written
    )


def seal_under(review: reviews.ReviewItem) -> str:
    """Return the person whose key seals what people write on a hold: it may speak of them."""
    return review.customer_id or review.order_id
