"""`/v1/bypass`: breakers lifted for a while, by two persons."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Connection

from makegood.api.auth import Who
from makegood.api.idempotency import Repeatable
from makegood.api.routes.listing import REASON, Listing, Out
from makegood.api.seam import House
from makegood.domain.frozen import Frozen
from makegood.domain.policy import LONGEST_BYPASS_MINUTES
from makegood.gates import bypass, scopes

router = APIRouter(prefix="/v1", tags=["bypass"])


class BypassOut(Out):
    """A bypass; `ends_us` is null until a second person confirmed it."""

    id: str
    scope: str
    reason: str
    minutes: int
    status: bypass.Status
    requested_by: str
    requested_us: int
    confirmed_by: str
    confirmed_us: int | None
    ends_us: int | None
    ended_by: str


class NewBypass(Frozen):
    """What to lift breakers for (`everything`, `hub:ID`, `agent:NAME`, `kind:KIND`) and why."""

    scope: str = scopes.EVERYTHING
    reason: str = Field(min_length=1, max_length=500, description=REASON)
    minutes: int = Field(ge=1, le=LONGEST_BYPASS_MINUTES)


@router.get("/bypass")
def list_bypasses(house: House) -> Listing[BypassOut]:
    """List bypasses, the newest first."""
    with house.store.read() as tx:
        found = bypass.every(tx, house.clock.now_us())
    return Listing(items=tuple(BypassOut.of(one) for one in found))


@router.post("/bypass")
def request_bypass(house: House, who: Who, once: Repeatable, new: NewBypass) -> BypassOut:
    """Ask for a bypass; nothing is lifted before another person confirms it.

    422 where there is no hub, agent or kind of that name.
    """
    now_us = house.clock.now_us()

    def work(tx: Connection) -> BypassOut:
        scopes.require_there(tx, new.scope, house.agents)
        made = bypass.request(
            tx, house.policies, new.scope, new.reason, new.minutes, who.id, now_us
        )
        return BypassOut.of(made)

    return once.do(BypassOut, work)


@router.post("/bypass/{bypass_id}/confirm")
def confirm_bypass(house: House, who: Who, once: Repeatable, bypass_id: str) -> BypassOut:
    """Put a bypass in force, as the second person."""
    now_us = house.clock.now_us()

    def work(tx: Connection) -> BypassOut:
        return BypassOut.of(bypass.confirm(tx, house.policies, bypass_id, who.id, now_us))

    return once.do(BypassOut, work)


@router.post("/bypass/{bypass_id}/end")
def end_bypass(house: House, who: Who, once: Repeatable, bypass_id: str) -> BypassOut:
    """End a bypass before its time, or withdraw a request for one."""
    now_us = house.clock.now_us()

    def work(tx: Connection) -> BypassOut:
        return BypassOut.of(bypass.end(tx, bypass_id, who.id, now_us))

    return once.do(BypassOut, work)
