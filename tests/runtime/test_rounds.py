"""Rounds: an incident about orders is worked on again when something about them is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind
from makegood.domain.authority import ActionStatus, RunStatus
from makegood.domain.incidents import IncidentKind
from makegood.effects.reads import ACTION
from makegood.runtime.runs import INCIDENT

if TYPE_CHECKING:
    from tests.runtime.stage import Setting, Stage


def _anomaly(stage: Stage) -> dict[str, int]:
    """Return the rounds of each incident about orders without stock."""
    mine = select(INCIDENT.c.id, INCIDENT.c.round).where(INCIDENT.c.kind == IncidentKind.ANOMALY)
    with stage.house.store.read() as tx:
        return {row.id: row.round for row in tx.execute(mine)}


def _all_held(stage: Stage) -> bool:
    """Say whether both orders without stock wait for a person."""
    held = {one.order_id for one in stage.holds() if one.action.kind is ActionKind.REFUND}
    return len(held) == 2


def test_while_every_order_waits_for_a_person_no_empty_round_begins(setting: Setting) -> None:
    with setting.opened() as stage:
        stage.until(lambda: _all_held(stage))
        before = _anomaly(stage)
        for _ in range(20):
            stage.turn(MINUTE)
        assert _anomaly(stage) == before
        assert len(stage.runs(RunStatus.WAITING)) == sum(before.values())


def test_what_did_not_come_about_is_taken_up_again(setting: Setting) -> None:
    with setting.opened() as stage:
        stage.until(lambda: _all_held(stage))
        before = _anomaly(stage)
        cancel = next(h for h in stage.holds() if h.action.kind is ActionKind.CANCEL)
        with stage.house.store.write() as tx:
            mine = ACTION.update().where(ACTION.c.order_id == cancel.order_id)
            gone = mine.where(ACTION.c.kind == ActionKind.CANCEL)
            tx.execute(gone.values(status=ActionStatus.EXPIRED))
        stage.turn(5 * MINUTE)
        after = _anomaly(stage)
        assert sum(after.values()) == sum(before.values()) + 1
