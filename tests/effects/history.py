"""Any history of proposals, decisions, crashes and moods of the outside, as a state machine.

After each step the outside's own books are held against what was granted.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from makegood.clock import VirtualClock
from makegood.domain.actions import ActionKind, Cause, Refund
from makegood.domain.authority import GrantStatus, ReviewStatus
from makegood.domain.canonical import canonical
from makegood.domain.effects import EffectStatus, Repeat
from makegood.effects import reads, reconcile
from makegood.effects.boundary import Point
from makegood.errors import Conflict, NotAllowed, NotFound, Superseded
from makegood.gates import epoch
from makegood.gates.candidates import obligation_id
from tests.conftest import NOW_US
from tests.effects.crashing import Died, DiesAt
from tests.gates.world import (
    EFFECT,
    GRANT,
    MONEY,
    REVIEW,
    SECOND,
    SUPERVISOR,
    World,
    coupon,
    refund,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from makegood.domain.actions import Action
    from makegood.gates.reviews import Decider
    from makegood.store.session import Store

CAPTURED: Final = 3000
ORDERS: Final = ("o", "p", "q")
PAYING: Final = (ActionKind.REFUND, ActionKind.COUPON)
MOODS: Final = ("well", "well", "refuses", "silent, done", "silent, undone", "breaks", "blind")
TAKES_UP: Final = (
    EffectStatus.INTENDED,
    EffectStatus.DISPATCHED,
    EffectStatus.UNKNOWN,
    EffectStatus.CONFIRMED,
)

orders = st.sampled_from(ORDERS)
causes = st.sampled_from((Cause.LATE, Cause.UNDELIVERABLE))
persons = st.sampled_from((SUPERVISOR, SECOND))
refunds = st.builds(
    refund,
    orders,
    st.sampled_from((500, 1000, 1001, 2500)),
    cause=causes,
    lines=st.sampled_from(((), (), ("a",))),
)
coupons = st.builds(coupon, orders, st.sampled_from((100, 250, 400)), cause=causes)
actions = st.one_of(refunds, refunds, coupons)
often = st.sampled_from((True, True, True, False))
rarely = st.sampled_from((False, False, False, True))


def _again(action: Action) -> Action:
    """Return the second occurrence of an action, which names the first."""
    follows = obligation_id(action.obligation_key)
    return action.model_copy(update={"occurrence": 2, "follows": follows})


class History(RuleBasedStateMachine):
    """One house and one outside, through anything that may happen to them."""

    def __init__(self, opened: Callable[[], AbstractContextManager[Store]]) -> None:
        super().__init__()
        self._opened = opened()
        self.world = World(self._opened.__enter__(), VirtualClock(NOW_US))
        self.world.orders(*ORDERS, captured=CAPTURED)
        self.reported: set[str] = set()
        self.rejected: set[tuple[str, str, Cause]] = set()

    @initialize(repeat=st.sampled_from(list(Repeat)))
    def outside(self, repeat: Repeat) -> None:
        for kind in PAYING:
            self.world.adapter(kind, repeat)

    @rule(action=actions, again=rarely, by=persons, yes=often, goes_on=often)
    def something_is_proposed(
        self, action: Action, by: Decider, *, again: bool, yes: bool, goes_on: bool
    ) -> None:
        judged = self.world.one(_again(action) if again else action)
        if yes:
            for row in self.world.rows(REVIEW, action_id=judged.action_id):
                self._approve(row.id, by)
        if goes_on:
            self.world.settle()

    @rule(which=st.integers(0, 20), by=persons, late=rarely, goes_on=often)
    def review_is_approved(self, which: int, by: Decider, *, late: bool, goes_on: bool) -> None:
        if review_id := self._pick(which, late=late):
            self._approve(review_id, by)
        if goes_on:
            self.world.settle()

    @rule(which=st.integers(0, 20), by=persons, late=rarely)
    def review_is_rejected(self, which: int, by: Decider, *, late: bool) -> None:
        review_id = self._pick(which, late=late)
        if not review_id:
            return
        action = self.world.review(review_id).action
        with suppress(Conflict):
            self.world.reject(review_id, by=by)
            self.rejected.add((action.kind, action.order_id, action.cause))

    def _pick(self, which: int, *, late: bool) -> str:
        """Return a review that waits, or, where someone is late, any at all."""
        rows = self.world.rows(REVIEW) if late else self.world.waiting()
        return rows[which % len(rows)].id if rows else ""

    def _approve(self, review_id: str, by: Decider) -> None:
        action = self.world.review(review_id).action
        with suppress(Conflict, NotAllowed):
            approval = self.world.approve(review_id, by=by)
            if approval.status is ReviewStatus.APPROVED:
                assert (action.kind, action.order_id, action.cause) not in self.rejected

    @rule(minutes=st.sampled_from((1, 1, 5, 11, 121)), goes_on=often)
    def time_passes(self, minutes: int, *, goes_on: bool) -> None:
        self.world.pass_time(minutes)
        self.world.expire()
        if goes_on:
            self.world.settle()

    @rule(kind=st.sampled_from(PAYING), mood=st.sampled_from(MOODS), goes_on=often)
    def outside_changes(self, kind: ActionKind, mood: str, *, goes_on: bool) -> None:
        self.world.books[kind].mood = mood
        if goes_on:
            self.world.settle(minutes=2)

    @rule(point=st.sampled_from(list(Point)), restarts=st.booleans())
    def house_dies(self, point: Point, *, restarts: bool) -> None:
        watcher = DiesAt(point)
        self.world.restart(watcher)
        with suppress(Died):
            self.world.settle()
        watcher.point = None
        if restarts:
            self.world.restart()
            self.world.executor.recover()

    @rule(what=st.sampled_from(("report", "look", "stop", "go on", "take over")))
    def something_else_happens(self, what: str) -> None:
        match what:
            case "report":
                self._report()
            case "look":
                self._look_into_the_books()
            case "stop":
                self.world.stop("everything")
            case "take over":
                self._take_over()
            case _:
                with suppress(NotFound):
                    self.world.go_on("everything")

    def _report(self) -> None:
        """Payments tell of our refunds, of each once."""
        for key, action in self.world.books[ActionKind.REFUND].done.items():
            if key not in self.reported and isinstance(action, Refund):
                self.reported.add(key)
                self.world.refund_reported(action.order_id, action.amount.minor)

    def _take_over(self) -> None:
        """Another process takes the work over, and the old one wakes up once more."""
        old = self.world.executor
        with self.world.store.write() as tx:
            self.world.epoch = epoch.take(tx, "another", self.world.clock.now_us())
        with suppress(Superseded):
            old.settle()
        self.world.restart()
        self.world.executor.recover()

    def _look_into_the_books(self) -> None:
        """A person decides, truly, on what nobody could know of."""
        for row in self.world.rows(EFFECT, status="unknown"):
            if row.next_us is not None:
                continue
            done = any(row.key in self.world.books[kind].done for kind in PAYING)
            status = EffectStatus.CONFIRMED if done else EffectStatus.FAILED
            with self.world.store.write() as tx:
                now_us = self.world.clock.now_us()
                reconcile.decide(tx, row.id, status, SUPERVISOR.person_id, "", now_us)

    def teardown(self) -> None:
        """In the end all goes well again: then nothing stays open but what waits for a person."""
        try:
            self._goes_well()
        finally:
            self._opened.__exit__(None, None, None)

    def _goes_well(self) -> None:
        with suppress(NotFound):
            self.world.go_on("everything")
        for kind in PAYING:
            self.world.books[kind].mood = "well"
        self.world.restart()
        self.world.executor.recover()
        for _ in range(3):
            self.world.settle(minutes=6)
        self._look_into_the_books()
        assert {row.status for row in self.world.rows(EFFECT)} <= {"confirmed", "failed"}
        assert not self.world.rows(GRANT, status="unspent")
        for row in self.world.rows(EFFECT):
            done = any(row.key in self.world.books[kind].done for kind in PAYING)
            assert done is (row.status == EffectStatus.CONFIRMED)

    @invariant()
    def no_order_is_paid_back_more_than_was_captured(self) -> None:
        for order, minor in self._refunded().items():
            assert minor <= CAPTURED, order

    @invariant()
    def each_obligation_is_in_the_books_once(self) -> None:
        for kind in PAYING:
            books = self.world.books[kind]
            owed = Counter(key.rpartition("-")[0] for key in books.done)
            assert all(count == 1 for count in owed.values()), owed
            assert books.twice == []

    @invariant()
    def nothing_is_in_the_books_without_a_spent_grant_of_the_same_digest(self) -> None:
        joined = EFFECT.join(GRANT, GRANT.c.id == EFFECT.c.grant_id)
        columns = (EFFECT.c.key, GRANT.c.digest, GRANT.c.status, GRANT.c.given_by)
        with self.world.store.read() as tx:
            rows = {row.key: row for row in tx.execute(select(*columns).select_from(joined))}
        for kind in PAYING:
            for key, action in self.world.books[kind].done.items():
                body = canonical(action.model_dump(mode="json"))
                assert rows[key].status == GrantStatus.SPENT
                assert rows[key].digest == hashlib.sha256(body).hexdigest()
                assert kind is ActionKind.COUPON or rows[key].given_by != "gate"

    @invariant()
    def the_balance_is_what_the_effects_say(self) -> None:
        committed: Counter[str] = Counter()
        confirmed: Counter[str] = Counter()
        with self.world.store.read() as tx:
            effects = [e for order in ORDERS for e in reads.of_order(tx, order)]
        for effect in effects:
            money = effect.action.money
            if effect.action.kind is ActionKind.REFUND and money is not None:
                committed[effect.order_id] += money.minor * (effect.status in TAKES_UP)
                is_confirmed = effect.status is EffectStatus.CONFIRMED
                confirmed[effect.order_id] += money.minor * is_confirmed
        for row in self.world.rows(MONEY):
            assert row.committed_minor == committed[row.order_id]
            assert row.confirmed_minor == confirmed[row.order_id]

    @invariant()
    def the_counters_are_the_sum_of_live_claims(self) -> None:
        assert self.world.counters_agree()

    @invariant()
    def the_ledger_verifies(self) -> None:
        assert self.world.ledger_is_sound()

    def _refunded(self) -> Counter[str]:
        paid: Counter[str] = Counter()
        for action in self.world.books[ActionKind.REFUND].done.values():
            assert action.money is not None
            paid[action.order_id] += action.money.minor
        return paid
