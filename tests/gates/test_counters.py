"""Cumulative limits: counters that are reserved at the verdict, over windows that roll."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest

from makegood.domain.actions import ActionKind, Cause
from makegood.domain.authority import Verdict
from makegood.domain.policy import Counter, CounterScope
from makegood.gates import counters
from tests.gates import desk
from tests.gates.world import CLAIM, COUNTER, cancel, coupon, notify, refund

if TYPE_CHECKING:
    from makegood.domain.actions import Action
    from makegood.gates.judge import Judged
    from tests.gates.world import World


def only(world: World, **of: object) -> None:
    """Leave one counter of coupons."""
    values = {"name": "cap", "kinds": (ActionKind.COUPON,), "window_minutes": 60} | of
    world.policy("breakers", counters=(Counter.model_validate(values),))


def allowed(judged: tuple[Judged, ...]) -> int:
    return sum(one.verdict is Verdict.ALLOW for one in judged)


def many(world: World, count: int) -> list[Action]:
    return [coupon(world.order(f"o{n}")) for n in range(count)]


def test_a_second_coupon_of_an_order_for_another_cause_holds(world: World) -> None:
    world.order("o")
    judged = world.propose(coupon("o"), coupon("o", cause=Cause.CAPACITY))
    assert [one.verdict for one in judged] == [Verdict.ALLOW, Verdict.HOLD]
    assert judged[1].rules == ("counter.coupons-per-order",)


def test_278_coupons_that_are_judged_together_do_not_each_see_zero(world: World) -> None:
    only(world, per="hub", max_amount={"EUR": 60_000})
    names = [f"o{n}" for n in range(278)]
    world.orders(*names)
    judged = world.propose(*(coupon(name, 300) for name in names))
    assert allowed(judged) == 200
    assert {one.rules for one in judged[200:]} == {("counter.cap",)}
    assert world.row(COUNTER).used == 60_000


def test_a_smaller_coupon_may_still_fit_where_a_larger_one_did_not(world: World) -> None:
    only(world, per="hub", max_amount={"EUR": 500})
    world.orders("o0", "o1", "o2")
    judged = world.propose(coupon("o0", 300), coupon("o1", 300), coupon("o2", 200))
    assert [one.verdict for one in judged] == [Verdict.ALLOW, Verdict.HOLD, Verdict.ALLOW]


def test_a_window_rolls_with_each_claim(world: World) -> None:
    only(world, per="hub", max_count=2)
    first, second, third, fourth = many(world, 4)
    assert world.verdict(first) == "allow"
    world.pass_time(30)
    assert world.verdict(second) == "allow"
    world.pass_time(29)
    assert world.verdict(third) == "hold"
    world.pass_time(1)
    assert world.verdict(fourth) == "allow"
    assert world.row(COUNTER).used == 2
    assert world.counters_agree()


def test_what_ends_otherwise_gives_back_what_it_had_reserved(world: World) -> None:
    only(world, per="hub", max_count=1)
    first, second = many(world, 2)
    world.books[ActionKind.COUPON].mood = "refuses"
    assert world.verdict(first) == "allow"
    assert world.row(COUNTER).used == 1
    world.settle()
    assert world.row(COUNTER).used == 0
    assert world.verdict(second) == "allow"


def test_what_was_carried_out_counts_until_its_window_has_passed(world: World) -> None:
    only(world, per="hub", max_count=1)
    first, second = many(world, 2)
    world.one(first)
    world.settle()
    assert world.verdict(second) == "hold"


def test_what_is_held_reserves_nothing(world: World) -> None:
    only(world, per="hub", max_count=2)
    held, passes = many(world, 2)
    world.stop("everything")
    world.one(held)
    world.go_on("everything")
    world.one(passes)
    assert world.row(COUNTER).used == 1


def test_a_released_claim_whose_window_has_passed_is_given_back_once(world: World) -> None:
    only(world, per="hub", max_count=5)
    first, second = many(world, 2)
    judged = world.one(first)
    world.pass_time(60)
    world.one(second)
    with world.store.write() as tx:
        counters.release(tx, [judged.action_id])
    assert world.row(COUNTER).used == 1
    assert world.counters_agree()


@pytest.mark.parametrize(
    ("scope", "cause", "agent", "verdict"),
    [
        (CounterScope.AGENT, Cause.LATE, "another", "allow"),
        (CounterScope.AGENT, Cause.LATE, "storm", "hold"),
        (CounterScope.HUB, Cause.LATE, "another", "hold"),
        (CounterScope.CAUSE, Cause.LATE, "another", "hold"),
        (CounterScope.CAUSE, Cause.CAPACITY, "storm", "allow"),
        (CounterScope.CUSTOMER, Cause.LATE, "storm", "allow"),
        (CounterScope.ORDER, Cause.LATE, "storm", "allow"),
    ],
)
def test_a_counter_counts_by_its_scope(
    world: World, scope: CounterScope, cause: Cause, agent: str, verdict: str
) -> None:
    only(world, per=scope, max_count=1)
    assert world.one(coupon(world.order("o"))).verdict is Verdict.ALLOW
    assert world.one(coupon(world.order("p"), cause=cause), agent=agent).verdict == verdict


def test_splitting_one_customers_coupons_over_orders_does_not_slip_under(world: World) -> None:
    only(world, per="customer", max_amount={"EUR": 300})
    for n in range(3):
        world.happen(
            "sales_order.placed",
            f"o{n}",
            customer_id="c",
            total={"minor": 5000, "currency": "EUR"},
        )
    judged = world.propose(*(coupon(f"o{n}", 150, customer_id="c") for n in range(3)))
    assert [one.verdict for one in judged] == [Verdict.ALLOW, Verdict.ALLOW, Verdict.HOLD]


def test_a_counter_counts_only_its_own_kinds(world: World) -> None:
    only(world, per="hub", max_count=0)
    world.order("o")
    judged = world.propose(notify("o"), refund("o"), cancel("o"))
    assert [one.verdict for one in judged] == [Verdict.ALLOW, Verdict.HOLD, Verdict.HOLD]
    assert world.rows(COUNTER) == []


def test_the_fullest_limits_are_shown_first_with_what_is_live(world: World) -> None:
    world.orders("a", "b", "c")
    world.propose(coupon("a", 300), coupon("b", 200))
    world.pass_time(30)
    world.one(coupon("c", 100))

    def shown() -> list[tuple[str, str, int, int]]:
        with world.store.read() as tx:
            rules, now_us = world.policies.breakers.counters, world.clock.now_us()
            return [(f.name, f.scope, f.used, f.cap) for f in counters.fills(tx, rules, now_us)]

    assert shown() == [
        ("coupons-per-hub", "hub:h1", 600, 60_000),
        ("coupons-per-agent", "agent:storm", 600, 100_000),
        ("coupons-per-cause", "cause:late", 600, 100_000),
    ]
    world.pass_time(30)
    assert [used for _, _, used, _ in shown()] == [100] * 3


def test_two_proposals_that_are_judged_at_once_do_not_pass_the_cap_together(world: World) -> None:
    only(world, per="hub", max_count=3)
    batches = [[coupon(world.order(f"{name}{n}")) for n in range(3)] for name in "ab"]
    threads = [Thread(target=world.propose, args=batch) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.row(COUNTER).used == 3
    assert len(world.rows(CLAIM)) == 3
    assert len(world.waiting()) == 3


def test_counters_that_nothing_counts_on_are_cleared_away_and_the_others_are_not(
    world: World,
) -> None:
    only(world, per="hub", max_count=2, window_minutes=60)
    first, second = many(world, 2)
    world.one(first)
    world.pass_time(30)
    world.one(second)
    assert world.row(COUNTER).used == 2
    world.pass_time(30)
    for left in (1, 0):
        with world.store.write() as tx:
            counters.prune(tx, world.clock.now_us())
        assert [row.used for row in world.rows(COUNTER)] == [1] * left
        assert len(world.rows(CLAIM)) == left
        assert world.counters_agree()
        world.pass_time(30)


def test_a_counter_is_cleared_away_while_a_verdict_counts_on_it(world: World) -> None:
    only(world, per="order", max_count=1, window_minutes=60)
    action = many(world, 1)[0]
    world.one(action)
    world.pass_time(60)

    def clear() -> None:
        with world.store.write() as tx:
            counters.prune(tx, world.clock.now_us())

    clearing = Thread(target=clear)
    clearing.start()
    judged = world.one(action.model_copy(update={"cause": Cause.CAPACITY}))
    clearing.join()
    assert judged.verdict.value == "allow"
    assert world.row(COUNTER).used == 1
    assert world.counters_agree()


def test_what_a_person_lets_pass_uses_up_what_agents_have(world: World) -> None:
    only(world, per="order", max_count=1)
    world.order("o")
    big = world.held(coupon("o", 301, cause=Cause.CAPACITY))
    world.approve(big.id)
    assert world.row(COUNTER, key="cap|o|count").used == 1
    assert world.one(coupon("o", 300, cause=Cause.LATE)).rules == ("counter.cap",)


def test_what_people_let_pass_beyond_a_cap_leaves_agents_nothing(world: World) -> None:
    only(world, per="hub", max_amount={"EUR": 1_000})
    for name in ("a", "b", "c"):
        world.approve(world.held(coupon(world.order(name), 400)).id)
    world.settle()
    assert world.row(COUNTER, key="cap|h1|EUR").used == 1_200
    assert world.verdict(coupon(world.order("d"), 200)) == "hold"
    assert world.counters_agree()


@pytest.mark.parametrize("end", ["undone", "failed", "void"])
def test_what_a_person_let_pass_and_did_not_happen_is_given_back(world: World, end: str) -> None:
    only(world, per="hub", max_amount={"EUR": 1_000})
    review = world.held(coupon(world.order("o"), 400))
    if end == "undone":
        desk.approving(world, review.id)
        assert world.row(COUNTER, key="cap|h1|EUR").used == 400
        desk.undo(world, review.id)
    else:
        world.approve(review.id)
        if end == "failed":
            world.books[ActionKind.COUPON].mood = "refuses"
        else:
            world.happen("sales_order.promised", "o", promised_at="2026-07-14T12:00:00Z")
        world.settle()
    assert world.row(COUNTER, key="cap|h1|EUR").used == 0
    assert world.counters_agree()


def test_two_approvals_at_once_are_both_counted(world: World) -> None:
    only(world, per="hub", max_amount={"EUR": 1_000})
    held = [world.held(coupon(world.order(name), 400)).id for name in "ab"]
    threads = [Thread(target=world.approve, args=(each,)) for each in held]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.row(COUNTER, key="cap|h1|EUR").used == 800
