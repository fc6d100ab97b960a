"""A small company for tests of authority: real events, real policies, and books to look into.

The adapters here keep books in memory and honour idempotency keys, as a payment provider does;
the crash tests use a real server in another process instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from makegood.clock import MINUTE, VirtualClock, to_rfc3339
from makegood.domain.actions import (
    Action,
    ActionKind,
    Cancel,
    Cause,
    Coupon,
    Notify,
    Reassign,
    Recall,
    Refund,
    StopService,
)
from makegood.domain.authority import Verdict
from makegood.domain.effects import (
    AdapterFacts,
    EffectCall,
    EffectStatus,
    Outcome,
    Repeat,
    capability_of,
)
from makegood.domain.money import Money
from makegood.domain.roles import Role
from makegood.effects.executor import Executor
from makegood.errors import OutcomeUnknown
from makegood.events.ingest import ingest
from makegood.events.model import IngestContext
from makegood.gates import epoch, grants, kill, reviews
from makegood.gates.candidates import Intention, Origin
from makegood.gates.judge import Judged, judge
from makegood.gates.reviews import Decider
from makegood.gates.rules import Rulebook
from makegood.ledger.entries import Entry, partition
from makegood.ledger.kinds import EntryKind
from makegood.ledger.privacy import Vault
from makegood.ledger.verify import verify
from makegood.state.projection import project
from makegood.store import tables
from makegood.store.sql import table
from makegood.workspace.policies import read_policies
from makegood.workspace.reference import reference_root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Table

    from makegood.domain.policy import Policies
    from makegood.effects.boundary import Boundary
    from makegood.store.session import Store

SUPERVISOR = Decider("per_supervisor", frozenset({Role.SUPERVISOR}))
SECOND = Decider("per_second", frozenset({Role.SUPERVISOR}))
AUDITOR = Decider("per_auditor", frozenset({Role.AUDITOR}))
AGENT: Final = "storm"

ACTION: Final = table(tables.authority.Action)
GRANT: Final = table(tables.authority.Grant)
REVIEW: Final = table(tables.authority.Review)
OBLIGATION: Final = table(tables.authority.Obligation)
COUNTER: Final = table(tables.authority.Counter)
CLAIM: Final = table(tables.authority.CounterClaim)
MONEY: Final = table(tables.authority.OrderMoney)
EFFECT: Final = table(tables.effects.Effect)


@dataclass(slots=True)
class Books:
    """An adapter that keeps books; `mood` makes it fail in the ways that outsides do.

    One that is not idempotent does a call again under a key that it knows: `twice` says so.
    """

    facts: AdapterFacts
    done: dict[str, Action] = field(default_factory=dict[str, Action])
    digests: dict[str, str] = field(default_factory=dict[str, str])
    twice: list[str] = field(default_factory=list[str])
    calls: int = 0
    looks: int = 0
    mood: str = "well"

    def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
        """Do each call once by its key; then answer, refuse or fall silent as the mood is."""
        self.calls += len(calls)
        if self.mood == "refuses":
            return tuple(Outcome(status=EffectStatus.FAILED, detail="no") for _ in calls)
        if self.mood != "silent, undone":
            for call in calls:
                self._do(call)
        if self.mood.startswith("silent"):
            raise OutcomeUnknown("timed out")
        if self.mood == "breaks":
            raise RuntimeError("a bug in the tool")
        return tuple(Outcome(status=EffectStatus.CONFIRMED, reference=c.key) for c in calls)

    def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
        """Say what the books say."""
        self.looks += 1
        if self.mood == "blind":
            raise OutcomeUnknown("no books today")
        return tuple(
            Outcome(status=EffectStatus.CONFIRMED, reference=key) if key in self.done else None
            for key in keys
        )

    def _do(self, call: EffectCall) -> None:
        if call.key in self.done and self.facts.repeat is not Repeat.IDEMPOTENT:
            self.twice.append(call.key)
        self.done.setdefault(call.key, call.action)
        self.digests.setdefault(call.key, call.digest)

    def paid(self) -> int:
        """Return the sum of money in the books, in minor units."""
        return sum(a.money.minor for a in self.done.values() if a.money is not None)


def facts_for(
    kind: ActionKind, repeat: Repeat = Repeat.IDEMPOTENT, at_once: int = 400
) -> AdapterFacts:
    """Return honest declarations of an adapter for one kind."""
    return AdapterFacts(
        name=f"books-{kind}",
        system="books",
        capability=capability_of(kind),
        kinds=(kind,),
        repeat=repeat,
        key_lifetime_us=24 * 60 * MINUTE,
        in_flight_us=MINUTE,
        at_once=at_once,
    )


class World:
    """A store with a hub, and everything between an intention and its effect."""

    def __init__(self, store: Store, clock: VirtualClock) -> None:
        """Register the hub `h1`."""
        self.store = store
        self.clock = clock
        self.vault = Vault()
        self.policies = _policies()
        self.books = {kind: Books(facts_for(kind)) for kind in ActionKind}
        self.proposals = 0
        self.events = 0
        with store.write() as tx:
            self.epoch = epoch.take(tx, "test", clock.now_us())
        self.restart()
        self.happen("hub.registered", "h1", name="North", zone="Asia/Shanghai")

    def restart(self, boundary: Boundary | None = None) -> None:
        """Begin with a new executor, as after a crash."""
        self.executor = Executor(
            self.store,
            self.clock,
            self.books,
            self.epoch,
            boundary=boundary,
            policies=lambda: self.policies,
        )

    def adapter(self, kind: ActionKind, repeat: Repeat) -> Books:
        """Replace the adapter of a kind by one that repeats otherwise."""
        self.books[kind] = Books(facts_for(kind, repeat))
        self.restart()
        return self.books[kind]

    @property
    def rulebook(self) -> Rulebook:
        """What the gate judges by now."""
        adapters = {kind: books.facts for kind, books in self.books.items()}
        return Rulebook(self.policies, self.policies.digest(), "workspace", adapters)

    def policy(self, file: str, **changes: object) -> None:
        """Change what one file of the policies says."""
        changed = getattr(self.policies, file).model_copy(update=changes)
        self.policies = self.policies.model_copy(update={file: changed})

    def happen(self, kind: str, subject: str, **data: object) -> None:
        """Take one event in, now, and require that it was accepted."""
        self.tell((kind, subject, data))

    def tell(self, *happened: tuple[str, str, Mapping[str, object]]) -> None:
        """Take events in together, now, and require that each was accepted."""
        self.tell_at(0, "h1", *happened)

    def tell_at(
        self, minutes: int, hub: str, *happened: tuple[str, str, Mapping[str, object]]
    ) -> None:
        """Take in events that a hub says occurred so many minutes from now."""
        at = to_rfc3339(self.clock.now_us() + minutes * MINUTE)
        events: list[dict[str, object]] = []
        for kind, subject, data in happened:
            self.events += 1
            events.append(
                {
                    "specversion": "1.0",
                    "id": f"e{self.events:06}",
                    "source": "/test",
                    "type": kind,
                    "subject": subject,
                    "time": at,
                    "hub": hub,
                    "data": data,
                }
            )
        context = IngestContext(clock=self.clock, vault=self.vault, project=project)
        receipt = ingest(self.store, events, context)
        assert {o.outcome.value for o in receipt.outcomes} == {"accepted"}, receipt.outcomes

    def order(self, order_id: str, captured: int = 5000) -> str:
        """Place and pay an order with one delivery by no courier yet."""
        self.orders(order_id, captured=captured)
        return order_id

    def orders(self, *order_ids: str, captured: int = 5000) -> None:
        """Place and pay orders, each with one delivery by no courier yet."""
        promised = to_rfc3339(self.clock.now_us() + 40 * MINUTE)
        total = {"minor": captured, "currency": "EUR"}
        for_whom = {o: {"customer_id": f"c-{o}", "promised_at": promised} for o in order_ids}
        self.tell(
            *(("sales_order.placed", o, {"total": total, **who}) for o, who in for_whom.items()),
            *(("sales_order.payment_captured", o, {"amount": total}) for o in order_ids),
            *(
                ("fulfilment_order.created", f"f-{o}", {"order_id": o, **who})
                for o, who in for_whom.items()
            ),
        )

    def courier(self, courier_id: str, capacity: int = 2) -> str:
        """Register a courier and start their shift."""
        self.happen("courier.registered", courier_id, vehicle="e_bike", capacity=capacity)
        self.happen("courier.shift_started", courier_id)
        return courier_id

    def assigned(self, order_id: str, courier_id: str) -> None:
        """Let the fleet report that a courier has the order's delivery."""
        self.happen("fulfilment_order.assigned", f"f-{order_id}", courier_id=courier_id)

    def refund_reported(self, order_id: str, minor: int) -> None:
        """Let payments report that they gave money back."""
        amount = {"minor": minor, "currency": "EUR"}
        self.happen("sales_order.payment_refunded", order_id, amount=amount)

    def propose(
        self,
        *actions: Action,
        doubts: tuple[str, ...] = (),
        agent: str = AGENT,
        incident: str = "inc_1",
    ) -> tuple[Judged, ...]:
        """Judge actions as one proposal of its own."""
        self.proposals += 1
        name = f"pro_{self.proposals}"
        origin = Origin(name, f"run_{self.proposals}", incident, agent)
        intentions = tuple(Intention(action, doubts=doubts) for action in actions)
        with self.store.write() as tx:
            return judge(tx, self.rulebook, origin, intentions, self.clock.now_us())

    def one(self, action: Action, doubts: tuple[str, ...] = (), agent: str = AGENT) -> Judged:
        """Judge one action as a proposal of its own."""
        (judged,) = self.propose(action, doubts=doubts, agent=agent)
        return judged

    def held(self, action: Action) -> reviews.ReviewItem:
        """Judge one action, require that it holds, and return its review."""
        judged = self.one(action)
        assert judged.verdict is Verdict.HOLD, judged
        return next(r for r in self.waiting() if r.action_id == judged.action_id)

    def verdict(self, *actions: Action) -> str:
        """Judge actions as one proposal, and return the verdict on the last."""
        return self.propose(*actions)[-1].verdict.value

    def waiting(self) -> list[reviews.ReviewItem]:
        """Return the reviews that wait for a person."""
        with self.store.read() as tx:
            return reviews.queue(tx)

    def approve(
        self, review_id: str = "", by: Decider = SUPERVISOR, seen: str = ""
    ) -> reviews.Approval:
        """Approve a review (the only one, unless named) as the page shows it now."""
        review = self._review(review_id)
        with self.store.write() as tx:
            return reviews.approve(
                tx, review.id, by, seen or review.seen, self.clock.now_us(), self.rulebook
            )

    def reject(self, review_id: str = "", by: Decider = SUPERVISOR) -> None:
        """Reject a review (the only one, unless named)."""
        review = self._review(review_id)
        with self.store.write() as tx:
            now_us = self.clock.now_us()
            reason = reviews.Reason.NOT_OWED
            reviews.reject(tx, review.id, by, reason, None, now_us, self.rulebook)

    def expire(self) -> list[str]:
        """End the reviews whose deadline has passed."""
        with self.store.write() as tx:
            return reviews.expire_due(tx, self.clock.now_us())

    def pass_time(self, minutes: int) -> None:
        """Let time pass."""
        self.clock.advance(minutes * MINUTE)

    def settle(self, minutes: int = 0) -> int:
        """Let time pass, and carry out what is granted and due; return how many calls it made."""
        before = self._calls()
        self.moved(minutes)
        return self._calls() - before

    def moved(self, minutes: int = 0) -> int:
        """Do as `settle` does, and return how much moved, sent or not."""
        self.pass_time(minutes)
        return self.executor.settle()

    def _calls(self) -> int:
        return sum(books.calls for books in self.books.values())

    def spend(self, *grant_ids: str) -> tuple[list[grants.Spent], list[grants.Refused]]:
        """Spend grants without writing intents."""
        adapters = {kind: books.facts for kind, books in self.books.items()}
        with self.store.write() as tx:
            return grants.spend(tx, grant_ids, adapters, self.policies, self.clock.now_us())

    def stop(self, scope: str) -> None:
        """Set a kill switch."""
        with self.store.write() as tx:
            kill.set_switch(tx, scope, SUPERVISOR.person_id, "storm", self.clock.now_us())

    def go_on(self, scope: str) -> None:
        """Clear a kill switch."""
        with self.store.write() as tx:
            kill.clear_switch(tx, scope, SUPERVISOR.person_id, self.clock.now_us())

    def review(self, review_id: str) -> reviews.ReviewItem:
        """Return a review as it stands."""
        with self.store.read() as tx:
            return reviews.get(tx, review_id)

    def row(self, source: Table, **where: str) -> Any:  # noqa: ANN401 -- a database row
        """Return the one row of a table that matches."""
        (row,) = self.rows(source, **where)
        return row

    def rows(self, source: Table, **where: str) -> list[Any]:
        """Return the rows of a table that match."""
        query = select(source)
        for column, value in where.items():
            query = query.where(source.c[column] == value)
        with self.store.read() as tx:
            return list(tx.execute(query))

    def status(self, action_id: str) -> str:
        """Return how far an action has come."""
        return self.row(ACTION, id=action_id).status

    def grant_of(self, action_id: str) -> str:
        """Return the id of the grant of an action that waits to be spent."""
        return self.row(GRANT, action_id=action_id, status="unspent").id

    def told(self, *kinds: EntryKind, part: str = "h1") -> list[Entry]:
        """Return the ledger's entries of some kinds in one partition, oldest first."""
        with self.store.read() as tx:
            return [e for e in partition(tx, part) if not kinds or e.kind in kinds]

    def counters_agree(self) -> bool:
        """Say whether every counter holds exactly what its claims say."""
        claimed = select(CLAIM.c.key, func.sum(CLAIM.c.amount)).group_by(CLAIM.c.key)
        with self.store.read() as tx:
            claims = {key: int(amount) for key, amount in tx.execute(claimed)}
            used = {r.key: r.used for r in tx.execute(select(COUNTER))}
        return {k: v for k, v in used.items() if v} == claims

    def _review(self, review_id: str) -> reviews.ReviewItem:
        if review_id:
            with self.store.read() as tx:
                return reviews.get(tx, review_id)
        (only,) = self.waiting()
        return only

    def refunded(self) -> int:
        """Return what the refund books say was paid back."""
        return self.books[ActionKind.REFUND].paid()

    def ledger_is_sound(self) -> bool:
        """Verify the ledger."""
        with self.store.read() as tx:
            return verify(tx).sound


@cache
def _policies() -> Policies:
    policies, problems = read_policies(reference_root())
    assert policies is not None, problems
    return policies


def eur(minor: int) -> Money:
    """Return euros from cents."""
    return Money(minor=minor, currency="EUR")


def refund(order_id: str, minor: int = 1990, **more: object) -> Refund:
    """Return a refund of an order that was never delivered."""
    return Refund.model_validate(
        about(order_id, Cause.UNDELIVERABLE) | {"amount": eur(minor)} | more
    )


def coupon(order_id: str, minor: int = 200, **more: object) -> Coupon:
    """Return a coupon for a late order."""
    return Coupon.model_validate(about(order_id, Cause.LATE) | {"amount": eur(minor)} | more)


def cancel(order_id: str, minor: int = 5000, **more: object) -> Cancel:
    """Return a cancellation."""
    return Cancel.model_validate(
        about(order_id, Cause.UNDELIVERABLE) | {"amount": eur(minor)} | more
    )


def reassign(order_id: str, to_courier: str, assignment: int = 0, **more: object) -> Reassign:
    """Return the reassignment of an order's delivery."""
    move = {"to_courier": to_courier, **_delivery(order_id, assignment)}
    return Reassign.model_validate(about(order_id, Cause.CAPACITY) | move | more)


def notify(order_id: str, **more: object) -> Notify:
    """Return a message about a delay."""
    message = {"template": "running_late", "minutes": 10}
    return Notify.model_validate(about(order_id, Cause.LATE) | message | more)


def recall(order_id: str, **more: object) -> Recall:
    """Return the recall of the courier who carries an order."""
    return Recall.model_validate(about(order_id, Cause.SAFETY) | _delivery(order_id, 0) | more)


def stop_service() -> StopService:
    """Return the stop of the hub."""
    return StopService(hub_id="h1", order_id="-", cause=Cause.SAFETY)


def about(order_id: str, cause: Cause = Cause.LATE) -> dict[str, object]:
    """Return what every action says of its order."""
    return {
        "hub_id": "h1",
        "order_id": order_id,
        "customer_id": f"c-{order_id}",
        "cause": cause,
    }


def _delivery(order_id: str, assignment: int) -> dict[str, object]:
    return {"fulfilment_id": f"f-{order_id}", "assignment": assignment}
