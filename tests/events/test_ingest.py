"""Invariant 9: no event is lost, and none counts twice."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import rfc8785
from sqlalchemy import func, select

from makegood.clock import DAY, MINUTE, VirtualClock
from makegood.domain.entities import EntityKind, EntityRef
from makegood.errors import Conflict, NotFound
from makegood.events import parking, quarantine
from makegood.events.ingest import ingest, requeue
from makegood.events.log import LOG, batch_digest
from makegood.events.model import IngestContext, Outcome, Receipt
from makegood.ledger.entries import EVENTS, Entry, partition
from makegood.ledger.kinds import EntryKind
from makegood.state import query
from tests.events.making import HUB, T0, cloud_event, context, created, hub, placed, raw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from makegood.events.model import Logged, Projected
    from makegood.ledger.privacy import Vault
    from makegood.store.session import Store

REF = EntityRef(EntityKind.FULFILMENT_ORDER, "f1")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(T0 + DAY)


@pytest.fixture
def into(clock: VirtualClock) -> IngestContext:
    return context(clock)


def outcomes(receipt: Receipt) -> list[Outcome]:
    return [outcome.outcome for outcome in receipt.outcomes]


def assigned(**more: object) -> dict[str, Any]:
    return cloud_event("fulfilment_order.assigned", "f1", {"courier_id": "k1"}, minute=3, **more)


def entries(store: Store, kind: EntryKind) -> list[Entry]:
    with store.read() as tx:
        return [entry for entry in partition(tx, EVENTS) if entry.kind is kind]


def status(store: Store) -> str:
    with store.read() as tx:
        return query.require(tx, REF).status


def test_an_event_counts_once_however_often_it_comes(store: Store, into: IngestContext) -> None:
    order = placed()
    assert outcomes(ingest(store, [hub(), order, order], into))[1:] == [
        Outcome.ACCEPTED,
        Outcome.DUPLICATE,
    ]
    reordered = raw(dict(reversed(order.items())))
    other_zone = order | {"time": "2026-07-14T17:00:00+08:00"}
    assert outcomes(ingest(store, [order, reordered, other_zone], into)) == [Outcome.DUPLICATE] * 3
    with store.read() as tx:
        assert query.sales_order(tx, "o1").version == 1


def test_the_same_id_from_another_source_is_another_event(
    store: Store, into: IngestContext
) -> None:
    money = {"amount": {"minor": 5, "currency": "EUR"}}
    paid = cloud_event("sales_order.payment_captured", "o1", money, minute=1)
    ingest(store, [hub(), placed(), paid, paid | {"source": "other"}], into)
    with store.read() as tx:
        assert query.sales_order(tx, "o1").captured_minor == 10


@pytest.mark.parametrize(
    "changed",
    [
        {"data": {"amount": {"minor": 6, "currency": "EUR"}}},
        {"time": "2026-07-14T09:00:01Z"},
        {"subject": "o2"},
        {"type": "sales_order.payment_refunded"},
        {"sequence": "3"},
    ],
)
def test_the_same_id_with_other_content_is_a_conflict_and_set_aside(
    store: Store, into: IngestContext, changed: dict[str, Any]
) -> None:
    money = {"amount": {"minor": 5, "currency": "EUR"}}
    paid = cloud_event("sales_order.payment_captured", "o1", money)
    ingest(store, [hub(), placed(), paid], into)
    (outcome,) = ingest(store, [paid | changed], into).outcomes
    assert (outcome.outcome, outcome.field) == (Outcome.CONFLICT, "id")
    with store.read() as tx:
        assert query.sales_order(tx, "o1").captured_minor == 5
        (item,) = quarantine.items(tx)
    assert (item.reason, item.id) == ("conflict", outcome.quarantine_id)
    assert entries(store, EntryKind.EVENT_QUARANTINED)[-1].body["reason"] == "conflict"


def test_a_personal_value_that_differs_is_a_conflict_though_it_lies_sealed(
    store: Store, into: IngestContext
) -> None:
    ingest(store, [hub(), placed()], into)
    moved = placed(data={"address": "2 Hidden Lane"})
    assert outcomes(ingest(store, [moved], into)) == [Outcome.CONFLICT]
    both = [placed("o2"), placed("o2", data={"note": ""})]
    assert outcomes(ingest(store, both, into)) == [Outcome.ACCEPTED, Outcome.CONFLICT]


def test_a_caller_speaks_only_for_its_own_sources(store: Store, clock: VirtualClock) -> None:
    ingest(store, [hub()], context(clock))
    mine = context(clock, sources=("shop/*", "fleet"))
    batch = [
        placed("o1", source="shop/web"),
        placed("o2", source="fleet"),
        placed("o3", source="fleet/2"),
        placed("o4", source="payments"),
    ]
    receipt = ingest(store, batch, mine)
    assert outcomes(receipt) == [Outcome.ACCEPTED] * 2 + [Outcome.REFUSED] * 2
    assert receipt.problems[0].field == "source"
    with store.read() as tx:
        assert query.sales_orders(tx, ["o1", "o2", "o3", "o4"]).keys() == {"o1", "o2"}
        assert quarantine.items(tx) == []
    nobody = context(clock, sources=())
    assert outcomes(ingest(store, [placed("o5")], nobody)) == [Outcome.REFUSED]


def test_a_requeue_does_not_let_a_caller_speak_for_others(
    store: Store, clock: VirtualClock
) -> None:
    (outcome,) = ingest(store, [placed()], context(clock)).outcomes
    ingest(store, [hub()], context(clock))
    other = context(clock, sources=("fleet",))
    assert requeue(store, outcome.quarantine_id, other).outcome is Outcome.REFUSED
    assert requeue(store, outcome.quarantine_id, context(clock)).outcome is Outcome.ACCEPTED


def test_one_ledger_entry_over_a_batch_names_exactly_its_events(
    store: Store, into: IngestContext
) -> None:
    ingest(store, [hub(), placed(), b"nonsense", created()], into)
    ingest(store, [placed()], into)
    ingest(store, [placed("o2")], into)
    first, second = entries(store, EntryKind.EVENTS_RECEIVED)
    with store.read() as tx:
        digests = list(tx.execute(select(LOG.c.digest).order_by(LOG.c.seq)).scalars())
    assert first.body == {
        "first_seq": 1,
        "last_seq": 3,
        "count": 3,
        "sha256": batch_digest(digests[:3]),
    }
    assert (second.body["first_seq"], second.body["count"]) == (4, 1)


def test_an_event_before_its_predecessor_waits_and_then_takes_effect(
    store: Store, into: IngestContext
) -> None:
    _, waits = ingest(store, [hub(), assigned()], into).outcomes
    assert waits.outcome is Outcome.PARKED
    assert "fulfilment_order/f1 is not known" in waits.problem
    receipt = ingest(store, [created()], into)
    assert outcomes(receipt) == [Outcome.ACCEPTED]
    assert status(store) == "assigned"
    with store.read() as tx:
        assert parking.is_empty(tx)


def test_clocks_may_differ_by_five_minutes_and_no_more(store: Store, into: IngestContext) -> None:
    def delivery(name: str, early: float) -> list[dict[str, Any]]:
        return [
            created(name, minute=0),
            cloud_event("fulfilment_order.picked_up", name, minute=10 - early),
            cloud_event("fulfilment_order.assigned", name, {"courier_id": "k1"}, minute=10),
        ]

    for event in [hub(), *delivery("f1", 5), *delivery("f2", 5.01)]:
        ingest(store, [event], into)
    with store.read() as tx:
        found = query.fulfilments(tx, ["f1", "f2"])
    assert {name: order.status for name, order in found.items()} == {
        "f1": "picked_up",
        "f2": "assigned",
    }


def test_a_parked_event_is_quarantined_at_its_deadline_with_the_reason(
    store: Store, into: IngestContext, clock: VirtualClock
) -> None:
    ingest(store, [hub(), assigned()], into)
    clock.advance(15 * MINUTE - 1)
    assert parking.expire(store, into) == 0
    clock.advance(1)
    assert parking.expire(store, into) == 1
    assert parking.expire(store, into) == 0
    with store.read() as tx:
        (item,) = quarantine.items(tx)
    assert (item.reason, item.field, item.entity) == ("overdue", "type", str(REF))
    assert "is not known" in item.problem


def test_a_predecessor_after_the_deadline_still_counts_and_ends_the_quarantine(
    store: Store, into: IngestContext, clock: VirtualClock
) -> None:
    ingest(store, [hub(), assigned()], into)
    clock.advance(DAY)
    parking.expire(store, into)
    ingest(store, [created()], into)
    assert status(store) == "assigned"
    with store.read() as tx:
        assert quarantine.items(tx) == []
        (item,) = quarantine.items(tx, ended=True)
    assert item.end == "resolved"
    assert len(entries(store, EntryKind.EVENT_RESOLVED)) == 1


def test_an_overdue_event_that_is_requeued_waits_once_more(
    store: Store, into: IngestContext, clock: VirtualClock
) -> None:
    ingest(store, [hub(), assigned()], into)
    for _ in range(2):
        clock.advance(15 * MINUTE)
        assert parking.expire(store, into) == 1
        with store.read() as tx:
            (item,) = quarantine.items(tx)
        assert requeue(store, item.id, into).outcome is Outcome.PARKED
    ingest(store, [created()], into)
    assert status(store) == "assigned"


def test_a_contradiction_has_no_effect_and_is_quarantined_at_once(
    store: Store, into: IngestContext
) -> None:
    cancelled = cloud_event("fulfilment_order.cancelled", "f1", minute=1)
    ingest(store, [hub(), created(), cancelled], into)
    (outcome,) = ingest(store, [assigned()], into).outcomes
    assert outcome.outcome is Outcome.QUARANTINED
    assert outcome.seq == 4
    assert "is cancelled" in outcome.problem
    assert status(store) == "cancelled"


def test_money_of_another_currency_is_a_contradiction(store: Store, into: IngestContext) -> None:
    money = {"amount": {"minor": 5, "currency": "JPY"}}
    paid = cloud_event("sales_order.payment_captured", "o1", money, minute=1)
    (_, _, outcome) = ingest(store, [hub(), placed(), paid], into).outcomes
    assert outcome.outcome is Outcome.QUARANTINED
    assert "data.amount.currency is JPY" in outcome.problem


def test_what_was_put_right_can_be_requeued_once(store: Store, into: IngestContext) -> None:
    (outcome,) = ingest(store, [placed()], into).outcomes
    again = requeue(store, outcome.quarantine_id, into)
    assert (again.outcome, again.quarantine_id) == (Outcome.QUARANTINED, outcome.quarantine_id)
    ingest(store, [hub()], into)
    assert requeue(store, outcome.quarantine_id, into).outcome is Outcome.ACCEPTED
    with pytest.raises(Conflict):
        requeue(store, outcome.quarantine_id, into)
    with pytest.raises(NotFound):
        requeue(store, "q_0", into)
    assert len(entries(store, EntryKind.EVENT_REQUEUED)) == 1


def test_a_broken_event_sent_again_and_again_is_one_item(store: Store, into: IngestContext) -> None:
    broken = raw(placed()) + b"}"
    ids = {o.quarantine_id for _ in range(3) for o in ingest(store, [broken] * 2, into).outcomes}
    assert len(ids) == 1
    assert len(entries(store, EntryKind.EVENT_QUARANTINED)) == 1


def test_a_discarded_item_stays_discarded(store: Store, into: IngestContext) -> None:
    (outcome,) = ingest(store, [b"nonsense"], into).outcomes
    with store.write() as tx:
        quarantine.discard(tx, outcome.quarantine_id, into, "a test by the sender")
    with store.read() as tx:
        assert quarantine.items(tx) == []
        assert quarantine.get(tx, outcome.quarantine_id).end == "discarded"
    with pytest.raises(Conflict), store.write() as tx:
        quarantine.discard(tx, outcome.quarantine_id, into, "again")
    (ended,) = entries(store, EntryKind.EVENT_DISCARDED)
    assert ended.body["why"] == "a test by the sender"


def test_a_failure_in_the_middle_keeps_nothing_and_the_batch_can_come_again(
    store: Store, into: IngestContext
) -> None:
    def breaks(tx: Connection, events: Sequence[Logged], vault: Vault) -> Projected:
        raise RuntimeError

    broken = IngestContext(clock=into.clock, vault=into.vault, project=breaks)
    with pytest.raises(RuntimeError):
        ingest(store, [hub(), placed()], broken)
    with store.read() as tx:
        assert tx.execute(select(func.count()).select_from(LOG)).scalar_one() == 0
    assert outcomes(ingest(store, [hub(), placed()], into)) == [Outcome.ACCEPTED] * 2


def test_writers_side_by_side_lose_and_double_nothing(store: Store, clock: VirtualClock) -> None:
    ingest(store, [hub(), placed()], context(clock))
    money = {"amount": {"minor": 1, "currency": "EUR"}}
    batches = [
        [
            cloud_event("sales_order.payment_captured", "o1", money, id=f"p{n}")
            for n in range(k, k + 6)
        ]
        for k in range(0, 24, 3)
    ]
    threads = [
        threading.Thread(target=ingest, args=(store, batch, context(clock))) for batch in batches
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert query.sales_order(tx, "o1").captured_minor == 27
        seqs = list(tx.execute(select(LOG.c.seq).order_by(LOG.c.seq)).scalars())
    assert seqs == list(range(1, 30))


def test_the_stored_bytes_are_canonical_json_whatever_stands_in_the_event(
    store: Store, into: IngestContext
) -> None:
    odd = {
        "note": '\u20ac \U0001f6f5 \x7f \u2028 "\\',
        "promised_at": "2026-07-14T12:00:00.250+08:00",
    }
    weather = {"rain_mm_h": 12, "rain_forecast_mm_h": 1e-7}
    batch = [
        hub(),
        placed(data=odd, sequence="999999999999999"),
        created(),
        cloud_event("hub.weather_observed", HUB, weather, minute=1),
        cloud_event("stock.adjusted", "s1", {"by": -(2**53 - 1)}),
    ]
    assert not ingest(store, batch, into).problems
    with store.read() as tx:
        rows = tx.execute(select(LOG.c.body, LOG.c.digest)).all()
    for body, digest in rows:
        assert rfc8785.dumps(orjson.loads(body)) == body
        assert hashlib.sha256(body).hexdigest() == digest
