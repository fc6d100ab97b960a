"""A whole small storm with the real house: other fleets and later slots for what stays late."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import select

from makegood.domain.actions import ActionKind, Reassign, Reschedule, read_action
from makegood.domain.authority import ActionStatus
from makegood.replay.company import Company
from makegood.replay.company.city import CityParams, draw, inhabit
from makegood.replay.stage import StageOptions, staged
from makegood.replay.suites.base import Charge
from makegood.replay.suites.storm.arms import STARTS_US
from makegood.replay.suites.storm.scoring import in_window, is_kept
from makegood.store import tables
from makegood.store.sql import table
from tests.replay.company.test_partners import with_partner

HERE = Path(__file__).parents[3]
ACTION = table(tables.authority.Action)
SEED = 4


@dataclass
class Evening:
    """What came of one evening: the company's books, actions confirmed, promises kept."""

    company: Company
    moves: list[Reassign]
    slots: list[Reschedule]
    kept: int
    violations: tuple[str, ...]


def short_of_riders(city: CityParams) -> CityParams:
    """Few riders, and so many customers that nobody gets more messages than policy lets through."""
    couriers = city.couriers.model_copy(update={"count": 5})
    demand = city.demand.model_copy(update={"customers": 800})
    return city.model_copy(update={"couriers": couriers, "demand": demand})


@cache
def evening(partners: int) -> Evening:
    """Play the evening, with so many riders of another fleet."""
    script = draw(short_of_riders(with_partner(count=partners)), SEED, STARTS_US)
    options = StageOptions(
        workspace=HERE,
        starts_us=STARTS_US,
        company=lambda clock: inhabit(clock, script)[0],
        charge=Charge(1_000_000),
    )
    with staged(options) as stage:
        stage.run()
        with stage.store.read() as tx:
            done = select(ACTION.c.body).where(ACTION.c.status == ActionStatus.CONFIRMED)
            kinds = [ActionKind.REASSIGN, ActionKind.RESCHEDULE]
            actions = [
                read_action(r.body) for r in tx.execute(done.where(ACTION.c.kind.in_(kinds)))
            ]
        ids = [script.orders[n].order.id for n in in_window(script)]
        return Evening(
            stage.company,
            [each for each in actions if isinstance(each, Reassign)],
            [each for each in actions if isinstance(each, Reschedule)],
            sum(is_kept(stage.company, each) for each in ids),
            tuple(str(each) for each in stage.check().violations),
        )


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_another_fleet_saves_what_too_few_riders_cannot_and_is_paid_for_what_was_asked() -> None:
    alone, helped = evening(0), evening(4)
    assert alone.violations == helped.violations == ()
    assert alone.company.partners.charges == []
    hired = {(m.fulfilment_id, m.to_courier) for m in helped.moves if "partner" in m.to_courier}
    charged = [(c.fulfilment_id, c.courier_id) for c in helped.company.partners.charges]
    assert charged
    assert sorted(charged) == sorted(hired)
    assert helped.kept > alone.kept


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_promise_that_surely_breaks_is_moved_once_and_the_customer_is_told() -> None:
    alone = evening(0)
    assert alone.slots
    assert max(Counter(each.order_id for each in alone.slots).values()) == 1
    told = {
        notice.sent.order_id
        for notice in alone.company.notifications.sent.values()
        if notice.sent.template == "new_promise"
    }
    assert {each.order_id for each in alone.slots} <= told
    # What is promised anew never counts as kept.
    assert not any(is_kept(alone.company, each.order_id) for each in alone.slots)
