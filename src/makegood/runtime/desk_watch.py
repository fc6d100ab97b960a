"""The review desk's own clock: undo windows that end, deadlines, and holds whose facts move."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from makegood.gates import desk_watch, reviews
from makegood.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from makegood.domain.policy import Policies
    from makegood.gates.reviews import Approval
    from makegood.runtime.house import House

log = get_logger(__name__)


def finish(house: House) -> int:
    """Grant what was approved and not undone in time; return how many windows ended."""
    now_us = house.clock.now_us()
    with house.store.read() as tx:
        if not reviews.is_due(tx, now_us):
            return 0

    def work(tx: Connection) -> list[Approval]:
        house.executor.require_owned(tx)
        return reviews.finish_due(tx, now_us, house.rulebook)

    finished = house.store.write_again(work)
    for one in finished:
        log.info("undo_window_ended", review_id=one.review_id, status=one.status, why=one.detail)
    return len(finished)


def look_at_deadlines(house: House) -> int:
    """Warn of holds, let them climb the ladder, and end them; return how many steps there were."""
    now_us, policies = house.clock.now_us(), house.policies
    steps = 0
    while (due := house.store.write_again(partial(_look, now_us, policies))).steps:
        steps += due.steps
        log.info("reviews_due", warned=due.warned, escalated=due.escalated, expired=due.expired)
    if steps:
        house.wake()
    return steps


def _look(now_us: int, policies: Policies, tx: Connection) -> reviews.Due:
    return reviews.look_at_deadlines(tx, now_us, policies)


class Watch:
    """Marks holds as soon as what they stand on moves. One thread owns it."""

    def __init__(self, house: House) -> None:
        """Begin with a look at every hold that waits: the policies may be others than before."""
        self._house = house
        self._seen: int | None = None

    def look(self) -> int:
        """Look at the holds that events since the last look may touch; return how many moved."""
        house = self._house
        with house.store.read() as tx:
            if self._seen is None:
                seen, ids = desk_watch.newest_event(tx), desk_watch.waiting(tx)
            else:
                seen, ids = desk_watch.touched_since(tx, self._seen)
        now_us, policies = house.clock.now_us(), house.policies
        marked: list[str] = []
        for start in range(0, len(ids), desk_watch.AT_ONCE):
            some = ids[start : start + desk_watch.AT_ONCE]
            marked += house.store.write_again(partial(_mark, some, now_us, policies))
        self._seen = seen
        if marked:
            log.info("reviews_stale", reviews=len(marked))
            house.wake()
        return len(marked)


def _mark(ids: Sequence[str], now_us: int, policies: Policies, tx: Connection) -> list[str]:
    return desk_watch.mark(tx, ids, now_us, policies)
