"""A district in rain for tests of the HTTP edge: real events, real gate, real decisions."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from makegood.api.app import application
from makegood.api.seam import Desk
from makegood.clock import MINUTE, SECOND, VirtualClock, to_rfc3339
from makegood.domain.actions import Action, Cancel, Cause, Coupon, Reassign, Refund
from makegood.domain.canonical import derive_id
from makegood.domain.decisions import Decision, FactorSpec, Method, Option, Subject
from makegood.domain.incidents import Evidence, Incident, IncidentKind, IncidentStatus
from makegood.domain.money import Money
from makegood.domain.roles import Role
from makegood.events.ingest import ingest
from makegood.events.model import IngestContext
from makegood.gates import logins, persons, tokens
from makegood.incidents import book
from makegood.proposals.types import Proposal, Proposed
from makegood.runtime import submission
from makegood.runtime.changes import Changes
from makegood.state import query
from makegood.state.projection import project
from tests.gates.world import AGENT, World

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from fastapi import FastAPI

    from makegood.events.model import Raw, Receipt
    from makegood.gates.persons import Principal
    from makegood.store.session import Store

WALL_US = 1_800_000_000 * SECOND
HUB = {"lat": 30.2741, "lon": 120.1551}
CURRENCY = "CNY"


class Town(World):
    """A world with people who may do something, and the application that they use."""

    def __init__(self, store: Store, clock: VirtualClock) -> None:
        self.wall = VirtualClock(WALL_US)
        self.changes = Changes()
        self.is_ready = True
        self._waiting: list[tuple[str, str, dict[str, object]]] | None = None
        super().__init__(store, clock)
        with store.write() as tx:
            self.operator = persons.bootstrap(tx, "Olga Operator", clock.now_us())
        self.people: dict[Role, Principal] = {Role.OPERATOR: self.operator}
        self.secrets: dict[Role, str] = {}
        for role in Role:
            self._person(role)

    def _person(self, role: Role) -> None:
        at_us = self.clock.now_us()
        with self.store.write() as tx:
            if role is not Role.OPERATOR:
                sources = ("https://oms.example/*",) if role is Role.SOURCE else ()
                name = f"{role.capitalize()} Person"
                self.people[role] = persons.add_person(
                    tx, self.operator, name, [role], sources, at_us=at_us
                )
            made = tokens.add_token(tx, self.operator, self.people[role].id, at_us=at_us)
        self.secrets[role] = made.secret

    def bearer(self, role: Role) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secrets[role]}"}

    def link(self, role: Role) -> str:
        """Return the path of a fresh login link."""
        with self.store.write() as tx:
            at_us, wall_us = self.clock.now_us(), self.wall.now_us()
            person = self.people[role].id
            return "/login/" + logins.make_link(tx, "test", person, at_us=at_us, wall_us=wall_us)

    def happen(self, kind: str, subject: str, **data: object) -> None:
        if kind == "hub.registered":
            data = {"name": "Hub North", "zone": "Asia/Shanghai", "position": HUB}
        if self._waiting is None:
            super().happen(kind, subject, **data)
        else:
            self._waiting.append((kind, subject, data))

    @contextmanager
    def _together(self) -> Generator[None]:
        """Let everything that happens in the block be one batch."""
        self._waiting = []
        yield
        happened, self._waiting = self._waiting, None
        self.tell(*happened)

    @property
    def desk(self) -> Desk:
        return Desk(
            store=self.store,
            clock=self.clock,
            wall=self.wall,
            vault=self.vault,
            changes=self.changes,
            current_policies=lambda: self.policies,
            current_rulebook=lambda: self.rulebook,
            current_agents=lambda: frozenset({AGENT}),
            take_in=self._take_in,
            ingest_context=self._context,
            ready=lambda: self.is_ready,
        )

    @property
    def app(self) -> FastAPI:
        return application(self.desk)

    def _take_in(self, batch: Sequence[Raw], actor: str, sources: tuple[str, ...]) -> Receipt:
        return ingest(self.store, batch, self._context(actor, sources))

    def _context(self, actor: str, sources: tuple[str, ...]) -> IngestContext:
        return IngestContext(
            clock=self.clock,
            vault=self.vault,
            project=project,
            actor=actor,
            allowed_sources=sources,
        )

    def storm(self, orders: int = 40, couriers: int = 9) -> Incident:
        """Let it rain on orders under way, and let agents answer; return the incident."""
        chance = random.Random(7)
        names = [f"so-{1000 + number}" for number in range(orders)]
        with self._together():
            for number in range(couriers):
                self._courier(f"K{number + 1:02}", chance)
            for number, name in enumerate(names):
                self._order(name, number, couriers, chance)
            self.happen("hub.weather_observed", "h1", rain_mm_h=14.2, rain_forecast_mm_h=18.0)
        incident = self._incident(names)
        self.clock.advance(4 * MINUTE)
        self._answer(incident, names)
        self.executor.settle()
        self.clock.advance(7 * MINUTE)
        return incident

    def _courier(self, name: str, chance: random.Random) -> None:
        place = _near(chance, 0.012)
        self.happen("courier.registered", name, vehicle="e_bike", capacity=6, position=place)
        self.happen("courier.shift_started", name)

    def _order(self, name: str, number: int, couriers: int, chance: random.Random) -> None:
        now_us = self.clock.now_us()
        promised = to_rfc3339(now_us + (4 + number) * MINUTE)
        total = {"minor": chance.randrange(1900, 14900, 50), "currency": CURRENCY}
        place = _near(chance, 0.02)
        common: dict[str, object] = {
            "customer_id": f"c-{name}",
            "promised_at": promised,
            "drop_off": place,
        }
        self.happen("sales_order.placed", name, total=total, **common)
        self.happen("sales_order.payment_captured", name, amount=total)
        self.happen("fulfilment_order.created", f"f-{name}", order_id=name, **common)
        courier = f"K{number % couriers + 1:02}"
        self.happen("fulfilment_order.assigned", f"f-{name}", courier_id=courier)
        expected = to_rfc3339(now_us + (9 + number + number % 7) * MINUTE)
        self.happen("fulfilment_order.expected", f"f-{name}", expected_at=expected)
        if number % 5 == 4:
            self.happen("fulfilment_order.picked_up", f"f-{name}")
        if number % 8 == 7:
            self._deliver(name)

    def _deliver(self, name: str) -> None:
        if not self._up(name):
            self.happen("fulfilment_order.picked_up", f"f-{name}")
        self.happen("fulfilment_order.delivered", f"f-{name}")
        self.happen("sales_order.delivered", name)

    def _up(self, name: str) -> bool:
        number = int(name.removeprefix("so-")) - 1000
        return number % 5 == 4

    def _incident(self, names: Sequence[str]) -> Incident:
        now_us = self.clock.now_us()
        evidence = (
            _seen("rain_now", "um/h", 14_200, 8_000, now_us),
            _seen("rain_forecast", "um/h", 18_000, 8_000, now_us),
            _seen("weather_feed_age", "s", 20, 1200, now_us),
            _seen("orders_endangered", "1", 21, 0, now_us),
        )
        incident = Incident(
            id=derive_id("inc", "storm"),
            kind=IncidentKind.WEATHER,
            key="weather/h1",
            hub_id="h1",
            status=IncidentStatus.OPEN,
            severity=3,
            opened_us=now_us,
            updated_us=now_us,
            evidence=evidence,
            orders=tuple(f"f-{name}" for name in names[2:23]),
        )
        with self.store.write() as tx:
            assert book.add(tx, incident)
        return incident

    def _answer(self, incident: Incident, names: Sequence[str]) -> None:
        actions: list[Action] = []
        subjects: list[Subject] = []
        for number, name in enumerate(names[:30]):
            subjects.append(_subject(name, number))
            actions.extend(_wishes(name, number))
        decision = Decision(
            method=Method.LADDER,
            factors=_FACTORS,
            subjects=tuple(subjects),
            policy_digest=self.policies.digest(),
            workspace_digest="w",
        )
        proposed = tuple(Proposed(action, 0, action.order_id) for action in actions)
        self.submit(incident, proposed, decision)

    def submit(
        self, incident: Incident, proposed: tuple[Proposed, ...], decision: Decision
    ) -> None:
        """Have an agent's proposal judged."""
        self.proposals += 1
        proposal = Proposal(
            incident_id=incident.id,
            run_id=f"run_{self.proposals}",
            agent="storm",
            round=1,
            actions=proposed,
            decisions=(decision,),
        )
        with self.store.write() as tx:
            submission.submit(
                tx,
                self.rulebook,
                incident,
                proposal,
                proposal.digest(),
                (),
                self.clock.now_us(),
            )

    def hold(self, order_id: str, minor: int = 3850) -> str:
        """Have a refund of an order held; return the review's id."""
        before = {item.id for item in self.waiting()}
        with self.store.read() as tx:
            currency = query.sales_order(tx, order_id).currency
        action = Refund(
            hub_id="h1",
            order_id=order_id,
            customer_id=f"c-{order_id}",
            cause=Cause.UNDELIVERABLE,
            amount=Money(minor=minor, currency=currency),
        )
        self.propose(action)
        (new,) = {item.id for item in self.waiting()} - before
        return new


_FACTORS = (
    FactorSpec(name="delay", unit="min", weight=0),
    FactorSpec(name="from", unit="min", weight=0),
    FactorSpec(name="base", unit="minor", weight=1),
    FactorSpec(name="value_share", unit="minor", weight=1),
    FactorSpec(name="tier", unit="minor", weight=1),
    FactorSpec(name="history", unit="minor", weight=1),
    FactorSpec(name="rounding", unit="minor", weight=1),
    FactorSpec(name="caps", unit="minor", weight=1),
)


def _subject(name: str, number: int) -> Subject:
    share, tier = 90 + 17 * number, 60 if number % 3 else 0
    low = Option(key="rung-15", values=(19 + number, 15, 500, share, tier, 0, 10, 0))
    high = Option(key="rung-30", values=(34 + number, 30, 800, share * 2, tier, 120, 10, -40))
    return Subject(id=name, options=(low, high), chosen=1 if number % 2 else 0)


def _wishes(name: str, number: int) -> list[Action]:
    about: dict[str, Any] = {"hub_id": "h1", "order_id": name, "customer_id": f"c-{name}"}
    if number % 8 == 7 or number % 5 == 4:
        return []
    if number % 6 == 0:
        return [Refund(**about, cause=Cause.UNDELIVERABLE, amount=_cny(1900 + 550 * number))]
    if number == 13:
        return [Cancel(**about, cause=Cause.UNDELIVERABLE, amount=_cny(12_800))]
    if number % 7 == 1:
        return [Coupon(**about, cause=Cause.LATE, amount=_cny(1800 + 100 * number))]
    if number % 3 == 0:
        return [Coupon(**about, cause=Cause.LATE, amount=_cny(800))]
    return [
        Reassign(
            **about,
            cause=Cause.WEATHER,
            fulfilment_id=f"f-{name}",
            assignment=1,
            from_courier=f"K{number % 9 + 1:02}",
            to_courier=f"K{(number + 4) % 9 + 1:02}",
        )
    ]


def _cny(minor: int) -> Money:
    return Money(minor=minor, currency=CURRENCY)


def _near(chance: random.Random, spread: float) -> dict[str, float]:
    return {
        "lat": round(chance.gauss(HUB["lat"], spread / 1.4), 5),
        "lon": round(chance.gauss(HUB["lon"], spread), 5),
    }


def _seen(name: str, unit: str, value: int, limit: int, at_us: int) -> Evidence:
    return Evidence(name=name, unit=unit, value=value, limit=limit, observed_us=at_us)
