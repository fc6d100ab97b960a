"""Spends a second, and ledger verification, beside what the database and the hash alone can do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from benchmarks.figures import Better, Figure, rate, seconds
from makegood.clock import MINUTE, VirtualClock, from_rfc3339, to_rfc3339
from makegood.events.ingest import ingest
from makegood.events.model import IngestContext
from makegood.gates import reviews
from makegood.ledger.entries import ENTRY, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.ledger.verify import verify
from makegood.state.projection import project
from tests.gates.world import SUPERVISOR, World, notify, refund

if TYPE_CHECKING:
    from benchmarks.databases import Fresh
    from benchmarks.figures import Scale
    from makegood.store.session import Store

START_US: Final = from_rfc3339("2026-07-14T10:00:00Z")


def _world(store: Store, orders: int) -> World:
    """Return a world in which some orders were placed and paid."""
    clock = VirtualClock(START_US)
    world = World(store, clock)
    context = IngestContext(clock=clock, vault=world.vault, project=project)
    at = to_rfc3339(START_US)
    total = {"minor": 5_000, "currency": "EUR"}
    promised = to_rfc3339(START_US + 40 * MINUTE)
    batch = [
        {
            "specversion": "1.0",
            "id": f"{kind}:{n}",
            "source": "/bench",
            "type": f"sales_order.{kind}",
            "subject": f"o{n}",
            "time": at,
            "hub": "h1",
            "data": data | ({"customer_id": f"c-o{n}"} if kind == "placed" else {}),
        }
        for n in range(orders)
        for kind, data in (
            ("placed", {"total": total, "promised_at": promised}),
            ("payment_captured", {"amount": total}),
        )
    ]
    receipt = ingest(store, batch, context)
    if receipt.problems:
        raise AssertionError(receipt.problems[:3])
    return world


def _chained(store: Store, count: int) -> float:
    """Commit rows one by one, each with the hash of the one before it: the limit of any ledger."""
    blob = "BLOB" if store.is_sqlite else "BYTEA"
    place = "?" if store.is_sqlite else "%s"
    put = f"INSERT INTO bare VALUES ({place}, {place}, {place})"  # noqa: S608 -- only places
    last = "SELECT hash FROM bare ORDER BY seq DESC LIMIT 1"
    with store.write() as tx:
        tx.exec_driver_sql(f"CREATE TABLE bare (seq INTEGER PRIMARY KEY, hash {blob}, body {blob})")

    def work() -> int:
        for seq in range(count):
            with store.write() as tx:
                before = tx.exec_driver_sql(last).scalar_one_or_none() or b""
                body = bytes(400)
                own = hashlib.sha256(bytes(before) + body).digest()
                tx.exec_driver_sql(put, (seq, own, body))
        return count

    return rate(work)


def _together(store: Store, scale: Scale) -> float:
    """Spend what one plan was granted, as the executor does it: in one transaction."""
    world = _world(store, scale.plan)
    world.propose(*(notify(f"o{n}") for n in range(scale.plan)))
    return rate(world.executor.intend)


def _one_by_one(store: Store, scale: Scale) -> float:
    """Spend grants that were given one at a time, each in a transaction of its own."""
    world = _world(store, scale.single_spends)
    spent, took_s = 0, 0.0
    for n in range(scale.single_spends):
        world.propose(notify(f"o{n}"))
        took_s += seconds(world.executor.intend)
        spent += 1
    return spent / took_s


def spends(name: str, fresh: Fresh, scale: Scale) -> list[Figure]:
    """Measure spends: grant, intent and ledger entry in one transaction, on disk when it ends."""
    limit = _best(fresh, scale.rounds, lambda store: _chained(store, scale.plan))
    ways = ((_together, f"{scale.plan} of a plan in one transaction"), (_one_by_one, "one each"))
    return [
        Figure(
            name=f"spends, {way}, {name}",
            value=_best(fresh, scale.rounds, lambda store, do=measured: do(store, scale)),
            unit="spends/s",
            limit=limit,
            limit_name="bare chained single-row transactions",
            of_limit=True,
            mark=0.7,
            better=Better.MORE,
        )
        for measured, way in ways
    ]


def decisions(name: str, fresh: Fresh, scale: Scale) -> list[Figure]:
    """Measure decisions from end to end, until what they permit is intended, on disk.

    The gate's own: plans judged and granted. A person's: batches of holds, each looked at again
    and approved. A house that runs for months has done both before, so the first of each is not
    counted. The limit is taken in every round beside them, over as many rows as there are
    decisions: a disk that others use too is twice as fast in one minute as in the next.
    """
    ways = ((_judge, "a plan of {} judged"), (_approve, "a batch of {} approved"))
    limit, taken = 0.0, [0.0] * len(ways)
    for _ in range(scale.rounds):
        for place, (decide, _) in enumerate(ways):
            with fresh() as store:
                limit = max(limit, _chained(store, scale.plan * scale.plans))
                taken[place] = max(taken[place], _decided(store, scale, decide))
    return [
        Figure(
            name=f"decisions, {way.format(scale.plan)} and intended, {name}",
            value=value,
            unit="decisions/s",
            limit=limit,
            limit_name="bare chained single-row transactions",
            of_limit=True,
            mark=0.7,
            better=Better.MORE,
        )
        for (_, way), value in zip(ways, taken, strict=True)
    ]


Decide = Callable[[World, Sequence[str]], float]
"""Decides on something for each of these orders and has it intended; returns the seconds."""


def _decided(store: Store, scale: Scale, decide: Decide) -> float:
    """Return how many decisions a second are taken, the first plan or batch left out."""
    world = _world(store, scale.plan * (scale.plans + 1))
    orders = [f"o{n}" for n in range(scale.plan * (scale.plans + 1))]
    parts = [orders[at : at + scale.plan] for at in range(0, len(orders), scale.plan)]
    took_s = 0.0
    for number, part in enumerate(parts):
        this_s = decide(world, part)
        if number:
            took_s += this_s
        # Another hour, so that no limit on what goes out in one is reached.
        world.pass_time(61)
    return scale.plan * scale.plans / took_s


def _judge(world: World, orders: Sequence[str]) -> float:
    actions = [notify(order) for order in orders]

    def work() -> None:
        world.propose(*actions)
        _intend(world, len(orders))

    return seconds(work)


def _approve(world: World, orders: Sequence[str]) -> float:
    world.propose(*(refund(order, 1_000) for order in orders))
    choices = [reviews.Choice(held.id, held.seen) for held in world.waiting()]
    if len(choices) != len(orders):
        raise AssertionError(len(choices))

    def work() -> None:
        now_us = world.clock.now_us()
        with world.store.write() as tx:
            made = reviews.batch(tx, SUPERVISOR, choices, now_us, world.rulebook)
        if not made.done:
            raise AssertionError(made.results[0])
        _intend(world, len(orders))

    return seconds(work)


def _intend(world: World, count: int) -> None:
    intended = world.executor.intend()
    if intended != count:
        raise AssertionError(intended)


def _best(fresh: Fresh, rounds: int, measured: Callable[[Store], float]) -> float:
    taken = 0.0
    for _ in range(rounds):
        with fresh() as store:
            taken = max(taken, measured(store))
    return taken


def verification(fresh: Fresh, scale: Scale) -> Figure:
    """Measure `ledger verify` on entries like those of judged actions."""
    with ExitStack() as stack:
        store = stack.enter_context(fresh())
        _fill(store, scale.entries)
        checked = max(rate(lambda: _verified(store)) for _ in range(scale.rounds))
        hashed = max(rate(lambda: _hashed(store)) for _ in range(scale.rounds))
    return Figure(
        name="ledger verification, SQLite",
        value=checked,
        unit="entries/s",
        limit=hashed,
        limit_name="reading and hashing the same bytes",
        mark=50_000,
        better=Better.MORE,
    )


def _fill(store: Store, entries: int) -> None:
    for start in range(0, entries, 1_000):
        with store.write() as tx:
            append(tx, [_draft(n) for n in range(start, start + 1_000)])


def _draft(n: int) -> Draft:
    body = {
        "action_id": f"act_{n:020}",
        "kind": "reassign",
        "digest": hashlib.sha256(str(n).encode()).hexdigest(),
        "verdict": "allow",
        "reasons": [{"rule": "autonomy.reassign", "verdict": "allow", "why": "policy says allow"}],
    }
    refs = (f"act_{n:020}", f"sales_order/o{n}")
    return Draft(f"h{n % 3}", EntryKind.ACTION_JUDGED, START_US + n, "agent:storm", body, refs)


def _verified(store: Store) -> int:
    with store.read() as tx:
        report = verify(tx)
    if not report.sound:
        raise AssertionError(report.problems)
    return report.entries


def _hashed(store: Store) -> int:
    with store.read() as tx:
        rows = tx.execute(select(ENTRY.c.entry)).scalars().all()
    for entry in rows:
        hashlib.sha256(b"\0" + entry).digest()
    return len(rows)
