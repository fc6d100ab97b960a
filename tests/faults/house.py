"""A life in the whole house: detection, a LangGraph run, gate, executor and recovery, as served.

It is `makegood serve` without its HTTP edge: the child opens the house, recovers, takes turns,
and decides between turns as a supervisor would.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from makegood.domain.authority import PENDING_REVIEWS, RunStatus
from makegood.domain.canonical import digest_model
from makegood.errors import StoreInUse
from makegood.gates import reviews
from makegood.gates.judge import ACTION
from makegood.runtime import house
from makegood.runtime.runs import RUN
from makegood.settings import Outside, Settings
from tests.faults.work import DECIDER, is_settled

if TYPE_CHECKING:
    from makegood.clock import Clock
    from tests.faults.plan import Life, Say
    from tests.faults.watcher import Watcher

SYSTEMS: Final = ("refunds", "coupons", "orders", "fleet", "notifications")
LOCK_TRIES: Final = 200


class HouseWork:
    """One life of a daemon."""

    def __init__(self, life: Life, clock: Clock, watcher: Watcher) -> None:
        self._plan = life.plan
        self._clock = clock
        self._stack = ExitStack()
        folder = Path(life.house)
        settings = Settings(
            store=life.store_url,
            data_dir=folder,
            workspace=folder,
            effects={
                name: Outside.model_validate(
                    {"url": life.company_url, "credential": f"sandbox-{name}"}
                )
                for name in SYSTEMS
            },
            read_timeout_s=life.read_s,
        )
        self._house = self._open(settings, watcher)
        watcher.watch(self._house.store)
        self._conflicts: set[str] = set()

    def until_quiet(self) -> tuple[str, ...]:
        """Recover and take turns until nothing is left to do; return what met a conflict."""
        self._house.recover()
        while not self._is_quiet():
            done = self._house.turn() + self._house.settle()
            if not done + sum(self._decide(say) for say in self._plan.says):
                sleep(0.001)
        return tuple(sorted(self._conflicts))

    def close(self) -> None:
        self._stack.close()

    def _open(self, settings: Settings, watcher: Watcher) -> house.House:
        """Open the house; the database may take a moment to see that the last owner is dead."""
        for _ in range(LOCK_TRIES):
            try:
                return self._stack.enter_context(
                    house.opened(settings, self._clock, boundary=watcher)
                )
            except StoreInUse:
                sleep(0.01)
        raise StoreInUse("the last owner's lock was never let go")

    def _digest(self, say: Say) -> str:
        wish = next(one for one in self._plan.wishes if one.id == say.wish)
        return digest_model(wish.actions[say.index])

    def _decide(self, say: Say) -> bool:
        digest = self._digest(say)
        with self._house.store.read() as tx:
            waiting = next((r for r in reviews.queue(tx) if r.digest == digest), None)
        if waiting is None:
            return False
        now_us, rulebook = self._clock.now_us(), self._house.rulebook
        with self._house.store.write() as tx:
            if say.approve:
                reviews.approve(
                    tx, waiting.id, DECIDER, waiting.seen, now_us, rulebook, say.undo_us
                )
            else:
                no = reviews.Reason.NOT_OWED
                reviews.reject(tx, waiting.id, DECIDER, no, None, now_us, rulebook)
        return True

    def _is_quiet(self) -> bool:
        wanted = {digest_model(one) for wish in self._plan.wishes for one in wish.actions}
        said = {self._digest(say) for say in self._plan.says}
        with self._house.store.read() as tx:
            judged = set(tx.execute(select(ACTION.c.digest)).scalars())
            running = select(RUN.c.id).where(RUN.c.status == RunStatus.RUNNING).limit(1)
            waiting = {review.digest for review in reviews.queue(tx, PENDING_REVIEWS)}
            return (
                judged >= wanted
                and not waiting & said
                and tx.execute(running).first() is None
                and is_settled(tx)
            )
