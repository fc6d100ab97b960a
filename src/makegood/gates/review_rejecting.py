"""Rejecting: a person's no to some holds, final for each, and the end of all others of the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from makegood.domain.authority import ActionStatus, ObligationStatus, ReviewStatus
from makegood.domain.policy import Watched
from makegood.errors import NotFound
from makegood.gates import rejections, review_authority, review_records, review_settling
from makegood.gates.review_items import some
from makegood.gates.review_records import Step
from makegood.gates.review_types import Approval, Choice, Decider, Reason
from makegood.gates.sitting import Sitting
from makegood.ledger.kinds import EntryKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from makegood.gates.review_items import ReviewItem
    from makegood.gates.rules import Rulebook


@dataclass(frozen=True, slots=True)
class No:
    """Who says no, and the reason that they chose."""

    by: Decider
    reason: Reason


@dataclass(slots=True)
class Rejecting:
    """One person's no to some of a sitting's reviews; nothing of it is there before `write`."""

    sitting: Sitting
    no: No
    rejected: list[ReviewItem] = field(default_factory=list["ReviewItem"])

    @classmethod
    def of(
        cls, tx: Connection, rulebook: Rulebook, review_ids: Sequence[str], no: No, now_us: int
    ) -> Rejecting:
        """Lock some reviews together with the other holds of the same, which a no ends.

        Raises:
            NotFound: there is none of them.

        """
        actions = [review.action for review in some(tx, review_ids)]
        if not actions:
            raise NotFound(f"no review {', '.join(review_ids)}")
        ids = sorted({*review_ids, *review_settling.same(tx, actions)})
        return cls(Sitting.of(tx, rulebook, ids, now_us), no)

    def reject(self, review_id: str) -> Approval:
        """Say no to one.

        Raises:
            NotFound: there is no such review.
            Conflict: it was decided already, its deadline has passed, or somebody else has it.
            NotAllowed: policy does not let this person decide it.

        """
        review = self._decidable(review_id)
        self.rejected.append(review)
        return Approval(review_id, ReviewStatus.REJECTED, "", "")

    def reject_as_seen(self, choice: Choice) -> Approval:
        """Say no to one as the page showed it; what has moved is marked, and asks again.

        Raises:
            NotFound: there is no such review.
            Conflict: it was decided already, its deadline has passed, or somebody else has it.
            NotAllowed: policy does not let this person decide it.

        """
        review = self._decidable(choice.review_id)
        if choice.seen != review.seen or self.sitting.moved(review):
            return self.sitting.not_as_seen(review)
        return self.reject(choice.review_id)

    def write(self, comments: Mapping[str, bytes | None]) -> None:
        """Write the no, by the ids of the reviews with the words that were sealed for each."""
        sitting, rejected = self.sitting, self.rejected
        tx, now_us = sitting.tx, sitting.now_us
        action_ids = [review.action_id for review in rejected]
        self._end(comments)
        rejections.record(tx, rejected, now_us)
        owed = ObligationStatus.REJECTED
        review_records.end_action(tx, action_ids, ActionStatus.REJECTED, owed)
        for review in rejected:
            sitting.board.sample(sitting.subject(review), Watched.REJECTIONS, bad=True)
        by = self.no.by.person_id
        steps = [Step(r, by, self._body(comments.get(r.id))) for r in rejected]
        review_records.record_many(tx, EntryKind.REVIEW_REJECTED, steps, now_us)
        self._supersede_same()
        sitting.board.save(tx)

    def _decidable(self, review_id: str) -> ReviewItem:
        sitting, by = self.sitting, self.no.by
        review = sitting.review(review_id)
        review_authority.require_waiting(sitting.tx, review, sitting.now_us)
        review_authority.require_unclaimed(sitting.tx, review, by, sitting.now_us)
        review_authority.require_role(review, by, sitting.rulebook.policies)
        return review

    def _end(self, comments: Mapping[str, bytes | None]) -> None:
        tx, now_us = self.sitting.tx, self.sitting.now_us
        said: dict[str, Any] = {"decided_by": self.no.by.person_id, "reason": self.no.reason}
        silent = [review.id for review in self.rejected if comments.get(review.id) is None]
        end = review_records.end_many
        end(tx, silent, ReviewStatus.REJECTED, decided_us=now_us, comment=None, **said)
        for review in self.rejected:
            words = comments.get(review.id)
            if words is not None:
                one = [review.id]
                end(tx, one, ReviewStatus.REJECTED, decided_us=now_us, comment=words, **said)

    def _body(self, comment: bytes | None) -> dict[str, Any]:
        return {"reason": self.no.reason, "comment_sealed": comment is not None}

    def _supersede_same(self) -> None:
        """End the other holds of what was just rejected."""
        sitting = self.sitting
        by = {rejections.about(review.action): review.id for review in self.rejected}
        for review_id in review_settling.same(sitting.tx, [r.action for r in self.rejected]):
            other = sitting.review(review_id)
            ender = by[rejections.about(other.action)]
            review_settling.supersede(sitting.tx, other, ender, sitting.now_us)
