"""Velocity breakers in the gate: what they hold, what they let through, and who closes them."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind
from makegood.domain.authority import ReviewStatus, Verdict
from makegood.domain.policy import Velocity
from makegood.errors import Conflict, NotAllowed, NotFound
from makegood.gates import breakers
from makegood.gates.circuits import State
from makegood.gates.reviews import Decider
from makegood.ledger.kinds import EntryKind
from tests.gates.world import (
    ACTION,
    SECOND,
    SUPERVISOR,
    cancel,
    coupon,
    notify,
    recall,
    refund,
    stop_service,
)

if TYPE_CHECKING:
    from makegood.gates.breakers import BreakerState
    from makegood.gates.reviews import ReviewItem
    from tests.gates.world import World


def only(world: World, **of: object) -> None:
    """Leave one velocity breaker; of coupons, per hub, unless told otherwise."""
    values = {
        "name": "fast",
        "kinds": (ActionKind.COUPON,),
        "per": "hub",
        "window_minutes": 60,
        "open_minutes": 30,
        "probes": 2,
    } | of
    world.policy("breakers", velocity=(Velocity.model_validate(values),), counters=())


def state(world: World) -> BreakerState:
    with world.store.read() as tx:
        (only_one,) = breakers.states(tx, world.policies, world.clock.now_us())
    return only_one


def reset(
    world: World, name: str = "fast", scope: str = "hub:h1", by: Decider = SUPERVISOR
) -> None:
    with world.store.write() as tx:
        now_us = world.clock.now_us()
        breakers.reset(tx, world.policies, name, scope, by.person_id, now_us)


def coupons(world: World, count: int, first: int = 0) -> list[str]:
    """Judge coupons of new orders as one proposal; return their verdicts."""
    names = [f"o{n}" for n in range(first, first + count)]
    world.orders(*names)
    return [one.verdict.value for one in world.propose(*(coupon(name) for name in names))]


def holds(world: World, count: int) -> list[ReviewItem]:
    names = [f"r{n}" for n in range(count)]
    world.orders(*names)
    return [world.held(refund(name)) for name in names]


def test_what_is_judged_together_is_counted_one_by_one(world: World) -> None:
    only(world, max_count=3)
    assert coupons(world, 5) == ["allow"] * 3 + ["hold"] * 2
    assert {review.rules for review in world.waiting()} == {("velocity.fast",)}
    assert {review.why for review in world.waiting()} == {
        "the breaker fast is open: more than 3 in 60 min"
    }


def test_open_means_everything_in_its_scope_holds_and_nothing_else(world: World) -> None:
    only(world, max_count=1)
    coupons(world, 2)
    assert coupons(world, 1, first=2) == ["hold"]
    assert world.verdict(notify("o0")) == "allow"
    world.happen("hub.registered", "h2", name="South", zone="Asia/Shanghai")
    assert state(world).scope == "hub:h1"


def test_a_breaker_stays_open_over_a_restart(world: World) -> None:
    only(world, max_count=1)
    coupons(world, 2)
    world.restart()
    assert state(world).state is State.OPEN
    assert coupons(world, 1, first=2) == ["hold"]


def test_what_was_granted_before_it_opened_is_not_spent(world: World) -> None:
    only(world, max_count=3)
    coupons(world, 4)
    assert world.settle() == 0
    assert world.books[ActionKind.COUPON].done == {}
    assert world.counters_agree()
    assert world.ledger_is_sound()


def test_an_approval_does_not_go_out_through_an_open_breaker(world: World) -> None:
    only(world, kinds=(ActionKind.REFUND,), max_count=2)
    reviews = holds(world, 4)
    for review in reviews[:3]:
        world.approve(review.id)
    assert world.settle() == 2
    assert state(world).state is State.OPEN
    assert {review.why for review in world.waiting()} == {
        "every refund waits for a person",
        "approved, but not carried out: the breaker fast is open: more than 2 in 60 min",
    }
    for review in world.waiting():
        with pytest.raises(Conflict, match=r"the breaker fast is open.*a person can reset it"):
            world.approve(review.id)
    assert world.refunded() == 2 * 1990


def test_half_open_lets_so_many_approvals_through_and_no_more(world: World) -> None:
    only(world, kinds=(ActionKind.REFUND,), max_count=1)
    reviews = holds(world, 5)
    for review in reviews[:2]:
        world.approve(review.id)
    assert world.settle() == 1
    world.pass_time(30)
    assert (state(world).state, state(world).probes_left) == (State.HALF_OPEN, 2)
    for review in world.waiting()[:3]:
        world.approve(review.id)
    assert world.settle() == 2
    assert state(world).probes_left == 0
    with pytest.raises(Conflict, match="no probe is left"):
        world.approve(world.waiting()[0].id)


def test_half_open_lets_no_agent_pass_by_itself(world: World) -> None:
    only(world, max_count=1)
    coupons(world, 2)
    world.pass_time(30)
    assert coupons(world, 1, first=2) == ["hold"]


def test_a_probe_that_fails_opens_the_breaker_again(world: World) -> None:
    only(world, kinds=(ActionKind.REFUND,), max_count=1)
    reviews = holds(world, 3)
    for review in reviews[:2]:
        world.approve(review.id)
    world.settle()
    world.pass_time(30)
    world.books[ActionKind.REFUND].mood = "refuses"
    world.approve(world.waiting()[0].id)
    world.settle()
    assert state(world).state is State.OPEN


def test_a_rejection_opens_a_half_open_breaker_again(world: World) -> None:
    only(world, kinds=(ActionKind.REFUND,), max_count=1)
    reviews = holds(world, 3)
    for review in reviews[:2]:
        world.approve(review.id)
    world.settle()
    world.pass_time(30)
    world.reject(world.waiting()[0].id)
    assert state(world).state is State.OPEN


def test_only_a_person_closes_it_and_the_ledger_says_who(world: World) -> None:
    only(world, max_count=1)
    coupons(world, 2)
    world.pass_time(24 * 60)
    assert state(world).state is State.HALF_OPEN
    reset(world)
    assert coupons(world, 2, first=2) == ["allow", "hold"]
    told = world.told(EntryKind.BREAKER_OPENED, EntryKind.BREAKER_RESET, part="house")
    assert [(entry.kind, entry.actor) for entry in told] == [
        (EntryKind.BREAKER_OPENED, "system"),
        (EntryKind.BREAKER_RESET, SUPERVISOR.person_id),
        (EntryKind.BREAKER_OPENED, "system"),
    ]
    assert told[0].body["why"] == "more than 1 in 60 min"


def test_a_breaker_that_is_closed_cannot_be_reset(world: World) -> None:
    only(world, max_count=5)
    coupons(world, 1)
    for name, scope in (("fast", "hub:h1"), ("fast", "hub:h2"), ("slow", "hub:h1")):
        with pytest.raises(NotFound):
            reset(world, name, scope)


def test_a_tool_that_fails_too_often_is_stopped(world: World) -> None:
    only(world, per="tool", max_failures_bp=5000, at_least=4)
    world.books[ActionKind.COUPON].mood = "refuses"
    coupons(world, 4)
    world.settle()
    assert (state(world).scope, state(world).state) == ("tool:books-coupon", State.OPEN)
    assert coupons(world, 1, first=4) == ["hold"]
    assert world.verdict(notify("o0")) == "allow"


def test_a_tool_that_falls_silent_counts_as_failing(world: World) -> None:
    only(world, per="tool", max_failures_bp=5000, at_least=4)
    world.books[ActionKind.COUPON].mood = "silent, undone"
    coupons(world, 4)
    world.settle()
    assert state(world).state is State.OPEN


def test_an_agent_whose_proposals_reviewers_reject_is_stopped(world: World) -> None:
    kinds = (ActionKind.REFUND, ActionKind.COUPON)
    only(world, kinds=kinds, per="agent", max_rejections_bp=5000, at_least=3)
    reviews = holds(world, 3)
    world.approve(reviews[0].id)
    assert coupons(world, 1) == ["allow"]
    for review in reviews[1:]:
        world.reject(review.id)
    assert (state(world).scope, state(world).state) == ("agent:storm", State.OPEN)
    assert coupons(world, 1, first=1) == ["hold"]
    world.order("other")
    assert world.one(coupon("other"), agent="calm").verdict is Verdict.ALLOW


def test_a_count_above_the_norm_of_its_hour_holds(world: World) -> None:
    only(world, norm={"days": 14, "known_days": 5, "spreads": 3}, at_least=1)
    for day in range(5):
        assert coupons(world, 1, first=day) == ["allow"]
        world.pass_time(24 * 60)
    assert state(world).cap == 4
    assert coupons(world, 6, first=10) == ["allow"] * 4 + ["hold"] * 2


def test_a_sum_in_a_currency_that_it_does_not_name_holds(world: World) -> None:
    only(world, max_amount={"CNY": 100_000})
    assert coupons(world, 1) == ["hold"]


def test_what_keeps_people_safe_passes_every_open_breaker(world: World) -> None:
    only(world, max_count=1, per="everything")
    coupons(world, 2)
    judged = world.propose(recall("o0"), stop_service())
    assert [one.verdict for one in judged] == [Verdict.ALLOW] * 2
    assert world.settle() == 2


def test_a_breaker_that_policy_no_longer_has_stops_nothing(world: World) -> None:
    only(world, max_count=1)
    coupons(world, 2)
    world.policy("breakers", velocity=())
    assert coupons(world, 1, first=2) == ["allow"]


def test_an_action_that_trips_gives_back_what_its_counters_had_reserved(world: World) -> None:
    counters = world.policies.breakers.counters
    only(world, max_count=1)
    world.policy("breakers", counters=counters)
    assert coupons(world, 2) == ["allow", "hold"]
    assert world.counters_agree()


def test_breakers_cost_a_whole_plan_few_statements(world: World) -> None:
    names = [f"o{n}" for n in range(278)]
    world.orders(*names)
    statements: list[str] = []
    engine = world.store._writer  # pyright: ignore[reportPrivateUsage] -- to count
    event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    world.propose(*(coupon(name, 1) for name in names))
    about = [s for s in statements if "breaker" in s or "bypass " in s or "FROM bypass" in s]
    assert len(about) <= 6, about
    statements.clear()
    world.executor.intend()
    about = [s for s in statements if "breaker" in s or "FROM bypass" in s]
    assert len(about) <= 3, about


def test_two_verdicts_at_once_do_not_each_see_room(world: World) -> None:
    only(world, max_count=3)
    batches = [[coupon(world.order(f"{name}{n}")) for n in range(3)] for name in "abc"]
    threads = [Thread(target=world.propose, args=batch) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdicts = [row.verdict for row in world.rows(ACTION)]
    assert (verdicts.count("allow"), verdicts.count("hold")) == (3, 6)
    assert len(world.told(EntryKind.BREAKER_OPENED, part="house")) == 1
    assert world.ledger_is_sound()


def test_half_open_is_on_the_ledger_from_when_its_time_was_up(world: World) -> None:
    only(world, max_count=1)
    coupons(world, 2)
    since_us = world.clock.now_us()
    world.pass_time(45)
    coupons(world, 1, first=2)
    (told,) = world.told(EntryKind.BREAKER_HALF_OPENED, part="house")
    assert told.body == {"name": "fast", "scope": "hub:h1", "probes": 2}
    assert state(world).since_us == since_us + 30 * MINUTE


def test_the_time_until_half_open_is_told(world: World) -> None:
    only(world, max_count=1)
    coupons(world, 2)
    now_us = world.clock.now_us()
    assert state(world).since_us == now_us
    assert state(world).until_us == now_us + 30 * MINUTE


def test_an_open_breaker_over_a_tool_keeps_people_from_approving_too(world: World) -> None:
    only(world, kinds=(ActionKind.COUPON,), per="tool", max_failures_bp=5000, at_least=4)
    world.books[ActionKind.COUPON].mood = "refuses"
    coupons(world, 4)
    world.settle()
    world.orders("late")
    assert world.verdict(coupon("late")) == "hold"
    with pytest.raises(Conflict, match="the breaker fast is open"):
        world.approve()
    reset(world, scope="tool:books-coupon")
    world.books[ActionKind.COUPON].mood = "well"
    assert world.approve().status is ReviewStatus.APPROVED
    assert world.settle() == 1


def test_an_old_call_that_fails_again_does_not_open_a_half_open_breaker(world: World) -> None:
    only(world, per="tool", max_failures_bp=5000, at_least=4)
    world.books[ActionKind.COUPON].mood = "silent, undone"
    coupons(world, 4)
    world.settle()
    assert state(world).state is State.OPEN
    world.pass_time(30)
    assert world.settle() > 0
    assert (state(world).state, state(world).probes_left) == (State.HALF_OPEN, 2)
    world.orders("probe")
    world.propose(coupon("probe"))
    world.approve()
    world.settle()
    assert state(world).state is State.OPEN


def test_a_kill_switch_keeps_people_from_approving_until_it_is_cleared(world: World) -> None:
    review = world.held(refund(world.order("o")))
    world.stop("hub:h1")
    with pytest.raises(Conflict, match="the kill switch for hub:h1 is set"):
        world.approve(review.id)
    world.go_on("hub:h1")
    assert world.approve(review.id).status is ReviewStatus.APPROVED


THIRD = Decider("per_third", SUPERVISOR.roles)


def refunds_of(world: World, by: Decider) -> None:
    """Let somebody approve more refunds than a breaker lets through."""
    for name in ("a", "b", "c"):
        world.approve(world.held(refund(world.order(name))).id, by=by)
    world.settle()
    assert state(world).state is State.OPEN


def test_who_approved_what_it_counted_does_not_reset_it(world: World) -> None:
    """A stolen token that approves too much must not be able to go on after a reset."""
    only(world, max_count=2, kinds=(ActionKind.REFUND,))
    refunds_of(world, THIRD)
    with pytest.raises(NotAllowed, match="another person resets it"):
        reset(world, by=THIRD)
    assert state(world).state is State.OPEN
    reset(world, by=SECOND)
    assert state(world).state is State.CLOSED


def test_the_first_of_two_who_approved_does_not_reset_it_either(world: World) -> None:
    only(world, max_count=1, kinds=(ActionKind.REFUND,))
    for name in ("a", "b"):
        review = world.held(refund(world.order(name, captured=90_000), 50_000))
        for by in (SUPERVISOR, SECOND):
            world.approve(review.id, by=by)
    world.settle()
    for by in (SUPERVISOR, SECOND):
        with pytest.raises(NotAllowed):
            reset(world, by=by)
    reset(world, by=THIRD)


@pytest.mark.parametrize("by", [SUPERVISOR, SECOND])
def test_who_approved_something_else_or_long_before_may_reset_it(world: World, by: Decider) -> None:
    only(world, max_count=2, kinds=(ActionKind.REFUND,))
    world.approve(world.held(refund(world.order("z"))).id)
    world.settle()
    world.pass_time(61)
    world.approve(world.held(cancel(world.order("y"))).id, by=SECOND)
    refunds_of(world, THIRD)
    reset(world, by=by)
    assert state(world).state is State.CLOSED
