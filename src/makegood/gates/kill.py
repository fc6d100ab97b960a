"""The kill switch: a person's stop for everything, one hub, one agent or one kind of action.

A row that is not there cannot be locked, so every spend locks one row that always is: a switch
set after a spend began waits for it, and a spend that begins later sees the switch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from makegood.domain.actions import ActionKind, Floor
from makegood.errors import InvalidInput, NotFound
from makegood.ledger.entries import HOUSE, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.store.sql import insert_new, table, upsert
from makegood.store.tables.authority import KillSwitch

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.domain.actions import Action

KILL = table(KillSwitch)
EVERYTHING: Final = "everything"
_GUARD: Final = "-"
_SET: Final = select(KILL).where(KILL.c.scope != _GUARD).order_by(KILL.c.scope)
_GUARD_ROW: Final = select(KILL.c.scope).where(KILL.c.scope == _GUARD)
_SHARED: Final = _GUARD_ROW.with_for_update(read=True)
_ALONE: Final = _GUARD_ROW.with_for_update()
_KINDS: Final = frozenset(kind.value for kind in ActionKind)


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch that is set: its scope, by whom, when and why."""

    scope: str
    set_by: str
    set_us: int
    reason: str


@dataclass(frozen=True, slots=True)
class Switches:
    """All switches that are set, as one transaction sees them."""

    scopes: frozenset[str]

    def stops(self, action: Action, agent: str) -> str | None:
        """Return the scope of a switch that stops this action, or None; safety always passes."""
        if action.facts.floor is Floor.NEVER_HELD or not self.scopes:
            return None
        for scope in (
            EVERYTHING,
            f"hub:{action.hub_id}",
            f"agent:{agent}",
            f"kind:{action.kind}",
        ):
            if scope in self.scopes:
                return scope
        return None


def read_locked(tx: Connection) -> Switches:
    """Return the switches, holding off anyone who would set one until this transaction ends."""
    _lock(tx, shared=True)
    return Switches(frozenset(switch.scope for switch in switches(tx)))


def switches(tx: Connection) -> list[Switch]:
    """Return the switches that are set, by scope."""
    return [Switch(row.scope, row.set_by, row.set_us, row.reason) for row in tx.execute(_SET)]


def set_switch(tx: Connection, scope: str, person_id: str, reason: str, now_us: int) -> None:
    """Stop everything in a scope; nothing of it is dispatched once this transaction is through.

    Raises:
        InvalidInput: the scope is none of `everything`, `hub:ID`, `agent:NAME`, `kind:KIND`.

    """
    _require_scope(scope)
    _lock(tx, shared=False)
    row = {"scope": scope, "set_by": person_id, "set_us": now_us, "reason": reason}
    upsert(tx, KILL, [row])
    body = {"scope": scope, "reason": reason}
    append(tx, [Draft(HOUSE, EntryKind.KILL_SET, now_us, person_id, body, (person_id,))])


def clear_switch(tx: Connection, scope: str, person_id: str, now_us: int) -> None:
    """Let a scope go on.

    Raises:
        NotFound: that switch is not set.

    """
    _lock(tx, shared=False)
    if not tx.execute(KILL.delete().where(KILL.c.scope == scope)).rowcount or scope == _GUARD:
        raise NotFound(f"no kill switch is set for {scope}")
    body = {"scope": scope}
    append(tx, [Draft(HOUSE, EntryKind.KILL_CLEARED, now_us, person_id, body, (person_id,))])


def _lock(tx: Connection, *, shared: bool) -> None:
    query = _SHARED if shared else _ALONE
    if tx.execute(query).one_or_none() is None:
        insert_new(tx, KILL, {"scope": _GUARD, "set_by": "", "set_us": 0, "reason": ""})
        tx.execute(query)


def _require_scope(scope: str) -> None:
    prefix, _, name = scope.partition(":")
    known = scope == EVERYTHING or (prefix in ("hub", "agent") and name)
    if not known and not (prefix == "kind" and name in _KINDS):
        mend = "use everything, hub:ID, agent:NAME or kind:KIND"
        raise InvalidInput("scope", f"{scope!r} is no scope", mend)
