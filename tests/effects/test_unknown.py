"""Unknown outcomes: repeated, read back or left to a person, as the tool declares; never lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from makegood.clock import DAY, MINUTE, SECOND
from makegood.domain.actions import ActionKind
from makegood.domain.effects import EffectStatus, Repeat
from makegood.effects import reads, reconcile
from makegood.effects.boundary import Point
from makegood.errors import Conflict, NotFound
from makegood.ledger.kinds import EntryKind
from tests.effects.crashing import Died, DiesAt
from tests.gates.world import (
    ACTION,
    EFFECT,
    MONEY,
    OBLIGATION,
    SUPERVISOR,
    Books,
    facts_for,
    refund,
)

if TYPE_CHECKING:
    from makegood.domain.effects import Outcome
    from tests.gates.world import World

REFUND = ActionKind.REFUND
DONE, UNDONE = "silent, done", "silent, undone"


def silent(world: World, repeat: Repeat, mood: str) -> Books:
    """Approve and send a refund to a tool that falls silent."""
    tool = world.adapter(REFUND, repeat)
    tool.mood = mood
    world.approve(world.held(refund(world.order("o"))).id)
    world.settle()
    effect = world.row(EFFECT)
    assert (effect.status, effect.detail) == ("unknown", "timed out")
    return tool


def decide(world: World, status: EffectStatus, effect_id: str = "") -> None:
    with world.store.write() as tx:
        reconcile.decide(
            tx,
            effect_id or world.row(EFFECT).id,
            status,
            SUPERVISOR.person_id,
            "I rang them up",
            world.clock.now_us(),
        )


@pytest.mark.parametrize("mood", [DONE, UNDONE])
def test_an_idempotent_tool_is_called_again_under_the_same_key(world: World, mood: str) -> None:
    tool = silent(world, Repeat.IDEMPOTENT, mood)
    tool.mood = "well"
    assert world.settle(minutes=1) == 1
    effect = world.row(EFFECT)
    assert (effect.status, effect.attempts) == ("confirmed", 2)
    assert list(tool.done) == [effect.key]
    assert tool.paid() == 1990


@pytest.mark.parametrize("mood", [DONE, UNDONE])
def test_a_queryable_tool_is_asked_before_it_is_called_again(world: World, mood: str) -> None:
    tool = silent(world, Repeat.QUERYABLE, mood)
    tool.mood = "well"
    assert world.settle() == 0, "a call may still be under way"
    assert tool.looks == 0
    assert world.moved(minutes=1) == 1
    assert (tool.calls, tool.looks) == (2 if mood == UNDONE else 1, 1)
    assert world.row(EFFECT).status == "confirmed"
    assert tool.twice == []
    assert tool.paid() == 1990


def test_a_queryable_tool_is_not_asked_while_its_last_call_may_be_under_way(world: World) -> None:
    tool = silent(world, Repeat.QUERYABLE, UNDONE)
    world.settle(minutes=1)
    assert (tool.calls, tool.looks) == (2, 1)
    world.clock.advance(MINUTE - 1)
    world.settle()
    assert (tool.calls, tool.looks) == (2, 1)
    world.clock.advance(1)
    world.settle()
    assert (tool.calls, tool.looks) == (3, 2)


def test_a_queryable_tool_that_cannot_answer_is_not_called(world: World) -> None:
    tool = silent(world, Repeat.QUERYABLE, DONE)
    tool.mood = "blind"
    for _ in range(5):
        assert world.moved(minutes=10) == 1, "why nobody knows is news as well"
    assert (tool.calls, tool.twice) == (1, [])
    assert world.row(EFFECT).status == "unknown"
    tool.mood = "well"
    world.settle(minutes=10)
    assert world.row(EFFECT).status == "confirmed"


@pytest.mark.parametrize("answers", [(), (None, None), None, ("ok",)])
def test_a_look_up_that_does_not_answer_each_key_is_no_answer(
    world: World, answers: tuple[Outcome | None, ...]
) -> None:
    class Odd(Books):
        def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
            return answers

    tool = world.books[REFUND] = Odd(facts_for(REFUND, Repeat.QUERYABLE))
    world.restart()
    tool.mood = DONE
    world.approve(world.held(refund(world.order("o"))).id)
    world.settle()
    tool.mood = "well"
    world.settle(minutes=1)
    assert world.row(EFFECT).detail == "the tool did not answer for each key"
    assert tool.calls == 1


@pytest.mark.parametrize("mood", [DONE, UNDONE])
@pytest.mark.parametrize(
    ("status", "owed", "money"),
    [(EffectStatus.CONFIRMED, "settled", 1990), (EffectStatus.FAILED, "released", 0)],
)
def test_a_person_decides_where_the_tool_can_neither_repeat_nor_look_up(
    world: World, mood: str, status: EffectStatus, owed: str, money: int
) -> None:
    tool = silent(world, Repeat.NEITHER, mood)
    assert world.row(EFFECT).next_us is None
    tool.mood = "well"
    for _ in range(3):
        assert world.settle(minutes=600) == 0
    assert (tool.calls, tool.looks) == (1, 0)
    decide(world, status)
    assert world.row(EFFECT).status == status
    assert world.row(ACTION).status == status
    assert world.row(OBLIGATION).status == owed
    assert world.row(MONEY).committed_minor == money
    assert world.row(MONEY).confirmed_minor == money
    (told,) = world.told(EntryKind.EFFECT_DECIDED)
    assert (told.actor, told.body["status"]) == ("per_supervisor", status)
    assert "rang" not in str([entry.body for entry in world.told()])


def test_a_persons_decision_stands(world: World) -> None:
    silent(world, Repeat.NEITHER, DONE)
    decide(world, EffectStatus.CONFIRMED)
    with pytest.raises(Conflict, match="is confirmed, not unknown"):
        decide(world, EffectStatus.FAILED)
    assert world.row(MONEY).confirmed_minor == 1990


@pytest.mark.parametrize(
    "status", [EffectStatus.UNKNOWN, EffectStatus.INTENDED, EffectStatus.DISPATCHED]
)
def test_a_person_decides_for_an_ending(world: World, status: EffectStatus) -> None:
    silent(world, Repeat.NEITHER, DONE)
    with pytest.raises(Conflict, match="confirmed or failed"):
        decide(world, status)


def test_there_is_no_effect_of_that_id(world: World) -> None:
    with pytest.raises(NotFound, match="no effect eff_x"):
        decide(world, EffectStatus.FAILED, "eff_x")


def test_what_a_person_decided_while_the_tool_was_asked_is_not_overwritten(world: World) -> None:
    class Slow(Books):
        def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
            decide(world, EffectStatus.CONFIRMED)
            return super().look_up_many(keys)

    tool = world.books[REFUND] = Slow(facts_for(REFUND, Repeat.QUERYABLE))
    world.restart()
    tool.mood = DONE
    world.approve(world.held(refund(world.order("o"))).id)
    world.settle()
    world.settle(minutes=1)
    assert world.row(EFFECT).reference == "decided-by-a-person"
    assert world.row(MONEY).confirmed_minor == 1990
    assert len(world.told(EntryKind.EFFECT_CONFIRMED)) == 1


def test_what_a_person_decided_before_the_repeat_is_not_sent_again(world: World) -> None:
    class Slow(Books):
        def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
            decide(world, EffectStatus.FAILED)
            return super().look_up_many(keys)

    tool = world.books[REFUND] = Slow(facts_for(REFUND, Repeat.QUERYABLE))
    world.restart()
    tool.mood = UNDONE
    world.approve(world.held(refund(world.order("o"))).id)
    world.settle()
    tool.mood = "well"
    assert world.settle(minutes=1) == 0
    assert tool.calls == 1
    assert world.row(EFFECT).status == "failed"


def test_a_repeat_that_is_refused_says_nothing_of_the_first_call(world: World) -> None:
    tool = silent(world, Repeat.IDEMPOTENT, DONE)
    tool.mood = "refuses"
    world.settle(minutes=1)
    assert world.row(EFFECT).status == "confirmed"
    assert world.row(OBLIGATION).status == "settled"


def test_a_repeat_that_is_refused_and_was_never_done_has_failed(world: World) -> None:
    tool = silent(world, Repeat.IDEMPOTENT, UNDONE)
    tool.mood = "refuses"
    world.settle(minutes=1)
    assert world.row(EFFECT).status == "failed"
    assert world.row(OBLIGATION).status == "released"


def test_a_repeat_that_is_refused_by_a_tool_that_cannot_look_stays_unknown(world: World) -> None:
    class Blind(Books):
        def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
            raise NotImplementedError

    tool = world.books[REFUND] = Blind(facts_for(REFUND))
    world.restart()
    tool.mood = DONE
    world.approve(world.held(refund(world.order("o"))).id)
    world.settle()
    tool.mood = "refuses"
    world.settle(minutes=1)
    assert world.row(EFFECT).status == "unknown"
    assert world.row(OBLIGATION).status == "open"


def test_waits_double_from_a_second_to_five_minutes(world: World) -> None:
    tool = silent(world, Repeat.IDEMPOTENT, UNDONE)
    waits: list[int] = []
    for _ in range(12):
        effect = world.row(EFFECT)
        waits.append((effect.next_us - world.clock.now_us()) // SECOND)
        world.clock.advance_to(effect.next_us - 1)
        assert world.settle() == 0
        world.clock.advance(1)
        assert world.settle() == 1
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert tool.calls == 13


def test_an_idempotent_tool_is_left_to_a_person_once_its_key_may_be_forgotten(
    world: World,
) -> None:
    short = replace(facts_for(REFUND), key_lifetime_us=10 * MINUTE)
    tool = world.books[REFUND] = Books(short, mood=DONE)
    world.restart()
    world.approve(world.held(refund(world.order("o"))).id)
    world.settle()
    while world.row(EFFECT).next_us is not None:
        world.clock.advance_to(world.row(EFFECT).next_us)
        world.settle()
    assert world.clock.now_us() < world.row(EFFECT).intended_us + 10 * MINUTE
    calls = tool.calls
    assert calls > 5
    tool.mood = "well"
    world.settle(minutes=10_000)
    assert tool.calls == calls


def test_a_house_that_was_closed_for_longer_than_a_key_lives_does_not_call_again(
    world: World,
) -> None:
    tool = silent(world, Repeat.IDEMPOTENT, DONE)
    tool.done.clear()  # the outside has forgotten the key
    tool.mood = "well"
    world.pass_time(2 * 24 * 60)
    world.restart()
    world.executor.recover()
    assert world.moved() == 1, "it is left to a person"
    assert world.settle() == 0
    effect = world.row(EFFECT)
    assert (effect.status, effect.next_us, tool.calls) == ("unknown", None, 1)
    assert effect.detail == "nobody knows whether it was done, and its key may be forgotten"


def test_a_tool_that_cannot_repeat_any_more_is_not_called_again(world: World) -> None:
    tool = silent(world, Repeat.QUERYABLE, DONE)
    world.books[REFUND] = replacement = Books(facts_for(REFUND, Repeat.NEITHER), tool.done)
    world.restart()
    assert world.moved(minutes=1) == 1, "it is left to a person"
    assert (replacement.calls, world.row(EFFECT).next_us) == (0, None)


@pytest.mark.parametrize("point", list(Point))
@pytest.mark.parametrize("repeat", list(Repeat))
def test_a_process_that_dies_at_any_boundary_pays_once_or_leaves_it_to_a_person(
    world: World, point: Point, repeat: Repeat
) -> None:
    tool = world.adapter(REFUND, repeat)
    world.approve(world.held(refund(world.order("o"))).id)
    world.restart(DiesAt(point))
    with pytest.raises(Died):
        world.settle()
    world.restart()
    world.executor.recover()
    for _ in range(3):
        world.settle(minutes=2)
    # Who died right before the call had marked it as sent: of such a tool nobody knows.
    unsent = repeat is Repeat.NEITHER and point is Point.SENDING
    assert tool.paid() == (0 if unsent else 1990)
    assert tool.twice == []
    on_the_way = (Point.SENDING, Point.AFTER_DISPATCH, Point.BEFORE_CONFIRM)
    lost = repeat is Repeat.NEITHER and point in on_the_way
    assert world.row(EFFECT).status == ("unknown" if lost else "confirmed")
    assert world.ledger_is_sound()


@pytest.mark.parametrize("point", [Point.AFTER_DISPATCH, Point.BEFORE_CONFIRM])
def test_a_turn_that_broke_off_is_made_good_by_the_next(world: World, point: Point) -> None:
    """The process lives on, as when the database went away between sending and writing."""
    watcher = DiesAt(point)
    world.approve(world.held(refund(world.order("o"))).id)
    world.restart(watcher)
    with pytest.raises(Died):
        world.settle()
    assert world.row(EFFECT).status == "dispatched"
    watcher.point = None
    world.settle(minutes=1)
    world.settle(minutes=1)
    assert world.row(EFFECT).status == "confirmed"
    assert world.refunded() == 1990


def test_unknown_effects_can_be_listed_by_status_and_order(world: World) -> None:
    silent(world, Repeat.NEITHER, DONE)
    with world.store.write() as tx:
        (one,) = reads.of_status(tx, [EffectStatus.UNKNOWN])
        assert reads.of_order(tx, "o") == [one]
        assert reads.get(tx, one.action_id) == reads.get(tx, one.id) == one
        assert reads.due(tx, world.clock.now_us() + DAY) == []
        assert one.call.action == refund("o")


def test_a_tool_is_not_called_again_while_a_kill_switch_is_set(world: World) -> None:
    tool = silent(world, Repeat.IDEMPOTENT, UNDONE)
    tool.mood = "well"
    world.stop("kind:refund")
    assert world.settle(minutes=1) == 0
    world.go_on("kind:refund")
    assert world.settle() == 1
