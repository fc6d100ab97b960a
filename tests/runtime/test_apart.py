"""Where another thread carries out effects, an outside that is slow to answer stalls nothing."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING

from sqlalchemy import select

from makegood.domain.authority import RunStatus
from makegood.effects.boundary import Point
from makegood.runtime.desk import ACTION

if TYPE_CHECKING:
    from tests.runtime.stage import Setting, Stage

LONGEST_S = 30.0


class Silence:
    """An outside that was sent something and does not answer until it may."""

    def __init__(self) -> None:
        self.sent = Event()
        self.may_answer = Event()

    def reached(self, point: Point) -> None:
        if point is Point.AFTER_DISPATCH:
            self.sent.set()
            assert self.may_answer.wait(LONGEST_S)


def _statuses(stage: Stage, run_id: str) -> set[str]:
    with stage.house.store.read() as tx:
        mine = select(ACTION.c.status).where(ACTION.c.run_id == run_id)
        return set(tx.execute(mine).scalars())


def test_turns_go_on_while_the_outside_is_silent(setting: Setting) -> None:
    silence = Silence()
    with setting.opened(silence, apart=True) as stage:
        stage.until(stage.holds)
        for hold in stage.holds():
            stage.approve(hold)
        acting = Thread(target=stage.house.executor.settle)
        acting.start()
        try:
            assert silence.sent.wait(LONGEST_S)
            began = len(stage.runs())
            stage.until(lambda: len(stage.runs()) > began)
            assert acting.is_alive()
        finally:
            silence.may_answer.set()
            acting.join(LONGEST_S)


def test_a_run_waits_for_the_outside_and_ends_with_what_came_of_it(setting: Setting) -> None:
    with setting.opened(apart=True) as stage:
        stage.until(stage.holds)
        run_id = stage.holds()[0].run_id
        for hold in [hold for hold in stage.holds() if hold.run_id == run_id]:
            stage.approve(hold)
        for _ in range(3):
            stage.turn()
        assert run_id in stage.runs(RunStatus.WAITING)
        assert "granted" in _statuses(stage, run_id)
        stage.house.executor.settle()
        stage.turn()
        assert run_id in stage.runs(RunStatus.DONE)
        assert _statuses(stage, run_id) == {"confirmed"}
