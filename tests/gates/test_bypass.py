"""Bypasses: two persons, a reason, a scope, an end; and what no bypass touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.domain.actions import ActionKind
from makegood.domain.policy import Velocity, VelocityScope
from makegood.domain.roles import Role
from makegood.errors import Conflict, InvalidInput, NotAllowed, NotFound
from makegood.gates import bypass, persons
from makegood.ledger.kinds import EntryKind
from tests.gates.world import (
    ACTION,
    SECOND,
    SUPERVISOR,
    coupon,
    notify,
    reassign,
    recall,
    refund,
)

if TYPE_CHECKING:
    from makegood.gates.bypass import Bypass
    from tests.gates.world import World

ASKS, CONFIRMS = SUPERVISOR.person_id, SECOND.person_id
BIG = 301
"""Cents: more than the reference policy lets a coupon be."""


def ask(world: World, scope: str = "everything", minutes: int = 60, by: str = ASKS) -> Bypass:
    with world.store.write() as tx:
        now_us = world.clock.now_us()
        return bypass.request(tx, world.policies, scope, "the storm", minutes, by, now_us)


def confirm(world: World, bypass_id: str, by: str = CONFIRMS) -> Bypass:
    with world.store.write() as tx:
        return bypass.confirm(tx, world.policies, bypass_id, by, world.clock.now_us())


def end(world: World, bypass_id: str) -> None:
    with world.store.write() as tx:
        bypass.end(tx, bypass_id, CONFIRMS, world.clock.now_us())


def lifted(world: World, scope: str = "everything", minutes: int = 60) -> str:
    return confirm(world, ask(world, scope, minutes).id).id


def test_a_request_lifts_nothing(world: World) -> None:
    ask(world)
    assert world.verdict(coupon(world.order("o"), BIG)) == "hold"


def test_nobody_confirms_their_own_request(world: World) -> None:
    asked = ask(world)
    with pytest.raises(NotAllowed, match="a second person"):
        confirm(world, asked.id, by=ASKS)
    assert world.verdict(coupon(world.order("o"), BIG)) == "hold"


def test_what_passes_under_a_bypass_is_marked_on_it_and_on_the_ledger(world: World) -> None:
    bypass_id = lifted(world)
    judged = world.one(coupon(world.order("o"), BIG))
    assert judged.verdict == "allow"
    assert "breaker.coupon_amount" in judged.rules
    row = world.row(ACTION, id=judged.action_id)
    assert row.bypass_id == bypass_id
    assert f"lifted by bypass {bypass_id}" in row.why
    (told,) = world.told(EntryKind.ACTION_JUDGED)
    assert told.body["bypass_id"] == bypass_id
    assert bypass_id in told.refs
    assert world.settle() == 1


def test_what_needed_no_bypass_is_not_marked(world: World) -> None:
    lifted(world)
    judged = world.one(coupon(world.order("o"), 300))
    assert world.row(ACTION, id=judged.action_id).bypass_id == ""
    held = world.held(refund("o"))
    assert world.row(ACTION, id=held.action_id).bypass_id == ""


@pytest.mark.parametrize(
    ("scope", "verdict"),
    [
        ("hub:h1", "allow"),
        ("agent:storm", "allow"),
        ("kind:coupon", "allow"),
        ("hub:h2", "hold"),
        ("agent:calm", "hold"),
        ("kind:notify", "hold"),
    ],
)
def test_a_bypass_is_of_its_scope(world: World, scope: str, verdict: str) -> None:
    lifted(world, scope)
    assert world.verdict(coupon(world.order("o"), BIG)) == verdict


def test_a_bypass_ends_by_itself(world: World) -> None:
    lifted(world, minutes=10)
    world.pass_time(10)
    assert world.verdict(coupon(world.order("o"), BIG)) == "hold"
    with world.store.read() as tx:
        assert bypass.active(tx, world.clock.now_us()) == ()
        assert [one.status for one in bypass.every(tx, world.clock.now_us())] == ["ended"]


def test_what_a_bypass_let_pass_is_not_spent_after_its_end(world: World) -> None:
    bypass_id = lifted(world)
    judged = world.one(coupon(world.order("o"), BIG))
    end(world, bypass_id)
    assert world.settle() == 0
    assert world.status(judged.action_id) == "superseded"


@pytest.mark.parametrize("action", [refund("o"), refund("o", 1)])
def test_no_bypass_touches_the_engines_floor(world: World, action: object) -> None:
    world.order("o")
    lifted(world)
    judged = world.one(action)  # type: ignore[arg-type] -- parametrised
    assert judged.verdict == "hold"
    assert judged.rules[:1] == ("autonomy.refund",)
    assert "floor.always" in judged.rules


def test_no_bypass_touches_safety(world: World) -> None:
    world.order("o")
    world.courier("k", capacity=1)
    world.assigned(world.order("p"), "k")
    lifted(world)
    assert world.verdict(reassign("o", "k")) == "deny"
    with pytest.raises(InvalidInput, match="nothing holds a recall"):
        ask(world, "kind:recall")


def test_no_bypass_touches_the_kill_switch_or_a_persons_no(world: World) -> None:
    lifted(world)
    world.stop("kind:coupon")
    assert world.one(coupon(world.order("o"))).rules == ("kill",)
    held = world.held(refund("o"))
    world.reject(held.id)
    assert world.verdict(refund("o")) == "deny"


def test_no_bypass_touches_what_nobody_knows(world: World) -> None:
    lifted(world)
    assert world.one(notify("nobody")).rules == ("confidence.unknown",)
    assert world.one(notify(world.order("o")), doubts=("stale",)).rules == ("confidence.doubt",)


def test_a_bypass_lifts_counters_and_what_passes_still_counts(world: World) -> None:
    lifted(world)
    world.orders("o1", "o2", "o3")
    same = [coupon(o, 100) for o in ("o1", "o1")]
    assert [one.verdict for one in world.propose(same[0])] == ["allow"]
    again = coupon("o1", 100, cause="capacity")
    judged = world.one(again)
    assert (judged.verdict, world.row(ACTION, id=judged.action_id).bypass_id != "") == (
        "allow",
        True,
    )
    assert "counter.coupons-per-order" in judged.rules
    assert world.counters_agree()


def test_a_bypass_lets_through_an_open_breaker_and_marks_at_the_spend(world: World) -> None:
    rule = Velocity(
        name="fast",
        kinds=(ActionKind.REFUND,),
        per=VelocityScope.HUB,
        window_minutes=60,
        max_count=1,
        open_minutes=30,
        probes=1,
    )
    world.policy("breakers", velocity=(rule,))
    world.orders("a", "b", "c")
    for review in [world.held(refund(o)) for o in ("a", "b")]:
        world.approve(review.id)
    assert world.settle() == 1
    bypass_id = lifted(world)
    for review in world.waiting():
        world.approve(review.id)
    assert world.settle() == 1
    (told,) = world.told(EntryKind.BYPASS_USED)
    assert (told.body["bypass_id"], told.body["rule"]) == (bypass_id, "velocity.fast")
    assert world.row(ACTION, id=told.body["action_id"]).bypass_id == bypass_id


@pytest.mark.parametrize("minutes", [0, 61, 10_000])
def test_a_bypass_has_a_longest_length(world: World, minutes: int) -> None:
    with pytest.raises(InvalidInput, match="use 1 to 60"):
        ask(world, minutes=minutes)


@pytest.mark.parametrize("scope", ["", "all", "kind:pay", "hub:"])
def test_a_bypass_of_no_scope_is_refused(world: World, scope: str) -> None:
    with pytest.raises(InvalidInput, match="is no scope"):
        ask(world, scope)


def test_a_request_that_waited_too_long_cannot_be_confirmed(world: World) -> None:
    asked = ask(world)
    world.pass_time(15)
    with pytest.raises(Conflict, match="too long ago"):
        confirm(world, asked.id)


def test_a_bypass_is_confirmed_and_ended_once(world: World) -> None:
    bypass_id = lifted(world)
    with pytest.raises(Conflict):
        confirm(world, bypass_id, by="per_third")
    end(world, bypass_id)
    with pytest.raises(Conflict):
        end(world, bypass_id)
    with pytest.raises(NotFound):
        confirm(world, "byp_none")


def test_who_why_scope_and_end_of_a_bypass_are_on_the_ledger(world: World) -> None:
    bypass_id = lifted(world, "hub:h1", 30)
    ends_us = world.clock.now_us() + 30 * 60_000_000
    end(world, bypass_id)
    kinds = (EntryKind.BYPASS_REQUESTED, EntryKind.BYPASS_CONFIRMED, EntryKind.BYPASS_ENDED)
    asked, confirmed, ended = world.told(*kinds, part="house")
    assert (asked.actor, confirmed.actor, ended.actor) == (ASKS, CONFIRMS, CONFIRMS)
    assert confirmed.body == {
        "bypass_id": bypass_id,
        "scope": "hub:h1",
        "reason": "the storm",
        "requested_by": ASKS,
        "ends_us": ends_us,
    }


def test_safety_passes_with_and_without_a_bypass(world: World) -> None:
    world.order("o")
    lifted(world)
    assert world.verdict(recall("o")) == "allow"


def test_a_lifted_breaker_stands_once_among_the_reasons(world: World) -> None:
    rule = Velocity(
        name="fast",
        kinds=(ActionKind.COUPON,),
        per=VelocityScope.HUB,
        window_minutes=60,
        max_count=1,
        open_minutes=30,
        probes=1,
    )
    world.policy("breakers", velocity=(rule,))
    world.orders("a", "b", "c")
    lifted(world)
    judged = world.propose(coupon("a", 100), coupon("b", 100))
    assert [one.verdict for one in judged] == ["allow", "allow"]
    assert world.verdict(coupon("c", 100)) == "allow"
    for told in world.told(EntryKind.ACTION_JUDGED)[1:]:
        rules = [reason["rule"] for reason in told.body["reasons"]]
        assert rules.count("velocity.fast") == 1
    assert world.settle() == 3


def test_a_request_of_somebody_who_has_left_is_not_confirmed(world: World) -> None:
    at_us = world.clock.now_us()
    with world.store.write() as tx:
        operator = persons.bootstrap(tx, "Olga", at_us)
        sue = persons.add_person(tx, operator, "Sue", [Role.OPERATOR], at_us=at_us)
    asked = ask(world, by=sue.id)
    with world.store.write() as tx:
        persons.end_person(tx, operator, sue.id, at_us)
    with pytest.raises(Conflict, match="has left"):
        confirm(world, asked.id)
