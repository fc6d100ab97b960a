"""Batches: a list as the page showed it, all or nothing unless the fresh ones are asked for."""

from __future__ import annotations

import pytest

from makegood.domain.authority import ReviewStatus
from makegood.errors import InvalidInput
from makegood.gates import reviews
from makegood.gates.reviews import Choice, Decider
from tests.gates import desk
from tests.gates.world import AGENT, AUDITOR, GRANT, SECOND, SUPERVISOR, World, refund


def three(world: World) -> list[str]:
    return [desk.hold(world, order) for order in "abc"]


def test_a_batch_approves_each_hold_as_the_page_showed_it(world: World) -> None:
    ids = three(world)
    made = desk.batch(world, list(reversed(ids)))
    assert made.done
    assert [one.review_id for one in made.results] == list(reversed(ids))
    assert {one.status for one in made.results} == {ReviewStatus.APPROVED}
    assert {one.grant_id for one in made.results} == {row.id for row in world.rows(GRANT)}
    assert world.settle() == 3
    assert world.ledger_is_sound()


def test_one_stale_hold_takes_the_whole_batch_back_and_keeps_its_difference(world: World) -> None:
    ids = three(world)
    seen = {one: world.review(one).seen for one in ids}
    world.refund_reported("b", 1000)
    made = desk.batch(world, ids, seen=seen)
    assert not made.done
    assert [one.ok for one in made.results] == [True, False, True]
    assert [one.status for one in made.results] == ["open", "stale", "open"]
    assert made.results[1].detail == "refunded_minor of sales_order/b was 0, is 1000"
    assert {one.grant_id for one in made.results} == {""}
    assert [world.review(one).status for one in ids] == ["open", "stale", "open"]
    assert world.review(ids[1]).changed
    assert world.rows(GRANT) == []
    assert world.counters_agree()
    assert world.ledger_is_sound()


def test_the_fresh_ones_of_a_batch_pass_where_that_is_asked_for(world: World) -> None:
    ids = three(world)
    seen = {one: world.review(one).seen for one in ids}
    world.refund_reported("b", 1000)
    made = desk.batch(world, ids, fresh_only=True, seen=seen)
    assert made.done
    assert [one.status for one in made.results] == ["approved", "stale", "approved"]
    assert len(world.rows(GRANT)) == 2


def test_a_hold_that_another_person_decided_takes_the_batch_back(quick: World) -> None:
    ids = three(quick)
    quick.reject(ids[0], by=SECOND)
    made = desk.batch(quick, ids)
    assert not made.done
    assert "was rejected by per_second" in made.results[0].detail
    assert quick.rows(GRANT) == []


def test_a_hold_of_a_batch_that_is_none_takes_it_back(quick: World) -> None:
    ids = three(quick)
    choices = [Choice(one, quick.review(one).seen) for one in ids] + [Choice("rev_x", "y")]
    with quick.store.write() as tx:
        now_us = quick.clock.now_us()
        made = reviews.batch(tx, SUPERVISOR, choices, now_us, quick.rulebook)
    assert (made.done, made.results[3].status) == (False, None)
    assert quick.rows(GRANT) == []


def test_nobody_approves_their_own_request_by_the_batch(quick: World) -> None:
    ids = three(quick)
    mine = desk.edit(quick, ids[0], amount=desk.eur(1000)).id
    made = desk.batch(quick, [mine, *ids[1:]])
    assert not made.done
    assert "you edited it" in made.results[0].detail
    agent = Decider(AGENT, SUPERVISOR.roles)
    assert not desk.batch(quick, ids[1:], agent, fresh_only=True).done
    assert quick.rows(GRANT) == []


def test_splitting_by_the_batch_does_not_slip_under_a_limit(quick: World) -> None:
    quick.order("o", 90_000)
    parts = [quick.held(refund("o", 4_000, lines=(f"l{number}",))).id for number in range(3)]
    made = desk.batch(quick, parts)
    assert made.done
    assert [one.status for one in made.results].count(ReviewStatus.APPROVED) == 2
    assert [one.status for one in made.results].count(ReviewStatus.OPEN) == 1
    assert len(quick.rows(GRANT)) == 2


def test_a_batch_can_be_undone_hold_by_hold(quick: World) -> None:
    ids = three(quick)
    made = desk.batch(quick, ids, undo_us=desk.UNDO_US)
    assert {one.status for one in made.results} == {ReviewStatus.APPROVING}
    desk.undo(quick, ids[1])
    quick.clock.advance(desk.UNDO_US)
    assert len(desk.finish(quick)) == 2
    assert quick.review(ids[1]).status is ReviewStatus.OPEN


@pytest.mark.parametrize("how", ["empty", "twice", "long"])
def test_a_batch_is_a_list_of_some_holds_each_once(quick: World, how: str) -> None:
    review_id = desk.hold(quick)
    ids = {"empty": [], "twice": [review_id, review_id], "long": [review_id] * 501}[how]
    with pytest.raises(InvalidInput) as refused:
        desk.batch(quick, ids)
    assert refused.value.field == "items"


def test_a_batch_says_no_to_each_hold_and_ends_the_others_of_the_same(world: World) -> None:
    world.order("o", 9_000)
    parts = [world.held(refund("o", 500, lines=(line,))).id for line in "xyz"]
    other = desk.hold(world, "p")
    made = desk.no_to(world, [parts[0], parts[1], other])
    assert made.done
    assert {one.status for one in made.results} == {ReviewStatus.REJECTED}
    assert world.review(parts[0]).reason == "not_owed"
    assert [world.review(one).status for one in parts] == ["rejected", "rejected", "superseded"]
    assert world.review(parts[2]).replaced_by in parts[:2]
    assert world.verdict(refund("o", 500, lines=("x",))) == "deny"
    assert world.verdict(refund("p", 100)) == "deny"
    assert world.settle() == 0
    assert world.counters_agree()
    assert world.ledger_is_sound()


def test_a_no_to_a_batch_with_a_stale_hold_is_none_unless_the_fresh_ones_are_wanted(
    world: World,
) -> None:
    ids = three(world)
    seen = {one: world.review(one).seen for one in ids}
    world.refund_reported("b", 1000)
    made = desk.no_to(world, ids, seen=seen)
    assert not made.done
    assert [one.status for one in made.results] == ["open", "stale", "open"]
    assert world.review(ids[1]).changed
    fresh = desk.no_to(world, ids, seen=seen, fresh_only=True)
    assert [one.status for one in fresh.results] == ["rejected", "stale", "rejected"]


def test_nobody_says_no_to_a_batch_beyond_their_role_or_to_their_own_request(quick: World) -> None:
    ids = three(quick)
    assert not desk.no_to(quick, ids, by=AUDITOR).done
    mine = desk.edit(quick, ids[0], amount=desk.eur(1000)).id
    assert "you edited it" in desk.no_to(quick, [mine, *ids[1:]]).results[0].detail
    assert {quick.review(one).status for one in (mine, *ids[1:])} == {ReviewStatus.OPEN}


def test_of_two_holds_of_the_same_in_one_batch_one_is_approved(world: World) -> None:
    # Several orders, because which of two comes first goes by their ids.
    orders = [f"o{number}" for number in range(6)]
    world.orders(*orders, captured=9_000)
    pairs = [[world.held(refund(o, minor)).id for minor in (1_000, 1_200)] for o in orders]
    made = desk.batch(world, [one for pair in pairs for one in pair], fresh_only=True)
    status = {one.review_id: str(one.status) for one in made.results}
    for pair in pairs:
        assert sorted(status[one] for one in pair) in (
            ["approved", "open"],
            ["approved", "superseded"],
        )
    assert len(world.rows(GRANT)) == len(orders)
    assert world.settle() == len(orders)
    assert world.counters_agree()
    assert world.ledger_is_sound()
