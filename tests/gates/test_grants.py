"""Grants: each is spent once, and only while everything it stood on still holds."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

import pytest

from makegood.domain.actions import ActionKind
from makegood.domain.canonical import canonical
from makegood.domain.roles import Role
from makegood.errors import Superseded
from makegood.gates import epoch, grants, persons
from makegood.gates.reviews import Decider
from makegood.ledger.kinds import EntryKind
from tests.gates.world import (
    ACTION,
    EFFECT,
    GRANT,
    MONEY,
    OBLIGATION,
    SUPERVISOR,
    coupon,
    notify,
    refund,
)

if TYPE_CHECKING:
    from sqlalchemy import Table

    from tests.gates.world import World


def change(world: World, target: Table, row_id: str, **values: Any) -> None:  # noqa: ANN401
    """Alter a row, as nothing in the house would."""
    with world.store.write() as tx:
        tx.execute(target.update().where(target.c.id == row_id).values(**values))


def granted(world: World, order: str = "o") -> str:
    """Approve a refund and return its grant."""
    review = world.held(refund(world.order(order)))
    return world.approve(review.id).grant_id


def test_a_grant_is_spent_once(world: World) -> None:
    grant_id = granted(world)
    spent, refused = world.spend(grant_id)
    assert [item.grant_id for item in spent] == [grant_id]
    assert refused == []
    assert world.spend(grant_id) == ([], [])
    assert world.row(GRANT).status == "spent"


def test_what_is_spent_is_exactly_what_was_granted(world: World) -> None:
    (spent,), _ = world.spend(granted(world))
    owed = world.row(OBLIGATION)
    assert spent.action == refund("o")
    assert spent.digest == world.row(ACTION).digest
    assert spent.key == f"{owed.id}-1"


def test_an_action_that_was_not_granted_cannot_be_spent(world: World) -> None:
    review = world.held(refund(world.order("o")))
    assert world.spend(review.id, review.action_id, "grt_x") == ([], [])
    assert world.settle() == 0


def test_two_threads_that_spend_the_same_grants_cause_one_effect_each(world: World) -> None:
    names = [f"o{n}" for n in range(8)]
    world.orders(*names)
    for name in names:
        world.one(notify(name))
    grant_ids = [row.id for row in world.rows(GRANT)]
    start = Barrier(4)
    spent: list[str] = []

    def spend(ids: list[str]) -> None:
        start.wait()
        won, refused = world.spend(*ids)
        assert refused == []
        spent.extend(item.grant_id for item in won)

    threads = [
        Thread(target=spend, args=(ids,)) for ids in (grant_ids, grant_ids[::-1], grant_ids[3:])
    ]
    for thread in threads:
        thread.start()
    start.wait()
    for thread in threads:
        thread.join()
    assert sorted(spent) == sorted(grant_ids)


def test_two_threads_that_settle_at_once_pay_once(world: World) -> None:
    for order in "abcd":
        granted(world, order)
    threads = [Thread(target=world.executor.settle) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.refunded() == 4 * 1990
    assert world.books[ActionKind.REFUND].calls == 4
    assert len(world.rows(EFFECT)) == 4


@pytest.mark.parametrize(("minutes", "sent"), [(10, 1), (11, 0)])
def test_an_expired_grant_is_not_spent(world: World, minutes: int, sent: int) -> None:
    judged = world.one(notify(world.order("o")))
    assert world.settle(minutes) == sent
    assert world.row(GRANT).status == ("spent" if sent else "expired")
    assert world.status(judged.action_id) == ("confirmed" if sent else "expired")


def test_what_an_expired_grant_had_reserved_is_given_back(world: World) -> None:
    world.one(coupon(world.order("o")))
    world.settle(minutes=11)
    assert world.row(OBLIGATION).status == "released"
    assert world.counters_agree()
    assert world.verdict(coupon("o")) == "allow"
    world.settle()
    assert len(world.books[ActionKind.COUPON].done) == 1


def test_an_altered_action_is_not_spent(world: World) -> None:
    judged = world.one(notify(world.order("o")))
    dearer = canonical(refund("o", 5000).model_dump(mode="json"))
    change(world, ACTION, judged.action_id, body=dearer)
    assert world.settle() == 0
    assert world.row(GRANT).detail == "the action is not the one that was granted"
    assert world.refunded() == 0


def test_an_altered_digest_is_not_spent(world: World) -> None:
    world.one(notify(world.order("o")))
    change(world, GRANT, world.row(GRANT).id, digest="0" * 64)
    assert world.settle() == 0
    assert world.row(GRANT).status == "void"


def test_an_unreadable_action_does_not_stop_the_others(world: World) -> None:
    world.orders("o", "p")
    judged = world.one(notify("o"))
    world.one(notify("p"))
    change(world, ACTION, judged.action_id, body=b"{")
    assert world.settle() == 1


def test_a_grant_whose_tool_is_gone_does_not_stop_the_others(world: World) -> None:
    world.orders("o", "p")
    gone = world.one(coupon("o"))
    world.one(notify("p"))
    del world.books[ActionKind.COUPON]
    world.restart()
    assert world.settle() == 1
    (void,) = world.rows(GRANT, action_id=gone.action_id)
    assert (void.status, void.detail) == ("void", "no tool carries out coupon any more")


def test_an_action_that_ended_otherwise_is_not_spent(world: World) -> None:
    judged = world.one(notify(world.order("o")))
    change(world, ACTION, judged.action_id, status="rejected")
    assert world.settle() == 0
    assert world.row(GRANT).detail == "the action is rejected, not granted"


def test_a_grant_whose_obligation_went_to_another_is_not_spent(world: World) -> None:
    world.one(notify(world.order("o")))
    change(world, OBLIGATION, world.row(OBLIGATION).id, action_id="act_other")
    assert world.settle() == 0
    assert world.row(GRANT).detail == "another action settles this obligation"


@pytest.mark.parametrize("status", ["settled", "rejected", "released"])
def test_a_grant_whose_obligation_has_ended_is_not_spent(world: World, status: str) -> None:
    world.one(notify(world.order("o")))
    change(world, OBLIGATION, world.row(OBLIGATION).id, status=status)
    assert world.settle() == 0


def test_a_grant_whose_facts_moved_is_void(world: World) -> None:
    judged = world.one(notify(world.order("o")))
    world.happen("sales_order.promised", "o", promised_at="2026-07-14T12:00:00Z")
    assert world.settle() == 0
    assert world.row(GRANT).detail == "what it stands on has changed"
    assert world.status(judged.action_id) == "superseded"
    assert world.verdict(notify("o")) == "allow"
    assert world.settle() == 1


def test_two_approved_refunds_pay_no_more_than_was_captured(world: World) -> None:
    world.order("o")
    for line in "ab":
        world.approve(world.held(refund("o", 3000, lines=(line,))).id)
    # Refused where it is spent already: what looks again before sending is another guard.
    assert world.executor.intend() == 1
    assert world.row(MONEY).committed_minor == 3000
    assert world.settle() == 1
    assert world.refunded() == 3000
    (asked,) = world.waiting()
    assert asked.why == (
        "approved, but not carried out: what was captured does not cover it any more"
    )


@pytest.mark.parametrize("mood", ["silent, done", "silent, undone"])
def test_a_refund_of_unknown_outcome_still_takes_up_the_balance(world: World, mood: str) -> None:
    world.order("o")
    world.books[ActionKind.REFUND].mood = mood
    world.approve(world.held(refund("o", 3000, lines=("a",))).id)
    world.settle()
    assert world.verdict(refund("o", 2001, lines=("b",))) == "deny"


def test_our_own_refund_is_not_counted_twice_when_it_is_reported(world: World) -> None:
    world.order("o")
    world.approve(world.held(refund("o", 3000, lines=("a",))).id)
    world.settle()
    world.refund_reported("o", 3000)
    assert world.row(MONEY).confirmed_minor == 3000
    assert world.verdict(refund("o", 2000, lines=("b",))) == "hold"


def test_a_refused_refund_gives_the_balance_back(world: World) -> None:
    world.order("o")
    world.books[ActionKind.REFUND].mood = "refuses"
    world.approve(world.held(refund("o", 3000)).id)
    world.settle()
    assert (world.row(MONEY).committed_minor, world.row(MONEY).confirmed_minor) == (0, 0)
    assert world.verdict(refund("o", 5000)) == "hold"


def test_who_was_taken_over_from_spends_nothing_and_writes_nothing(world: World) -> None:
    world.one(notify(world.order("o")))
    before = len(world.told())
    with world.store.write() as tx:
        epoch.take(tx, "another", world.clock.now_us())
    with pytest.raises(Superseded, match="epoch 1, now 2"):
        world.settle()
    assert world.row(GRANT).status == "unspent"
    assert world.rows(EFFECT) == []
    assert len(world.told()) == before
    assert world.books[ActionKind.NOTIFY].calls == 0


def test_nobody_owns_the_work_before_it_is_taken(world: World) -> None:
    with world.store.write() as tx, pytest.raises(Superseded):
        epoch.require(tx, 0)


def test_each_take_over_is_a_new_epoch(world: World) -> None:
    with world.store.write() as tx:
        assert epoch.take(tx, "a", 0) == 2
        epoch.require(tx, 2)
        assert epoch.take(tx, "b", 0) == 3
        with pytest.raises(Superseded):
            epoch.require(tx, 2)


def test_waiting_grants_are_listed_oldest_first(world: World) -> None:
    world.orders("o", "p")
    world.one(notify("o"))
    world.pass_time(1)
    world.one(notify("p"))
    with world.store.read() as tx:
        waiting = grants.unspent(tx)
        assert grants.unspent(tx, limit=1) == waiting[:1]
    rows = {row.id: row.granted_us for row in world.rows(GRANT)}
    assert sorted(waiting, key=rows.__getitem__) == waiting


def test_a_void_grant_is_told_with_why(world: World) -> None:
    world.one(notify(world.order("o")))
    world.stop("everything")
    world.settle()
    (told,) = world.told(EntryKind.GRANT_VOIDED)
    assert told.body["grant_id"] == world.row(GRANT).id
    assert (told.body["status"], told.body["why"]) == (
        "void",
        "the kill switch for everything is set",
    )
    assert "sales_order/o" in told.refs


@pytest.mark.parametrize("first", [True, False])
def test_what_was_approved_by_somebody_who_has_left_is_not_spent(
    world: World, *, first: bool
) -> None:
    at_us = world.clock.now_us()
    with world.store.write() as tx:
        operator = persons.bootstrap(tx, "Olga", at_us)
        sue = persons.add_person(tx, operator, "Sue", [Role.SUPERVISOR], at_us=at_us)
    leaver = Decider(sue.id, sue.roles)
    review = world.held(refund(world.order("o", captured=90_000), 50_000))
    for by in (leaver, SUPERVISOR) if first else (SUPERVISOR, leaver):
        world.approve(review.id, by=by)
    with world.store.write() as tx:
        persons.end_person(tx, operator, sue.id, at_us)
    assert world.settle() == 0
    assert world.row(GRANT).detail == "who approved it has left"
    (asked,) = world.waiting()
    assert (asked.id, asked.first_by) == (review.id, "")


def test_what_staff_paid_back_is_not_taken_for_our_own_that_nobody_has_reported_yet(
    world: World,
) -> None:
    world.order("o")
    world.approve(world.held(refund("o", 3000, lines=("a",))).id)
    world.settle()
    by_hand = {"minor": 2000, "currency": "EUR"}
    world.happen("sales_order.payment_refunded", "o", amount=by_hand, key="")
    assert world.verdict(refund("o", 1, lines=("b",))) == "deny"
    key = world.row(EFFECT).key
    ours = {"minor": 3000, "currency": "EUR"}
    world.happen("sales_order.payment_refunded", "o", amount=ours, key=key)
    assert world.verdict(refund("o", 1, lines=("b",))) == "deny"
