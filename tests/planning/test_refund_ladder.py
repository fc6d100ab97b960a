"""Where the reference ladder's amounts come from: what late orders cost in real refunds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks import refund_ladder
from benchmarks.refund_ladder import RUNGS, Record, ladder, severity, told_apart
from tests.planning.city import policies

if TYPE_CHECKING:
    from pathlib import Path


def _record(delays: list[float], refunds: list[float]) -> Record:
    elapsed = np.array(delays) + refund_ladder.PROMISE_MIN
    value = np.resize(np.array([3_000.0, 5_000.0]), len(delays))
    return Record(elapsed, value, np.array(refunds), np.ones(len(delays)))


def test_a_rung_gives_what_so_late_an_order_cost_above_one_in_time() -> None:
    delays = [delay for delay in (-5.0, 9.0, 16.0, 31.0, 46.0) for _ in range(4)]
    refunds = [0.0, 0, 0, 400, 0, 0, 600, 800, 0, 1_200, 800, 1_000, *[1_000.0] * 4, *[900.0] * 4]
    rungs = ladder(_record(delays, refunds))
    assert [rung.from_minutes for rung in rungs] == list(RUNGS)
    # 100 cents are given anyway; the last rung would give less than the one before, and does not.
    assert [rung.excess for rung in rungs] == pytest.approx([250, 650, 900, 900])


def test_a_rung_is_worth_its_excess_divided_as_refunds_are() -> None:
    delays = [-1.0] * 10 + [60.0] * 10
    rng = np.random.default_rng(3)
    value = rng.uniform(1_000, 9_000, 20)
    refund = np.where(np.arange(20) >= 10, 500 + 0.1 * value, 0)
    record = Record(np.array(delays) + 45, value, refund, np.ones(20))
    start, slope, explained = severity(record)
    assert (start, slope, explained) == pytest.approx((500, 0.1, 1.0))
    late = record.where(record.refund > 0)
    padded = _joined(record, _record([9.0, 16.0, 31.0], [0.0, 0.0, 0.0]))
    rung = ladder(padded)[-1]
    assert (rung.base, rung.value_bp) == (500, 1_000)
    assert refund_ladder.awards(ladder(padded), late, len(RUNGS) - 1) == pytest.approx(
        float(late.refund.sum()), rel=0.01
    )


def test_longer_waits_tell_refunded_orders_apart() -> None:
    assert told_apart(_record([1, 2, 3, 4], [0, 0, 9, 9])) == 1.0
    assert told_apart(_record([4, 3, 2, 1], [0, 0, 9, 9])) == 0.0


def test_the_reference_ladder_is_what_real_refunds_say(data: Path) -> None:
    record = refund_ladder.read(data / refund_ladder.FILE)
    steps = policies().compensation.steps
    told = [(step.from_minutes, step.base.of("USD"), step.value_bp) for step in steps]
    assert told == [(rung.from_minutes, rung.base, rung.value_bp) for rung in ladder(record)]


def _joined(a: Record, b: Record) -> Record:
    return Record(
        np.concatenate([a.elapsed_min, b.elapsed_min]),
        np.concatenate([a.value, b.value]),
        np.concatenate([a.refund, b.refund]),
        np.concatenate([a.day, b.day]),
    )
