"""Writing approvals: grants, the ends of their reviews, and what else they move, all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from makegood.clock import MINUTE
from makegood.domain.authority import ActionStatus, ObligationStatus, ReviewStatus
from makegood.domain.canonical import derive_id
from makegood.domain.policy import Watched
from makegood.gates import obligations, review_records, review_settling
from makegood.gates.review_items import get
from makegood.gates.review_records import Step
from makegood.gates.terms import Terms
from makegood.ledger.kinds import EntryKind
from makegood.store import tables
from makegood.store.sql import insert, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makegood.gates.obligations import Owed
    from makegood.gates.review_items import ReviewItem
    from makegood.gates.sitting import Sitting

GRANT: Final = table(tables.authority.Grant)


@dataclass(frozen=True, slots=True)
class Yes:
    """An approval that is to be granted, and what it would settle as that stood before."""

    review: ReviewItem
    terms: Terms
    owed: Owed
    owns: bool


def say(sitting: Sitting, review: ReviewItem, given_by: str) -> Yes:
    """Decide on a grant, so that what is decided later in this sitting knows of it.

    Raises:
        Conflict: what it would settle is settled, or another action is settling it.

    """
    owed = sitting.owed[review.obligation_id]
    yes = Yes(review, _terms(sitting, review, given_by), owed, sitting.owns(review))
    sitting.take(review)
    sitting.board.sample(sitting.subject(review), Watched.REJECTIONS, bad=False)
    return yes


def write(sitting: Sitting, said: Sequence[Yes], **decided: str | int) -> None:
    """Write the grants of what was approved; `decided` says by whom and when, where not yet."""
    if not said:
        return
    tx, now_us = sitting.tx, sitting.now_us
    for yes in said:
        if not yes.owns:
            _take_over(sitting, yes)
    ids = [yes.review.id for yes in said]
    review_records.end_many(tx, ids, ReviewStatus.APPROVED, **decided)
    insert(tx, GRANT, [yes.terms.row() for yes in said])
    review_records.act(tx, [yes.review.action_id for yes in said], ActionStatus.GRANTED)
    steps = [Step(yes.review, yes.terms.given_by, _body(yes)) for yes in said]
    review_records.record_many(tx, EntryKind.REVIEW_APPROVED, steps, now_us)
    sitting.board.save(tx)


def _take_over(sitting: Sitting, yes: Yes) -> None:
    """Make an action the owner of what it settles; a hold that owned it is superseded."""
    tx, review, owed = sitting.tx, yes.review, yes.owed
    obligations.take_over(tx, owed, review.action_id, review.digest, review.action.money)
    if owed.status is ObligationStatus.OPEN:
        other = get(tx, derive_id("rev", owed.action_id))
        review_settling.supersede(tx, other, review.id, sitting.now_us)


def _terms(sitting: Sitting, review: ReviewItem, given_by: str) -> Terms:
    rulebook = sitting.rulebook
    return Terms(
        action_id=review.action_id,
        obligation_id=review.obligation_id,
        digest=review.digest,
        policy_digest=rulebook.policy_digest,
        fingerprint=review.fingerprint,
        given_by=given_by,
        granted_us=sitting.now_us,
        expires_us=sitting.now_us + rulebook.policies.approvals.grant_minutes * MINUTE,
        # A review that is approved again gives another grant.
        turn=review.version,
    )


def _body(yes: Yes) -> dict[str, Any]:
    review = yes.review
    return {
        "grant_id": yes.terms.grant_id,
        "digest": review.digest,
        "fingerprint": review.fingerprint,
        "first_by": review.first_by,
    }
