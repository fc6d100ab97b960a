"""One test of each invariant's name; what each rule does in detail is tested by its stage."""

from __future__ import annotations

import hashlib
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from makegood.clock import MINUTE, to_rfc3339
from makegood.domain.actions import ActionKind, Cause
from makegood.domain.authority import ReviewStatus
from makegood.domain.canonical import canonical
from makegood.domain.decisions import Decision
from makegood.domain.effects import EffectStatus, Repeat
from makegood.domain.policy import Autonomy, Velocity, VelocityScope
from makegood.domain.roles import Role
from makegood.effects.boundary import Point
from makegood.errors import Conflict, InvalidInput, KeyDestroyed, NotAllowed, Superseded
from makegood.events.ingest import ingest
from makegood.events.model import IngestContext
from makegood.gates import bypass, epoch
from makegood.gates.reviews import Decider
from makegood.ledger.entries import Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.planning import recompute
from makegood.state.projection import project
from makegood.store.append_only import APPEND_ONLY
from makegood.store.session import Store
from tests.effects.crashing import Died, DiesAt
from tests.gates.world import (
    ACTION,
    AGENT,
    COUNTER,
    EFFECT,
    GRANT,
    OBLIGATION,
    SECOND,
    World,
    coupon,
    notify,
    reassign,
    recall,
    refund,
)
from tests.invariants.reading import everything_in, planned
from tests.invariants.tampering import WAYS, tampered

if TYPE_CHECKING:
    from makegood.clock import VirtualClock
    from makegood.events.model import Receipt

REFUND: Final = ActionKind.REFUND
NAME: Final = "Ada Lovelace-Beispiel"


def approved(world: World, order: str = "o", minor: int = 1990) -> str:
    """Let a refund be held and approved; return its action."""
    review = world.held(refund(world.order(order), minor))
    world.approve(review.id)
    return review.action_id


def test_invariant_01_no_effect_without_a_grant(world: World) -> None:
    review = world.held(refund(world.order("o")))
    world.one(refund("o", 5001, cause=Cause.LATE))
    for _ in range(3):
        assert world.settle(minutes=1) == 0
    assert world.spend(review.id, review.action_id, review.obligation_id) == ([], [])
    world.approve()
    with world.store.write() as tx:
        body = canonical(refund("o", 1991).model_dump(mode="json"))
        tx.execute(ACTION.update().where(ACTION.c.id == review.action_id).values(body=body))
    assert world.settle() == 0
    assert world.refunded() == 0
    approved(world, "p")
    assert world.settle() == 1
    effect = world.row(EFFECT)
    grant = world.row(GRANT, id=effect.grant_id)
    (key,) = world.books[REFUND].done
    sent = canonical(world.books[REFUND].done[key].model_dump(mode="json"))
    assert (grant.status, effect.key) == ("spent", key)
    assert grant.digest == hashlib.sha256(sent).hexdigest()


def test_invariant_02_a_grant_is_spent_once_after_a_last_look(world: World) -> None:
    approved(world)
    threads = [Thread(target=world.executor.settle) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.books[REFUND].calls == 1
    assert world.spend(world.row(GRANT).id) == ([], [])
    for order, unsettle in {
        "expired": lambda: world.pass_time(11),
        "moved": lambda: world.refund_reported("moved", 1),
        "stopped": lambda: world.stop("hub:h1"),
    }.items():
        approved(world, order)
        unsettle()
        assert world.executor.intend() == 0, order
    world.go_on("hub:h1")
    world.one(coupon(world.order("c")))
    used = {row.key for row in world.rows(COUNTER) if row.used}
    assert any("coupons-per-hub" in key for key in used)
    with world.store.write() as tx:
        epoch.take(tx, "another", world.clock.now_us())
    with pytest.raises(Superseded):
        world.settle()
    assert world.refunded() == 1990


@pytest.mark.parametrize("repeat", list(Repeat))
def test_invariant_03_an_effect_happens_once(world: World, repeat: Repeat) -> None:
    tool = world.adapter(REFUND, repeat)
    world.order("o")
    assert [world.verdict(refund("o", 3000)) for _ in range(2)] == ["hold", "met"]
    assert world.verdict(refund("o", 3001)) == "hold"
    world.approve(next(r.id for r in world.waiting() if r.action == refund("o", 3000)))
    world.restart(DiesAt(Point.AFTER_DISPATCH))
    with pytest.raises(Died):
        world.settle()
    world.restart()
    world.executor.recover()
    for _ in range(3):
        world.settle(minutes=2)
    assert (tool.paid(), tool.twice) == (3000, [])
    known = repeat is not Repeat.NEITHER
    assert world.row(EFFECT).status == ("confirmed" if known else EffectStatus.UNKNOWN)
    with pytest.raises(Conflict):
        world.approve(next(r.id for r in world.waiting()))
    assert world.verdict(refund("o", 2001, cause=Cause.LATE)) == "deny"
    assert world.verdict(refund("o", 2000, cause=Cause.LATE)) == "hold"


def test_invariant_04_a_verdict_is_frozen_and_a_rejection_is_final(world: World) -> None:
    world.order("o")
    first = world.propose(refund("o", 300, cause=Cause.LATE))
    world.proposals -= 1
    allowing = dict.fromkeys(ActionKind, Autonomy.ALLOW)
    world.policy("autonomy", actions=allowing)
    assert world.propose(refund("o", 1, cause=Cause.LATE)) == first
    (review,) = world.waiting()
    world.reject()
    for minor in (299, 300, 301):
        assert world.verdict(refund("o", minor, cause=Cause.LATE)) == "deny"
    with pytest.raises(Conflict):
        world.approve(review.id, by=SECOND)
    assert world.verdict(coupon("o", 301)) == "deny"
    assert world.verdict(coupon("o", 200)) == "allow"
    assert world.verdict(coupon("o", 100, occurrence=2)) == "deny"
    assert world.settle() == 1
    assert world.refunded() == 0


def test_invariant_05_an_approval_is_for_what_the_reviewer_saw(world: World) -> None:
    review = world.held(refund(world.order("o")))
    world.refund_reported("o", 1000)
    assert world.approve(seen=review.seen).status is ReviewStatus.STALE
    assert world.rows(GRANT) == []
    assert world.review(review.id).changed == (("sales_order/o", "refunded_minor", 0, 1000),)
    assert world.approve(seen=review.seen).status is ReviewStatus.STALE
    assert world.approve().status is ReviewStatus.APPROVED
    world.refund_reported("o", 1)
    assert world.settle() == 0, "it moved after the approval"
    assert world.review(review.id).status is ReviewStatus.STALE
    assert world.refunded() == 0


def test_invariant_06_each_outcome_is_its_own_and_expiry_never_approves(world: World) -> None:
    holds = {
        name: world.held(refund(world.order(name)))
        for name in ("yes", "fails", "no", "late", "replaced")
    }
    world.approve(holds["yes"].id)
    assert world.settle() == 1
    world.books[REFUND].mood = "refuses"
    world.approve(holds["fails"].id)
    assert world.settle() == 1
    world.reject(holds["no"].id)
    world.approve(world.held(refund("replaced", 2000)).id)
    world.pass_time(200)
    assert world.expire() == [holds["late"].id]
    assert {name: world.status(hold.action_id) for name, hold in holds.items()} == {
        "yes": "confirmed",
        "fails": "failed",
        "no": "rejected",
        "late": "expired",
        "replaced": "superseded",
    }
    assert not world.rows(GRANT, action_id=holds["late"].action_id)
    world.books[REFUND].mood = "well"
    assert world.settle() == 0
    assert world.refunded() == 1990


def test_invariant_07_no_one_approves_their_own_request(world: World) -> None:
    world.held(refund(world.order("o", 90_000), 50_000))
    strangers = (
        Decider(AGENT, frozenset({Role.SUPERVISOR})),
        Decider("per_x", frozenset({Role.OPERATOR, Role.AUDITOR, Role.SOURCE})),
        Decider("per_y", frozenset()),
    )
    for stranger in strangers:
        with pytest.raises(NotAllowed):
            world.approve(by=stranger)
    assert world.approve().status is ReviewStatus.OPEN
    with pytest.raises(NotAllowed):
        world.approve()
    assert world.settle() == 0
    assert world.approve(by=SECOND).status is ReviewStatus.APPROVED
    assert world.settle() == 1


def test_invariant_02_an_open_breaker_is_looked_at_again_at_the_spend(world: World) -> None:
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
    world.orders("a", "b")
    judged = world.propose(coupon("a"), coupon("b"))
    assert [one.verdict for one in judged] == ["allow", "hold"]
    assert world.settle() == 0
    assert world.books[ActionKind.COUPON].done == {}
    assert [grant.status for grant in world.rows(GRANT)] == ["void"]


def test_invariant_08_every_bypass_is_on_the_ledger_ends_and_cannot_touch_safety(
    world: World,
) -> None:
    world.order("o")
    world.courier("k", capacity=1)
    world.assigned(world.order("p"), "k")
    with world.store.write() as tx:
        now_us = world.clock.now_us()
        with pytest.raises(InvalidInput, match="use 1 to"):
            bypass.request(tx, world.policies, "hub:h1", "storm", 10_000, "per_a", now_us)
        asked = bypass.request(tx, world.policies, "hub:h1", "storm", 30, "per_a", now_us)
        with pytest.raises(NotAllowed):
            bypass.confirm(tx, world.policies, asked.id, "per_a", now_us)
        bypass.confirm(tx, world.policies, asked.id, "per_b", now_us)
    passed = world.one(coupon("o", 301))
    assert passed.verdict == "allow"
    assert world.verdict(reassign("o", "k")) == "deny"
    assert world.verdict(refund("o")) == "hold"
    assert world.settle() == 1
    (told,) = world.told(EntryKind.BYPASS_CONFIRMED, part="house")
    assert (told.actor, told.body["requested_by"]) == ("per_b", "per_a")
    assert (told.body["reason"], told.body["scope"]) == ("storm", "hub:h1")
    assert told.body["ends_us"] == now_us + 30 * MINUTE
    judged = world.told(EntryKind.ACTION_JUDGED)
    assert [e.body["action_id"] for e in judged if asked.id in e.refs] == [passed.action_id]
    world.pass_time(30)
    assert world.verdict(coupon(world.order("q"), 301)) == "hold"


def test_invariant_09_no_event_is_lost(world: World) -> None:
    world.order("o")
    context = IngestContext(
        clock=world.clock, vault=world.vault, project=project, allowed_sources=("/test",)
    )

    def send(
        number: str, kind: str, subject: str, source: str = "/test", **data: object
    ) -> Receipt:
        event = {
            "specversion": "1.0",
            "id": number,
            "source": source,
            "type": kind,
            "subject": subject,
            "time": to_rfc3339(world.clock.now_us()),
            "hub": "h1",
            "data": data,
        }
        return ingest(world.store, [event], context)

    def outcome(receipt: Receipt) -> str:
        return receipt.outcomes[0].outcome.value

    paid = {"minor": 10, "currency": "EUR"}
    more = {"minor": 20, "currency": "EUR"}
    captured = "sales_order.payment_captured"
    assert outcome(send("1", captured, "o", amount=paid)) == "accepted"
    assert outcome(send("1", captured, "o", amount=paid)) == "duplicate"
    assert outcome(send("1", captured, "o", amount=more)) == "conflict"
    assert outcome(send("2", captured, "o", source="/theirs", amount=paid)) == "refused"
    assert outcome(send("3", captured, "early", amount=paid)) == "parked"
    assert outcome(send("4", captured, "o", amount="much")) == "quarantined"
    placed = send("5", "sales_order.placed", "early", customer_id="c", total=paid)
    assert outcome(placed) == "accepted"
    assert world.verdict(refund("early", 10, customer_id="c")) == "hold", "what was parked counts"
    assert world.verdict(refund("o", 5011)) == "deny"
    assert world.verdict(refund("o", 5010)) == "hold"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_invariant_10_a_decision_can_be_recomputed_from_the_ledger(world: World, seed: int) -> None:
    body = {"decisions": [planned(seed).model_dump(mode="json")]}
    with world.store.write() as tx:
        append(tx, [Draft("h1", EntryKind.PROPOSAL_MADE, 0, "agent:storm", body)])
    (told,) = world.told(EntryKind.PROPOSAL_MADE)
    record = Decision.model_validate(told.body["decisions"][0])
    assert recompute(record) == tuple(subject.chosen for subject in record.subjects)
    for subject in record.subjects:
        for option in subject.options:
            assert sum(record.contributions(option)) == record.score(option)
    keep = record.subjects[0]
    weights = tuple(f.model_copy(update={"weight": -f.weight}) for f in record.factors)
    assert recompute(record.model_copy(update={"factors": weights})) != recompute(record)
    assert all(type(value) is int for option in keep.options for value in option.values)


@pytest.mark.parametrize("how", list(WAYS))
def test_invariant_11_the_ledger_shows_tampering(world: World, how: str) -> None:
    for order in "op":
        approved(world, order)
    world.settle()
    assert world.ledger_is_sound()
    assert tampered(world, how)


@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
@pytest.mark.parametrize("name", ["event_log", "ledger_entry"])
def test_invariant_11_append_only_stores_are_only_added_to(
    world: World, statement: str, name: str
) -> None:
    approved(world)
    column = "received_us" if name == "event_log" else "at_us"
    with pytest.raises(DatabaseError, match="append-only"), world.store.write() as tx:
        tx.execute(text(statement.format(name, column, column)))
    assert world.ledger_is_sound()


def _named_customer(world: World) -> None:
    """Take in an order with personal data, and let it go all the way to an effect."""
    world.happen(
        "sales_order.placed",
        "named",
        customer_id="c-named",
        total={"minor": 5000, "currency": "EUR"},
        customer_name=NAME,
        customer_phone="+49 30 99887766",
        address="17 Verborgene Gasse",
        note=f"{NAME} asks to ring twice",
        promised_at=to_rfc3339(world.clock.now_us() + 40 * MINUTE),
    )
    world.happen("sales_order.payment_captured", "named", amount={"minor": 5000, "currency": "EUR"})
    world.one(notify("named"))
    world.approve(world.held(refund("named")).id)
    assert world.settle() == 2


def test_invariant_11_personal_data_are_nowhere_in_clear_where_nothing_is_erased(
    world: World,
) -> None:
    _named_customer(world)
    world.one(coupon("named"), doubts=(f"{NAME} said that it is raining",))
    heap = everything_in(world.store, (*APPEND_ONLY, "ledger_ref", "ledger_head"))
    assert b"sales_order.placed" in heap
    for secret in (NAME, "99887766", "Verborgene", "ring twice"):
        assert secret.encode() not in heap
    digest = hashlib.sha256(NAME.encode()).hexdigest().encode()
    assert digest not in heap


def test_invariant_11_destroying_the_key_erases_the_person_and_the_chain_verifies(
    world: World,
) -> None:
    _named_customer(world)
    with world.store.write() as tx:
        assert world.vault.destroy(tx, "c-named", "per_operator", world.clock.now_us())
    with world.store.read() as tx, pytest.raises(KeyDestroyed):
        world.vault.key(tx, "c-named")
    heap = everything_in(world.store, ("sales_order", "fulfilment_order", "privacy_key"))
    for secret in (NAME, "99887766", "Verborgene", "ring twice"):
        assert secret.encode() not in heap
    assert world.ledger_is_sound()


def test_invariant_11_not_a_byte_of_an_erased_person_is_left_in_the_database_file(
    sqlite_url: str, clock: VirtualClock
) -> None:
    store = Store.open(sqlite_url)
    world = World(store, clock)
    _named_customer(world)
    with store.write() as tx:
        world.vault.destroy(tx, "c-named", "per_operator", clock.now_us())
    store.close()
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    left = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    assert b"sales_order.placed" in left
    for secret in ("Lovelace", "99887766", "Verborgene", "ring twice"):
        assert secret.encode() not in left


def test_invariant_12_what_no_policy_names_is_denied(world: World) -> None:
    world.orders("o")
    assert world.verdict(refund("nobody")) == "deny"
    assert world.verdict(notify("nobody")) == "hold"
    assert world.one(coupon("o"), doubts=("the feed is stale",)).verdict == "hold"
    world.policy("autonomy", actions={})
    for action in (refund("o"), notify("o"), coupon("o"), recall("o")):
        assert world.verdict(action) == "deny"
    assert world.settle() == 0


def test_invariant_13_safety_is_above_fulfilment(world: World) -> None:
    world.orders("o", "p", "q")
    world.courier("k", 1)
    assert world.verdict(reassign("o", "k"), reassign("p", "k")) == "deny"
    world.assigned("q", "k")
    assert world.settle() == 0, "looked at again at the spend"
    world.stop("everything")
    assert world.verdict(recall("o")) == "allow"
    assert world.settle() == 1
    assert world.row(OBLIGATION, kind="recall").status == "settled"
