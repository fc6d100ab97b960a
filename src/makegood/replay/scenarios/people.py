"""People at the review desk: how often they look, how long they think, and what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from makegood.clock import MINUTE
from makegood.domain.authority import ReviewStatus
from makegood.domain.frozen import Frozen
from makegood.domain.roles import Role
from makegood.errors import Conflict, NotAllowed
from makegood.gates import reviews
from makegood.gates.reviews import Decider, Reason, ReviewItem

if TYPE_CHECKING:
    from makegood.replay.stage import Stage


class Says(StrEnum):
    """What somebody says to what is held: yes, no, or each in turn."""

    YES = "approve"
    NO = "reject"
    BOTH = "both"


class Reviewer(Frozen):
    """Somebody at the desk, who looks every so often and decides on what they then saw.

    They think for `thinks_minutes` between seeing a hold and deciding on it, so that its facts may
    move meanwhile. Two who look at the same minute race for the same holds.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    says: Says = Says.YES
    from_minutes: Annotated[float, Field(ge=0)] = 0
    until_minutes: Annotated[float, Field(gt=0)] = 24 * 60
    every_minutes: Annotated[float, Field(gt=0)] = 2
    thinks_minutes: Annotated[float, Field(ge=0)] = 0
    most: Annotated[int, Field(ge=1)] = 50


class Desk:
    """What people at the desk of one stage did."""

    def __init__(self, stage: Stage, people: Sequence[Reviewer]) -> None:
        """Seat everybody."""
        self._stage = stage
        self._starts_us = stage.clock.now_us()
        self._turns = 0
        self.counts: Counter[str] = Counter()
        for person in people:
            first_us = self._starts_us + round(person.from_minutes * MINUTE)
            stage.every(first_us, round(person.every_minutes * MINUTE), self._look_of(person))

    def _look_of(self, person: Reviewer) -> _Look:
        return _Look(self, person)

    def look(self, person: Reviewer) -> None:
        """Let somebody see the queue now, and decide on it when they have thought."""
        stage = self._stage
        now_us = stage.clock.now_us()
        if now_us - self._starts_us > person.until_minutes * MINUTE or not stage.is_up:
            return
        with stage.store.read() as tx:
            seen = reviews.queue(tx, limit=person.most)
        if not seen:
            return
        self.counts["seen"] += len(seen)
        decided_us = now_us + round(person.thinks_minutes * MINUTE)
        stage.at(decided_us, lambda: self.decide(person, seen))

    def decide(self, person: Reviewer, seen: Sequence[ReviewItem]) -> None:
        """Let somebody say what they think of what they saw."""
        for item in seen if self._stage.is_up else ():
            self._turns += 1
            is_yes = person.says is Says.YES or (person.says is Says.BOTH and self._turns % 2 == 1)
            try:
                self.counts[self._say(person, item, is_yes=is_yes)] += 1
            except Conflict:
                self.counts["conflict"] += 1
            except NotAllowed:
                self.counts["not_allowed"] += 1

    def _say(self, person: Reviewer, item: ReviewItem, *, is_yes: bool) -> str:
        house, now_us = self._stage.house, self._stage.clock.now_us()
        decider = Decider(f"person_{person.name}", frozenset({Role.SUPERVISOR}))
        with house.store.write() as tx:
            if not is_yes:
                no = Reason.OTHER_REMEDY
                reviews.reject(tx, item.id, decider, no, None, now_us, house.rulebook)
                return "rejected"
            made = reviews.approve(tx, item.id, decider, item.seen, now_us, house.rulebook)
        return "seconded" if made.status is ReviewStatus.OPEN else str(made.status)


class _Look:
    def __init__(self, desk: Desk, person: Reviewer) -> None:
        self._desk, self._person = desk, person

    def __call__(self) -> None:
        self._desk.look(self._person)
