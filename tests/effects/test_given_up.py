"""The database gives transactions up so that others can go on: what is known is not forgotten."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from makegood.domain.actions import ActionKind
from makegood.domain.effects import Repeat
from makegood.effects import records
from makegood.effects.boundary import Point
from makegood.errors import Deadlocked
from makegood.ledger.kinds import EntryKind
from makegood.store.session import Store
from tests.gates import desk
from tests.gates.world import EFFECT, MONEY, World

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy import Connection

    from makegood.clock import VirtualClock

REFUND = ActionKind.REFUND


@pytest.fixture
def apart(postgres_url: str, clock: VirtualClock) -> Generator[World]:
    store = Store.open(postgres_url)
    try:
        yield World(store, clock)
    finally:
        store.close()


def test_what_is_given_up_at_each_step_is_done_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = world.adapter(REFUND, Repeat.NEITHER)
    world.approve(desk.hold(world))
    write, given_up = world.store.write, [True]

    @contextmanager
    def every_other() -> Generator[Connection]:
        with write() as tx:
            yield tx
            given_up.append(not given_up[-1])
            if not given_up[-1]:
                raise Deadlocked

    monkeypatch.setattr(world.store, "write", every_other)
    assert world.settle() == 1
    monkeypatch.undo()
    assert given_up.count(False) == 3, "to intend, to mark and to note"
    assert (tool.calls, tool.twice, tool.paid()) == (1, [], 1990)
    assert world.row(EFFECT).status == "confirmed"
    assert (world.row(MONEY).committed_minor, world.row(MONEY).confirmed_minor) == (1990, 1990)
    assert len(world.told(EntryKind.EFFECT_INTENDED, EntryKind.EFFECT_CONFIRMED)) == 2
    assert world.ledger_is_sound()


@pytest.mark.postgres
def test_a_known_outcome_outlives_a_deadlock(apart: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL gives up who waited first, once it has waited for a second: the executor."""
    tool = apart.adapter(REFUND, Repeat.NEITHER)
    apart.approve(desk.hold(apart))
    locked, noting = Event(), Event()

    def other() -> None:
        with apart.store.write() as tx:
            tx.execute(select(MONEY).with_for_update()).all()
            locked.set()
            noting.wait(10)
            time.sleep(0.4)
            tx.execute(select(EFFECT).with_for_update()).all()

    with ThreadPoolExecutor(1) as pool:
        others: list[Future[None]] = []

        class Crossed:
            def reached(self, point: Point) -> None:
                if point is Point.AFTER_DISPATCH:
                    others.append(pool.submit(other))
                    locked.wait(10)
                if point is Point.BEFORE_CONFIRM:
                    noting.set()

        apart.restart(Crossed())
        end, ends = records.end, list[object]()

        def counted(tx: Connection, *args: object) -> None:
            ends.append(args)
            end(tx, *args)  # pyright: ignore[reportArgumentType] -- passed on as they came

        monkeypatch.setattr(records, "end", counted)
        assert apart.settle() == 1
        others[0].result(10)
    assert len(ends) == 2, "the first was given up"
    effect = apart.row(EFFECT)
    assert (effect.status, effect.detail, tool.calls) == ("confirmed", "", 1)
    assert apart.row(MONEY).confirmed_minor == 1990
