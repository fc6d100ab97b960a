"""Questions and answers: somebody may ask for more before a hold is decided."""

from __future__ import annotations

import pytest

from makegood.domain.authority import ReviewStatus
from makegood.errors import Conflict
from makegood.gates import reviews
from makegood.gates.reviews import Decider, NoteKind
from makegood.ledger.kinds import EntryKind
from tests.gates import desk
from tests.gates.world import SECOND, SUPERVISOR, World


def ask(world: World, review_id: str, by: Decider = SUPERVISOR) -> reviews.ReviewItem:
    with world.store.write() as tx:
        return reviews.ask(tx, review_id, by, b"sealed question", world.clock.now_us())


def answer(world: World, review_id: str, by: Decider = SECOND) -> reviews.ReviewItem:
    with world.store.write() as tx:
        return reviews.answer(tx, review_id, by, b"sealed answer", world.clock.now_us())


def test_a_question_stands_until_it_is_answered(world: World) -> None:
    review_id = desk.hold(world)
    asked = ask(world, review_id)
    assert (asked.asked_by, asked.asked_us) == ("per_supervisor", world.clock.now_us())
    with pytest.raises(Conflict, match="per_supervisor has asked something already"):
        ask(world, review_id, SECOND)
    world.pass_time(1)
    answered = answer(world, review_id)
    assert (answered.asked_by, answered.asked_us) == ("", None)
    with world.store.read() as tx:
        written = reviews.notes(tx, review_id)
    assert [(n.kind, n.person_id, n.words) for n in written] == [
        (NoteKind.QUESTION, "per_supervisor", b"sealed question"),
        (NoteKind.ANSWER, "per_second", b"sealed answer"),
    ]
    with pytest.raises(Conflict, match="nobody has asked"):
        answer(world, review_id)
    told = world.told(EntryKind.REVIEW_ASKED, EntryKind.REVIEW_ANSWERED)
    assert [e.actor for e in told] == ["per_supervisor", "per_second"]
    assert not any("sealed" in repr(e.body) for e in told)


def test_a_question_moves_no_deadline_and_keeps_nobody_from_deciding(quick: World) -> None:
    review_id = desk.hold(quick)
    before = quick.review(review_id)
    asked = ask(quick, review_id)
    assert (asked.deadline_us, asked.seen) == (before.deadline_us, before.seen)
    assert quick.approve(review_id, by=SECOND).status is ReviewStatus.APPROVED
    for write in (ask, answer):
        with pytest.raises(Conflict, match="was approved by per_second"):
            write(quick, review_id)
