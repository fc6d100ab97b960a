"""`/v1/action`: what was asked for, how the gate judged it, and how far it has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import select

from makegood.api.routes.listing import Limit, Listing, Out
from makegood.api.seam import House
from makegood.domain.actions import ACTIONS, Action, ActionKind
from makegood.domain.authority import ActionStatus, Verdict
from makegood.errors import NotFound
from makegood.store import tables
from makegood.store.sql import table

if TYPE_CHECKING:
    from sqlalchemy import Row

router = APIRouter(prefix="/v1", tags=["action"])
ACTION = table(tables.authority.Action)

Statuses = Annotated[list[ActionStatus] | None, Query(alias="status")]
Kinds = Annotated[list[ActionKind] | None, Query(alias="kind")]


class ActionOut(Out):
    """An action with its verdict, which was given once; `decision` and `subject` explain it.

    `bypass_id` names the bypass without which it would not have passed, if there is one.
    """

    id: str
    status: ActionStatus
    verdict: Verdict
    rules: tuple[str, ...]
    why: str
    action: Action
    digest: str
    agent: str
    proposal_id: str
    run_id: str
    incident_id: str
    hub_id: str
    order_id: str
    obligation_id: str
    decision: int
    subject: str
    policy_digest: str
    workspace_digest: str
    judged_us: int
    bypass_id: str


@router.get("/action")
def list_actions(
    house: House,
    status: Statuses = None,
    kind: Kinds = None,
    order_id: str | None = None,
    limit: Limit = 200,
) -> Listing[ActionOut]:
    """List actions, the last judged first."""
    query = select(ACTION).order_by(ACTION.c.judged_us.desc(), ACTION.c.position, ACTION.c.id)
    if status:
        query = query.where(ACTION.c.status.in_([s.value for s in status]))
    if kind:
        query = query.where(ACTION.c.kind.in_([k.value for k in kind]))
    if order_id is not None:
        query = query.where(ACTION.c.order_id == order_id)
    with house.store.read() as tx:
        return Listing(items=tuple(_out(row) for row in tx.execute(query.limit(limit))))


@router.get("/action/{action_id}")
def get_action(house: House, action_id: str) -> ActionOut:
    """Return one action."""
    with house.store.read() as tx:
        row = tx.execute(select(ACTION).where(ACTION.c.id == action_id)).one_or_none()
    if row is None:
        raise NotFound(f"action {action_id}")
    return _out(row)


def _out(row: Row[Any]) -> ActionOut:
    return ActionOut(
        id=row.id,
        status=ActionStatus(row.status),
        verdict=Verdict(row.verdict),
        rules=tuple(row.rules.split()),
        why=row.why,
        action=ACTIONS.validate_json(row.body),
        digest=row.digest,
        agent=row.agent,
        proposal_id=row.proposal_id,
        run_id=row.run_id,
        incident_id=row.incident_id,
        hub_id=row.hub_id,
        order_id=row.order_id,
        obligation_id=row.obligation_id,
        decision=row.decision,
        subject=row.subject,
        policy_digest=row.policy_digest,
        workspace_digest=row.workspace_digest,
        judged_us=row.judged_us,
        bypass_id=row.bypass_id,
    )
