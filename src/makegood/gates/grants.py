"""Grants: the single-use right to run one exact action, and its spending.

Spending happens in one transaction with the effect's intent and the ledger entry. Under row
locks it looks again at everything that could have changed since: expiry, digest, fingerprint,
kill switch, safety limits, open breakers, the order's balance. What no longer holds is void and
never runs; where a person had approved it, they are asked again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select

from makegood.clock import MINUTE
from makegood.domain.actions import Action, ActionKind, read_action
from makegood.domain.authority import ActionStatus, GrantStatus, ObligationStatus
from makegood.gates import (
    balances,
    grant_checks,
    last_look,
    review_records,
    review_settling,
    terms,
)
from makegood.gates.terms import Terms
from makegood.ledger.entries import SYSTEM, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.store import tables
from makegood.store.sql import among, insert, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from makegood.domain.effects import AdapterFacts
    from makegood.domain.policy import Policies
    from makegood.gates.candidates import Candidate
    from makegood.gates.rules import Rulebook

GRANT = table(tables.authority.Grant)
ACTION = table(tables.authority.Action)
OBLIGATION = table(tables.authority.Obligation)
REVIEW = table(tables.authority.Review)
BY_GATE = last_look.BY_GATE
_UNSPENT: Final = (
    select(GRANT.c.id)
    .where(GRANT.c.status == GrantStatus.UNSPENT)
    .order_by(GRANT.c.granted_us, GRANT.c.id)
    .limit(bindparam("most"))
)
_WAITING: Final = (
    select(
        GRANT,
        ACTION.c.body,
        ACTION.c.agent,
        ACTION.c.hub_id,
        ACTION.c.order_id,
        ACTION.c.bypass_id,
        ACTION.c.status.label("action_status"),
        OBLIGATION.c.action_id.label("owner"),
        OBLIGATION.c.status.label("obligation_status"),
        OBLIGATION.c.generation,
    )
    .join(ACTION, ACTION.c.id == GRANT.c.action_id)
    .join(OBLIGATION, OBLIGATION.c.id == GRANT.c.obligation_id)
    .where(among(GRANT.c.id, "ids"), GRANT.c.status == GrantStatus.UNSPENT)
    .order_by(GRANT.c.granted_us, ACTION.c.position, GRANT.c.id)
    .with_for_update()
)
_APPROVED: Final = (
    select(REVIEW.c.id, REVIEW.c.first_by, GRANT.c.id.label("grant_id"), GRANT.c.given_by)
    .join(GRANT, GRANT.c.action_id == REVIEW.c.action_id)
    .where(among(GRANT.c.id, "ids"))
    .order_by(REVIEW.c.id)
    .with_for_update(of=REVIEW)
)
_SPEND: Final = (
    GRANT.update()
    .where(among(GRANT.c.id, "ids"), GRANT.c.status == GrantStatus.UNSPENT)
    .values(status=GrantStatus.SPENT, ended_us=bindparam("now_us"))
)
_ENDED = {
    GrantStatus.VOID: ActionStatus.SUPERSEDED,
    GrantStatus.EXPIRED: ActionStatus.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Spent:
    """A grant that was just spent: the exact action, and the key the outside will see."""

    grant_id: str
    action_id: str
    obligation_id: str
    key: str
    digest: str
    hub_id: str
    order_id: str
    action: Action


@dataclass(frozen=True, slots=True)
class Refused:
    """A grant that may not be spent, and why; `given_by` is the gate or the person who approved.

    `status` is what becomes of the grant: void, or expired. It is `intact` unless the action that
    is stored is not the one that was granted: then nobody can be asked about it again.
    """

    grant_id: str
    status: GrantStatus
    action_id: str
    hub_id: str
    order_id: str
    why: str
    given_by: str
    intact: bool


def give(tx: Connection, rulebook: Rulebook, allowed: Sequence[Candidate], now_us: int) -> None:
    """Grant what the gate allowed."""
    ends = now_us + rulebook.policies.approvals.grant_minutes * MINUTE
    insert(
        tx,
        GRANT,
        [
            Terms(
                action_id=candidate.id,
                obligation_id=candidate.obligation_id,
                digest=candidate.digest,
                policy_digest=rulebook.policy_digest,
                fingerprint=candidate.fingerprint,
                given_by=BY_GATE,
                granted_us=now_us,
                expires_us=ends,
            ).row()
            for candidate in allowed
        ],
    )


def unspent(tx: Connection, limit: int = 2_000) -> list[str]:
    """Return the ids of grants that wait to be spent, oldest first."""
    return list(tx.execute(_UNSPENT, {"most": limit}).scalars())


def spend(
    tx: Connection,
    grant_ids: Sequence[str],
    adapters: Mapping[ActionKind, AdapterFacts],
    policies: Policies,
    now_us: int,
) -> tuple[list[Spent], list[Refused]]:
    """Spend grants, each once, or say why not; the caller writes the intents in `tx` as well."""
    # Who approved what cannot be spent is asked again, and reviews are locked first, everywhere.
    approved = tx.execute(_APPROVED, {"ids": list(grant_ids)}).all()
    rows = _locked(tx, grant_ids)
    if not rows:
        return [], []
    actions = {row.id: read_action(row.body) for row in rows if _is_intact(row)}
    troubles = grant_checks.left_behind(tx, approved)
    troubles |= grant_checks.troubles(tx, rows, actions, adapters, policies, now_us)
    fine = [(row, actions[row.id]) for row in rows if row.id not in troubles]
    # Locked before breakers, as where an action is judged.
    balance = balances.locked(tx, [a.order_id for _, a in fine if a.pays_back])
    troubles |= last_look.look(tx, policies.breakers, adapters, fine, now_us)
    good: list[Any] = []
    refused: list[Refused] = []
    for row in rows:
        why = troubles.get(row.id) or _balance(balance, actions[row.id])
        if why:
            refused.append(_refused(row, why, now_us, intact=row.id in actions))
        else:
            good.append(row)
    balance.save(tx)
    _mark_spent(tx, [row.id for row in good], now_us)
    _void(tx, refused, now_us)
    return [_spent(row, actions[row.id]) for row in good], refused


def _locked(tx: Connection, grant_ids: Sequence[str]) -> list[Any]:
    return list(tx.execute(_WAITING, {"ids": list(grant_ids)}).all())


def _is_intact(row: Any) -> bool:  # noqa: ANN401 -- a database row
    return terms.hold(row) and hashlib.sha256(row.body).hexdigest() == row.digest


def _refused(
    row: Any,  # noqa: ANN401 -- a database row
    why: str,
    now_us: int,
    *,
    intact: bool,
) -> Refused:
    status = GrantStatus.EXPIRED if now_us > row.expires_us else GrantStatus.VOID
    place = (row.action_id, row.hub_id, row.order_id)
    return Refused(row.id, status, *place, why, row.given_by, intact)


def _balance(balance: balances.Balances, action: Action) -> str:
    money = action.pays_back
    if money is None or balance.take(action.order_id, money):
        return ""
    return "what was captured does not cover it any more"


def _mark_spent(tx: Connection, grant_ids: Sequence[str], now_us: int) -> None:
    if not grant_ids:
        return
    spent = tx.execute(_SPEND, {"ids": list(grant_ids), "now_us": now_us})
    if spent.rowcount != len(grant_ids):
        message = "grants were locked, and yet one of them moved"
        raise AssertionError(message)


def _void(tx: Connection, refused: Sequence[Refused], now_us: int) -> None:
    for item in refused:
        values = {"status": item.status, "ended_us": now_us, "detail": item.why}
        tx.execute(GRANT.update().where(GRANT.c.id == item.grant_id).values(values))
    asked = [item for item in refused if item.intact and item.given_by != BY_GATE]
    for item in asked:
        review_settling.ask_again(tx, item.action_id, item.why, now_us)
    for grant, action in _ENDED.items():
        ours = [i.action_id for i in refused if i not in asked and i.status is grant]
        if ours:
            review_records.end_action(tx, ours, action, ObligationStatus.RELEASED)
    append(
        tx,
        [
            Draft(
                item.hub_id,
                EntryKind.GRANT_VOIDED,
                now_us,
                SYSTEM,
                {
                    "grant_id": item.grant_id,
                    "action_id": item.action_id,
                    "status": item.status,
                    "why": item.why,
                },
                (item.action_id, f"sales_order/{item.order_id}"),
            )
            for item in refused
        ],
    )


def _spent(row: Any, action: Action) -> Spent:  # noqa: ANN401 -- a database row
    return Spent(
        grant_id=row.id,
        action_id=row.action_id,
        obligation_id=row.obligation_id,
        key=f"{row.obligation_id}-{row.generation}",
        digest=row.digest,
        hub_id=row.hub_id,
        order_id=row.order_id,
        action=action,
    )
