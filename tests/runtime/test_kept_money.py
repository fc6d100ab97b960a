"""No order is ended with its money kept: what the other half came to nothing is asked for anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from makegood.clock import DAY, HOUR
from makegood.domain.actions import ActionKind
from makegood.domain.authority import ActionStatus
from makegood.incidents.detectors import kept
from makegood.runtime import desk_watch
from makegood.runtime.desk import ACTION
from makegood.store import tables
from makegood.store.sql import table

if TYPE_CHECKING:
    from makegood.gates.reviews import ReviewItem
    from tests.runtime.stage import Setting, Stage

INCIDENT = table(tables.incidents.Incident)


def _ended(stage: Stage) -> str:
    """Approve the end of one order, and see it carried out; its refund is left waiting."""
    stage.until(stage.holds)
    end = next(h for h in stage.holds() if h.action.kind is ActionKind.CANCEL)
    assert stage.approve(end).grant_id

    def cancelled() -> bool:
        return ActionStatus.CONFIRMED in _statuses(stage, end.order_id, ActionKind.CANCEL)

    stage.until(cancelled)
    return end.order_id


def _statuses(stage: Stage, order_id: str, kind: ActionKind) -> list[str]:
    which = (ACTION.c.order_id == order_id) & (ACTION.c.kind == kind)
    with stage.house.store.read() as tx:
        return list(tx.execute(select(ACTION.c.status).where(which)).scalars())


def _refund_of(stage: Stage, order_id: str) -> ReviewItem | None:
    found = (h for h in stage.holds() if h.order_id == order_id)
    return next((h for h in found if h.action.kind is ActionKind.REFUND), None)


def _incidents(stage: Stage) -> list[str]:
    with stage.house.store.read() as tx:
        rows = tx.execute(select(INCIDENT.c.key, INCIDENT.c.status))
        return [row.status for row in rows if row.key.startswith(kept.key(""))]


def test_a_refund_that_expired_beside_an_end_is_asked_for_again(setting: Setting) -> None:
    with setting.opened() as stage:
        order_id = _ended(stage)
        first = _refund_of(stage, order_id)
        assert first is not None
        assert _incidents(stage) == [], "its refund waits: nothing is kept yet"
        stage.turn(3 * HOUR)
        assert desk_watch.look_at_deadlines(stage.house) > 0
        stage.until(lambda: (now := _refund_of(stage, order_id)) and now.id != first.id)
        again = _refund_of(stage, order_id)
        assert again is not None
        assert again.action.money == first.action.money
        assert stage.approve(again).grant_id
        stage.until(lambda: order_id in stage.refunded())
        assert again.action.money is not None
        assert stage.refunded()[order_id] == again.action.money.minor
        for _ in range(60):
            stage.turn(HOUR)
        assert set(_incidents(stage)) == {"closed"}
        assert _statuses(stage, order_id, ActionKind.REFUND).count("confirmed") == 1


def test_a_no_to_the_money_of_an_ended_order_is_not_asked_about_again(setting: Setting) -> None:
    with setting.opened() as stage:
        order_id = _ended(stage)
        refund = _refund_of(stage, order_id)
        assert refund is not None
        stage.reject(refund)
        for _ in range(12):
            stage.turn(HOUR)
        assert _statuses(stage, order_id, ActionKind.REFUND) == [ActionStatus.REJECTED]
        assert "open" in _incidents(stage), "it is told for a day: somebody may have meant both"
        for _ in range(12):
            stage.turn(DAY // 6)
        assert "open" not in _incidents(stage)
