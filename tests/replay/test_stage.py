"""The stage: a company and a house in one process, which can be killed, slowed and lied to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from makegood.clock import MINUTE, SECOND
from makegood.domain.authority import ActionStatus
from makegood.domain.effects import EffectStatus
from makegood.effects.boundary import Point
from makegood.effects.reads import ACTION, EFFECT
from makegood.errors import Conflict
from makegood.events.log import LOG
from makegood.replay.stage import CloudEvent, Stage, staged
from makegood.replay.suites.base import Charge
from makegood.runtime.loop import RUN
from makegood.runtime.runs import INCIDENT
from tests.replay.towns import START_US, options

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Select


def count(stage: Stage, query: Select[Any]) -> int:
    with stage.store.read() as tx:
        return len(tx.execute(query).all())


@pytest.mark.slow
def test_a_storm_is_worked_on_and_every_invariant_holds() -> None:
    with staged(options()) as stage:
        stage.run()
        report = stage.check()
        assert report.violations == ()
        assert set(report.looked_at) == set(range(1, 14))
        done = select(EFFECT.c.id).where(EFFECT.c.status == EffectStatus.CONFIRMED)
        assert report.looked_at[1] > count(stage, done) > 0
        assert stage.decision_s


def test_without_agents_trouble_is_seen_and_nothing_is_proposed() -> None:
    with staged(options(agents=False)) as stage:
        stage.run()
        assert count(stage, select(INCIDENT.c.id)) > 0
        assert count(stage, select(ACTION.c.id)) == 0
        assert stage.check().sound


@pytest.mark.slow
def test_the_world_moves_on_by_what_a_decision_costs_before_it_is_acted_on() -> None:
    with staged(options(charge=Charge(90 * SECOND))) as stage:
        stage.run()
        query = select(RUN.c.started_us, func.min(EFFECT.c.intended_us)).select_from(
            RUN.join(ACTION, ACTION.c.run_id == RUN.c.id).join(
                EFFECT, EFFECT.c.action_id == ACTION.c.id
            )
        )
        with stage.store.read() as tx:
            pairs = tx.execute(query.group_by(RUN.c.id, RUN.c.started_us)).all()
        assert pairs
        assert all(intended - started >= 90 * SECOND for started, intended in pairs)


@pytest.mark.slow
@pytest.mark.parametrize("point", [None, Point.AFTER_INTENT, Point.AFTER_DISPATCH])
def test_a_house_that_was_killed_comes_back_and_does_nothing_twice(point: Point | None) -> None:
    with staged(options()) as stage:
        stage.at(START_US + 16 * MINUTE, lambda: stage.kill(3 * MINUTE, point))
        stage.run()
        assert stage.lives == 2
        assert stage.check().violations == ()
        left = [ActionStatus.GRANTED, ActionStatus.INTENDED, ActionStatus.UNKNOWN]
        assert count(stage, select(ACTION.c.id).where(ACTION.c.status.in_(left))) == 0


@pytest.mark.slow
def test_what_is_told_while_the_house_is_down_is_told_when_it_is_back() -> None:
    with staged(options(agents=False)) as stage:
        stage.at(START_US + 10 * MINUTE, lambda: stage.kill(10 * MINUTE))
        stage.at(START_US + 15 * MINUTE, lambda: _is_down(stage))
        stage.run()
        assert stage.lives == 2
        received = select(LOG.c.received_us).where(
            LOG.c.occurred_us.between(START_US + 11 * MINUTE, START_US + 12 * MINUTE)
        )
        with stage.store.read() as tx:
            when = tx.execute(received).scalars().all()
        assert when
        assert min(when) >= START_US + 20 * MINUTE
        assert stage.check().sound


def _is_down(stage: Stage) -> None:
    assert not stage.is_up
    with pytest.raises(Conflict, match="down"):
        _ = stage.house


@pytest.mark.slow
def test_an_event_that_never_came_through_is_found_to_be_lost() -> None:
    def swallow(events: list[CloudEvent], _now_us: int) -> list[CloudEvent]:
        return [each for each in events if each["type"] != "fulfilment_order.delivered"]

    with staged(options(agents=False)) as stage:
        stage.passes.append(swallow)
        stage.run()
        violations = stage.check().violations
        assert violations
        assert {each.invariant for each in violations} == {9}
        assert "the state says" in violations[0].what


def test_a_folder_that_holds_something_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    with pytest.raises(Conflict, match="not an empty folder"), staged(options(folder=tmp_path)):
        pass
