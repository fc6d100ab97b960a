"""A town in which every text that anybody outside can fill in is one that would like to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from fastapi.testclient import TestClient

from makegood.domain.actions import ActionKind
from makegood.domain.authority import Verdict
from makegood.domain.canonical import digest
from makegood.domain.decisions import Decision, FactorSpec, Method, Option, Subject
from makegood.domain.effects import AdapterFacts, EffectCall, EffectStatus, Outcome
from makegood.domain.incidents import Incident, IncidentKind, IncidentStatus
from makegood.domain.roles import Role
from makegood.incidents import book
from makegood.proposals.types import Proposed
from tests.gates.world import facts_for, refund

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.api.town import Town

MONEY = {"minor": 5000, "currency": "EUR"}
PROMISED = "2026-07-14T10:40:00Z"
CODES = ("courier.lost", "fulfilment_order.failed", "hub.stopped", "sales_order.payment_failed")


@dataclass(slots=True)
class Echo:
    """An adapter whose outside answers with a text of its own."""

    facts: AdapterFacts
    text: str = ""

    def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
        """Refuse every call with the text."""
        said = Outcome(status=EffectStatus.FAILED, detail=self.text)
        return tuple(said for _ in calls)

    def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
        """Know nothing."""
        return tuple(None for _ in keys)


def fill(town: Town, payloads: Sequence[str]) -> None:
    """Let an order with all that belongs to it say each of the texts, wherever it can say any."""
    with TestClient(town.app) as client:
        for number, payload in enumerate(payloads):
            _order(client, town, payload, number)
            _agent(town, payload, number)
            _ids(client, town, payload)
            _people(client, town, payload, number)
    _outside(town, payloads)


def tell(client: TestClient, town: Town, kind: str, subject: str, hub: str, **data: object) -> int:
    """Send one event as its source does; return the status, which is 200 where it was taken."""
    event = {
        "specversion": "1.0",
        "id": digest([kind, subject, data]),
        "source": "https://oms.example/shop",
        "type": kind,
        "subject": subject,
        "hub": hub,
        "time": "2026-07-14T10:00:00Z",
        "data": data,
    }
    headers = town.bearer(Role.SOURCE) | {"Content-Type": "application/cloudevents+json"}
    return client.post("/v1/events", content=orjson.dumps(event), headers=headers).status_code


def _order(client: TestClient, town: Town, payload: str, number: int) -> None:
    order, customer, hub = f"x{number}", f"c-x{number}", f"hub{number}"
    said = {"address": payload, "customer_id": customer, "promised_at": PROMISED}
    person = {"customer_name": payload, "customer_phone": payload, "note": payload}
    courier = {"name": payload, "phone": payload, "vehicle": "e_bike", "capacity": 1}
    created = {"order_id": order, "customer_id": customer}
    moved = {"customer_id": customer, "address": f"moved: {payload}"}
    events: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("hub.registered", hub, {"name": payload[:200], "zone": "Asia/Shanghai"}),
        ("sales_order.placed", order, {"total": MONEY, **said, **person}),
        ("sales_order.payment_captured", order, {"amount": MONEY}),
        ("sales_order.address_changed", order, moved),
        ("fulfilment_order.created", f"f-{order}", created),
        ("courier.registered", f"k-{order}", courier),
        ("courier.shift_started", f"k-{order}", {}),
        ("fulfilment_order.assigned", f"f-{order}", {"courier_id": f"k-{order}"}),
    )
    for kind, subject, data in events:
        assert tell(client, town, kind, subject, hub, **data) == 200, (kind, subject)


def _agent(town: Town, payload: str, number: int) -> None:
    """Let a run of an agent say it: its name, its doubts, and what its model said and weighed."""
    action = refund(f"x{number}", customer_id=f"c-x{number}", hub_id=f"hub{number}")
    now_us = town.clock.now_us()
    incident = Incident(
        id=f"inc_x{number}",
        kind=IncidentKind.ANOMALY,
        key=f"anomaly/{number}",
        hub_id=f"hub{number}",
        status=IncidentStatus.OPEN,
        severity=1,
        opened_us=now_us,
        updated_us=now_us,
        orders=(f"f-x{number}",),
        sales_orders=(f"x{number}",),
    )
    with town.store.write() as tx:
        assert book.add(tx, incident)
    options = (
        Option(key=payload, resource=payload, values=(2,)),
        Option(key=f"refund+{payload}", resource=payload, values=(1,)),
    )
    decision = Decision(
        method=Method.LEAST_SCORE,
        factors=(FactorSpec(name=payload, unit=payload, weight=1),),
        subjects=(Subject(id="s", options=options, chosen=1),),
        text=payload,
        policy_digest=payload,
        workspace_digest=payload,
    )
    town.submit(incident, (Proposed(action, 0, "s", (payload,)),), decision)
    other = refund(
        f"x{number}", minor=7, customer_id=f"c-x{number}", lines=("1",), hub_id=f"hub{number}"
    )
    judged = town.one(other, doubts=(payload,), agent=payload)
    assert judged.verdict is Verdict.HOLD, judged


def _ids(client: TestClient, town: Town, payload: str) -> None:
    """Send it where an id or a code is meant: it is set aside, and shown with what was."""
    whose = {"customer_id": payload, "promised_at": PROMISED}
    lines = [{"line_id": payload, "sku": payload, "quantity": 1, "price": MONEY}]
    for subject, data in (
        (payload, {"total": MONEY, **whose}),
        ("plain", {"total": MONEY, **whose}),
        ("lined", {"total": MONEY, "customer_id": "c", "lines": lines}),
    ):
        tell(client, town, "sales_order.placed", subject, "h1", **data)
    for kind in CODES:
        tell(client, town, kind, "x0", "h1", reason=payload)
    tell(client, town, "courier.registered", payload, payload, name=payload, vehicle=payload)
    tell(client, town, payload, payload, payload, anything=payload)


def _people(client: TestClient, town: Town, payload: str, number: int) -> None:
    """Let people write it: into questions, answers and reasons, and as a name."""
    mine = [one for one in town.waiting() if one.order_id == f"x{number}"]
    asked, refused = mine[0], mine[-1]
    supervisor, operator = town.bearer(Role.SUPERVISOR), town.bearer(Role.OPERATOR)
    for path, body, who in (
        (f"/v1/review/{asked.id}/ask", {"question": payload}, supervisor),
        (f"/v1/review/{asked.id}/answer", {"answer": payload}, operator),
        (f"/v1/review/{refused.id}/reject", {"reason": "other", "comment": payload}, supervisor),
        ("/v1/kill", {"scope": f"hub:hub{number}", "reason": payload}, operator),
        ("/v1/bypass", {"scope": f"hub:hub{number}", "reason": payload, "minutes": 5}, operator),
        ("/v1/person", {"name": payload[:100], "roles": ["auditor"]}, operator),
    ):
        answer = client.post(path, json=body, headers=who)
        assert answer.status_code in {200, 201, 422}, (path, answer.text)


def _outside(town: Town, payloads: Sequence[str]) -> None:
    """Let the payment provider refuse approved refunds with each of the texts."""
    # So many failures would open a breaker, which is looked at elsewhere.
    town.policy("breakers", velocity=())
    names = [f"e{number}" for number in range(len(payloads))]
    town.orders(*names)
    for name, payload in zip(names, payloads, strict=True):
        echo = Echo(facts_for(ActionKind.REFUND), payload)
        town.books[ActionKind.REFUND] = echo  # pyright: ignore[reportArgumentType] -- an adapter like any
        town.restart()
        town.approve(town.held(refund(name)).id)
        town.moved()
