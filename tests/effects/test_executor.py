"""The executor: what is granted is carried out, and each end is written down as what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from makegood.domain.actions import ActionKind
from makegood.domain.effects import EffectCall, EffectStatus, Outcome, Repeat
from makegood.effects.boundary import Point
from makegood.errors import EffectRefused, Superseded
from makegood.gates import epoch
from makegood.ledger.kinds import EntryKind
from tests.effects.crashing import DiesAt
from tests.gates.world import (
    ACTION,
    COUNTER,
    EFFECT,
    GRANT,
    MONEY,
    OBLIGATION,
    Books,
    coupon,
    eur,
    facts_for,
    notify,
    refund,
)

if TYPE_CHECKING:
    from tests.gates.world import World


class Odd(Books):
    """A tool that answers something else than it promised."""

    answer: Any = ()
    error: Exception | None = None

    def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
        """Answer as told."""
        self.calls += len(calls)
        if self.error is not None:
            raise self.error
        return self.answer


def odd(world: World, kind: ActionKind, answer: object = (), error: Exception | None = None) -> Odd:
    tool = Odd(facts_for(kind))
    tool.answer, tool.error = answer, error
    world.books[kind] = tool
    world.restart()
    return tool


def approved_refund(world: World, minor: int = 1990) -> None:
    world.approve(world.held(refund(world.order("o"), minor)).id)


def test_a_confirmed_effect_settles_its_obligation(world: World) -> None:
    approved_refund(world)
    assert world.settle() == 1
    effect = world.row(EFFECT)
    assert (effect.status, effect.reference, effect.attempts) == ("confirmed", effect.key, 1)
    assert effect.next_us is None
    assert world.row(ACTION).status == "confirmed"
    assert world.row(OBLIGATION).status == "settled"
    assert (world.row(MONEY).committed_minor, world.row(MONEY).confirmed_minor) == (1990, 1990)
    assert world.settle() == 0


def test_a_refused_effect_releases_what_it_had_taken(world: World) -> None:
    world.order("o")
    world.books[ActionKind.COUPON].mood = "refuses"
    world.one(coupon("o"))
    assert any(row.used for row in world.rows(COUNTER))
    world.settle()
    assert (world.row(EFFECT).status, world.row(EFFECT).detail) == ("failed", "no")
    assert world.row(ACTION).status == "failed"
    assert world.row(OBLIGATION).status == "released"
    assert not any(row.used for row in world.rows(COUNTER))


def test_a_tool_that_raises_a_refusal_did_nothing_of_the_batch(world: World) -> None:
    world.orders("o", "p")
    odd(world, ActionKind.NOTIFY, error=EffectRefused("closed"))
    world.propose(notify("o"), notify("p"))
    world.settle()
    assert {(row.status, row.detail) for row in world.rows(EFFECT)} == {("failed", "closed")}


@pytest.mark.parametrize(
    "error", [RuntimeError("a bug"), ValueError("odd"), KeyError("x"), OSError("gone")]
)
def test_a_tool_that_raises_anything_else_leaves_the_outcome_unknown(
    world: World, error: Exception
) -> None:
    odd(world, ActionKind.NOTIFY, error=error)
    world.one(notify(world.order("o")))
    world.settle()
    effect = world.row(EFFECT)
    assert effect.status == "unknown"
    assert effect.detail.startswith(type(error).__name__)
    assert world.row(ACTION).status == "unknown"
    assert world.row(OBLIGATION).status == "open"


CONFIRMED = Outcome(status=EffectStatus.CONFIRMED)


@pytest.mark.parametrize(
    "answer",
    [(), (CONFIRMED,), (CONFIRMED,) * 3, None, [CONFIRMED] * 2, (CONFIRMED, None), "ok"],
    ids=["none", "too few", "too many", "None", "a list", "a hole", "text"],
)
def test_a_tool_that_does_not_answer_each_call_leaves_all_unknown(
    world: World, answer: object
) -> None:
    world.orders("o", "p")
    odd(world, ActionKind.NOTIFY, answer=answer)
    world.propose(notify("o"), notify("p"))
    world.settle()
    assert {row.status for row in world.rows(EFFECT)} == {"unknown"}


@pytest.mark.parametrize("status", [EffectStatus.INTENDED, EffectStatus.DISPATCHED])
def test_an_answer_that_is_no_ending_is_unknown(world: World, status: EffectStatus) -> None:
    odd(world, ActionKind.NOTIFY, answer=(Outcome(status=status),))
    world.one(notify(world.order("o")))
    world.settle()
    assert world.row(EFFECT).status == "unknown"


def test_each_call_of_a_batch_has_its_own_outcome(world: World) -> None:
    world.orders("o", "p", "q")
    answers = (
        CONFIRMED,
        Outcome(status=EffectStatus.FAILED, detail="no such person"),
        Outcome(status=EffectStatus.UNKNOWN, detail="hm"),
    )
    odd(world, ActionKind.NOTIFY, answer=answers)
    world.propose(notify("o"), notify("p"), notify("q"))
    world.settle()
    by_order = {row.order_id: row.status for row in world.rows(EFFECT)}
    assert sorted(by_order.values()) == ["confirmed", "failed", "unknown"]


def test_a_tool_is_given_the_key_the_action_and_its_digest(world: World) -> None:
    approved_refund(world)
    world.settle()
    books = world.books[ActionKind.REFUND]
    effect, action = world.row(EFFECT), world.row(ACTION)
    assert books.done == {effect.key: refund("o")}
    assert books.digests == {effect.key: action.digest}


def test_nothing_is_sent_before_its_intent_is_written(world: World) -> None:
    world.one(notify(world.order("o")))
    watcher = DiesAt()
    world.restart(watcher)
    assert world.executor.intend() == 1
    assert world.books[ActionKind.NOTIFY].calls == 0
    assert world.row(EFFECT).status == "intended"
    assert world.row(GRANT).status == "spent"
    assert world.executor.dispatch() == 1
    assert watcher.passed == list(Point)


def test_a_house_without_work_passes_no_boundary(world: World) -> None:
    watcher = DiesAt()
    world.restart(watcher)
    assert world.settle() == 0
    assert watcher.passed == []


def test_an_action_that_was_altered_after_its_intent_is_not_sent(world: World) -> None:
    judged = world.one(notify(world.order("o")))
    world.executor.intend()
    other = notify("o", template="another_text")
    with world.store.write() as tx:
        body = other.model_dump_json().encode()
        tx.execute(ACTION.update().where(ACTION.c.id == judged.action_id).values(body=body))
    assert world.moved() == 1, "it is left to a person"
    assert world.settle(minutes=60) == 0
    assert world.books[ActionKind.NOTIFY].calls == 0
    assert world.row(EFFECT).detail == "the action is not the one that was granted"


def test_who_was_taken_over_from_does_not_dispatch(world: World) -> None:
    world.one(notify(world.order("o")))
    world.executor.intend()
    with world.store.write() as tx:
        epoch.take(tx, "another", world.clock.now_us())
    for go_on in (world.executor.dispatch, world.executor.settle, world.executor.recover):
        with pytest.raises(Superseded):
            go_on()
    assert world.books[ActionKind.NOTIFY].calls == 0
    assert world.row(EFFECT).status == "intended"


def test_who_was_taken_over_from_in_the_middle_of_a_call_does_not_write_its_end(
    world: World,
) -> None:
    """The new owner found the call without an end, asked again, and has the last word."""
    approved_refund(world)
    slow = world.executor

    class Slow(Books):
        def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
            if self.calls == 0:
                self.mood = "well"
                super().perform_many(calls)
                with world.store.write() as tx:
                    world.epoch = epoch.take(tx, "another", world.clock.now_us())
                world.restart()
                world.executor.recover()
                assert world.settle(minutes=1) == 1
                return (Outcome(status=EffectStatus.FAILED, detail="too late"),)
            return super().perform_many(calls)

    tool = Slow(facts_for(ActionKind.REFUND))
    world.books[ActionKind.REFUND] = tool
    world.restart()
    slow = world.executor
    with pytest.raises(Superseded):
        slow.settle()
    assert world.row(EFFECT).status == "confirmed"
    assert world.row(OBLIGATION).status == "settled"
    assert world.row(MONEY).confirmed_minor == 1990
    assert tool.paid() == 1990
    assert len(world.told(EntryKind.EFFECT_CONFIRMED)) == 1


def test_each_step_is_on_the_ledger_and_the_detail_is_not(world: World) -> None:
    world.orders("o", "p", "q")
    said = "Ada Example is not reachable"
    answers = (
        Outcome(status=EffectStatus.CONFIRMED, reference="ref-1", detail=said),
        Outcome(status=EffectStatus.FAILED, detail=said),
        Outcome(status=EffectStatus.UNKNOWN, detail=said),
    )
    odd(world, ActionKind.NOTIFY, answer=answers)
    world.propose(notify("o"), notify("p"), notify("q"))
    world.settle()
    intended = world.told(EntryKind.EFFECT_INTENDED)
    ends = world.told(EntryKind.EFFECT_CONFIRMED, EntryKind.EFFECT_FAILED, EntryKind.EFFECT_UNKNOWN)
    assert len(intended) == len(ends) == 3
    grants = {row.id: row for row in world.rows(GRANT)}
    for entry in intended:
        assert grants[entry.body["grant_id"]].digest == entry.body["digest"]
    assert {e.body["attempts"] for e in ends} == {1}
    assert "ref-1" in {e.body["reference"] for e in ends}
    assert not any(said in str(entry.body) for entry in world.told())
    assert world.ledger_is_sound()


def test_an_effect_whose_tool_is_gone_waits_for_it(world: World) -> None:
    world.one(notify(world.order("o")))
    world.executor.intend()
    tool = world.books.pop(ActionKind.NOTIFY)
    world.restart()
    assert world.settle() == 0
    assert world.row(EFFECT).status == "intended"
    world.books[ActionKind.NOTIFY] = tool
    world.restart()
    assert world.settle() == 1


def test_many_effects_go_out_in_batches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("makegood.effects.executor.BATCH", 3)
    names = [f"o{n}" for n in range(7)]
    world.orders(*names)
    world.propose(*(notify(name) for name in names))
    sizes: list[int] = []

    class Counting(Books):
        def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
            sizes.append(len(calls))
            return super().perform_many(calls)

    world.books[ActionKind.NOTIFY] = Counting(facts_for(ActionKind.NOTIFY))
    world.restart()
    assert world.settle() == 7
    assert sizes == [3, 3, 1]


def test_a_later_batch_is_sent_though_an_earlier_one_broke(world: World) -> None:
    world.orders("o", "p")
    world.books[ActionKind.COUPON].mood = "breaks"
    world.propose(coupon("o", amount=eur(100)), notify("p"))
    assert world.settle() == 2
    assert {row.status for row in world.rows(EFFECT)} == {"unknown", "confirmed"}


def test_what_stays_back_is_not_counted_as_sent(world: World) -> None:
    world.one(notify(world.order("o")))
    world.executor.intend()
    world.stop("everything")
    assert world.executor.dispatch() == 0


def test_a_tool_that_is_not_idempotent_is_told_once(world: World) -> None:
    tool = world.adapter(ActionKind.NOTIFY, Repeat.NEITHER)
    world.one(notify(world.order("o")))
    for _ in range(3):
        world.settle(minutes=10)
    assert (tool.calls, tool.twice) == (1, [])
    assert replace(tool.facts, repeat=Repeat.IDEMPOTENT) == facts_for(ActionKind.NOTIFY)
