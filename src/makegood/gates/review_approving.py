"""Approving: what must be true of each hold, and what is written of all of them together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makegood.domain.authority import ReviewStatus
from makegood.errors import Conflict, NotAllowed
from makegood.gates import review_authority, review_granting, review_records
from makegood.gates.review_records import Step
from makegood.gates.review_types import Approval, Choice, Decider
from makegood.ledger.kinds import EntryKind

if TYPE_CHECKING:
    from makegood.gates.review_granting import Yes
    from makegood.gates.review_items import ReviewItem
    from makegood.gates.sitting import Sitting


@dataclass(slots=True)
class Approving:
    """One person's yes to some of a sitting's reviews; nothing of it is there before `write`.

    With `undo_us` there are no grants yet but windows, in which the person may take it back.
    """

    sitting: Sitting
    by: Decider
    undo_us: int = 0
    granted: list[Yes] = field(default_factory=list["Yes"])
    windows: list[ReviewItem] = field(default_factory=list["ReviewItem"])
    seconds: list[ReviewItem] = field(default_factory=list["ReviewItem"])

    def approve(self, choice: Choice) -> Approval:
        """Approve what the reviewer saw; what has moved is marked at once, and not approved.

        Raises:
            NotFound: there is no such review.
            Conflict: it was decided already, its deadline has passed, somebody else has taken it,
                nothing may go out, or its obligation is settled.
            NotAllowed: policy does not let this person decide it.

        """
        sitting, by = self.sitting, self.by
        review = sitting.review(choice.review_id)
        review_authority.require_waiting(sitting.tx, review, sitting.now_us)
        review_authority.require_unclaimed(sitting.tx, review, by, sitting.now_us)
        beside = sitting.tally.beside(review.action)
        rule = review_authority.require(review, by, sitting.rulebook.policies, beside)
        if sitting.is_refused(review):
            cause = review.action.cause
            raise Conflict(f"a person said no to a {review.action.kind} here for {cause}")
        sitting.require_passage(review)
        if choice.seen != review.seen or sitting.moved(review):
            return sitting.not_as_seen(review)
        if review.changed and (why := sitting.void_if_material(review)):
            return Approval(review.id, ReviewStatus.VOID, "", why)
        sitting.require_true(review)
        if rule.deciders > 1 and not sitting.first_yes(review, rule):
            return self._first_of_two(review)
        if rule.deciders > 1 and review.first_by == by.person_id:
            raise NotAllowed("you approved it already; a second person must approve it too")
        return self._begin_window(review) if self.undo_us > 0 else self._grant(review)

    def write(self) -> None:
        """Write what was approved, in a few statements however much it is."""
        sitting, by = self.sitting, self.by.person_id
        self._write_seconds()
        self._write_windows()
        review_granting.write(sitting, self.granted, decided_by=by, decided_us=sitting.now_us)
        sitting.tally.save(sitting.tx)

    def _first_of_two(self, review: ReviewItem) -> Approval:
        self.seconds.append(review)
        detail = "a second person must approve it too"
        return Approval(review.id, ReviewStatus.OPEN, "", detail)

    def _begin_window(self, review: ReviewItem) -> Approval:
        self.sitting.owns(review)
        self.sitting.tally.count(review)
        self.windows.append(review)
        return Approval(review.id, ReviewStatus.APPROVING, "", "")

    def _grant(self, review: ReviewItem) -> Approval:
        yes = review_granting.say(self.sitting, review, self.by.person_id)
        self.sitting.tally.count(review)
        self.granted.append(yes)
        return Approval(review.id, ReviewStatus.APPROVED, yes.terms.grant_id, "")

    def _write_seconds(self) -> None:
        values = {
            "first_by": self.by.person_id,
            "first_roles": " ".join(sorted(self.by.roles)),
            "claimed_by": "",
            "claimed_until_us": None,
        }
        ids = [review.id for review in self.seconds]
        review_records.update_many(self.sitting.tx, ids, values)
        steps = [Step(r, self.by.person_id, {"digest": r.digest}) for r in self.seconds]
        self._record(EntryKind.REVIEW_SECONDED, steps)

    def _write_windows(self) -> None:
        until_us = self.sitting.now_us + self.undo_us
        review_records.end_many(
            self.sitting.tx,
            [review.id for review in self.windows],
            ReviewStatus.APPROVING,
            decided_by=self.by.person_id,
            decided_us=self.sitting.now_us,
            approving_until_us=until_us,
        )
        by = self.by.person_id
        steps = [Step(r, by, {"until_us": until_us, "digest": r.digest}) for r in self.windows]
        self._record(EntryKind.REVIEW_APPROVING, steps)

    def _record(self, kind: EntryKind, steps: list[Step]) -> None:
        review_records.record_many(self.sitting.tx, kind, steps, self.sitting.now_us)
