"""The checks of the invariants find what breaks them: each breach is made, and named."""

from __future__ import annotations

from contextlib import suppress
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from makegood.clock import MINUTE
from makegood.domain.authority import ActionStatus, GrantStatus, ReviewStatus, Verdict
from makegood.domain.money import Money
from makegood.domain.roles import Role
from makegood.effects.reads import ACTION, EFFECT, GRANT
from makegood.gates.grants import OBLIGATION
from makegood.gates.rejections import REJECTION
from makegood.gates.review_items import REVIEW
from makegood.gates.reviews import Decider, approve, queue
from makegood.ledger.entries import ENTRY
from makegood.replay import invariants
from makegood.replay.company.model import PayOut
from makegood.replay.stage import Stage, staged
from tests.replay.towns import START_US, options

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sqlalchemy import Connection, Row, Table


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def evening() -> Generator[Stage]:
    """A storm that is over, in which a person approved what was held."""
    with staged(options()) as stage:
        stage.every(START_US + 10 * MINUTE, MINUTE, lambda: _approve_all(stage))
        stage.run()
        assert stage.check().violations == ()
        yield stage


def _approve_all(stage: Stage) -> None:
    house, now_us = stage.house, stage.clock.now_us()
    decider = Decider("person_eve", frozenset({Role.SUPERVISOR}))
    with stage.store.read() as tx:
        waiting = queue(tx)
    for item in waiting:
        with house.store.write() as tx:
            approve(tx, item.id, decider, item.seen, now_us, house.rulebook)


class _Undone(Exception):
    pass


def found(stage: Stage, breach: Callable[[Connection, Stage], None]) -> set[int]:
    """Return the invariants that are found broken after a breach, which is taken back."""
    books = stage.company.payments
    kept = copy(books.refunds), copy(books.coupons), copy(stage.company.notifications.sent)
    records = copy(stage.company.records.couriers)
    told = dict(stage.told)
    broken: set[int] = set()
    with suppress(_Undone), stage.store.write() as tx:
        breach(tx, stage)
        report = invariants.check(tx, stage.company, stage.told)
        broken = {each.invariant for each in report.violations}
        raise _Undone
    books.refunds, books.coupons, stage.company.notifications.sent = kept
    stage.company.records.couriers = records
    stage.told = told
    return broken


def _one(tx: Connection, table: Table, **where: str) -> Row[Any]:
    query = select(table).order_by(table.c.id)
    for name, value in where.items():
        query = query.where(table.c[name] == value)
    row = tx.execute(query.limit(1)).one_or_none()
    assert row is not None, f"the evening has no {table.name} with {where}"
    return row


def _set(tx: Connection, table: Table, row_id: str, **values: str | bytes) -> None:
    assert tx.execute(table.update().where(table.c.id == row_id).values(**values)).rowcount == 1


def _stolen(_tx: Connection, stage: Stage) -> None:
    order_id, taken = next(iter(stage.company.payments.captures.items()))
    wanted = PayOut(order_id, Money(minor=1, currency=taken.amount.currency), "none")
    stage.company.payments.refund("nobody-s-key", wanted)


def _edited(tx: Connection, _stage: Stage) -> None:
    _set(tx, ACTION, _one(tx, EFFECT).action_id, body=b"{}")


def _unspent(tx: Connection, _stage: Stage) -> None:
    _set(tx, GRANT, _one(tx, EFFECT).grant_id, status=GrantStatus.UNSPENT)


def _over_cap(tx: Connection, _stage: Stage) -> None:
    assert tx.execute(text("UPDATE counter SET used = cap + 1")).rowcount > 0


def _twice(_tx: Connection, stage: Stage) -> None:
    sent = stage.company.notifications.sent
    first = next(iter(sent.values()))
    sent["again"] = replace(first, id="again")


def _unheard(_tx: Connection, stage: Stage) -> None:
    refunds = stage.company.payments.refunds
    refunds.pop(next(iter(refunds)))


def _still_owed(tx: Connection, _stage: Stage) -> None:
    _set(tx, OBLIGATION, _one(tx, EFFECT, status="confirmed").obligation_id, status="open")


def _said_no_before(tx: Connection, _stage: Stage) -> None:
    action = _one(tx, ACTION, kind="refund", status=ActionStatus.CONFIRMED)
    row = {
        "kind": action.kind,
        "entity": f"sales_order/{action.order_id}",
        "cause": action.cause,
        "action_id": "another",
        "amount_minor": 1,
        "currency": "CNY",
        "at_us": action.judged_us - 1,
        "left": 1,
    }
    tx.execute(REJECTION.insert().values(row))


def _another_digest(tx: Connection, _stage: Stage) -> None:
    review = _one(tx, REVIEW, status=ReviewStatus.APPROVED)
    _set(tx, REVIEW, review.id, digest="another")


def _called_expired(tx: Connection, _stage: Stage) -> None:
    _set(tx, REVIEW, _one(tx, REVIEW, status=ReviewStatus.APPROVED).id, status="expired")


def _own_request(tx: Connection, _stage: Stage) -> None:
    review = _one(tx, REVIEW, status=ReviewStatus.APPROVED)
    _set(tx, REVIEW, review.id, edited_by=review.decided_by)


def _silent_bypass(tx: Connection, _stage: Stage) -> None:
    _set(tx, ACTION, _one(tx, EFFECT).action_id, bypass_id="byp_none")


def _nowhere(_tx: Connection, stage: Stage) -> None:
    stage.told["/sandbox", "never-came-in"] = 1


def _tampered(tx: Connection, _stage: Stage) -> None:
    tx.execute(text("DROP TRIGGER ledger_entry_no_update"))
    first = tx.execute(select(ENTRY).where(ENTRY.c.kind == "effect_intended").limit(1)).one()
    where = (ENTRY.c.part == first.part) & (ENTRY.c.seq == first.seq)
    changed = first.entry.replace(b"effect_intended", b"effect_confirmed")
    tx.execute(ENTRY.update().where(where).values(entry=changed))


def _chosen_otherwise(tx: Connection, _stage: Stage) -> None:
    tx.execute(text("DROP TRIGGER ledger_entry_no_update"))
    made = tx.execute(select(ENTRY).where(ENTRY.c.kind == "proposal_made"))
    entry = next(row for row in made if b'"chosen":1' in row.entry)
    where = (ENTRY.c.part == entry.part) & (ENTRY.c.seq == entry.seq)
    changed = entry.entry.replace(b'"chosen":1', b'"chosen":0')
    tx.execute(ENTRY.update().where(where).values(entry=changed))


def _in_clear(tx: Connection, stage: Stage) -> None:
    tx.execute(text("DROP TRIGGER event_log_no_update"))
    phone = next(iter(stage.company.records.customers.values())).phone
    tx.execute(
        text("UPDATE event_log SET body = :body WHERE seq = 1"), {"body": f'"{phone}"'.encode()}
    )


def _denied(tx: Connection, _stage: Stage) -> None:
    _set(tx, ACTION, _one(tx, EFFECT).action_id, verdict=Verdict.DENY)


def _overloaded(_tx: Connection, stage: Stage) -> None:
    couriers = stage.company.records.couriers
    courier_id, courier = next(iter(couriers.items()))
    couriers[courier_id] = replace(courier, load=courier.capacity + 1)


@pytest.mark.parametrize(
    ("number", "breach"),
    [
        (1, _stolen),
        (1, _edited),
        (2, _unspent),
        (2, _over_cap),
        (3, _twice),
        (3, _unheard),
        (3, _still_owed),
        (4, _said_no_before),
        (5, _another_digest),
        (6, _called_expired),
        (7, _own_request),
        (8, _silent_bypass),
        (9, _nowhere),
        (10, _chosen_otherwise),
        (11, _tampered),
        (11, _in_clear),
        (12, _denied),
        (13, _overloaded),
    ],
)
def test_a_breach_of_an_invariant_is_found_and_named(
    evening: Stage, number: int, breach: Callable[[Connection, Stage], None]
) -> None:
    assert number in found(evening, breach)


def test_what_was_broken_for_the_sake_of_a_test_is_whole_again(evening: Stage) -> None:
    assert evening.check().sound
