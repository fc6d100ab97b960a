"""Bypasses (break-glass): two persons lift the breakers of policy in a scope for a while.

A bypass lifts amounts, conditions, counters and velocity breakers. It never touches safety, the
engine's own floor, the kill switch, a person's no, or what the gate does not know. Who, why, the
scope and the end stand on the ledger, and so does every action that passed under it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select

from makegood.clock import MINUTE
from makegood.domain.action_kinds import FACTS, ActionKind, Floor
from makegood.errors import Conflict, InvalidInput, NotAllowed, NotFound
from makegood.gates import persons, scopes
from makegood.ledger.entries import HOUSE, SYSTEM, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.outbox.messages import Message, MessageType, SafeguardIds, put
from makegood.store import tables
from makegood.store.sql import insert, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from makegood.domain.actions import Action
    from makegood.domain.policy import Policies

BYPASS = table(tables.breakers.Bypass)
ACTION = table(tables.authority.Action)


class Status(StrEnum):
    """How far a bypass has come."""

    REQUESTED = "requested"
    ACTIVE = "active"
    ENDED = "ended"


_ACTIVE: Final = (
    select(BYPASS)
    .where(BYPASS.c.status == Status.ACTIVE, BYPASS.c.ends_us > bindparam("b_now"))
    .order_by(BYPASS.c.id)
)


@dataclass(frozen=True, slots=True)
class Bypass:
    """One bypass; `ends_us` is None until a second person confirmed it."""

    id: str
    scope: str
    reason: str
    minutes: int
    status: Status
    requested_by: str
    requested_us: int
    confirmed_by: str
    confirmed_us: int | None
    ends_us: int | None
    ended_by: str


@dataclass(frozen=True, slots=True)
class Bypasses:
    """The bypasses in force, as one transaction sees them."""

    by_scope: dict[str, str]
    ids: frozenset[str]

    def over(self, action: Action, agent: str) -> str:
        """Return the id of a bypass that covers an action, or nothing."""
        scope = scopes.covering(self.by_scope, action, agent) if self.by_scope else None
        return self.by_scope[scope] if scope else ""


@dataclass(frozen=True, slots=True)
class Passed:
    """An action that passed under a bypass, and the breaker that it passed."""

    action_id: str
    hub_id: str
    order_id: str
    bypass_id: str
    rule: str


def active(tx: Connection, now_us: int) -> tuple[Bypass, ...]:
    """Return the bypasses in force now."""
    return tuple(_bypass(row, now_us) for row in tx.execute(_ACTIVE, {"b_now": now_us}))


def in_force(tx: Connection, now_us: int) -> Bypasses:
    """Return the bypasses in force now by their scopes, for the gate."""
    rows = tx.execute(_ACTIVE, {"b_now": now_us}).all()
    return Bypasses({row.scope: row.id for row in rows}, frozenset(row.id for row in rows))


def every(tx: Connection, now_us: int, limit: int = 200) -> tuple[Bypass, ...]:
    """Return bypasses with how far they have come, the newest first."""
    query = select(BYPASS).order_by(BYPASS.c.requested_us.desc(), BYPASS.c.id).limit(limit)
    return tuple(_bypass(row, now_us) for row in tx.execute(query))


def request(
    tx: Connection,
    policies: Policies,
    scope: str,
    reason: str,
    minutes: int,
    person_id: str,
    now_us: int,
) -> Bypass:
    """Ask for a bypass; nothing is lifted before another person confirms it.

    Raises:
        InvalidInput: the scope or the reason cannot be used, or it would last too long.

    """
    _require_scope(scope)
    if not reason.strip():
        raise InvalidInput("reason", "is empty", "say why, and name no customer")
    longest = policies.breakers.bypass.longest_minutes
    if not 1 <= minutes <= longest:
        raise InvalidInput("minutes", f"{minutes} is too much or too little", f"use 1 to {longest}")
    bypass_id = f"byp_{secrets.token_hex(8)}"
    row = {
        "id": bypass_id,
        "scope": scope,
        "reason": reason.strip(),
        "minutes": minutes,
        "status": Status.REQUESTED,
        "requested_by": person_id,
        "requested_us": now_us,
    }
    insert(tx, BYPASS, [row])
    body = {"scope": scope, "reason": reason.strip(), "minutes": minutes}
    _record(tx, EntryKind.BYPASS_REQUESTED, bypass_id, person_id, body, now_us)
    return get(tx, bypass_id, now_us)


def confirm(
    tx: Connection, policies: Policies, bypass_id: str, person_id: str, now_us: int
) -> Bypass:
    """Put a requested bypass in force, as a second person; it ends by itself.

    Raises:
        NotFound: there is no such bypass.
        NotAllowed: it is this person's own request.
        Conflict: it was confirmed or ended already, or it waited too long.

    """
    found = _locked(tx, bypass_id, now_us)
    if found.requested_by == person_id:
        raise NotAllowed("a second person must confirm a bypass; this is your own request")
    if found.status is not Status.REQUESTED:
        raise Conflict(f"bypass {bypass_id} is {found.status} already")
    if persons.gone(tx, [found.requested_by]):
        raise Conflict(f"who asked for bypass {bypass_id} has left; ask for it anew")
    waits_us = policies.breakers.bypass.confirm_minutes * MINUTE
    if now_us >= found.requested_us + waits_us:
        raise Conflict(f"bypass {bypass_id} was requested too long ago; ask for it anew")
    # Policy may have become stricter since it was asked for.
    minutes = min(found.minutes, policies.breakers.bypass.longest_minutes)
    ends_us = now_us + minutes * MINUTE
    values = {
        "status": Status.ACTIVE,
        "confirmed_by": person_id,
        "confirmed_us": now_us,
        "ends_us": ends_us,
    }
    tx.execute(BYPASS.update().where(BYPASS.c.id == bypass_id).values(values))
    body = {
        "scope": found.scope,
        "reason": found.reason,
        "requested_by": found.requested_by,
        "ends_us": ends_us,
    }
    _record(tx, EntryKind.BYPASS_CONFIRMED, bypass_id, person_id, body, now_us)
    ids = SafeguardIds(name=bypass_id, scope=found.scope)
    put(tx, [Message(MessageType.BYPASS_CONFIRMED, now_us, ids)])
    return get(tx, bypass_id, now_us)


def end(tx: Connection, bypass_id: str, person_id: str, now_us: int) -> Bypass:
    """End a bypass, or withdraw a request for one, before its time.

    Raises:
        NotFound: there is no such bypass.
        Conflict: it has ended already.

    """
    found = _locked(tx, bypass_id, now_us)
    if found.status is Status.ENDED:
        raise Conflict(f"bypass {bypass_id} has ended already")
    values = {"status": Status.ENDED, "ends_us": now_us, "ended_by": person_id}
    tx.execute(BYPASS.update().where(BYPASS.c.id == bypass_id).values(values))
    _record(tx, EntryKind.BYPASS_ENDED, bypass_id, person_id, {"scope": found.scope}, now_us)
    return get(tx, bypass_id, now_us)


def get(tx: Connection, bypass_id: str, now_us: int) -> Bypass:
    """Return one bypass; raise NotFound when there is none of that id."""
    row = tx.execute(select(BYPASS).where(BYPASS.c.id == bypass_id)).one_or_none()
    if row is None:
        raise NotFound(f"no bypass {bypass_id}")
    return _bypass(row, now_us)


def mark(tx: Connection, passed: Iterable[Passed], now_us: int) -> None:
    """Mark actions that pass under a bypass at the spend, on them and on the ledger."""
    drafts: list[Draft] = []
    for one in passed:
        change = ACTION.update().where(ACTION.c.id == one.action_id)
        tx.execute(change.values(bypass_id=one.bypass_id))
        body = {"action_id": one.action_id, "bypass_id": one.bypass_id, "rule": one.rule}
        refs = (one.action_id, f"sales_order/{one.order_id}", one.bypass_id)
        drafts.append(Draft(one.hub_id, EntryKind.BYPASS_USED, now_us, SYSTEM, body, refs))
    append(tx, drafts)


def _require_scope(scope: str) -> None:
    scopes.require(scope)
    prefix, _, name = scope.partition(":")
    if prefix == "kind" and FACTS[ActionKind(name)].floor is Floor.NEVER_HELD:
        raise InvalidInput("scope", f"nothing holds a {name}", "name a kind that breakers hold")


def _locked(tx: Connection, bypass_id: str, now_us: int) -> Bypass:
    query = select(BYPASS).where(BYPASS.c.id == bypass_id).with_for_update()
    row = tx.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"no bypass {bypass_id}")
    return _bypass(row, now_us)


def _bypass(row: Any, now_us: int) -> Bypass:  # noqa: ANN401 -- a database row
    status = Status(row.status)
    if status is Status.ACTIVE and row.ends_us <= now_us:
        status = Status.ENDED
    return Bypass(
        id=row.id,
        scope=row.scope,
        reason=row.reason,
        minutes=row.minutes,
        status=status,
        requested_by=row.requested_by,
        requested_us=row.requested_us,
        confirmed_by=row.confirmed_by,
        confirmed_us=row.confirmed_us,
        ends_us=row.ends_us,
        ended_by=row.ended_by,
    )


def _record(
    tx: Connection,
    kind: EntryKind,
    bypass_id: str,
    person_id: str,
    body: dict[str, Any],
    now_us: int,
) -> None:
    named = {"bypass_id": bypass_id, **body}
    append(tx, [Draft(HOUSE, kind, now_us, person_id, named, (bypass_id, person_id))])
