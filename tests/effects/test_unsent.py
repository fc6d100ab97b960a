"""Intents that were never sent: the world goes on while a switch or a crash keeps them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import event

from makegood.domain.actions import ActionKind
from makegood.domain.effects import EffectStatus, Repeat
from makegood.effects import reads, reconcile
from makegood.effects.boundary import Point
from makegood.errors import Conflict
from makegood.gates import reviews
from makegood.ledger.kinds import EntryKind
from tests.effects.crashing import Died, DiesAt
from tests.gates import desk
from tests.gates.world import (
    ACTION,
    EFFECT,
    MONEY,
    OBLIGATION,
    SUPERVISOR,
    coupon,
    notify,
    recall,
    refund,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gates.world import World

REFUND = ActionKind.REFUND
DAY_MINUTES: Final = 24 * 60
OVER: Final = "the grant expired before it could be sent"
MOVED: Final = "what it stands on has changed before it could be sent"
UNCOVERED: Final = "what was captured does not cover it any more"


def killed(world: World) -> Callable[[], None]:
    """Intend what is granted under a kill switch; return what clears it."""
    world.executor.intend()
    world.stop("everything")
    assert world.moved() == 0
    return lambda: world.go_on("everything")


def crashed(world: World) -> Callable[[], None]:
    """Intend what is granted and die; return what starts again."""
    world.restart(DiesAt(Point.AFTER_INTENT))
    with pytest.raises(Died):
        world.settle()

    def start() -> None:
        world.restart()
        world.executor.recover()

    return start


kept_back = pytest.mark.parametrize("keep_back", [killed, crashed])


def decide(world: World, status: EffectStatus) -> None:
    with world.store.write() as tx:
        found = world.row(EFFECT).id
        now_us = world.clock.now_us()
        reconcile.decide(tx, found, status, SUPERVISOR.person_id, "paid in cash", now_us)


@kept_back
@pytest.mark.parametrize("minutes", [1, DAY_MINUTES])
def test_what_was_refunded_by_hand_meanwhile_is_not_refunded_again(
    world: World, keep_back: Callable[[World], Callable[[], None]], minutes: int
) -> None:
    review_id = desk.hold(world, "o", 3000, 5000)
    world.approve(review_id)
    go_on = keep_back(world)
    world.refund_reported("o", 3000)
    world.pass_time(minutes)
    go_on()
    assert world.moved() == 1
    assert world.books[REFUND].calls == 0
    effect = world.row(EFFECT)
    why = MOVED if minutes == 1 else OVER
    assert (effect.status, effect.attempts, effect.detail) == ("failed", 0, why)
    assert world.row(MONEY).committed_minor == 0
    assert world.row(ACTION).status == "held"
    assert world.review(review_id).status == "stale"
    assert world.counters_agree()
    (told,) = world.told(EntryKind.EFFECT_FAILED)
    assert (told.body["why"], told.body["reference"], told.body["attempts"]) == (
        why,
        "never-sent",
        0,
    )
    assert world.ledger_is_sound()
    assert world.moved(minutes=10) == 0


@kept_back
def test_what_nothing_happened_to_meanwhile_is_sent_after_all(
    world: World, keep_back: Callable[[World], Callable[[], None]]
) -> None:
    world.approve(desk.hold(world))
    go_on = keep_back(world)
    world.pass_time(9)
    go_on()
    world.settle()
    assert (world.row(EFFECT).status, world.refunded()) == ("confirmed", 1990)


def test_what_was_called_off_is_paid_once_when_it_is_approved_again(world: World) -> None:
    review_id = desk.hold(world)
    world.approve(review_id)
    go_on = killed(world)
    world.pass_time(DAY_MINUTES)
    go_on()
    world.settle()
    assert world.refunded() == 0
    assert world.review(review_id).why == f"approved, but not carried out: {OVER}"
    world.approve(review_id)
    assert world.moved() == 1
    assert world.moved(minutes=DAY_MINUTES) == 0
    assert (world.row(EFFECT).status, world.refunded()) == ("confirmed", 1990)
    assert (world.row(MONEY).committed_minor, world.row(MONEY).confirmed_minor) == (1990, 1990)
    assert world.row(OBLIGATION).status == "settled"
    assert len(world.told(EntryKind.EFFECT_INTENDED)) == 2
    assert world.ledger_is_sound()


def test_what_was_called_off_is_paid_once_by_what_was_edited_of_it(world: World) -> None:
    review_id = desk.hold(world)
    world.approve(review_id)
    go_on = killed(world)
    world.pass_time(DAY_MINUTES)
    go_on()
    world.settle()
    edited = desk.edit(world, review_id, amount=desk.eur(1500))
    world.approve(edited.id, reviews.Decider("per_other", SUPERVISOR.roles))
    world.settle()
    assert world.refunded() == 1500
    assert world.row(EFFECT, action_id=edited.action_id).status == "confirmed"
    assert world.row(MONEY).committed_minor == 1500


def test_what_the_gate_allowed_gives_back_all_it_had_taken_and_may_be_proposed_again(
    world: World,
) -> None:
    world.order("o")
    world.one(coupon("o"))
    go_on = killed(world)
    world.pass_time(DAY_MINUTES)
    go_on()
    assert world.moved() == 1
    assert (world.row(EFFECT).status, world.row(EFFECT).detail) == ("failed", OVER)
    assert world.row(ACTION).status == "failed"
    assert world.row(OBLIGATION).status == "released"
    assert world.counters_agree()
    again = world.one(coupon("o"))
    assert (again.verdict, world.moved()) == ("allow", 1)
    assert len(world.books[ActionKind.COUPON].done) == 1


def test_money_that_was_captured_and_taken_back_is_not_refunded(world: World) -> None:
    """The facts of the order may be as they were, and yet no longer cover what is committed."""
    world.approve(desk.hold(world, "o", 3000, 5000))
    go_on = killed(world)
    with world.store.write() as tx:
        tx.execute(MONEY.update().values(committed_minor=MONEY.c.committed_minor + 2500))
    go_on()
    world.settle()
    assert (world.row(EFFECT).detail, world.refunded()) == (UNCOVERED, 0)
    assert world.row(MONEY).committed_minor == 2500


def test_of_two_refunds_that_are_not_covered_together_the_earlier_one_is_paid(
    world: World,
) -> None:
    world.order("o", 5000)
    first = world.held(refund("o", 2000, lines=("a",)))
    world.approve(first.id)
    world.executor.intend()
    world.pass_time(1)
    world.approve(world.held(refund("o", 2500, lines=("b",))).id)
    go_on = killed(world)
    with world.store.write() as tx:
        tx.execute(MONEY.update().values(committed_minor=MONEY.c.committed_minor + 1000))
    go_on()
    assert world.moved() == 2
    by_action = {row.action_id: row.status for row in world.rows(EFFECT)}
    assert by_action.pop(first.action_id) == "confirmed"
    assert list(by_action.values()) == ["failed"]
    assert world.refunded() == 2000
    assert world.row(MONEY).committed_minor == 3000


@kept_back
def test_safety_goes_out_however_late_it_is(
    world: World, keep_back: Callable[[World], Callable[[], None]]
) -> None:
    if keep_back is killed:
        world.stop("everything")
    world.order("o")
    world.courier("c1")
    world.one(recall("o"))
    if keep_back is crashed:
        world.restart(DiesAt(Point.AFTER_INTENT))
        with pytest.raises(Died):
            world.settle()
        world.restart()
    else:
        world.executor.intend()
    world.assigned("o", "c1")
    world.pass_time(DAY_MINUTES)
    assert world.moved() == 1
    assert world.row(EFFECT).status == "confirmed"


@pytest.mark.parametrize(
    ("status", "owed", "confirmed"),
    [(EffectStatus.FAILED, "released", 0), (EffectStatus.CONFIRMED, "settled", 1990)],
)
def test_a_person_ends_what_was_never_sent(
    world: World, status: EffectStatus, owed: str, confirmed: int
) -> None:
    world.approve(desk.hold(world))
    go_on = killed(world)
    decide(world, status)
    assert world.row(EFFECT).status == world.row(ACTION).status == status
    assert world.row(OBLIGATION).status == owed
    money = world.row(MONEY)
    assert (money.committed_minor, money.confirmed_minor) == (confirmed, confirmed)
    go_on()
    assert world.moved(minutes=1) == 0
    assert world.refunded() == 0
    (told,) = world.told(EntryKind.EFFECT_DECIDED)
    assert (told.actor, told.body["status"]) == (SUPERVISOR.person_id, status)
    with pytest.raises(Conflict, match="not unknown or still to be sent"):
        decide(world, status)


def test_a_kill_switch_keeps_a_tool_from_being_asked_again_and_again(world: World) -> None:
    tool = world.adapter(REFUND, Repeat.QUERYABLE)
    tool.mood = "silent, undone"
    world.approve(desk.hold(world))
    world.settle()
    world.stop("kind:refund")
    for _ in range(5):
        assert world.moved(minutes=10) == 0
    assert (tool.calls, tool.looks) == (1, 0)
    tool.mood = "well"
    world.go_on("kind:refund")
    assert world.moved() == 1
    assert world.refunded() == 1990


@pytest.mark.parametrize("scope", ["everything", "hub:h1", "agent:storm", "kind:coupon"])
def test_what_a_switch_stops_keeps_nothing_else_from_its_turn(world: World, scope: str) -> None:
    world.orders("o0", "o1", "o2", "o3")
    world.propose(coupon("o0", 100), coupon("o1", 100), coupon("o2", 100))
    world.executor.intend()
    world.stop(scope)
    world.pass_time(1)
    world.one(recall("o3"))
    world.executor.intend()
    with world.store.read() as tx:
        (first,) = reads.due(tx, world.clock.now_us(), limit=1)
        due = reads.due(tx, world.clock.now_us())
    assert first.action.kind is ActionKind.RECALL
    assert due == [first]


@pytest.mark.parametrize("scope", ["hub:h2", "agent:other", "kind:refund"])
def test_a_switch_for_something_else_stops_nothing(world: World, scope: str) -> None:
    world.order("o")
    world.one(coupon("o", 100))
    world.executor.intend()
    world.stop(scope)
    assert world.moved() == 1


def test_safety_is_sent_before_what_is_older(world: World) -> None:
    world.orders("o0", "o1")
    world.one(coupon("o0", 100))
    world.executor.intend()
    world.pass_time(1)
    world.one(recall("o1"))
    world.executor.intend()
    with world.store.read() as tx:
        kinds = [e.action.kind for e in reads.due(tx, world.clock.now_us())]
    assert kinds == [ActionKind.RECALL, ActionKind.COUPON]


def test_a_batch_is_looked_at_again_in_a_few_statements(world: World) -> None:
    def statements(count: int) -> int:
        names = [f"o{count}-{n}" for n in range(count)]
        world.orders(*names)
        world.propose(*(notify(name) for name in names))
        world.executor.intend()
        said: list[str] = []

        def note(*args: object) -> None:
            said.append(str(args[2]))

        event.listen(world.store.engine, "before_cursor_execute", note)
        assert world.executor.dispatch() == count
        event.remove(world.store.engine, "before_cursor_execute", note)
        return len(said)

    assert statements(100) <= statements(10)


def test_a_grant_that_turned_void_is_something_that_moved(world: World) -> None:
    world.one(notify(world.order("o")))
    world.pass_time(DAY_MINUTES)
    assert world.moved() == 1
    assert world.rows(EFFECT) == []
    assert world.moved() == 0
