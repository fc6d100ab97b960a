"""Forged, replayed, expired and mutated grants, digests and fingerprints: none executes."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import contextmanager
from itertools import cycle
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest
from sqlalchemy import event

from makegood.domain.actions import ActionKind
from makegood.domain.authority import GrantStatus, ReviewStatus
from makegood.errors import MakegoodError
from makegood.gates import grants, reviews
from makegood.gates.review_types import Choice
from tests.gates.world import GRANT, SUPERVISOR, World
from tests.security.forging import ATTACKS, COLUMNS, ORDERS, Attack, Prey, mutated

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy import Connection

    from makegood.clock import VirtualClock
    from makegood.store.session import Store

SEED: Final = 20_261_122
SAMPLE: Final = 160
MANY: Final = 10_000
"""So many on SQLite, each another one; PostgreSQL, which is slower here, gets a part of them."""
PART: Final = 2_000
TIRED: Final = 60
"""How often an attack may come up with what was tried before until it is let be."""
FEWEST: Final = 20
WITHOUT: Final = {"ended_us", "detail"}
"""What a grant says only once it has ended."""


@contextmanager
def _undone(store: Store) -> Generator[Connection]:
    """A transaction that is taken back, so that the next attack finds the world as it was."""
    with store.write() as tx:
        attempt = tx.begin_nested()
        try:
            yield tx
        finally:
            attempt.rollback()


Case: TypeAlias = tuple[object, ...]
"""What tells one case from another: the attack, what it wrote, which grants it spends and when."""


def _spent_by(prey: Prey, attack: Attack, chance: random.Random, seen: set[Case]) -> int | None:
    """Make one attack, spend as the executor does, undo it; return how many grants were spent.

    It is None, and nothing is tried, where the very same was tried before.
    """
    world = prey.world
    adapters = {kind: books.facts for kind, books in world.books.items()}
    with _undone(world.store) as tx:
        with _written(tx) as wrote:
            ids, now_us = attack(tx, chance, prey)
        case = (attack, tuple(wrote), tuple(ids), now_us)
        if case in seen:
            return None
        seen.add(case)
        spent, _ = grants.spend(tx, ids, adapters, world.policies, now_us)
        return len(spent)


@contextmanager
def _written(tx: Connection) -> Generator[list[str]]:
    """Collect what is written while the block runs: the statements with what they are given."""
    wrote: list[str] = []

    def note(_c: object, _x: object, statement: str, given: object, *_more: object) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "SAVEPOINT", "ROLLBACK")):
            wrote.append(f"{statement} {given}")

    event.listen(tx, "before_cursor_execute", note)
    try:
        yield wrote
    finally:
        event.remove(tx, "before_cursor_execute", note)


def _attack(world: World, cases: int) -> Counter[str]:
    """Make so many different attacks; return how many of each kind there were."""
    prey = Prey.of(world)
    paid = world.refunded()
    chance = random.Random(SEED)
    seen, through, tried = set[Case](), Counter[str](), Counter[str]()
    tired: Counter[Attack] = Counter()
    for attack in cycle(ATTACKS):
        if len(seen) == cases:
            break
        if tired[attack] > TIRED:
            continue
        spent = _spent_by(prey, attack, chance, seen)
        if spent is None:
            tired[attack] += 1
            continue
        tried[attack.__name__] += 1
        through[attack.__name__] += spent
    assert {name for name, number in through.items() if number} == set()
    assert len(seen) == tried.total() == cases
    assert set(tried) == {attack.__name__ for attack in ATTACKS}
    # What was granted can still be carried out, each once: so the attacks failed for their own
    # sake, and not because nothing could be spent here at all.
    world.settle()
    assert world.refunded() == paid + sum(row.amount_minor for row in prey.granted)
    assert len(world.rows(GRANT, status=GrantStatus.SPENT)) == 2 * ORDERS
    assert world.ledger_is_sound()
    return tried


def test_every_column_of_a_grant_is_changed_by_an_attack() -> None:
    assert set(COLUMNS) == {column.name for column in GRANT.columns} - WITHOUT
    assert set(COLUMNS.values()) <= set(ATTACKS)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("column", COLUMNS)
def test_the_attack_on_a_column_changes_that_column(world: World, column: str) -> None:
    prey = Prey.of(world)
    chance = random.Random(SEED)
    for _ in range(20):
        with _undone(world.store) as tx:
            before = {row.id: getattr(row, column) for row in tx.execute(GRANT.select())}
            COLUMNS[column](tx, chance, prey)
            after = {row.id: getattr(row, column) for row in tx.execute(GRANT.select())}
        assert before != after


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_forged_or_mutated_grant_is_not_spent(world: World) -> None:
    _attack(world, SAMPLE)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_different_forged_or_mutated_grants_are_not_spent(world: World) -> None:
    tried = _attack(world, MANY if world.store.is_sqlite else PART)
    # Of some attacks there are few kinds, which are all tried; of most there are hundreds.
    assert min(tried.values()) >= FEWEST
    assert sum(1 for number in tried.values() if number > MANY // 100 // 2) > len(ATTACKS) // 2


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: each.__name__)
def test_the_executor_pays_nothing_for_what_was_tampered_with(
    store: Store, clock: VirtualClock, attack: Attack
) -> None:
    """Here the change stays, and the executor itself comes by."""
    world = World(store, clock)
    prey = Prey.of(world)
    books = world.books[ActionKind.REFUND]
    before = dict(books.done)
    with store.write() as tx:
        ids, now_us = attack(tx, random.Random(SEED), prey)
        # Everything else is out of the way, so that whatever is paid is paid for the attack.
        others = GRANT.c.id.not_in(ids) & (GRANT.c.status == GrantStatus.UNSPENT)
        tx.execute(GRANT.update().where(others).values(status=GrantStatus.VOID))
    clock.advance_to(now_us)
    for _ in range(3):
        world.settle()
    assert (books.done, books.twice) == (before, [])


def _approved_by(world: World, review: reviews.ReviewItem, seen: str) -> bool:
    """Approve with what was not seen, alone or in a batch, and undo it; say whether it went."""
    now_us = world.clock.now_us()
    with _undone(world.store) as tx:
        try:
            if len(seen) % 2:
                choices = [Choice(review.id, seen)]
                made = reviews.batch(tx, SUPERVISOR, choices, now_us, world.rulebook)
                statuses: set[ReviewStatus | None] = {result.status for result in made.results}
            else:
                done = reviews.approve(tx, review.id, SUPERVISOR, seen, now_us, world.rulebook)
                statuses = {done.status}
        except MakegoodError:
            statuses = set[ReviewStatus | None]()
        given = tx.execute(GRANT.select().where(GRANT.c.action_id == review.action_id)).all()
        return bool(given) or ReviewStatus.APPROVED in statuses


def _claim_to_have_seen(world: World, cases: int) -> None:
    Prey.of(world)
    held = world.waiting()
    real = {review.seen for review in held}
    chance = random.Random(SEED)
    through, claimed = 0, set[tuple[str, str]]()
    while len(claimed) < cases:
        review = chance.choice(held)
        parts = [review.digest, review.fingerprint, review.policy_digest, review.id]
        seen = mutated(review.seen, chance, [*(real - {review.seen}), *parts])
        if (review.id, seen) not in claimed:
            claimed.add((review.id, seen))
            through += _approved_by(world, review, seen)
    assert through == 0
    for review in held:
        assert world.approve(review.id).status is ReviewStatus.APPROVED


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_an_approval_of_what_was_not_shown_grants_nothing(world: World) -> None:
    _claim_to_have_seen(world, 60)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_different_approvals_of_what_was_not_shown_grant_nothing(
    world: World,
) -> None:
    _claim_to_have_seen(world, MANY if world.store.is_sqlite else PART)
