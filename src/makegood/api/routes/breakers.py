"""`/v1/breaker`: the circuit breakers, how full each is, and a person's reset."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Connection

from makegood.api.auth import Who
from makegood.api.idempotency import Repeatable
from makegood.api.routes.listing import Done, Listing, Out
from makegood.api.seam import House
from makegood.domain.frozen import Frozen
from makegood.gates import breakers, counters
from makegood.gates.circuits import State

router = APIRouter(prefix="/v1", tags=["breaker"])


class BreakerOut(Out):
    """A circuit breaker in one scope; it trips when `used` would pass `cap` (none yet: null).

    Both are in what it watches: actions, minor units of `currency`, or basis points.
    """

    name: str
    scope: str
    watched: str
    currency: str
    state: State
    used: int
    cap: int | None
    since_us: int
    until_us: int
    why: str
    probes_left: int


class CounterOut(Out):
    """How much of a cumulative limit is used: actions, or minor units of `currency`."""

    name: str
    scope: str
    currency: str
    used: int
    cap: int


class WhichScope(Frozen):
    """The scope to reset, as the list shows it, such as `hub:north`."""

    scope: str = Field(default="everything", min_length=1, max_length=300)


@router.get("/breaker")
def list_breakers(house: House) -> Listing[BreakerOut]:
    """List the circuit breakers that have seen something; those not closed come first."""
    with house.store.read() as tx:
        found = breakers.states(tx, house.policies, house.clock.now_us())
    return Listing(items=tuple(BreakerOut.of(state) for state in found))


@router.get("/counter")
def list_counters(house: House) -> Listing[CounterOut]:
    """List the cumulative limits per hub, agent and cause, the fullest first."""
    with house.store.read() as tx:
        found = counters.fills(tx, house.policies.breakers.counters, house.clock.now_us())
    return Listing(items=tuple(CounterOut.of(fill) for fill in found))


@router.post("/breaker/{name}/reset")
def reset_breaker(house: House, who: Who, once: Repeatable, name: str, which: WhichScope) -> Done:
    """Close a breaker and let it count anew."""
    now_us = house.clock.now_us()

    def work(tx: Connection) -> Done:
        breakers.reset(tx, house.policies, name, which.scope, who.id, now_us)
        return Done()

    return once.do(Done, work)
