"""A sitting: reviews that are decided together, with all that they touch locked and read at once.

What is decided is gathered here and written by `review_granting` and `review_rejecting` in a few
statements, however many reviews there are. Until then the sitting itself knows what its earlier
decisions mean for the later ones: money that counts by now, and an obligation that is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from makegood.domain.authority import ActionStatus, ObligationStatus, ReviewStatus
from makegood.domain.canonical import derive_id
from makegood.errors import Conflict, NotFound
from makegood.gates import (
    bypass,
    fingerprints,
    kill,
    names,
    obligations,
    persons,
    rejections,
    review_records,
    review_settling,
    velocity,
)
from makegood.gates.review_items import ACTION, get
from makegood.gates.review_limits import Tally
from makegood.gates.review_types import Approval
from makegood.gates.rules import tool_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from makegood.domain.policies_approvals import ApprovalRule
    from makegood.gates.obligations import Owed
    from makegood.gates.review_items import ReviewItem
    from makegood.gates.rules import Rulebook


@dataclass(slots=True)
class Sitting:
    """Some reviews as one transaction sees them, and what else their decisions rest on.

    `reviews` are by id, hub by hub; `granted` are the ids of actions that this sitting has decided
    to grant, and `gone` the persons among the deciders who have lost every right.
    """

    tx: Connection
    rulebook: Rulebook
    now_us: int
    reviews: dict[str, ReviewItem]
    owed: dict[str, Owed]
    subjects: dict[str, velocity.Subject]
    board: velocity.Board
    tally: Tally
    entities: fingerprints.Entities
    said_no: frozenset[rejections.About]
    switches: kill.Switches
    gone: frozenset[str]
    granted: set[str] = field(default_factory=set[str])

    @classmethod
    def of(
        cls,
        tx: Connection,
        rulebook: Rulebook,
        review_ids: Sequence[str],
        now_us: int,
        *,
        moves_breakers: bool = True,
    ) -> Sitting:
        """Lock and read what deciding some reviews touches; those that there are not are left out.

        The order is everybody's: reviews, obligations, breakers, counters. Breakers are only read
        where nothing is granted yet, so that nobody waits for them.
        """
        found, owed = review_settling.lock_owed(tx, review_ids)
        actions = [review.action for review in found]
        policies = rulebook.policies
        subjects = {review.id: _subject(rulebook, review) for review in found}
        rules = policies.breakers.velocity
        return cls(
            tx,
            rulebook,
            now_us,
            {review.id: review for review in found},
            owed,
            subjects,
            velocity.board(tx, rules, subjects.values(), now_us, lock=moves_breakers),
            Tally.of(tx, found, policies, now_us),
            fingerprints.load(tx, [action.stands_on() for action in actions]),
            rejections.standing(tx, actions),
            kill.read(tx),
            persons.gone(tx, _deciders(found)),
        )

    def review(self, review_id: str) -> ReviewItem:
        """Return a review of this sitting; raise NotFound when there is none of that id."""
        found = self.reviews.get(review_id)
        if found is None:
            raise NotFound(f"no review {review_id}")
        return found

    def subject(self, review: ReviewItem) -> velocity.Subject:
        """Return a held action as breakers see it, with the tool that would carry it out."""
        return self.subjects[review.id]

    def moved(self, review: ReviewItem) -> bool:
        """Say whether what a review stands on has moved; it is marked, whatever else is decided."""
        digest = self.rulebook.policy_digest
        return review_records.moved(self.tx, review, self.now_us, digest, self.entities)

    def again(self, review: ReviewItem) -> ReviewItem:
        """Return a review, and what it would settle, as they stand after something was written."""
        new = self.reviews[review.id] = get(self.tx, review.id)
        self.owed |= obligations.load(self.tx, [review.obligation_id])
        return new

    def void_if_material(self, review: ReviewItem) -> str:
        """End a stale review where policy calls what moved material; return why, or nothing."""
        policies = self.rulebook.policies
        why = review_records.void_if_material(self.tx, review.id, policies, self.now_us)
        self.again(review)
        return why

    def not_as_seen(self, review: ReviewItem) -> Approval:
        """Say of a review that it is not what the page showed: stale with what moved, or void."""
        if why := self.void_if_material(review):
            return Approval(review.id, ReviewStatus.VOID, "", why)
        detail = _stale_text(review, self.reviews[review.id])
        return Approval(review.id, ReviewStatus.STALE, "", detail)

    def require_true(self, review: ReviewItem) -> None:
        """Raise Conflict where an action says of its entity what is not so (any more)."""
        if untrue := names.trouble(review.action, self.entities):
            raise Conflict(f"{untrue}; reject it, and it is proposed anew")

    def is_refused(self, review: ReviewItem) -> bool:
        """Say whether a person has said no to the same."""
        return rejections.about(review.action) in self.said_no

    def require_passage(self, review: ReviewItem) -> None:
        """Check that what is approved could go out now; the spend looks again, under lock.

        Raises:
            Conflict: a kill switch is set over it, or a breaker over it is open or has no probe
                left, and no bypass lifts that.

        """
        action, agent = review.action, review.agent
        if scope := self.switches.stops(action, agent):
            raise Conflict(f"the kill switch for {scope} is set; it must be cleared before")
        stop = self.board.blocked(self.subject(review))
        if stop is not None and not bypass.in_force(self.tx, self.now_us).over(action, agent):
            raise Conflict(f"{stop.why}; a person can reset it")

    def first_yes(self, review: ReviewItem, rule: ApprovalRule) -> str:
        """Return who of two has approved a review already, if that counts by a rule.

        The yes of who left is none, and neither is one of a role that the rule does not ask for:
        what else was approved meanwhile may have lifted the hold past it.
        """
        has_role = not frozenset(rule.roles).isdisjoint(review.first_roles)
        return review.first_by if has_role and review.first_by not in self.gone else ""

    def owns(self, review: ReviewItem) -> bool:
        """Say whether an action owns its obligation.

        Raises:
            Conflict: it is settled, or another action is settling it.

        """
        owed = self.owed[review.obligation_id]
        if owed.status is ObligationStatus.RELEASED:
            return False
        if owed.status is not ObligationStatus.OPEN:
            raise Conflict(f"what it would settle is {owed.status} already, by {owed.action_id}")
        if owed.action_id == review.action_id:
            return True
        status = self._status(owed.action_id)
        if status != ActionStatus.HELD:
            raise Conflict(f"{owed.action_id} settles the same, and is {status}")
        return False

    def supersede(self, review_id: str, by: str) -> None:
        """Remember that a review of this sitting is made needless by another one."""
        if review_id in self.reviews:
            self.reviews[review_id] = replace(
                self.reviews[review_id],
                status=ReviewStatus.SUPERSEDED,
                decided_us=self.now_us,
                replaced_by=by,
            )

    def take(self, review: ReviewItem) -> None:
        """Remember that an action owns what it would settle, and is granted."""
        owed = self.owed[review.obligation_id]
        mine = owed._replace(action_id=review.action_id, status=ObligationStatus.OPEN)
        self.owed[owed.id] = mine
        self.granted.add(review.action_id)
        if owed.action_id != review.action_id and owed.status is ObligationStatus.OPEN:
            self.supersede(derive_id("rev", owed.action_id), review.id)

    def _status(self, action_id: str) -> str:
        if action_id in self.granted:
            return ActionStatus.GRANTED
        query = select(ACTION.c.status).where(ACTION.c.id == action_id).with_for_update()
        return self.tx.execute(query).scalar_one()


def _subject(rulebook: Rulebook, review: ReviewItem) -> velocity.Subject:
    tool = tool_of(rulebook.adapters, review.action.kind)
    return velocity.Subject(review.action, review.agent, tool)


def _deciders(reviews: Iterable[ReviewItem]) -> Iterable[str]:
    for review in reviews:
        yield review.first_by
        yield review.decided_by


def _stale_text(was: ReviewItem, review: ReviewItem) -> str:
    moved = [f"{fact} of {ref} was {then}, is {now}" for ref, fact, then, now in review.changed]
    if was.policy_digest != review.policy_digest:
        moved.append("the policies are others than when it was held")
    return "; ".join(moved) or "it is not what the page showed; look again"
