"""Reading effects."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Row, Select, case, not_, or_, select, true

from makegood.domain.actions import FACTS, Action, Floor, read_action
from makegood.domain.effects import EffectCall, EffectStatus
from makegood.gates import kill
from makegood.gates.velocity import Subject
from makegood.store import tables
from makegood.store.sql import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

EFFECT = table(tables.effects.Effect)
ACTION = table(tables.authority.Action)
GRANT = table(tables.authority.Grant)
_IS_SAFETY: Final = ACTION.c.kind.in_(
    [kind.value for kind, facts in FACTS.items() if facts.floor is Floor.NEVER_HELD]
)
TO_SEND: Final = (EffectStatus.INTENDED, EffectStatus.UNKNOWN)
TO_NOTE: Final = (EffectStatus.DISPATCHED, EffectStatus.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect as it stands, with the action it carries out.

    `digest` is what was granted; `intact` says whether the action still is what it names.
    `given_by` (the gate or a person), `fingerprint` and `expires_us` are its grant's.
    """

    id: str
    key: str
    action_id: str
    obligation_id: str
    order_id: str
    hub_id: str
    adapter: str
    agent: str
    status: EffectStatus
    attempts: int
    intended_us: int
    dispatched_us: int | None
    ended_us: int | None
    next_us: int | None
    reference: str
    detail: str
    digest: str
    given_by: str
    fingerprint: str
    expires_us: int
    intact: bool
    action: Action

    @property
    def subject(self) -> Subject:
        """The action as breakers see it."""
        return Subject(self.action, self.agent, self.adapter)

    @property
    def call(self) -> EffectCall:
        """What the adapter is given."""
        return EffectCall(self.key, self.action, self.digest)


def due(tx: Connection, now_us: int, limit: int = 2_000) -> list[Effect]:
    """Return effects that are to be sent or asked about now: safety first, then oldest first.

    What a kill switch stops is left out, or many of them would keep others from their turn.
    """
    query = _select().where(EFFECT.c.status.in_(TO_SEND), EFFECT.c.next_us <= now_us)
    if stopped := _stopped(kill.switches(tx)):
        query = query.where(or_(_IS_SAFETY, not_(or_(*stopped))))
    first = case((_IS_SAFETY, 0), else_=1)
    query = query.order_by(first, EFFECT.c.intended_us, EFFECT.c.id).limit(limit)
    return [_effect(row) for row in tx.execute(query)]


def _stopped(switches: Iterable[kill.Switch]) -> list[ColumnElement[bool]]:
    """Return the conditions under which switches stop an effect, unless it is for safety."""
    columns = {"hub": ACTION.c.hub_id, "agent": ACTION.c.agent, "kind": ACTION.c.kind}
    parts = [switch.scope.partition(":") for switch in switches]
    return [columns[prefix] == name if name else true() for prefix, _, name in parts]


def of_status(tx: Connection, statuses: Sequence[EffectStatus], limit: int = 500) -> list[Effect]:
    """Return effects of some statuses, newest first."""
    query = _select().where(EFFECT.c.status.in_(list(statuses)))
    query = query.order_by(EFFECT.c.intended_us.desc(), EFFECT.c.id).limit(limit)
    return [_effect(row) for row in tx.execute(query)]


def of_order(tx: Connection, order_id: str) -> list[Effect]:
    """Return the effects on one order, oldest first."""
    query = _select().where(EFFECT.c.order_id == order_id).order_by(EFFECT.c.intended_us)
    return [_effect(row) for row in tx.execute(query)]


def get(tx: Connection, effect_id: str) -> Effect | None:
    """Return one effect with its row locked, or None."""
    query = _select().where(or_(EFFECT.c.id == effect_id, EFFECT.c.action_id == effect_id))
    row = tx.execute(query.with_for_update(of=EFFECT)).one_or_none()
    return _effect(row) if row else None


def still(
    tx: Connection, effects: Sequence[Effect], statuses: Sequence[EffectStatus]
) -> frozenset[str]:
    """Return the ids of those effects that are in one of these statuses yet, locked.

    Between reading an effect and writing what came of it, a person may have decided on it.
    """
    query = select(EFFECT.c.id).where(
        EFFECT.c.id.in_([e.id for e in effects]), EFFECT.c.status.in_(list(statuses))
    )
    return frozenset(tx.execute(query.order_by(EFFECT.c.id).with_for_update()).scalars())


def _select() -> Select[Any]:
    granted = (GRANT.c.digest, GRANT.c.given_by, GRANT.c.fingerprint, GRANT.c.expires_us)
    return (
        select(EFFECT, ACTION.c.body, ACTION.c.agent, *granted)
        .join(ACTION, ACTION.c.id == EFFECT.c.action_id)
        .join(GRANT, GRANT.c.id == EFFECT.c.grant_id)
    )


def _effect(row: Row[Any]) -> Effect:
    return Effect(
        id=row.id,
        key=row.key,
        action_id=row.action_id,
        obligation_id=row.obligation_id,
        order_id=row.order_id,
        hub_id=row.hub_id,
        adapter=row.adapter,
        agent=row.agent,
        status=EffectStatus(row.status),
        attempts=row.attempts,
        intended_us=row.intended_us,
        dispatched_us=row.dispatched_us,
        ended_us=row.ended_us,
        next_us=row.next_us,
        reference=row.reference,
        detail=row.detail,
        digest=row.digest,
        given_by=row.given_by,
        fingerprint=row.fingerprint,
        expires_us=row.expires_us,
        intact=hashlib.sha256(row.body).hexdigest() == row.digest,
        action=read_action(row.body),
    )
