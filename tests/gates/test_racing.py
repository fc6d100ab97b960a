"""A thousand times two reviewers at once: one wins, the other hears what happened, never both."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Final

import pytest
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from makegood.domain.authority import ReviewStatus
from makegood.errors import Conflict, HeadMoved
from makegood.gates import reviews
from tests.gates import desk
from tests.gates.world import GRANT, REVIEW, SECOND, SUPERVISOR, World, refund

if TYPE_CHECKING:
    from makegood.gates.reviews import Decider, ReviewItem

PAIRS: Final = 1_000
ROUND: Final = 50
WAYS: Final = ("approve", "reject", "edit", "window", "batch")


def approve(world: World, review: ReviewItem, by: Decider) -> str:
    return str(world.approve(review.id, by=by, seen=review.seen).status)


def reject(world: World, review: ReviewItem, by: Decider) -> str:
    world.reject(review.id, by=by)
    return "rejected"


def edit(world: World, review: ReviewItem, by: Decider) -> str:
    desk.edit(world, review.id, by, seen=review.seen, amount=desk.eur(1_000))
    return "superseded"


def window(world: World, review: ReviewItem, by: Decider) -> str:
    return str(desk.approving(world, review.id, by).status)


def batch(world: World, review: ReviewItem, by: Decider) -> str:
    made = desk.batch(world, [review.id], by, seen={review.id: review.seen})
    if not made.done:
        raise Conflict(made.results[0].detail)
    return str(made.results[0].status)


STEPS: Final = {
    "approve": approve,
    "reject": reject,
    "edit": edit,
    "window": window,
    "batch": batch,
}


def decide(world: World, review: ReviewItem, by: Decider, way: str, start: Barrier) -> str:
    """Decide once both are ready, again where another writer was first at the ledger."""
    start.wait()
    try:
        return _again()(STEPS[way], world, review, by)
    except Conflict as conflict:
        return "conflict" if _tells(review, conflict) else conflict.detail


def _again() -> Retrying:
    """Return what the HTTP edge does where another writer was first at the ledger: try again."""
    moved = retry_if_exception_type(HeadMoved)
    return Retrying(retry=moved, stop=stop_after_attempt(20), reraise=True)


def _tells(review: ReviewItem, conflict: Conflict) -> bool:
    """Say whether a refusal names the hold, and who or what was first."""
    first = (SUPERVISOR.person_id, SECOND.person_id, "superseded by rev_")
    return review.id in conflict.detail and any(each in conflict.detail for each in first)


def race(world: World, pool: ThreadPoolExecutor, review: ReviewItem, ways: tuple[str, str]) -> str:
    """Let two people decide one hold at once; return the outcome of the one who won."""
    start = Barrier(2)
    tries = [
        pool.submit(decide, world, review, by, way, start)
        for by, way in zip((SUPERVISOR, SECOND), ways, strict=True)
    ]
    ends = [each.result() for each in tries]
    assert ends.count("conflict") == 1, (ways, ends)
    (won,) = set(ends) - {"conflict"}
    return won


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_of_a_thousand_pairs_of_reviewers_one_always_wins_and_never_both(world: World) -> None:
    pairs = [(one, other) for one in WAYS for other in WAYS]
    outcomes: dict[str, str] = {}
    with ThreadPoolExecutor(2) as pool:
        for begin in range(0, PAIRS, ROUND):
            orders = [f"o{number:04}" for number in range(begin, begin + ROUND)]
            world.orders(*orders)
            world.propose(*(refund(order) for order in orders))
            for number, review in enumerate(world.waiting(), begin):
                if review.edited_by:
                    continue
                outcomes[review.id] = race(world, pool, review, pairs[number % len(pairs)])
            _clear(world)
    assert len(outcomes) == PAIRS
    rows = {row.id: row for row in world.rows(REVIEW)}
    assert {name: rows[name].status for name in outcomes} == outcomes
    assert set(outcomes.values()) == {"approved", "approving", "rejected", "superseded"}
    granted = {row.action_id for row in world.rows(GRANT)}
    approved = {rows[name].action_id for name, end in outcomes.items() if end == "approved"}
    assert granted == approved
    assert world.ledger_is_sound()
    assert world.counters_agree()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_batches_over_the_same_customers_do_not_block_each_other(world: World) -> None:
    orders = [f"o{number:03}" for number in range(24)]
    world.orders(*orders, captured=50_000)
    for part in "ab":
        world.propose(*(refund(order, 1_000, lines=(part,)) for order in orders))
    held = world.waiting()
    halves = [[r.id for r in held if r.action.target().endswith(part)] for part in "ab"]
    start = Barrier(3)

    def work(ids: list[str], by: Decider) -> bool:
        start.wait()
        return _again()(desk.batch, world, ids, by).done

    def one_by_one(ids: list[str]) -> int:
        start.wait()
        third = reviews.Decider("per_third", SUPERVISOR.roles)
        return sum(desk.claim(world, each, third).level == 0 for each in ids)

    assert len(halves[0]) == len(halves[1]) == len(orders)
    others = [desk.hold(world, f"x{number}") for number in range(6)]
    with ThreadPoolExecutor(3) as pool:
        both = [
            pool.submit(work, half, by)
            for half, by in zip(halves, (SUPERVISOR, SECOND), strict=True)
        ]
        third = pool.submit(one_by_one, others)
        assert [each.result(timeout=120) for each in both] == [True, True]
        assert third.result(timeout=120) == len(others)
    assert len(world.rows(GRANT)) == 2 * len(orders)
    assert world.counters_agree()
    assert world.ledger_is_sound()


def _clear(world: World) -> None:
    """End the holds that edits made, so that each round begins with holds of its own alone."""
    third = reviews.Decider("per_third", SUPERVISOR.roles)
    for review in world.waiting():
        assert review.status is ReviewStatus.OPEN
        world.reject(review.id, by=third)
