"""The desk's own clock in a whole house: windows end, deadlines pass, moved holds are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.clock import MINUTE, SECOND, to_rfc3339
from makegood.domain.actions import ActionKind
from makegood.domain.authority import ReviewStatus
from makegood.errors import Superseded
from makegood.gates import desk_deadlines, epoch, reviews
from makegood.gates import desk_watch as gate_watch
from makegood.runtime import chores, desk_watch
from tests.runtime.stage import SUPERVISOR

if TYPE_CHECKING:
    from tests.runtime.stage import Setting, Stage


def _refund(stage: Stage) -> reviews.ReviewItem:
    stage.until(stage.holds)
    return _refunds(stage)[0]


def _refunds(stage: Stage) -> list[reviews.ReviewItem]:
    return [hold for hold in stage.holds() if hold.action.kind is ActionKind.REFUND]


def _approving(stage: Stage, hold: reviews.ReviewItem) -> None:
    house = stage.house
    with house.store.write() as tx:
        now_us = stage.clock.now_us()
        made = reviews.approve(
            tx, hold.id, SUPERVISOR, hold.seen, now_us, house.rulebook, 8 * SECOND
        )
    assert made.status is ReviewStatus.APPROVING


def _status(stage: Stage, hold: reviews.ReviewItem) -> str:
    with stage.house.store.read() as tx:
        return str(reviews.get(tx, hold.id).status)


def test_the_executors_turn_grants_what_was_not_undone_in_time(setting: Setting) -> None:
    with setting.opened() as stage:
        hold = _refund(stage)
        _approving(stage, hold)
        assert stage.house.settle() == 0
        assert stage.refunded() == {}
        stage.clock.advance(8 * SECOND)
        assert stage.house.settle() > 0
        assert hold.action.money is not None
        assert stage.refunded() == {hold.order_id: hold.action.money.minor}


def test_settling_says_that_something_changed_if_anything_did(setting: Setting) -> None:
    with setting.opened() as stage:
        hold = _refund(stage)
        stage.house.settle()
        told = stage.house.changes.version
        assert stage.house.settle() == 0
        assert stage.house.changes.version == told
        assert stage.approve(hold).status is ReviewStatus.APPROVED
        assert stage.house.settle() == 1
        assert stage.house.changes.version == told + 1


def test_a_grant_that_turns_void_is_a_change_that_is_told(setting: Setting) -> None:
    with setting.opened() as stage:
        hold = _refund(stage)
        stage.house.settle()
        assert stage.approve(hold).status is ReviewStatus.APPROVED
        stage.clock.advance(stage.house.policies.approvals.grant_minutes * MINUTE + 1)
        told = stage.house.changes.version
        assert stage.house.settle() == 1
        assert stage.house.changes.version == told + 1
        assert stage.refunded() == {}


def test_a_house_that_died_within_the_window_grants_after_it_or_asks_again(
    setting: Setting,
) -> None:
    with setting.opened() as stage:
        hold = _refund(stage)
        _approving(stage, hold)
    with setting.opened() as stage:
        stage.house.recover()
        assert _status(stage, hold) == "approving"
        assert stage.refunded() == {}
    setting.clock.advance(8 * SECOND)
    with setting.opened() as stage:
        assert stage.house.recover() > 0
        assert _status(stage, hold) == "approved"
        assert list(stage.refunded()) == [hold.order_id]


def test_a_run_waits_on_while_an_approval_can_be_undone(setting: Setting) -> None:
    with setting.opened() as stage:
        hold = _refund(stage)
        mine = [each for each in stage.holds() if each.run_id == hold.run_id]
        for each in mine:
            _approving(stage, each)
        waiting = stage.house.runs.to_wake()
        assert hold.run_id not in {run.id for run in waiting}


def test_a_process_that_was_taken_over_grants_nothing(setting: Setting) -> None:
    with setting.opened() as stage:
        hold = _refund(stage)
        _approving(stage, hold)
        stage.clock.advance(8 * SECOND)
        with stage.house.store.write() as tx:
            epoch.take(tx, "another", stage.clock.now_us())
        with pytest.raises(Superseded):
            stage.house.settle()
        assert _status(stage, hold) == "approving"


def test_deadlines_and_moved_facts_are_looked_at_by_the_clock(setting: Setting) -> None:
    with setting.opened() as stage:
        hold = _refund(stage)
        jobs = {job.name: job for job in chores.jobs(stage.house)}
        jobs["watch"].do()
        assert _status(stage, hold) == "open"
        watch = desk_watch.Watch(stage.house)
        assert watch.look() == 0
        stage.house.ingest([_refunded(stage, hold)])
        heard = stage.house.changes.version
        assert watch.look() == 1
        assert watch.look() == 0
        assert stage.house.changes.version == heard + 1
        assert _status(stage, hold) == "stale"
        stage.clock.advance(121 * MINUTE)
        jobs["expire"].do()
        assert _status(stage, hold) == "expired"


def test_many_holds_are_looked_at_in_slices_and_none_is_left_out(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (gate_watch, desk_deadlines):
        monkeypatch.setattr(module, "AT_ONCE", 1)
    with setting.opened() as stage:
        stage.until(lambda: len(_refunds(stage)) > 1)
        holds = _refunds(stage)
        stage.house.ingest([_refunded(stage, hold) for hold in holds])
        assert desk_watch.Watch(stage.house).look() >= len(holds)
        assert {_status(stage, hold) for hold in holds} == {"stale"}
        stage.clock.advance(121 * MINUTE)
        waiting = len(stage.holds())
        assert desk_watch.look_at_deadlines(stage.house) == waiting
        assert stage.holds() == []
        assert desk_watch.look_at_deadlines(stage.house) == 0


def _refunded(stage: Stage, hold: reviews.ReviewItem) -> dict[str, object]:
    money = hold.action.money
    assert money is not None
    return {
        "specversion": "1.0",
        "id": f"refund-elsewhere-{hold.id}",
        "source": "/test",
        "type": "sales_order.payment_refunded",
        "subject": hold.order_id,
        "time": to_rfc3339(stage.clock.now_us()),
        "hub": hold.hub_id,
        "data": {"amount": {"minor": 1, "currency": money.currency}},
    }
