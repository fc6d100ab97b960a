"""What is owed once is paid once, whoever proposes it, however often, and whatever dies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import select

from makegood.domain.authority import ActionStatus, Verdict
from makegood.domain.canonical import derive_id
from makegood.gates.candidates import obligation_id
from makegood.gates.judge import ACTION, verdicts
from makegood.store.session import Store
from tests.faults.cases import order, paid, refund, wish
from tests.faults.plan import Kill, Plan, Say, Where, Wish

if TYPE_CHECKING:
    from tests.faults.harness import Bench

KILLED: Final = (Where.DECISION_TO_GRANT, Where.AFTER_INTENT, Where.AFTER_DISPATCH)
killed = pytest.mark.parametrize(
    "kill",
    [
        pytest.param(None, id="no crash"),
        *(pytest.param(Kill(where=w), id=w.value, marks=pytest.mark.slow) for w in KILLED),
    ],
)


def _live(bench: Bench, plan: Plan, kill: Kill | None) -> None:
    bench.begin(plan)
    if kill is not None:
        assert bench.live(kill).killed
        bench.check()
    bench.until_quiet()
    bench.audit()


def _verdict(bench: Bench, of: Wish) -> Verdict:
    store = Store.open(bench.store_url)
    try:
        with store.read() as tx:
            return verdicts(tx, of.id)[0].verdict
    finally:
        store.close()


def _status(bench: Bench, of: Wish) -> str:
    store = Store.open(bench.store_url)
    try:
        with store.read() as tx:
            query = select(ACTION.c.status).where(ACTION.c.proposal_id == of.id)
            return tx.execute(query).scalar_one()
    finally:
        store.close()


@killed
def test_two_incidents_that_owe_the_same_refund_pay_it_once(
    bench: Bench, kill: Kill | None
) -> None:
    rained_on = order()
    one = wish(refund(rained_on), incident="weather")
    two = wish(refund(rained_on), incident="capacity")
    plan = Plan(
        orders=(rained_on,),
        wishes=(one, two),
        says=(Say(wish=one.id, approve=True),),
        payments=(paid(rained_on),),
    )
    _live(bench, plan, kill)
    assert sorted([_verdict(bench, one), _verdict(bench, two)]) == [Verdict.HOLD, Verdict.MET]


@pytest.mark.parametrize("approved", [1_990, 2_000])
@killed
def test_a_model_that_proposes_19_90_and_then_20_00_owes_one_of_them(
    bench: Bench, kill: Kill | None, approved: int
) -> None:
    late = order()
    low, high = wish(refund(late, 1_990)), wish(refund(late, 2_000))
    one, other = (low, high) if approved == 1_990 else (high, low)
    plan = Plan(
        orders=(late,),
        wishes=(low, high),
        # Both are approved: the second approval meets what the first one has settled.
        says=(Say(wish=one.id, approve=True), Say(wish=other.id, approve=True)),
        payments=(paid(late, approved),),
    )
    _live(bench, plan, kill)
    assert _verdict(bench, high) is Verdict.HOLD
    assert _status(bench, one) == ActionStatus.CONFIRMED
    assert _status(bench, other) in {ActionStatus.HELD, ActionStatus.SUPERSEDED}


@killed
def test_a_second_refund_that_names_the_first_holds_is_approved_and_is_paid(
    bench: Bench, kill: Kill | None
) -> None:
    twice = order()
    first = refund(twice, 1_000)
    second = refund(twice, 500, occurrence=2, follows=obligation_id(first.obligation_key))
    one, two = wish(first), wish(second)
    plan = Plan(
        orders=(twice,),
        wishes=(one, two),
        says=(Say(wish=one.id, approve=True), Say(wish=two.id, approve=True)),
        payments=(paid(twice, 1_000), paid(twice, 500)),
        after={two.id: (one.id,)},
    )
    _live(bench, plan, kill)
    assert _verdict(bench, two) is Verdict.HOLD


def test_a_second_refund_that_names_nothing_is_denied(bench: Bench) -> None:
    greedy = order()
    one = wish(refund(greedy, 1_000))
    two = wish(refund(greedy, 500, occurrence=2))
    plan = Plan(
        orders=(greedy,),
        wishes=(one, two),
        says=(Say(wish=one.id, approve=True),),
        payments=(paid(greedy, 1_000),),
        after={two.id: (one.id,)},
    )
    _live(bench, plan, None)
    assert _verdict(bench, two) is Verdict.DENY


@pytest.mark.parametrize(
    "kill", [None, Kill(where=Where.COMMIT, passage=4)], ids=["no crash", "4th commit"]
)
def test_what_was_rejected_is_never_paid_whatever_is_proposed_after(
    bench: Bench, kill: Kill | None
) -> None:
    refused = order()
    one, again, cheaper = (wish(refund(refused, minor)) for minor in (1_990, 1_990, 1_989))
    plan = Plan(
        orders=(refused,),
        wishes=(one, again, cheaper),
        says=(Say(wish=one.id, approve=False),),
        payments=(),
        after={again.id: (one.id,), cheaper.id: (one.id,)},
    )
    _live(bench, plan, kill)
    assert _status(bench, one) == ActionStatus.REJECTED
    assert (_verdict(bench, again), _verdict(bench, cheaper)) == (Verdict.DENY, Verdict.DENY)


def test_what_nobody_decides_on_is_never_paid(bench: Bench) -> None:
    waiting = order()
    held = wish(refund(waiting))
    bench.begin(Plan(orders=(waiting,), wishes=(held,)))
    for passage in range(1, 4):
        bench.live(Kill(where=Where.COMMIT, passage=passage))
    bench.until_quiet()
    bench.audit()
    assert _status(bench, held) == ActionStatus.HELD


def test_more_than_was_captured_is_never_paid_back(bench: Bench) -> None:
    small = order(captured=2_500)
    first = refund(small, 2_000)
    rest = refund(small, 1_000, occurrence=2, follows=obligation_id(first.obligation_key))
    one, two = wish(first), wish(rest)
    plan = Plan(
        orders=(small,),
        wishes=(one, two),
        says=(Say(wish=one.id, approve=True),),
        payments=(paid(small, 2_000),),
        after={two.id: (one.id,)},
    )
    _live(bench, plan, None)
    assert _verdict(bench, two) is Verdict.DENY


def test_the_action_of_a_wish_has_the_id_that_a_decision_names(sqlite_bench: Bench) -> None:
    one = order()
    held = wish(refund(one))
    sqlite_bench.begin(Plan(orders=(one,), wishes=(held,)))
    sqlite_bench.until_quiet()
    store = Store.open(sqlite_bench.store_url)
    with store.read() as tx:
        assert verdicts(tx, held.id)[0].action_id == derive_id("act", held.id, 0)
    store.close()
