"""Answers that come too late, or not at all: nobody knows, and yet it is paid once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import select

from makegood.effects.reads import EFFECT
from makegood.ledger.entries import partition
from makegood.ledger.kinds import EntryKind
from makegood.store.session import Store
from tests.faults.cases import order, paid, refund, wish
from tests.faults.company import Fault
from tests.faults.plan import HUB, Kill, Plan, Say, Where

if TYPE_CHECKING:
    from tests.faults.harness import Bench

SHORT_S: Final = 0.15
PATIENT_S: Final = 40.0
LATE_S: Final = 1.0

FAULTS: Final[dict[str, Fault]] = {
    "it acts and answers after the time-out": Fault(kind="delay", seconds=LATE_S, times=2),
    "it acts and breaks off its answer": Fault(kind="drop", times=2),
    "it never hears of it": Fault(kind="lose", times=2),
    "it answers 504 and has acted": Fault(kind="unknown", acts=True, times=2),
    "it answers 504 and has not acted": Fault(kind="unknown", acts=False, times=2),
    "it answers 500": Fault(kind="fail", times=2),
}


def _one_refund() -> Plan:
    late = order()
    owed = wish(refund(late))
    return Plan(
        orders=(late,),
        wishes=(owed,),
        says=(Say(wish=owed.id, approve=True),),
        payments=(paid(late),),
    )


def _unknowns(bench: Bench) -> int:
    store = Store.open(bench.store_url)
    try:
        with store.read() as tx:
            return sum(one.kind is EntryKind.EFFECT_UNKNOWN for one in partition(tx, HUB))
    finally:
        store.close()


def _attempts(bench: Bench) -> int:
    store = Store.open(bench.store_url)
    try:
        with store.read() as tx:
            return tx.execute(select(EFFECT.c.attempts)).scalar_one()
    finally:
        store.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_an_unknown_outcome_is_asked_again_under_the_same_key_and_paid_once(
    sqlite_bench: Bench, fault: str
) -> None:
    _ask_again(sqlite_bench, FAULTS[fault])


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_on_either_database_an_unknown_outcome_is_asked_again_and_paid_once(
    bench: Bench, fault: str
) -> None:
    _ask_again(bench, FAULTS[fault])


def _ask_again(bench: Bench, fault: Fault) -> None:
    bench.read_s = SHORT_S
    bench.company.lay(fault)
    bench.begin(_one_refund())
    bench.until_quiet()
    bench.audit()
    assert _unknowns(bench) == 2
    assert _attempts(bench) == 3


@pytest.mark.parametrize("where", [Where.AFTER_DISPATCH, Where.BEFORE_CONFIRM, Where.AFTER_CONFIRM])
def test_a_process_that_dies_with_an_unknown_outcome_leaves_it_to_be_paid_once(
    sqlite_bench: Bench, where: Where
) -> None:
    sqlite_bench.read_s = SHORT_S
    sqlite_bench.company.lay(Fault(kind="delay", seconds=LATE_S))
    sqlite_bench.begin(_one_refund())
    assert sqlite_bench.live(Kill(where=where)).killed
    sqlite_bench.check()
    sqlite_bench.until_quiet()
    sqlite_bench.audit()


@pytest.mark.slow
def test_a_process_that_dies_while_the_answer_is_under_way_pays_once(bench: Bench) -> None:
    bench.company.lay(Fault(kind="delay", seconds=PATIENT_S))
    bench.read_s = 2 * PATIENT_S
    bench.begin(_one_refund())
    lives_s = 0.2
    while not bench.books():
        # A slow machine needs longer until the provider has acted; the answer takes much longer.
        lives_s *= 1.5
        assert bench.live(kill_after_s=lives_s).killed
    bench.check()
    bench.until_quiet()
    bench.audit()
