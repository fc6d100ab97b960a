"""After an approval a run waits for what came of it, and only then ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.domain.authority import ActionStatus, RunStatus
from makegood.ledger.entries import partition
from makegood.ledger.kinds import EntryKind
from makegood.runtime.desk import ACTION

if TYPE_CHECKING:
    from tests.runtime.stage import Setting, Stage


def _drive_woken(stage: Stage, run_id: str) -> RunStatus | None:
    """Drive one run if it is woken, and say how it then stands."""
    runs = stage.house.runs
    woken = {run.id: run for run in runs.to_wake()}
    return runs.drive(woken[run_id]).status if run_id in woken else None


def _statuses(stage: Stage, run_id: str) -> set[str]:
    with stage.house.store.read() as tx:
        rows = tx.execute(ACTION.select().where(ACTION.c.run_id == run_id))
        return {row.status for row in rows}


def test_a_run_verifies_the_outcome_of_what_was_approved_before_it_ends(setting: Setting) -> None:
    with setting.opened() as stage:
        stage.until(stage.holds)
        run_id, hub_id = stage.holds()[0].run_id, stage.holds()[0].action.hub_id
        for hold in [each for each in stage.holds() if each.run_id == run_id]:
            stage.approve(hold)
        assert ActionStatus.GRANTED in _statuses(stage, run_id)
        assert _drive_woken(stage, run_id) is RunStatus.WAITING, "nothing is done yet"
        assert _drive_woken(stage, run_id) is None
        stage.house.executor.settle()
        assert ActionStatus.CONFIRMED in _statuses(stage, run_id)
        assert _drive_woken(stage, run_id) is RunStatus.DONE
        with stage.house.store.read() as tx:
            ended = [e for e in partition(tx, hub_id) if e.kind is EntryKind.RUN_ENDED]
        assert ended[-1].body["run_id"] == run_id
        assert ended[-1].body["outcomes"] == {ActionStatus.CONFIRMED: 3}, "as it was verified"


def test_a_run_whose_every_proposal_was_refused_twice_proposes_no_third_thing(
    setting: Setting,
) -> None:
    with setting.opened() as stage:
        stage.until(stage.holds)
        run_id = stage.holds()[0].run_id
        for _ in range(4):
            for hold in [each for each in stage.holds() if each.run_id == run_id]:
                stage.reject(hold)
            stage.turn()
        with stage.house.store.read() as tx:
            rows = tx.execute(ACTION.select().where(ACTION.c.run_id == run_id)).all()
        assert len({row.proposal_id for row in rows}) == 2, "the first, and one other thing"
        assert run_id in stage.runs(RunStatus.DONE)
        assert stage.refunded() == {}
