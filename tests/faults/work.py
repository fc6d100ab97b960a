"""A life of bare authority: gate, reviews and executor, from proposals to payments.

It is the quick way to kill at every statement; `tests.faults.house` lives in the whole house.
"""

from __future__ import annotations

from functools import cache
from time import sleep
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, or_, select

from makegood.domain.actions import ActionKind
from makegood.domain.authority import PENDING_REVIEWS, ActionStatus
from makegood.domain.canonical import derive_id
from makegood.domain.effects import Adapter, Connection, EffectStatus
from makegood.domain.policy import Policies
from makegood.domain.roles import Role
from makegood.effects.executor import Executor
from makegood.effects.reads import EFFECT
from makegood.errors import Conflict
from makegood.gates import grants, reviews
from makegood.gates.candidates import Intention, Origin
from makegood.gates.judge import ACTION, judge, verdicts
from makegood.gates.rules import Rulebook
from makegood.runtime.ownership import take_over
from makegood.sdk import Connections, TimeOuts
from makegood.store.session import Store
from makegood.workspace.policies import read_policies
from tests.conftest import ROOT
from tests.faults.plan import AGENT, SUPERVISOR, Say, Wish
from tools.effects.coupons import Coupons
from tools.effects.refunds import Refunds

if TYPE_CHECKING:
    from sqlalchemy import Connection as Transaction

    from makegood.clock import Clock
    from tests.faults.plan import Life
    from tests.faults.watcher import Watcher

DECIDER: Final = reviews.Decider(SUPERVISOR, frozenset({Role.SUPERVISOR}))
OPEN: Final = (EffectStatus.INTENDED, EffectStatus.DISPATCHED, EffectStatus.UNKNOWN)
ENDED: Final = frozenset(
    {
        ActionStatus.CONFIRMED,
        ActionStatus.FAILED,
        ActionStatus.DENIED,
        ActionStatus.MET,
        ActionStatus.REJECTED,
        ActionStatus.EXPIRED,
        ActionStatus.SUPERSEDED,
        ActionStatus.VOID,
    }
)


@cache
def policies() -> Policies:
    """The reference policies; read in the nursery, so that no life has to."""
    read, problems = read_policies(ROOT)
    assert read is not None, problems
    return read


def is_settled(tx: Transaction) -> bool:
    """Whether no grant waits to be spent, and no effect to be sent or asked about."""
    under_way = or_(
        EFFECT.c.status == EffectStatus.DISPATCHED,
        and_(EFFECT.c.status.in_(OPEN), EFFECT.c.next_us.is_not(None)),
    )
    query = select(EFFECT.c.id).where(under_way).limit(1)
    return not grants.unspent(tx) and tx.execute(query).first() is None


class Work:
    """One life's house: the database, the gate, a supervisor and the executor."""

    def __init__(self, life: Life, clock: Clock, watcher: Watcher) -> None:
        self._plan = life.plan
        self._clock = clock
        self._store = Store.open(life.store_url)
        watcher.watch(self._store)
        # The credentials that the sandbox company has when it is not told others.
        self._connections = Connections(
            [
                Connection(system, life.company_url, f"sandbox-{system}")
                for system in ("refunds", "coupons")
            ],
            time_outs=TimeOuts(read_s=life.read_s),
        )
        adapters: dict[ActionKind, Adapter] = {
            ActionKind.REFUND: Refunds(self._connections.client("refunds")),
            ActionKind.COUPON: Coupons(self._connections.client("coupons")),
        }
        self._rulebook = Rulebook(
            policies(),
            policies().digest(),
            "",
            {kind: adapter.facts for kind, adapter in adapters.items()},
        )
        epoch = take_over(self._store, clock)
        self._executor = Executor(
            self._store,
            clock,
            adapters,
            epoch,
            boundary=watcher,
            policies=policies,
        )
        self._conflicts: set[str] = set()

    def until_quiet(self) -> tuple[str, ...]:
        """Recover and take turns until nothing is left to do; return what met a conflict."""
        self._executor.recover()
        while not self._is_quiet():
            if not self._turn():
                sleep(0.001)
        return tuple(sorted(self._conflicts))

    def close(self) -> None:
        self._connections.close()
        self._store.close()

    def _turn(self) -> int:
        proposed = sum(self._propose(wish) for wish in self._plan.wishes)
        decided = sum(self._decide(say) for say in self._plan.says)
        return proposed + decided + self._finish() + self._executor.settle()

    def _finish(self) -> int:
        now_us = self._clock.now_us()
        with self._store.read() as tx:
            if not reviews.is_due(tx, now_us):
                return 0
        with self._store.write() as tx:
            self._executor.require_owned(tx)
            return len(reviews.finish_due(tx, now_us, self._rulebook))

    def _propose(self, wish: Wish) -> bool:
        with self._store.read() as tx:
            if verdicts(tx, wish.id) or not self._may_begin(tx, wish):
                return False
        origin = Origin(wish.id, f"run-{wish.id}", wish.incident_id, AGENT)
        intentions = tuple(Intention(action) for action in wish.actions)
        with self._store.write() as tx:
            judge(tx, self._rulebook, origin, intentions, self._clock.now_us())
        return True

    def _may_begin(self, tx: Transaction, wish: Wish) -> bool:
        return all(self._is_over(tx, name) for name in self._plan.after.get(wish.id, ()))

    def _is_over(self, tx: Transaction, wish_id: str) -> bool:
        statuses = self._statuses(tx, wish_id)
        return bool(statuses) and statuses <= ENDED

    def _statuses(self, tx: Transaction, wish_id: str) -> set[str]:
        query = select(ACTION.c.status).where(ACTION.c.proposal_id == wish_id)
        return set(tx.execute(query).scalars())

    def _decide(self, say: Say) -> bool:
        action_id = derive_id("act", say.wish, say.index)
        if action_id in self._conflicts:
            return False
        with self._store.read() as tx:
            waiting = next((r for r in reviews.queue(tx) if r.action_id == action_id), None)
        if waiting is None:
            return False
        now_us = self._clock.now_us()
        try:
            with self._store.write() as tx:
                if say.approve:
                    reviews.approve(
                        tx, waiting.id, DECIDER, waiting.seen, now_us, self._rulebook, say.undo_us
                    )
                else:
                    no = reviews.Reason.NOT_OWED
                    reviews.reject(tx, waiting.id, DECIDER, no, None, now_us, self._rulebook)
        except Conflict:
            self._conflicts.add(action_id)
        return True

    def _is_quiet(self) -> bool:
        said = {derive_id("act", say.wish, say.index) for say in self._plan.says}
        with self._store.read() as tx:
            if not all(self._statuses(tx, wish.id) for wish in self._plan.wishes):
                return False
            waiting = {review.action_id for review in reviews.queue(tx, PENDING_REVIEWS)}
            return not waiting & said - self._conflicts and is_settled(tx)
