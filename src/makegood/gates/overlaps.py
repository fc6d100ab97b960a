"""Refunds of the same goods under different obligations: one of a line, and one of its order.

Each names other lines, so that none of them is the other's repetition. All wait for a person, who
is told what stands beside, because the balance alone lets both pass while it lasts.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from makegood.domain.actions import ActionKind, Refund
from makegood.domain.authority import ObligationStatus, Verdict
from makegood.domain.money import Money
from makegood.store.sql import among, table
from makegood.store.tables import authority

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Row

    from makegood.gates.candidates import Candidate

ACTION = table(authority.Action)
OBLIGATION = table(authority.Obligation)
_LINES: Final = "#"
_SAID: Final = {ObligationStatus.OPEN: "is asked for", ObligationStatus.SETTLED: "was paid"}
_OF_ORDERS: Final = (
    select(OBLIGATION)
    .join(ACTION, ACTION.c.id == OBLIGATION.c.action_id)
    .where(
        among(ACTION.c.order_id, "orders"),
        ACTION.c.kind == ActionKind.REFUND,
        OBLIGATION.c.status.in_(list(_SAID)),
    )
    .order_by(OBLIGATION.c.created_us, OBLIGATION.c.id)
)


def check(tx: Connection, judged: Sequence[Candidate]) -> None:
    """Hold refunds of what another refund is for, with what the other one is."""
    asked = [(c, c.action) for c in judged if isinstance(c.action, Refund)]
    if not asked:
        return
    orders = sorted({action.order_id for _, action in asked})
    standing: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in tx.execute(_OF_ORDERS, {"orders": orders}).all():
        standing[row.order_id].append(row)
    before: dict[str, list[tuple[Candidate, Refund]]] = defaultdict(list)
    for candidate, action in asked:
        beside = [*_standing(candidate, action, standing[action.order_id])]
        beside += _with(candidate, action, before[action.order_id])
        for why in beside:
            candidate.say("obligation.overlap", Verdict.HOLD, why)
        before[action.order_id].append((candidate, action))


def _standing(candidate: Candidate, action: Refund, rows: Iterable[Row[Any]]) -> Iterator[str]:
    mine = frozenset(action.lines)
    for row in rows:
        if row.id != candidate.obligation_id and _overlap(mine, _lines_of(row.target)):
            yield _told(row)


def _with(
    candidate: Candidate, action: Refund, others: Iterable[tuple[Candidate, Refund]]
) -> Iterator[str]:
    mine = frozenset(action.lines)
    for one, other in others:
        if one.obligation_id != candidate.obligation_id and _overlap(mine, frozenset(other.lines)):
            yield f"{other.amount} for the same is asked for beside it"


def _overlap(these: frozenset[str], those: frozenset[str]) -> bool:
    """Say whether two refunds are of the same goods; one without lines is of the whole order."""
    return not these or not those or not these.isdisjoint(those)


def _lines_of(target: str) -> frozenset[str]:
    _, _, lines = target.partition(_LINES)
    return frozenset(lines.split(",")) if lines else frozenset()


def _told(row: Row[Any]) -> str:
    amount = Money(minor=row.amount_minor, currency=row.currency)
    lines = ", ".join(sorted(_lines_of(row.target)))
    what = f"line {lines} of the order" if lines else "the whole order"
    return f"{amount} for {what} {_SAID[ObligationStatus(row.status)]} already ({row.action_id})"
