"""`/v1/proposal` and `/v1/decision`: what an agent wanted done, and why exactly that."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter
from sqlalchemy import Row, or_, select

from makegood.api import explained
from makegood.api.routes.listing import Limit, Listing, Out
from makegood.api.seam import House
from makegood.domain.actions import ActionKind
from makegood.domain.decisions import BUDGET_US, Decision, Method, Option
from makegood.errors import NotFound
from makegood.gates.review_items import ACTION

router = APIRouter(prefix="/v1", tags=["proposal"])


class ProposalOut(Out):
    """A proposal as it was stored: `body` has its actions, decisions and summary."""

    id: str
    run_id: str
    incident_id: str
    digest: str
    created_us: int
    body: dict[str, Any]


class ContributionOut(Out):
    """One factor's part of a score: value x weight = points; shares sum to 10000 basis points."""

    name: str
    unit: str
    value: int
    weight: int
    points: int
    share_bp: int


class FlipOut(Out):
    """The least change of one of the chosen option's raw values that flips the choice."""

    name: str
    unit: str
    by: int


class QualityOut(Out):
    """How good a joint plan is: its cost in points, and what no plan costs less than.

    `gap_bp` is what could be gained at most, in basis points of the cost; `bound_by` names the
    relaxation that the bound is the optimum of.
    """

    cost: int
    bound: int
    bound_by: str
    gap_bp: int


class DecisionOut(Out):
    """Why an action's option was chosen; the least score wins.

    `margin` is by how many points the best rejected option is worse, and `displacement` the part
    of it that falls on others in a joint plan. `forced` says that the plan was solved again with
    that option forced; if not, margin and flips are the most that they can be. `took_us` is what
    the whole round took in real time, null while it is not done, and `budget_us` what it may take.
    """

    action_id: str
    kind: ActionKind
    proposal_id: str
    decision: int
    subject: str
    method: Method
    policy_digest: str
    workspace_digest: str
    chosen: Option
    score: int
    contributions: tuple[ContributionOut, ...]
    rejected: Option | None
    rejected_contributions: tuple[ContributionOut, ...]
    margin: int
    displacement: int
    flips: tuple[FlipOut, ...]
    forced: bool
    quality: QualityOut | None
    took_us: int | None
    budget_us: int


@router.get("/proposal/{proposal_id}")
def get_proposal(house: House, proposal_id: str) -> ProposalOut:
    """Return one proposal."""
    found = explained.PROPOSAL
    with house.store.read() as tx:
        row = tx.execute(select(found).where(found.c.id == proposal_id)).one_or_none()
    if row is None:
        raise NotFound(f"proposal {proposal_id}")
    return ProposalOut(
        id=row.id,
        run_id=row.run_id,
        incident_id=row.incident_id,
        digest=row.digest,
        created_us=row.created_us,
        body=orjson.loads(row.body),
    )


@router.get("/decision/{decision_id}", tags=["decision"])
def get_decision(house: House, decision_id: str, limit: Limit = 100) -> Listing[DecisionOut]:
    """Explain the actions of a proposal, or one action: `decision_id` is the id of either."""
    mine = or_(ACTION.c.proposal_id == decision_id, ACTION.c.id == decision_id)
    query = select(ACTION).where(mine).order_by(ACTION.c.position).limit(limit)
    with house.store.read() as tx:
        rows = tx.execute(query).all()
        behind = {
            place: explained.decision_of(tx, place)
            for place in {(row.proposal_id, row.decision, "") for row in rows}
        }
        took = explained.took_us(tx, {row.run_id for row in rows})
    if not rows:
        raise NotFound(f"no proposal and no action {decision_id}")
    found = (
        _explained(row, behind[row.proposal_id, row.decision, ""], took.get(row.run_id))
        for row in rows
    )
    return Listing(items=tuple(one for one in found if one is not None))


def _explained(row: Row[Any], decision: Decision | None, took_us: int | None) -> DecisionOut | None:
    found = explained.explanation_of(decision, row.subject) if decision else None
    if decision is None or found is None:
        return None
    return DecisionOut(
        action_id=row.id,
        kind=ActionKind(row.kind),
        proposal_id=row.proposal_id,
        decision=row.decision,
        subject=row.subject,
        method=decision.method,
        policy_digest=decision.policy_digest,
        workspace_digest=decision.workspace_digest,
        chosen=found.chosen,
        score=found.score,
        contributions=tuple(ContributionOut.of(one) for one in found.contributions),
        rejected=found.rejected,
        rejected_contributions=tuple(
            ContributionOut.of(one) for one in found.rejected_contributions
        ),
        margin=found.margin,
        displacement=found.displacement,
        flips=tuple(FlipOut.of(one) for one in found.flips),
        forced=found.forced,
        quality=QualityOut.of(decision.quality) if decision.quality else None,
        took_us=took_us,
        budget_us=BUDGET_US,
    )
