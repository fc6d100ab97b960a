"""The console's levers: stopping and letting go, breakers and bypasses, effects in doubt."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from makegood.api.auth import Form, Who
from makegood.api.console.telling import done
from makegood.api.seam import House
from makegood.domain.effects import EffectStatus
from makegood.domain.policy import LONGEST_BYPASS_MINUTES
from makegood.effects import reconcile
from makegood.errors import InvalidInput
from makegood.gates import breakers, bypass, kill, scopes

router = APIRouter(include_in_schema=False)

_ENDS: Final = (EffectStatus.CONFIRMED, EffectStatus.FAILED)
_LONGEST: Final = 500


def _sentence(form: dict[str, str], name: str, mend: str) -> str:
    given = form.get(name, "").strip()
    if not 1 <= len(given) <= _LONGEST:
        raise InvalidInput(name, "is missing or too long", mend)
    return given


@router.post("/kill")
def kill_form(request: Request, house: House, who: Who, form: Form) -> Response:
    """Stop everything, one hub, one agent or one kind of action."""
    reason = _sentence(form, "reason", "say in a sentence why")
    scope, now_us = form.get("scope", ""), house.clock.now_us()

    def stop(tx: Connection) -> None:
        scopes.require_there(tx, scope, house.agents)
        kill.set_switch(tx, scope, who.id, reason, now_us)

    house.write(stop)
    return done(request, "stopped", form.get("then", "/"))


@router.post("/kill/clear")
def clear_form(request: Request, house: House, who: Who, form: Form) -> Response:
    """Let a scope go on."""
    scope, now_us = form.get("scope", ""), house.clock.now_us()
    house.write(lambda tx: kill.clear_switch(tx, scope, who.id, now_us))
    return done(request, "cleared", form.get("then", "/"))


@router.post("/effect/{effect_id}/decide")
def effect_form(request: Request, house: House, who: Who, form: Form, effect_id: str) -> Response:
    """Write down how an effect ended that nobody could know of."""
    found = form.get("status", "")
    if found not in _ENDS:
        raise InvalidInput("status", "is neither confirmed nor failed", "choose one")
    note = _sentence(form, "note", "say how you know")
    status, now_us = EffectStatus(found), house.clock.now_us()
    house.write(lambda tx: reconcile.decide(tx, effect_id, status, who.id, note, now_us))
    return done(request, "noted", form.get("then", "/"))


@router.post("/breaker/{name}/reset")
def reset_form(request: Request, house: House, who: Who, form: Form, name: str) -> Response:
    """Close a breaker and let it count anew."""
    scope, now_us = form.get("scope", ""), house.clock.now_us()
    house.write(lambda tx: breakers.reset(tx, house.policies, name, scope, who.id, now_us))
    return done(request, "reset", form.get("then", "/"))


@router.post("/bypass")
def bypass_form(request: Request, house: House, who: Who, form: Form) -> Response:
    """Ask for a bypass; nothing is lifted before another person confirms it."""
    reason = _sentence(form, "reason", "say in a sentence why")
    given, now_us = form.get("minutes", ""), house.clock.now_us()
    minutes = (
        int(given) if given.isdecimal() and len(given) <= len(str(LONGEST_BYPASS_MINUTES)) else 0
    )
    if not 1 <= minutes <= LONGEST_BYPASS_MINUTES:
        raise InvalidInput(
            "minutes", f"{given!r} is not 1 to {LONGEST_BYPASS_MINUTES}", "shorten it"
        )
    scope = form.get("scope", "")

    def ask(tx: Connection) -> None:
        scopes.require_there(tx, scope, house.agents)
        bypass.request(tx, house.policies, scope, reason, minutes, who.id, now_us)

    house.write(ask)
    return done(request, "bypass_asked", form.get("then", "/"))


@router.post("/bypass/{bypass_id}/confirm")
def confirm_form(request: Request, house: House, who: Who, form: Form, bypass_id: str) -> Response:
    """Put a bypass in force, as the second person."""
    now_us = house.clock.now_us()
    house.write(lambda tx: bypass.confirm(tx, house.policies, bypass_id, who.id, now_us))
    return done(request, "bypass_on", form.get("then", "/"))


@router.post("/bypass/{bypass_id}/end")
def end_form(request: Request, house: House, who: Who, form: Form, bypass_id: str) -> Response:
    """End a bypass before its time, or withdraw a request for one."""
    now_us = house.clock.now_us()
    house.write(lambda tx: bypass.end(tx, bypass_id, who.id, now_us))
    return done(request, "bypass_ended", form.get("then", "/"))
