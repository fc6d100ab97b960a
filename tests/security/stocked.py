"""A town in which there is something of everything, and the ids of all of it by path parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select
from sqlmodel import SQLModel

from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind
from makegood.domain.authority import RunStatus
from makegood.domain.effects import Repeat
from makegood.domain.roles import Role
from makegood.gates import breakers, bypass, kill, persons, tokens
from makegood.runtime.run_records import RUN, Run, row_of
from makegood.store.sql import insert
from tests.gates.world import refund

if TYPE_CHECKING:
    from tests.api.town import Town

PAID_BACK: Final = "sales_order.payment_refunded"
# Where each path parameter finds its ids: tables and columns.
_WHERE: Final = {
    "order_id": (("sales_order", "id"),),
    "incident_id": (("incident", "id"),),
    "run_id": (("run", "id"),),
    "proposal_id": (("proposal", "id"),),
    "decision_id": (("proposal", "id"), ("action", "id")),
    "action_id": (("action", "id"),),
    "review_id": (("review", "id"),),
    "effect_id": (("effect", "id"),),
    "quarantine_id": (("event_quarantine", "id"),),
    "message_id": (("outbox_message", "id"),),
    "bypass_id": (("bypass", "id"),),
    "scope": (("kill_switch", "scope"),),
    "person_id": (("person", "id"),),
    "token_id": (("token", "id"),),
}


def fill(town: Town) -> None:
    """Let there be something of everything, in most of the states that it may be in."""
    incident = town.storm()
    runs = [
        Run(f"run_{number}", incident.id, "h1", "storm", number, RunStatus.RUNNING, 0, 0)
        for number in range(1, 4)
    ]
    with town.store.write() as tx:
        insert(tx, RUN, [row_of(run, town.clock.now_us()) for run in runs])
    _decide(town)
    _set_aside(town)
    _unknown(town)
    _rest(town)


def _decide(town: Town) -> None:
    """Let some reviews be approved, others rejected, and others wait."""
    town.orders(*(f"d{number}" for number in range(8)))
    held = [town.held(refund(f"d{number}")) for number in range(8)]
    for review in held[:3]:
        town.approve(review.id)
    town.settle()
    for review in held[3:5]:
        town.reject(review.id)


def _set_aside(town: Town) -> None:
    """Send what is put into quarantine: of an unknown type, and in another currency."""
    event = {
        "specversion": "1.0",
        "source": "https://oms.example/shop",
        "time": "2026-07-14T10:00:00Z",
        "hub": "h1",
    }
    sums: dict[str, object] = {"amount": {"minor": 5, "currency": "XXX"}}
    batch: list[dict[str, Any]] = [
        {**event, "id": "q1", "type": "sales_order.sold", "subject": "d1", "data": {}},
        {
            **event,
            "id": "q2",
            "type": "sales_order.payment_refunded",
            "subject": "d1",
            "data": sums,
        },
    ]
    town.desk.take_in(batch, "per_source", ("https://oms.example/*",))


def _unknown(town: Town) -> None:
    """Let an effect end unknown that only a person can decide."""
    books = town.adapter(ActionKind.REFUND, Repeat.NEITHER)
    town.orders("u1", "u2")
    for name in ("u1", "u2"):
        town.approve(town.held(refund(name)).id)
    books.mood = "silent"
    for _ in range(3):
        town.settle(minutes=2)
    books.mood = "well"


def _rest(town: Town) -> None:
    """Let there be bypasses, switches, messages, and persons with tokens who may go."""
    now_us, who = town.clock.now_us(), town.operator.id
    with town.store.write() as tx:
        for number in range(3):
            bypass.request(tx, town.policies, "hub:h1", f"why {number}", 5, who, now_us)
        for scope in ("kind:merge", "hub:elsewhere", "agent:nobody"):
            kill.set_switch(tx, scope, who, "for the test", now_us)
        for number in range(6):
            made = persons.add_person(
                tx, town.operator, f"Guest {number}", [Role.AUDITOR], at_us=now_us
            )
            tokens.add_token(tx, town.operator, made.id, at_us=now_us)
        message = {"type": "hold.opened", "subject": "rev", "at_us": now_us, "body": b"{}"}
        messages = SQLModel.metadata.tables["outbox_message"]
        deliveries = SQLModel.metadata.tables["outbox_delivery"]
        insert(tx, messages, [{"seq": n, "id": f"msg_{n}", **message} for n in range(1, 40)])
        insert(tx, SQLModel.metadata.tables["outbox_endpoint"], [{"name": "shop"}])
        given = {"endpoint": "shop", "subject": "rev", "tries": 9, "due_us": now_us}
        rows = [{**given, "seq": n, "status": "dead", "problem": "410"} for n in range(1, 40)]
        insert(tx, deliveries, rows)


def tripped(town: Town, name: str) -> list[str]:
    """Open every breaker of a name that has seen something; return the scopes of those."""
    breaker = SQLModel.metadata.tables["breaker"]
    mine = breaker.c.name == name
    ends_us = town.clock.now_us() + 30 * MINUTE
    with town.store.write() as tx:
        tx.execute(breaker.update().where(mine).values(state="open", until_us=ends_us))
        return list(tx.execute(select(breaker.c.scope).where(mine)).scalars())


def ids(town: Town) -> dict[str, list[str]]:
    """Return what there is by path parameter; nobody who is asking is among the persons."""
    asking = {person.id for person in town.people.values()}
    found: dict[str, list[str]] = {}
    with town.store.read() as tx:
        for name, places in _WHERE.items():
            columns = [SQLModel.metadata.tables[table].c[column] for table, column in places]
            found[name] = [one for c in columns for one in tx.execute(select(c)).scalars()]
        token = SQLModel.metadata.tables["token"]
        theirs = tx.execute(select(token.c.id).where(token.c.person_id.in_(asking))).scalars()
        mine = set(theirs)
        states = breakers.states(tx, town.policies, town.clock.now_us())
    found["person_id"] = [one for one in found["person_id"] if one not in asking]
    found["token_id"] = [one for one in found["token_id"] if one not in mine]
    found["name"] = sorted({state.name for state in states})
    assert all(found.values()), found
    return found
