"""Why things were done in a scenario: the decision behind an action, as a report can show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import BaseModel, ConfigDict
from sqlalchemy import or_, select

from makegood.clock import MINUTE
from makegood.domain.decisions import Decision
from makegood.effects.reads import ACTION
from makegood.planning import Explanation, explain
from makegood.runtime.submission import PROPOSAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Row

    from makegood.replay.stage import Stage

_MOST: Final = 24


class Weight(BaseModel):
    """One factor of a choice: its value, its weight, and its share of the points."""

    model_config = ConfigDict(frozen=True)

    factor: str
    value: int
    unit: str
    weight: int
    share: float


class Decided(BaseModel):
    """An action, how it ended, and what was weighed before it was proposed."""

    model_config = ConfigDict(frozen=True)

    action_id: str
    order_id: str
    kind: str
    status: str
    minute: float
    chosen: str
    rejected: str
    weights: tuple[Weight, ...]


def behind(stage: Stage, actions: Iterable[str], orders: Sequence[str]) -> tuple[Decided, ...]:
    """Return the decisions behind some actions, and behind the last action on some orders."""
    wanted = sorted(set(actions))
    with stage.store.read() as tx:
        which = or_(ACTION.c.id.in_(wanted), ACTION.c.order_id.in_(sorted(set(orders))))
        rows = tx.execute(select(ACTION).where(which).order_by(ACTION.c.judged_us)).all()
        last = {row.order_id: row for row in rows if row.order_id in orders}
        named = [row for row in rows if row.id in wanted]
        chosen = {row.id: row for row in (*named, *last.values())}
        found = list(chosen.values())[:_MOST]
        return tuple(_decided(tx, row, stage.options.starts_us) for row in found)


def _decided(tx: Connection, row: Row[Any], starts_us: int) -> Decided:
    told = _explained(tx, row)
    return Decided(
        action_id=row.id,
        order_id=row.order_id,
        kind=row.kind,
        status=row.status,
        minute=round((row.judged_us - starts_us) / MINUTE, 1),
        chosen=told.chosen.key if told else "",
        rejected=told.rejected.key if told and told.rejected else "",
        weights=_weights(told) if told else (),
    )


def _explained(tx: Connection, row: Row[Any]) -> Explanation | None:
    query = select(PROPOSAL.c.body).where(PROPOSAL.c.id == row.proposal_id)
    body = tx.execute(query).scalar_one_or_none()
    decisions: list[Any] = orjson.loads(body)["decisions"] if body else []
    if not 0 <= row.decision < len(decisions):
        return None
    decision = Decision.model_validate(decisions[row.decision])
    if row.subject not in {subject.id for subject in decision.subjects}:
        return None
    return explain(decision, row.subject)


def _weights(told: Explanation) -> tuple[Weight, ...]:
    return tuple(
        Weight(
            factor=each.name,
            value=each.value,
            unit=each.unit,
            weight=each.weight,
            share=each.share_bp / 10_000,
        )
        for each in told.contributions
        if each.points
    )
