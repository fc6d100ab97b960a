"""Invariant 11, personal data: sealed in what cannot be erased, gone when the key is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson
import pytest
from sqlalchemy import LargeBinary, select, text
from sqlmodel import SQLModel

from makegood.clock import DAY, VirtualClock
from makegood.domain.entities import EntityKind, EntityRef
from makegood.errors import KeyDestroyed, LedgerBroken
from makegood.events import audit, quarantine
from makegood.events.ingest import ingest, requeue
from makegood.events.log import LOG
from makegood.events.model import Outcome
from makegood.ledger.privacy import PersonKey, Vault
from makegood.ledger.verify import verify
from makegood.state import query
from makegood.state.projection import rebuild
from makegood.store.append_only import APPEND_ONLY
from tests.events.making import T0, cloud_event, context, courier, created, hub, placed, raw

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.store.session import Store

SECRETS: Final = (b"Ada Example", b"1234567", b"Hidden Lane", b"ring twice", b"31.2304", b"Kay")


def spill(store: Store, names: tuple[str, ...]) -> bytes:
    """Return everything that stands in some tables, as one heap of bytes."""
    heap = b""
    with store.read() as tx:
        for name in names:
            table = SQLModel.metadata.tables[name]
            for row in tx.execute(select(table)):
                for column, value in zip(table.columns, row, strict=True):
                    is_blob = isinstance(column.type, LargeBinary)
                    heap += bytes(value or b"") if is_blob else str(value).encode()
    return heap


def test_append_only_stores_never_hold_personal_data_in_clear(store: Store) -> None:
    into = context(VirtualClock(T0 + DAY))
    at_home = cloud_event("courier.position", "k1", {"position": {"lat": 31.2304, "lon": 1}})
    events = [hub(), placed(), created(), courier(), at_home]
    assert ingest(store, events, into).counts == {Outcome.ACCEPTED: 5}
    changed = placed(data={"note": "ring twice at 1 Hidden Lane"})
    broken = placed("o2", data={"promised_at": "Ada Example"})
    extra = placed("o3", data={"phone of Ada Example": 1})
    receipt = ingest(store, [changed, broken, extra, b'{"Kay": "Ada Example"'], into)
    assert receipt.counts == {Outcome.CONFLICT: 1, Outcome.QUARANTINED: 3}
    heap = spill(store, APPEND_ONLY)
    assert len(heap) > 2_000
    for secret in SECRETS:
        assert secret not in heap
    # The same search finds them where they may be, so it would have found them there.
    assert all(secret in spill(store, ("sales_order", "courier")) for secret in SECRETS)


def test_working_tables_hold_what_planning_needs(store: Store) -> None:
    ingest(store, [hub(), placed(), created(), courier()], context(VirtualClock(T0 + DAY)))
    with store.read() as tx:
        order = query.sales_order(tx, "o1")
        (delivery,) = query.open_fulfilments(tx, "h1")
    assert (order.customer_name, order.address, order.note) == (
        "Ada Example",
        "1 Hidden Lane",
        "ring twice",
    )
    assert order.drop_off == delivery.drop_off
    assert order.drop_off is not None


def test_destroying_a_key_erases_the_person_and_leaves_every_chain_verifiable(
    store: Store,
) -> None:
    into = context(VirtualClock(T0 + DAY))
    broken = placed("o9", data={"total": {"minor": -1, "currency": "EUR"}})
    ingest(store, [hub(), placed(), created(), placed("o2", "c2"), broken], into)
    with store.write() as tx:
        assert into.vault.destroy(tx, "c1", "operator", T0)
        assert not into.vault.destroy(tx, "c1", "operator", T0)
    with store.read() as tx:
        order = query.sales_order(tx, "o1")
        assert (order.customer_name, order.address, order.drop_off) == ("", "", None)
        assert order.customer_id == "c1"
        assert query.fulfilments(tx, ["f1"])["f1"].drop_off is None
        assert query.sales_order(tx, "o2").customer_name == "Ada Example"
        assert audit.verify(tx).sound
        assert verify(tx).sound
        with pytest.raises(KeyDestroyed):
            into.vault.key(tx, "c1")
        (item,) = quarantine.items(tx)
        with pytest.raises(KeyDestroyed):
            quarantine.payload(tx, into.vault, item.id)


def test_state_made_anew_after_an_erasure_is_the_erased_state(store: Store) -> None:
    into = context(VirtualClock(T0 + DAY))
    seen = cloud_event("courier.position", "k1", {"position": {"lat": 1, "lon": 2}}, minute=1)
    ingest(store, [hub(), placed(), created(), courier(), seen], into)
    with store.write() as tx:
        for person in ("c1", "k1"):
            into.vault.destroy(tx, person, "operator", T0)
    tables = ("sales_order", "fulfilment_order", "courier")
    erased = spill(store, tables)
    rebuild(store, into)
    assert spill(store, tables) == erased
    with store.read() as tx:
        rider = query.require(tx, EntityRef(EntityKind.COURIER, "k1"))
        assert not any(getattr(rider, name) for name in rider.personal)


def test_nothing_more_is_kept_about_an_erased_person(store: Store) -> None:
    into = context(VirtualClock(T0 + DAY))
    ingest(store, [hub(), placed()], into)
    with store.write() as tx:
        into.vault.destroy(tx, "c1", "operator", T0)
    again, another = placed(), placed("o2")
    receipt = ingest(store, [again, another], into)
    assert [o.outcome for o in receipt.outcomes] == [Outcome.DUPLICATE, Outcome.QUARANTINED]
    assert receipt.outcomes[1].field == "data.customer_id"
    with store.read() as tx:
        (item,) = quarantine.items(tx)
        assert not item.kept
        assert tx.execute(select(LOG.c.seq).where(LOG.c.entity_id == "o2")).all() == []
    for secret in SECRETS:
        assert secret not in spill(store, APPEND_ONLY)
    bare = {k: v for k, v in another["data"].items() if k in ("customer_id", "total", "lines")}
    assert ingest(store, [another | {"data": bare}], into).counts == {Outcome.ACCEPTED: 1}


def test_another_process_sees_at_once_that_a_key_is_destroyed(store: Store) -> None:
    here, there = Vault(), Vault()
    with store.write() as tx:
        here.ensure(tx, ["c1"], T0)
        assert there.key(tx, "c1").person_id == "c1"
    with store.write() as tx:
        here.destroy(tx, "c1", "operator", T0)
    with store.write() as tx:
        assert there.keys(tx, ["c1"]) == {"c1": None}
        assert there.ensure(tx, ["c1"], T0) == {"c1": None}


def test_what_is_sealed_opens_only_where_it_belongs_and_unaltered() -> None:
    key, other = PersonKey("c1", b"k" * 32), PersonKey("c2", b"l" * 32)
    sealed = key.seal(b"Ada", b"oms\ne1")
    assert key.unseal(sealed, b"oms\ne1") == b"Ada"
    assert key.seal(b"Ada", b"oms\ne1") != sealed
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for opener, text_, bound in [(key, sealed, b"oms\ne2"), (key, flipped, b"oms\ne1")]:
        with pytest.raises(LedgerBroken):
            opener.unseal(text_, bound)
    with pytest.raises(LedgerBroken):
        other.unseal(sealed, b"oms\ne1")
    assert key.mac(b"Ada") != other.mac(b"Ada")
    assert key.mac(b"Ada") == PersonKey("c1", b"k" * 32).mac(b"Ada")


def test_the_vault_keeps_no_more_derived_keys_than_it_may(store: Store) -> None:
    vault = Vault(cached=2)
    with store.write() as tx:
        vault.ensure(tx, ["c1"], T0)
        first = vault.key(tx, "c1")
        assert vault.key(tx, "c1") is first
        vault.ensure(tx, ["c2", "c3"], T0)
        again = vault.key(tx, "c1")
    assert again is not first
    assert again.mac(b"x") == first.mac(b"x")


def test_an_edited_inserted_or_hidden_event_is_found(store: Store) -> None:
    into = context(VirtualClock(T0 + DAY))
    ingest(store, [hub(), placed()], into)
    ingest(store, [created()], into)
    with store.read() as tx:
        assert audit.verify(tx) == audit.LogReport(3, 2, ())
    edits = [
        "UPDATE event_log SET hub_id = 'h2' WHERE seq = 2",
        "UPDATE event_log SET sealed = NULL WHERE seq = 2",
        "UPDATE event_log SET digest = 'x' WHERE seq = 2",
        "DELETE FROM event_log WHERE seq = 3",
        "DELETE FROM event_log WHERE seq = 1",
        """INSERT INTO event_log SELECT 4, source, 'new', type, entity_kind, entity_id, hub_id,
        occurred_us, sequence, received_us, digest, body, sealed, person_id
        FROM event_log WHERE seq = 3""",
    ]
    for edit in edits:
        with store.engine.connect() as tx, tx.begin() as attempt:
            _without_triggers(store, tx)
            tx.execute(text(edit))
            assert not audit.verify(tx).sound, edit
            attempt.rollback()


def _without_triggers(store: Store, tx: Connection) -> None:
    if store.is_sqlite:
        tx.execute(text("DROP TRIGGER event_log_no_update"))
        tx.execute(text("DROP TRIGGER event_log_no_delete"))
    else:
        tx.execute(text("ALTER TABLE event_log DISABLE TRIGGER USER"))


def test_the_database_itself_refuses_to_change_the_event_log(store: Store) -> None:
    ingest(store, [hub()], context(VirtualClock(T0 + DAY)))
    for edit in ("UPDATE event_log SET hub_id = 'x'", "DELETE FROM event_log"):
        with pytest.raises(Exception, match="append-only"), store.write() as tx:
            tx.execute(text(edit))


def test_a_requeued_item_leaves_nothing_in_clear(store: Store) -> None:
    into = context(VirtualClock(T0 + DAY))
    early = placed(hub="h1")
    (outcome,) = ingest(store, [raw(early)], into).outcomes
    assert outcome.field == "hub"
    with store.read() as tx:
        kept = quarantine.payload(tx, into.vault, outcome.quarantine_id)
        assert orjson.loads(kept) == early
    ingest(store, [hub()], into)
    assert requeue(store, outcome.quarantine_id, into).outcome is Outcome.ACCEPTED
    for secret in SECRETS:
        assert secret not in spill(store, APPEND_ONLY)
