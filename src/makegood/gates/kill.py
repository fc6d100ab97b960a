"""The kill switch: a person's stop for everything, one hub, one agent or one kind of action.

A row that is not there cannot be locked, so every spend locks one row that always is: a switch
set after a spend began waits for it, and a spend that begins later sees the switch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from makegood.domain.action_kinds import FACTS, Floor
from makegood.domain.effects import EffectStatus
from makegood.errors import NotFound
from makegood.gates import scopes
from makegood.ledger.entries import HOUSE, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.outbox.messages import Message, MessageType, SafeguardIds, put
from makegood.store.sql import insert_new, table, upsert
from makegood.store.tables.authority import Action, KillSwitch
from makegood.store.tables.effects import Effect

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.domain.actions import Action as Asked

KILL = table(KillSwitch)
ACTION: Final = table(Action)
EFFECT: Final = table(Effect)
EVERYTHING: Final = scopes.EVERYTHING
_GUARD: Final = "-"
_SET: Final = select(KILL).where(KILL.c.scope != _GUARD).order_by(KILL.c.scope)
_SENT: Final = (
    select(func.count())
    .select_from(EFFECT)
    .join(ACTION, ACTION.c.id == EFFECT.c.action_id)
    .where(
        EFFECT.c.status == EffectStatus.DISPATCHED,
        ACTION.c.kind.not_in([kind for kind, of in FACTS.items() if of.floor is Floor.NEVER_HELD]),
    )
)
_GUARD_ROW: Final = select(KILL.c.scope).where(KILL.c.scope == _GUARD)
_SHARED: Final = _GUARD_ROW.with_for_update(read=True)
_ALONE: Final = _GUARD_ROW.with_for_update()


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

    def stops(self, action: Asked, agent: str) -> str | None:
        """Return the scope of a switch that stops this action, or None; safety always passes."""
        return scopes.covering(self.scopes, action, agent) if self.scopes else None


def read_locked(tx: Connection) -> Switches:
    """Return the switches, holding off anyone who would set one until this transaction ends."""
    _lock(tx, shared=True)
    return read(tx)


def read(tx: Connection) -> Switches:
    """Return the switches as they are at this moment."""
    return Switches(frozenset(switch.scope for switch in switches(tx)))


def switches(tx: Connection) -> list[Switch]:
    """Return the switches that are set, by scope."""
    return [Switch(row.scope, row.set_by, row.set_us, row.reason) for row in tx.execute(_SET)]


def set_switch(tx: Connection, scope: str, person_id: str, reason: str, now_us: int) -> int:
    """Stop everything in a scope; nothing of it is dispatched once this transaction is through.

    Returns how many of its calls were on their way by then: they cannot be called back, and what
    comes of them is written down.

    Raises:
        InvalidInput: the scope is none of `everything`, `hub:ID`, `agent:NAME`, `kind:KIND`.

    """
    scopes.require(scope)
    _lock(tx, shared=False)
    row = {"scope": scope, "set_by": person_id, "set_us": now_us, "reason": reason}
    upsert(tx, KILL, [row])
    body = {"scope": scope, "reason": reason}
    append(tx, [Draft(HOUSE, EntryKind.KILL_SET, now_us, person_id, body, (person_id,))])
    put(tx, [Message(MessageType.KILL_SET, now_us, SafeguardIds(scope=scope))])
    return _on_their_way(tx, scope)


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
    put(tx, [Message(MessageType.KILL_CLEARED, now_us, SafeguardIds(scope=scope))])


def _on_their_way(tx: Connection, scope: str) -> int:
    prefix, _, name = scope.partition(":")
    columns = {"hub": ACTION.c.hub_id, "agent": ACTION.c.agent, "kind": ACTION.c.kind}
    query = _SENT.where(columns[prefix] == name) if prefix in columns else _SENT
    return tx.execute(query).scalar_one()


def _lock(tx: Connection, *, shared: bool) -> None:
    query = _SHARED if shared else _ALONE
    if tx.execute(query).one_or_none() is None:
        insert_new(tx, KILL, {"scope": _GUARD, "set_by": "", "set_us": 0, "reason": ""})
        tx.execute(query)
