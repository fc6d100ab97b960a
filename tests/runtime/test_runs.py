"""Runs: an agent's thread is driven, waits for people, is woken and ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from makegood.domain.actions import ActionKind
from makegood.domain.authority import ReviewStatus, RunStatus
from makegood.effects.boundary import Point
from makegood.errors import Deadlocked, HeadMoved, StoreInUse
from makegood.ledger.verify import verify
from makegood.runtime import recovery, run_records, submission
from makegood.runtime.desk import ACTION, RunDesk
from makegood.runtime.runs import RUN

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.domain.incidents import Incident
    from makegood.gates.judge import Judged
    from makegood.gates.rules import Rulebook
    from makegood.proposals.types import Proposal
    from makegood.proposals.validate import Fault
    from tests.runtime.stage import Setting, Stage


class Crash(BaseException):
    """The process died here."""


class CrashAt:
    """A boundary at which the process dies, once."""

    def __init__(self, point: Point) -> None:
        self.point = point
        self.left = 1

    def reached(self, point: Point) -> None:
        if point is self.point and self.left:
            self.left -= 1
            raise Crash


def _of_first_run(stage: Stage) -> str:
    return stage.holds()[0].run_id


def test_a_run_whose_actions_hold_waits_and_takes_no_further_step(setting: Setting) -> None:
    with setting.opened() as stage:
        stage.until(stage.holds)
        waiting = stage.runs(RunStatus.WAITING)
        for _ in range(5):
            stage.turn()
        assert waiting == stage.runs(RunStatus.WAITING)
        assert stage.refunded() == {}


def test_recovery_never_drives_a_run_that_waits_for_a_person(setting: Setting) -> None:
    with setting.opened() as stage:
        stage.until(stage.holds)
        holds = {hold.id for hold in stage.holds()}
        waiting = stage.runs(RunStatus.WAITING)
        with stage.house.store.read() as tx:
            before = tx.execute(select(RUN.c.updated_us).where(RUN.c.id == waiting[0])).scalar_one()
    with setting.opened() as stage:
        assert recovery.recover(stage.house.executor, stage.house.runs) == 0
        with stage.house.store.read() as tx:
            after = tx.execute(select(RUN.c.updated_us).where(RUN.c.id == waiting[0])).scalar_one()
        assert (before, holds) == (after, {hold.id for hold in stage.holds()})


def test_an_approved_refund_is_paid_once_and_the_run_then_ends(setting: Setting) -> None:
    with setting.opened() as stage:
        stage.until(stage.holds)
        run_id = _of_first_run(stage)
        mine = [hold for hold in stage.holds() if hold.run_id == run_id]
        for hold in mine:
            assert stage.approve(hold).status is ReviewStatus.APPROVED
        stage.until(lambda: run_id in stage.runs(RunStatus.DONE))
        refund = next(h for h in mine if h.action.kind is ActionKind.REFUND)
        assert refund.action.money is not None
        assert stage.refunded() == {refund.order_id: refund.action.money.minor}


def test_a_run_wakes_with_each_decision_and_waits_again_for_the_rest(setting: Setting) -> None:
    with setting.opened() as stage:
        stage.until(stage.holds)
        run_id = _of_first_run(stage)
        first, *rest = (hold for hold in stage.holds() if hold.run_id == run_id)
        stage.approve(first)
        stage.turn()
        assert rest
        assert run_id in stage.runs(RunStatus.WAITING)
        assert {h.id for h in rest} <= {h.id for h in stage.holds()}


def test_after_a_rejection_one_other_thing_of_no_more_money_is_proposed(setting: Setting) -> None:
    with setting.opened() as stage:
        stage.until(stage.holds)
        run_id = _of_first_run(stage)
        mine = [hold for hold in stage.holds() if hold.run_id == run_id]
        for hold in mine:
            stage.reject(hold)
        most = max(h.action.money.minor for h in mine if h.action.money is not None)
        stage.turn()
        with stage.house.store.read() as tx:
            rows = tx.execute(select(ACTION).where(ACTION.c.run_id == run_id)).all()
        later = [row for row in rows if row.proposal_id != mine[0].proposal_id]
        assert later
        assert all((row.amount_minor or 0) <= most for row in later)
        assert not any(row.kind in {"refund", "cancel"} for row in later)
        assert stage.refunded() == {}


def test_a_finished_thread_is_deleted(setting: Setting) -> None:
    with setting.opened() as stage:
        stage.until(stage.holds)
        run_id = _of_first_run(stage)
        for hold in [hold for hold in stage.holds() if hold.run_id == run_id]:
            stage.approve(hold)
        stage.until(lambda: run_id in stage.runs(RunStatus.DONE))
        saver = stage.house.runs.checkpoints
        assert saver.get_tuple({"configurable": {"thread_id": run_id}}) is None


def _live_until_death(setting: Setting, point: Point) -> None:
    with setting.opened(CrashAt(point)) as stage:
        stage.until(stage.holds)
        for hold in stage.holds():
            stage.approve(hold)
        stage.until(lambda: stage.runs(RunStatus.DONE))


@pytest.mark.parametrize(
    "point",
    [
        Point.AFTER_INTENT,
        *(pytest.param(p, marks=pytest.mark.slow) for p in Point if p is not Point.AFTER_INTENT),
    ],
)
def test_a_run_that_died_with_its_process_ends_as_if_nothing_had_happened(
    setting: Setting, point: Point
) -> None:
    with pytest.raises(Crash):
        _live_until_death(setting, point)
    with setting.opened() as stage:
        recovery.recover(stage.house.executor, stage.house.runs)
        stage.until(stage.holds)
        while stage.holds():
            for hold in stage.holds():
                stage.approve(hold)
            stage.turn()
        stage.until(lambda: not stage.runs(RunStatus.RUNNING, RunStatus.WAITING))
        captured = {o: c.amount.minor for o, c in stage.company.payments.captures.items()}
        paid = stage.refunded()
        assert paid
        assert all(minor == captured[order_id] for order_id, minor in paid.items())
        with stage.house.store.read() as tx:
            assert verify(tx).sound


def test_a_second_house_on_the_same_database_is_refused(setting: Setting) -> None:
    with setting.opened(), pytest.raises(StoreInUse), setting.opened():
        pass


@pytest.mark.parametrize("error", [Deadlocked, HeadMoved])
def test_a_run_whose_proposal_gave_way_to_another_writer_submits_it_again(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    submit, tries = submission.submit, list[str]()

    def gives_way(
        tx: Connection,
        rulebook: Rulebook,
        incident: Incident,
        proposal: Proposal,
        digest: str,
        dropped: tuple[Fault, ...],
        now_us: int,
    ) -> tuple[Judged, ...]:
        judged = submit(tx, rulebook, incident, proposal, digest, dropped, now_us)
        tries.append(digest)
        if tries.count(digest) == 1:
            raise error
        return judged

    monkeypatch.setattr(submission, "submit", gives_way)
    with setting.opened() as stage:
        stage.until(stage.holds)
        assert stage.runs(RunStatus.FAILED) == []
        assert len(stage.runs(RunStatus.WAITING)) > 0
        assert {tries.count(digest) for digest in tries} == {2}
        with stage.house.store.read() as tx:
            assert verify(tx).sound


def test_a_proposal_is_its_own_runs_whatever_it_says(setting: Setting) -> None:
    """A switch over an agent, what is counted of it, and another run's place go by these names."""
    with setting.opened() as stage:
        stage.until(stage.holds)
        [run_id, *_] = stage.runs(RunStatus.WAITING)
        with stage.house.store.read() as tx:
            run = run_records.of_row(tx.execute(select(RUN).where(RUN.c.id == run_id)).one())
            mine = submission.PROPOSAL.c.run_id == run_id
            stored = tx.execute(select(submission.PROPOSAL.c.body).where(mine)).scalar_one()
        said = submission.PROPOSALS.validate_json(stored)
        desk = RunDesk(stage.house.store, run)
        desk.submit(
            replace(said, attempt=1, run_id="run_x", incident_id="inc_x", agent="somebody", round=9)
        )
        [(taken, _)] = desk.take()
        assert (taken.run_id, taken.incident_id) == (run.id, run.incident_id)
        assert (taken.agent, taken.round) == (run.agent, run.round)
