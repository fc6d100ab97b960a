"""Forged, replayed, expired and mutated grants, digests and fingerprints: none executes."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from makegood.domain.actions import ActionKind
from makegood.domain.authority import GrantStatus, ReviewStatus
from makegood.errors import MakegoodError
from makegood.gates import grants, reviews
from makegood.gates.review_types import Choice
from tests.gates.world import GRANT, SUPERVISOR, World
from tests.security.forging import ATTACKS, ORDERS, Attack, Prey, mutated

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy import Connection

    from makegood.clock import VirtualClock
    from makegood.store.session import Store

SEED: Final = 20_261_122
SAMPLE: Final = 140
MANY: Final = 5_000
"""On each of two databases, so that there are ten thousand in all."""


@contextmanager
def _undone(store: Store) -> Generator[Connection]:
    """A transaction that is taken back, so that the next attack finds the world as it was."""
    with store.write() as tx:
        attempt = tx.begin_nested()
        try:
            yield tx
        finally:
            attempt.rollback()


def _spent_by(prey: Prey, attack: Attack, chance: random.Random) -> int:
    """Make one attack, spend as the executor does, undo it; return how many grants were spent."""
    world = prey.world
    adapters = {kind: books.facts for kind, books in world.books.items()}
    with _undone(world.store) as tx:
        ids, now_us = attack(tx, chance, prey)
        spent, _ = grants.spend(tx, ids, adapters, world.policies, now_us)
        return len(spent)


def _attack(world: World, cases: int) -> None:
    prey = Prey.of(world)
    paid = world.refunded()
    chance = random.Random(SEED)
    through: Counter[str] = Counter()
    for case in range(cases):
        attack = ATTACKS[case % len(ATTACKS)]
        through[attack.__name__] += _spent_by(prey, attack, chance)
    assert {name for name, number in through.items() if number} == set()
    assert len(through) == len(ATTACKS)
    # What was granted can still be carried out, each once: so the attacks failed for their own
    # sake, and not because nothing could be spent here at all.
    world.settle()
    assert world.refunded() == paid + sum(row.amount_minor for row in prey.granted)
    assert len(world.rows(GRANT, status=GrantStatus.SPENT)) == 2 * ORDERS
    assert world.ledger_is_sound()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_forged_or_mutated_grant_is_not_spent(world: World) -> None:
    _attack(world, SAMPLE)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_thousands_of_forged_or_mutated_grants_are_not_spent(world: World) -> None:
    _attack(world, MANY)


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
    through = 0
    for _ in range(cases):
        review = chance.choice(held)
        parts = [review.digest, review.fingerprint, review.policy_digest, review.id]
        seen = mutated(review.seen, chance, [*(real - {review.seen}), *parts])
        through += _approved_by(world, review, seen)
    assert through == 0
    for review in held:
        assert world.approve(review.id).status is ReviewStatus.APPROVED


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_an_approval_of_what_was_not_shown_grants_nothing(world: World) -> None:
    _claim_to_have_seen(world, 60)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_thousands_of_approvals_of_what_was_not_shown_grant_nothing(world: World) -> None:
    _claim_to_have_seen(world, MANY)
