"""The auditor: holds the payment provider's own books against what was approved.

Nothing here believes the store alone: what counts is which money left, how often, and whether a
person (or the gate) had said yes before. `once` is for the end, `nothing_unapproved` for any
moment in between.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from makegood.domain.authority import ObligationStatus, ReviewStatus
from makegood.domain.effects import EffectStatus
from makegood.effects.reads import EFFECT
from makegood.gates.balances import MONEY
from makegood.gates.grants import BY_GATE, GRANT, OBLIGATION
from makegood.gates.judge import ACTION
from makegood.gates.review_items import REVIEW
from makegood.ledger.entries import Entry, partition
from makegood.ledger.kinds import EntryKind
from makegood.ledger.verify import verify
from makegood.outbox.messages import MESSAGE, MessageType
from makegood.store.session import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from tests.faults.company import Entry as Paid
    from tests.faults.plan import Plan


def once(store_url: str, books: list[Paid], plan: Plan) -> list[str]:
    """Return everything that is not as it should be at the end; nothing when all is well."""
    store = Store.open(store_url)
    try:
        with store.read() as tx:
            entries = [entry for hub in _hubs(plan) for entry in partition(tx, hub)]
            return [
                *_as_planned(books, plan),
                *_permitted(tx, books),
                *_settled(tx, books, plan),
                *_balanced(tx, books, plan),
                *_told(tx, entries),
                *_put(tx, entries),
                *_sound(tx),
            ]
    finally:
        store.close()


def nothing_unapproved(store_url: str, books: list[Paid]) -> list[str]:
    """Return what left without a yes, twice, or without a sound ledger; true at any moment."""
    store = Store.open(store_url)
    try:
        with store.read() as tx:
            return [*_permitted(tx, books), *_sound(tx)]
    finally:
        store.close()


def _hubs(plan: Plan) -> set[str]:
    return {action.hub_id for wish in plan.wishes for action in wish.actions}


def _as_planned(books: list[Paid], plan: Plan) -> Iterator[str]:
    wanted = Counter((p.order_id, p.coupon, str(p.amount)) for p in plan.payments)
    there = Counter((e.order_id, e.coupon, str(e.amount)) for e in books)
    for what, number in (wanted - there).items():
        yield f"missing in the books, {number} times: {what}"
    for what, number in (there - wanted).items():
        yield f"too much in the books, {number} times: {what}"


def _permitted(tx: Connection, books: list[Paid]) -> Iterator[str]:
    """Each payment answers to one effect under its key, and that to a spent grant and a yes."""
    for key, number in Counter(paid.key for paid in books).items():
        if number > 1:
            yield f"{key} was paid {number} times"
    for paid in books:
        row = _effect(tx, paid.key)
        if row is None:
            yield f"{paid.id} was paid under {paid.key}, and no effect has that key"
        elif (row.amount_minor, row.currency) != (paid.amount.minor, paid.amount.currency):
            yield f"{paid.id} paid {paid.amount}, and {row.amount_minor} was granted"
        elif row.given_by != BY_GATE and row.review != ReviewStatus.APPROVED:
            yield f"{paid.id} was paid, and its review is {row.review}"
        elif row.given_by == BY_GATE and row.review is not None:
            yield f"{paid.id} was held, and yet the gate granted it by itself"


def _effect(tx: Connection, key: str) -> Any:  # noqa: ANN401 -- a database row
    joined = (
        EFFECT.join(GRANT, GRANT.c.id == EFFECT.c.grant_id)
        .join(ACTION, ACTION.c.id == EFFECT.c.action_id)
        .outerjoin(REVIEW, REVIEW.c.action_id == EFFECT.c.action_id)
    )
    columns = (
        EFFECT.c.status,
        EFFECT.c.reference,
        GRANT.c.given_by,
        ACTION.c.amount_minor,
        ACTION.c.currency,
        REVIEW.c.status.label("review"),
    )
    return tx.execute(select(*columns).select_from(joined).where(EFFECT.c.key == key)).one_or_none()


def _settled(tx: Connection, books: list[Paid], plan: Plan) -> Iterator[str]:
    """Each effect is confirmed with the reference that the books have, and settles something."""
    paid = {entry.key: entry.id for entry in books}
    orders = {order.id for order in plan.orders}
    joined = EFFECT.join(OBLIGATION, OBLIGATION.c.id == EFFECT.c.obligation_id)
    query = select(EFFECT, OBLIGATION.c.status.label("owed")).select_from(joined)
    for row in tx.execute(query.where(EFFECT.c.order_id.in_(sorted(orders)))):
        if row.status == EffectStatus.FAILED and row.key not in paid:
            continue
        if row.status != EffectStatus.CONFIRMED:
            yield f"effect {row.key} is {row.status} at the end: {row.detail}"
        elif row.reference != paid.get(row.key):
            yield f"effect {row.key} says {row.reference}, the books say {paid.get(row.key)}"
        elif row.owed != ObligationStatus.SETTLED:
            yield f"effect {row.key} is confirmed, its obligation is {row.owed}"


def _balanced(tx: Connection, books: list[Paid], plan: Plan) -> Iterator[str]:
    refunded: Counter[str] = Counter()
    for paid in books:
        refunded[paid.order_id] += 0 if paid.coupon else paid.amount.minor
    rows = {row.order_id: row for row in tx.execute(select(MONEY))}
    for order in plan.orders:
        row = rows.get(order.id)
        kept = (row.committed_minor, row.confirmed_minor) if row else (0, 0)
        if kept != (refunded[order.id], refunded[order.id]):
            yield f"{order.id}: committed and confirmed {kept}, the books say {refunded[order.id]}"
        if refunded[order.id] > order.captured.minor:
            yield f"{order.id}: more was refunded than captured"


def _told(tx: Connection, entries: list[Entry]) -> Iterator[str]:
    """The ledger tells each effect's intent and end once, and a yes before each held intent."""
    seen: Counter[tuple[EntryKind, str]] = Counter()
    for entry in entries:
        action_id = str(entry.body.get("action_id", ""))
        seen[entry.kind, action_id] += 1
        unsaid = (
            seen[EntryKind.REVIEW_OPENED, action_id]
            and not seen[EntryKind.REVIEW_APPROVED, action_id]
        )
        if entry.kind is EntryKind.EFFECT_INTENDED and unsaid:
            yield f"the ledger tells of {action_id} being intended before its approval"
    for (kind, action_id), number in seen.items():
        if kind in (EntryKind.EFFECT_INTENDED, EntryKind.EFFECT_CONFIRMED) and number != 1:
            yield f"the ledger tells {number} times that {action_id} was {kind}"
    confirmed = {action for kind, action in seen if kind is EntryKind.EFFECT_CONFIRMED}
    query = select(EFFECT.c.action_id).where(EFFECT.c.status == EffectStatus.CONFIRMED)
    for action_id in confirmed ^ set(tx.execute(query).scalars()):
        yield f"ledger and effects disagree whether {action_id} was confirmed"


def _put(tx: Connection, entries: list[Entry]) -> Iterator[str]:
    """The outbox holds each step of a review that the ledger tells of, once, and no other.

    So it does with money, and ends of orders, that failed or of which nobody knows.
    """
    types = {each.value.replace(".", "_"): each.value for each in MessageType}
    paying = select(EFFECT.c.id).join(ACTION, ACTION.c.id == EFFECT.c.action_id)
    effects = set(tx.execute(paying.where(ACTION.c.amount_minor.is_not(None))).scalars())
    told = Counter(
        (types[entry.kind.value], subject)
        for entry in entries
        if entry.kind.value in types and (subject := _subject(entry, effects))
    )
    reviews = {subject for _, subject in told}
    rows = tx.execute(select(MESSAGE.c.type, MESSAGE.c.subject))
    put = Counter((row.type, row.subject) for row in rows if row.subject in reviews)
    if put != told:
        yield f"the ledger tells of {told - put} that the outbox lacks, which has {put - told}"


def _subject(entry: Entry, effects: set[str]) -> str:
    """Return what a message about an entry would be about: a review, or an effect on money."""
    effect_id = entry.body.get("effect_id")
    return str(entry.body.get("review_id") or (effect_id if effect_id in effects else ""))


def _sound(tx: Connection) -> Iterator[str]:
    report = verify(tx)
    for problem in report.problems:
        yield f"the ledger is broken at {problem.part} {problem.seq}: {problem.what}"
