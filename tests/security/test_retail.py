"""The write actions of tau2-bench retail: what sends money out or cancels holds, with its amount.

The ground truth of 74 tasks is proposed as an agent would, from what the house's own state says of
each order, and takes the whole way: the check, the gate, a person, the executor and the adapter.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from makegood.clock import MINUTE, to_rfc3339
from makegood.domain.actions import ACTIONS, Action, ActionKind, Cause
from makegood.domain.authority import ReviewStatus, Verdict
from makegood.domain.decisions import Decision, Method, Option, Subject
from makegood.domain.incidents import Incident, IncidentKind, IncidentStatus
from makegood.domain.money import Money
from makegood.domain.roles import Role
from makegood.errors import NotAllowed
from makegood.gates.reviews import Decider
from makegood.proposals.types import Proposal, Proposed
from makegood.runtime import submission
from makegood.runtime.reader import StoreReader
from tests.gates.world import SECOND, SUPERVISOR, World
from tests.security.retail import Write, writes

if TYPE_CHECKING:
    from pathlib import Path

    from makegood.domain.entities import SalesOrder
    from makegood.gates.judge import Judged

OPERATORS = tuple(Decider(f"per_{n}", frozenset({Role.OPERATOR})) for n in ("olga", "omar"))
DECIDERS = (SUPERVISOR, SECOND, *OPERATORS)
SKU_CHANGES = (ActionKind.EXCHANGE, ActionKind.CHANGE_ITEMS)


@pytest.fixture(scope="module")
def wanted(data: Path) -> list[Write]:
    folder = data / "tau2_retail"
    if not folder.is_dir():
        pytest.skip(f"no tau2-bench retail at {folder}")
    return list(writes(folder))


def _place(world: World, wanted: list[Write]) -> None:
    """Let every order be placed with its lines, paid and (where it was) delivered."""
    world.courier("k1", capacity=10_000)
    promised = to_rfc3339(world.clock.now_us() + 40 * MINUTE)
    happened: list[tuple[str, str, dict[str, Any]]] = []
    for each in wanted:
        who = {"customer_id": each.customer_id, "promised_at": promised}
        total = {"minor": each.paid, "currency": "USD"}
        name, delivery = each.order_id, f"f-{each.order_id}"
        lines = [
            {"line_id": line, "sku": sku, "quantity": 1, "price": _usd(price)}
            for line, (sku, price) in each.lines.items()
        ]
        happened += [
            ("sales_order.placed", name, {"total": total, "lines": lines, **who}),
            ("sales_order.payment_captured", name, {"amount": total}),
            ("fulfilment_order.created", delivery, {"order_id": name, **who}),
        ]
        if each.is_delivered:
            happened += [
                ("fulfilment_order.assigned", delivery, {"courier_id": "k1"}),
                ("fulfilment_order.picked_up", delivery, {}),
                ("fulfilment_order.delivered", delivery, {}),
                ("sales_order.delivered", name, {}),
            ]
    world.tell(*happened)


def _usd(minor: int) -> dict[str, object]:
    return {"minor": minor, "currency": "USD"}


def _action(write: Write, order: SalesOrder, more: int = 0) -> Action:
    """Return the write as an agent proposes it, from what the state says of the order.

    With `more`, it asks for so many cents more than that.
    """
    kind = write.kind
    body: dict[str, Any] = {
        "kind": kind,
        "hub_id": order.hub_id,
        "order_id": order.id,
        "customer_id": order.customer_id,
        "cause": Cause.RETURNED if kind is ActionKind.RETURN else Cause.GOODWILL,
    }
    if kind is ActionKind.CHANGE_ADDRESS:
        body["request_id"] = "r1"
    elif kind is not ActionKind.CANCEL:
        body["lines"] = sorted(write.gone)
    if kind in SKU_CHANGES:
        body["skus"] = list(write.new)
    minor = _minor(write, order) + more
    if minor > 0:
        body["amount"] = {"minor": minor, "currency": order.currency}
    return ACTIONS.validate_python(body)


def _minor(write: Write, order: SalesOrder) -> int:
    if write.kind is ActionKind.CANCEL:
        return order.worth_minor
    price = {line.line_id: line.price.minor for line in order.lines}
    return sum(price[line] for line in write.gone) - sum(write.catalogue.values())


def _proposal(action: Action, number: int) -> Proposal:
    subject = Subject(
        id="0",
        options=(Option(key="nothing", values=()), Option(key=action.kind, values=())),
        chosen=1,
    )
    decision = Decision(
        method=Method.MODEL, factors=(), subjects=(subject,), policy_digest="", workspace_digest=""
    )
    return Proposal(
        incident_id=f"inc_{number}",
        run_id=f"run_{number}",
        agent="retail",
        round=1,
        actions=(Proposed(action, 0, "0"),),
        decisions=(decision,),
    )


def _orders(world: World, wanted: list[Write]) -> list[SalesOrder]:
    reader = StoreReader(world.store, world.clock)
    return list(reader.sales_orders([each.order_id for each in wanted]))


def _submitted(world: World, action: Action, number: int) -> Judged:
    """Check and submit an action as a run of its own does, and return what the gate says."""
    proposal = _proposal(action, number)
    reader = StoreReader(world.store, world.clock)
    kept, dropped = submission.check(proposal, reader, world.policies)
    assert dropped == (), (action, dropped)
    now_us = world.clock.now_us()
    incident = Incident(
        id=proposal.incident_id,
        kind=IncidentKind.ANOMALY,
        key=proposal.incident_id,
        hub_id=action.hub_id,
        status=IncidentStatus.OPEN,
        severity=1,
        opened_us=now_us,
        updated_us=now_us,
        round=1,
    )
    with world.store.write() as tx:
        digest = proposal.digest()
        [judged] = submission.submit(tx, world.rulebook, incident, kept, digest, dropped, now_us)
    return judged


def _approve(world: World, review_id: str) -> bool:
    """Let as many persons approve as it takes, of the role that it takes; say whether it went."""
    for who in DECIDERS:
        try:
            if world.approve(review_id, who).status is ReviewStatus.APPROVED:
                return True
        except NotAllowed:
            # A large sum is an operator's, and not a supervisor's.
            continue
    return False


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_every_write_of_tau2_retail_that_gives_money_back_or_cancels_holds_and_is_then_paid(
    world: World, wanted: list[Write]
) -> None:
    # Breakers for speed would open at so many in one minute, and are looked at elsewhere.
    world.policy("breakers", velocity=())
    _place(world, wanted)
    judged = [
        _submitted(world, _action(write, order), number)
        for number, (write, order) in enumerate(zip(wanted, _orders(world, wanted), strict=True))
    ]
    held = {review.action_id: review for review in world.waiting()}
    for write, verdict in zip(wanted, judged, strict=True):
        if write.kind is ActionKind.CHANGE_ADDRESS:
            # No policy of the reference workspace names it, and it moves no money.
            assert verdict.verdict is Verdict.DENY
            assert write.expected == 0
            continue
        assert verdict.verdict is Verdict.HOLD, (write, verdict)
        assert held[verdict.action_id].action.kind is write.kind
        money = held[verdict.action_id].action.money
        assert money == (Money(minor=write.expected, currency="USD") if write.expected else None)
    for _ in range(3):
        world.settle(minutes=1)
    assert [kind for kind, books in world.books.items() if books.calls] == []
    for review in held.values():
        assert _approve(world, review.id), review
    world.settle()
    world.settle()
    _paid_as_expected(world, wanted)


def _paid_as_expected(world: World, wanted: list[Write]) -> None:
    done = Counter(
        (action.kind, action.order_id, action.money.minor if action.money else 0)
        for books in world.books.values()
        for action in books.done.values()
    )
    assert done == Counter(
        (write.kind, write.order_id, write.expected)
        for write in wanted
        if write.kind is not ActionKind.CHANGE_ADDRESS
    )
    assert all(books.twice == [] for books in world.books.values())
    assert sum(books.paid() for books in world.books.values()) == sum(w.expected for w in wanted)
    assert world.ledger_is_sound()


def test_the_writes_are_those_that_the_benchmark_counts(wanted: list[Write]) -> None:
    count = Counter(each.kind for each in wanted)
    assert count == {
        ActionKind.CANCEL: 18,
        ActionKind.RETURN: 32,
        ActionKind.EXCHANGE: 25,
        ActionKind.CHANGE_ITEMS: 22,
        ActionKind.CHANGE_ADDRESS: 16,
    }
    assert sum(1 for each in wanted if each.expected) > 60
    for each in wanted:
        assert each.paid == sum(price for _, price in each.lines.values())


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_another_amount_than_the_data_gives_is_dropped_before_the_gate(
    world: World, wanted: list[Write]
) -> None:
    """A cent more or less of a cancelled order, and more than the lines that come back cost."""
    _place(world, wanted)
    reader, tried = StoreReader(world.store, world.clock), Counter[ActionKind]()
    for write, order in zip(wanted, _orders(world, wanted), strict=True):
        for more in _wrong(write):
            proposal = _proposal(_action(write, order, more), 0)
            kept, dropped = submission.check(proposal, reader, world.policies)
            assert kept == replace(proposal, actions=()), (write, more)
            assert {fault.field for fault in dropped} == {"amount.minor"}
            tried[write.kind] += 1
    assert tried[ActionKind.CANCEL] == 36
    assert tried[ActionKind.RETURN] == 32
    assert tried[ActionKind.EXCHANGE] == 25
    assert tried[ActionKind.CHANGE_ITEMS] == 22


def _wrong(write: Write) -> tuple[int, ...]:
    if write.kind is ActionKind.CANCEL:
        return (1, -1)
    if write.kind is ActionKind.CHANGE_ADDRESS:
        return ()
    # The price of what comes instead is not the order's to say, so that the bound is its lines'.
    return (sum(write.catalogue.values()) + 1,)
