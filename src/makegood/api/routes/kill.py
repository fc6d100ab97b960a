"""`/v1/kill`: the switch that stops everything, one hub, one agent or one kind of action."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Connection

from makegood.api.auth import Who
from makegood.api.idempotency import Repeatable
from makegood.api.routes.listing import REASON, Done, Listing, Out
from makegood.api.seam import House
from makegood.domain.frozen import Frozen
from makegood.gates import kill, scopes

router = APIRouter(prefix="/v1", tags=["kill"])


class SwitchOut(Out):
    """A switch that is set."""

    scope: str
    set_by: str
    set_us: int
    reason: str


class SetOut(SwitchOut):
    """A switch that was just set; so many calls of its scope were on their way by then."""

    on_their_way: int


class NewSwitch(Frozen):
    """What to stop (`everything`, `hub:ID`, `agent:NAME` or `kind:KIND`) and why."""

    scope: str = kill.EVERYTHING
    reason: str = Field(min_length=1, max_length=500, description=REASON)


@router.get("/kill")
def list_switches(house: House) -> Listing[SwitchOut]:
    """List the switches that are set."""
    with house.store.read() as tx:
        found = kill.switches(tx)
    return Listing(items=tuple(SwitchOut.of(switch) for switch in found))


@router.post("/kill")
def set_switch(house: House, who: Who, once: Repeatable, new: NewSwitch) -> SetOut:
    """Stop a scope; nothing of it is dispatched once this has answered. Safety still passes.

    422 where there is no hub, agent or kind of that name: such a switch would stop nothing.
    """
    now_us = house.clock.now_us()

    def work(tx: Connection) -> SetOut:
        scopes.require_there(tx, new.scope, house.agents)
        sent = kill.set_switch(tx, new.scope, who.id, new.reason, now_us)
        said = {"scope": new.scope, "set_by": who.id, "set_us": now_us, "reason": new.reason}
        return SetOut.model_validate(said | {"on_their_way": sent})

    return once.do(SetOut, work)


@router.delete("/kill/{scope}")
def clear_switch(house: House, who: Who, scope: str) -> Done:
    """Let a scope go on."""
    now_us = house.clock.now_us()
    house.write(lambda tx: kill.clear_switch(tx, scope, who.id, now_us))
    return Done()
