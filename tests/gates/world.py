"""A small company for tests of authority: real events, real policies, and books to look into.

The adapters here keep books in memory and honour idempotency keys, as a payment provider does;
the crash tests use a real server in another process instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from makegood.clock import MINUTE, VirtualClock, to_rfc3339
from makegood.domain.actions import Action, ActionKind, Cancel, Cause, Coupon, Reassign, Refund
from makegood.domain.effects import (
    AdapterFacts,
    Capability,
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
from makegood.gates import epoch, reviews
from makegood.gates.candidates import Intention, Origin
from makegood.gates.judge import Judged, judge
from makegood.gates.reviews import Decider
from makegood.gates.rules import Rulebook
from makegood.ledger.privacy import Vault
from makegood.ledger.verify import verify
from makegood.state.projection import project
from makegood.workspace.policies import read_policies
from makegood.workspace.reference import reference_root

if TYPE_CHECKING:
    from makegood.domain.policy import Policies
    from makegood.store.session import Store

SUPERVISOR = Decider("per_supervisor", frozenset({Role.SUPERVISOR}))
SECOND = Decider("per_second", frozenset({Role.SUPERVISOR}))
AUDITOR = Decider("per_auditor", frozenset({Role.AUDITOR}))


@dataclass(slots=True)
class Books:
    """An adapter that keeps books; `mood` makes it fail in the ways that outsides do."""

    facts: AdapterFacts
    done: dict[str, Action] = field(default_factory=dict[str, Action])
    calls: int = 0
    mood: str = "well"

    def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
        """Do each call once by its key; then answer, refuse or fall silent as the mood is."""
        self.calls += len(calls)
        if self.mood == "refuses":
            return tuple(Outcome(status=EffectStatus.FAILED, detail="no") for _ in calls)
        if self.mood != "silent, undone":
            for call in calls:
                self.done.setdefault(call.key, call.action)
        if self.mood.startswith("silent"):
            raise OutcomeUnknown("timed out")
        return tuple(Outcome(status=EffectStatus.CONFIRMED, reference=c.key) for c in calls)

    def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
        """Say what the books say."""
        return tuple(
            Outcome(status=EffectStatus.CONFIRMED, reference=key) if key in self.done else None
            for key in keys
        )

    def paid(self) -> int:
        """Return the sum of money in the books, in minor units."""
        return sum(a.money.minor for a in self.done.values() if a.money is not None)


def facts_for(kind: ActionKind, repeat: Repeat = Repeat.IDEMPOTENT) -> AdapterFacts:
    """Return honest declarations of an adapter for one kind."""
    return AdapterFacts(
        name=f"books-{kind}",
        system="books",
        capability=capability_of(kind),
        kinds=(kind,),
        repeat=repeat,
        key_lifetime_us=24 * 60 * MINUTE,
        in_flight_us=MINUTE,
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

    def restart(self) -> None:
        """Begin with a new executor, as after a crash."""
        self.executor = Executor(self.store, self.clock, self.books, self.epoch)

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

    def happen(self, kind: str, subject: str, **data: Any) -> None:
        """Take one event in, now, and require that it was accepted."""
        self.events += 1
        event = {
            "specversion": "1.0",
            "id": f"e{self.events}",
            "source": "/test",
            "type": kind,
            "subject": subject,
            "time": to_rfc3339(self.clock.now_us()),
            "hub": "h1",
            "data": data,
        }
        context = IngestContext(clock=self.clock, vault=self.vault, project=project)
        receipt = ingest(self.store, [event], context)
        assert [o.outcome.value for o in receipt.outcomes] == ["accepted"], receipt.outcomes

    def order(self, order_id: str, captured: int = 5000) -> str:
        """Place and pay an order with one delivery by no courier yet."""
        promised = to_rfc3339(self.clock.now_us() + 40 * MINUTE)
        total = {"minor": captured, "currency": "EUR"}
        self.happen(
            "sales_order.placed",
            order_id,
            customer_id=f"c-{order_id}",
            total=total,
            promised_at=promised,
        )
        self.happen("sales_order.payment_captured", order_id, amount=total)
        self.happen(
            "fulfilment_order.created",
            f"f-{order_id}",
            order_id=order_id,
            customer_id=f"c-{order_id}",
            promised_at=promised,
        )
        return order_id

    def courier(self, courier_id: str, capacity: int = 2) -> str:
        """Register a courier and start their shift."""
        self.happen("courier.registered", courier_id, vehicle="e_bike", capacity=capacity)
        self.happen("courier.shift_started", courier_id)
        return courier_id

    def propose(self, *actions: Action, doubts: tuple[str, ...] = ()) -> tuple[Judged, ...]:
        """Judge actions as one proposal of its own."""
        self.proposals += 1
        name = f"pro_{self.proposals}"
        origin = Origin(name, f"run_{self.proposals}", "inc_1", "storm")
        intentions = tuple(Intention(action, doubts=doubts) for action in actions)
        with self.store.write() as tx:
            return judge(tx, self.rulebook, origin, intentions, self.clock.now_us())

    def verdict(self, *actions: Action) -> str:
        """Judge actions as one proposal, and return the verdict on the last."""
        return self.propose(*actions)[-1].verdict.value

    def waiting(self) -> list[reviews.ReviewItem]:
        """Return the reviews that wait for a person."""
        with self.store.read() as tx:
            return reviews.queue(tx)

    def approve(self, review_id: str = "", by: Decider = SUPERVISOR) -> reviews.Approval:
        """Approve a review (the only one, unless named) as the page shows it now."""
        review = self._review(review_id)
        with self.store.write() as tx:
            now_us = self.clock.now_us()
            return reviews.approve(tx, review.id, by, review.seen, now_us, self.policies)

    def reject(self, review_id: str = "", by: Decider = SUPERVISOR) -> None:
        """Reject a review (the only one, unless named)."""
        review = self._review(review_id)
        with self.store.write() as tx:
            now_us = self.clock.now_us()
            reason = reviews.Reason.NOT_OWED
            reviews.reject(tx, review.id, by, reason, None, now_us, self.policies)

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


def _policies() -> Policies:
    policies, problems = read_policies(reference_root())
    assert policies is not None, problems
    return policies


def eur(minor: int) -> Money:
    """Return euros from cents."""
    return Money(minor=minor, currency="EUR")


def refund(order_id: str, minor: int = 1990, **more: Any) -> Refund:
    """Return a refund of an order that was never delivered."""
    values: dict[str, Any] = {"cause": Cause.UNDELIVERABLE, **more}
    return Refund(
        hub_id="h1", order_id=order_id, customer_id=f"c-{order_id}", amount=eur(minor), **values
    )


def coupon(order_id: str, minor: int = 200, **more: Any) -> Coupon:
    """Return a coupon for a late order."""
    values: dict[str, Any] = {"cause": Cause.LATE, "customer_id": f"c-{order_id}", **more}
    return Coupon(hub_id="h1", order_id=order_id, amount=eur(minor), **values)


def cancel(order_id: str, minor: int = 5000) -> Cancel:
    """Return a cancellation."""
    return Cancel(
        hub_id="h1",
        order_id=order_id,
        customer_id=f"c-{order_id}",
        amount=eur(minor),
        cause=Cause.UNDELIVERABLE,
    )


def reassign(order_id: str, to_courier: str, assignment: int = 0) -> Reassign:
    """Return the reassignment of an order's delivery."""
    return Reassign(
        hub_id="h1",
        order_id=order_id,
        customer_id=f"c-{order_id}",
        cause=Cause.WEATHER,
        fulfilment_id=f"f-{order_id}",
        assignment=assignment,
        to_courier=to_courier,
    )


PAYS_BACK = Capability.PAYS_BACK
