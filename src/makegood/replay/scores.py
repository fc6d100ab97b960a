"""What came of it: promises, actions, holds, how long decisions took, and the ledger's word.

Promises are counted from the company's own books, everything else from the store.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from makegood.clock import SECOND
from makegood.domain.actions import ActionKind
from makegood.domain.authority import PENDING_REVIEWS, ActionStatus, ReviewStatus
from makegood.domain.effects import EffectStatus
from makegood.domain.incidents import IncidentStatus
from makegood.domain.money import Money
from makegood.events import audit
from makegood.replay.company import Score
from makegood.store.sql import table
from makegood.store.tables.authority import Action, Review
from makegood.store.tables.effects import Effect
from makegood.store.tables.incidents import Incident, Run

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.ledger.verify import Report

_ACTION: Final = table(Action)
_REVIEW: Final = table(Review)
_EFFECT: Final = table(Effect)
_INCIDENT: Final = table(Incident)
_RUN: Final = table(Run)

_SETTING_OUT: Final = (ActionStatus.GRANTED, ActionStatus.INTENDED, ActionStatus.UNKNOWN)
_NOT_DONE: Final = (
    ActionStatus.REJECTED,
    ActionStatus.EXPIRED,
    ActionStatus.SUPERSEDED,
    ActionStatus.VOID,
)
_REFUSED: Final = (ActionStatus.DENIED, ActionStatus.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How far the actions of one kind have come; `met` were owed already and count nowhere."""

    kind: str
    done: int
    under_way: int
    waiting: int
    not_done: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """What was held for a person, and how it ended."""

    waiting: int
    approved: int
    rejected: int
    expired: int
    superseded: int
    void: int

    @property
    def total(self) -> int:
        """All of them."""
        said = self.waiting + self.approved + self.rejected
        return said + self.expired + self.superseded + self.void


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long decisions took, in seconds of the machine, per round of work on an incident."""

    count: int
    p50_s: float
    p95_s: float
    max_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What came of it."""

    promises: Score
    incidents: dict[str, int]
    kinds: tuple[Kind, ...]
    coupons: tuple[Money, ...]
    refunds_waiting: tuple[Money, ...]
    refunds: tuple[Money, ...]
    holds: Holds
    decisions: Times
    ledger: Report


def summarise(tx: Connection, promises: Score) -> Summary:
    """Read everything but the promises off the store."""
    return Summary(
        promises=promises,
        incidents=_incidents(tx),
        kinds=_kinds(tx),
        coupons=_money(tx, ActionKind.COUPON, (ActionStatus.CONFIRMED,)),
        refunds_waiting=_money(tx, ActionKind.REFUND, (ActionStatus.HELD,)),
        refunds=_money(tx, ActionKind.REFUND, (ActionStatus.CONFIRMED,)),
        holds=_holds(tx),
        decisions=times(decision_times(tx)),
        ledger=audit.everything(tx),
    )


def counts(tx: Connection) -> tuple[int, int, int]:
    """Return how many incidents are open, effects were confirmed, and reviews wait."""
    open_ones = _INCIDENT.c.status == IncidentStatus.OPEN.value
    done = _EFFECT.c.status == EffectStatus.CONFIRMED.value
    waiting = _REVIEW.c.status.in_([status.value for status in PENDING_REVIEWS])
    found = [
        tx.execute(select(func.count()).select_from(rows).where(which)).scalar_one()
        for rows, which in ((_INCIDENT, open_ones), (_EFFECT, done), (_REVIEW, waiting))
    ]
    return found[0], found[1], found[2]


def times(seconds: Sequence[float]) -> Times:
    """Return the median, the 95th percentile (nearest rank) and the longest; zeros for none."""
    if not seconds:
        return Times(count=0, p50_s=0.0, p95_s=0.0, max_s=0.0)
    found = sorted(seconds)

    def rank(share: float) -> float:
        return found[math.ceil(share * len(found)) - 1]

    return Times(count=len(found), p50_s=rank(0.5), p95_s=rank(0.95), max_s=found[-1])


def decision_times(tx: Connection) -> list[float]:
    """Return how long each run took to decide: the incident's turn to its last effect intended."""
    query = select(_RUN.c.decision_us).where(_RUN.c.decision_us.is_not(None))
    return [took_us / SECOND for took_us in tx.execute(query).scalars()]


def _incidents(tx: Connection) -> dict[str, int]:
    query = select(_INCIDENT.c.kind, func.count()).group_by(_INCIDENT.c.kind)
    return {str(kind): int(count) for kind, count in tx.execute(query)}


def _kinds(tx: Connection) -> tuple[Kind, ...]:
    query = select(_ACTION.c.kind, _ACTION.c.status, func.count())
    found: dict[str, Counter[str]] = {}
    for kind, status, count in tx.execute(query.group_by(_ACTION.c.kind, _ACTION.c.status)):
        found.setdefault(kind, Counter())[status] += count

    def total(counts: Counter[str], statuses: Sequence[ActionStatus]) -> int:
        return sum(counts[status.value] for status in statuses)

    return tuple(
        Kind(
            kind=kind,
            done=counts[ActionStatus.CONFIRMED.value],
            under_way=total(counts, _SETTING_OUT),
            waiting=counts[ActionStatus.HELD.value],
            not_done=total(counts, _NOT_DONE),
            refused=total(counts, _REFUSED),
        )
        for kind, counts in sorted(found.items())
    )


def _money(tx: Connection, kind: ActionKind, statuses: Sequence[ActionStatus]) -> tuple[Money, ...]:
    query = (
        select(_ACTION.c.currency, func.sum(_ACTION.c.amount_minor))
        .where(
            _ACTION.c.kind == kind.value,
            _ACTION.c.status.in_([status.value for status in statuses]),
            _ACTION.c.amount_minor.is_not(None),
        )
        .group_by(_ACTION.c.currency)
        .order_by(_ACTION.c.currency)
    )
    return tuple(
        Money(minor=int(minor), currency=currency) for currency, minor in tx.execute(query)
    )


def _holds(tx: Connection) -> Holds:
    query = select(_REVIEW.c.status, func.count()).group_by(_REVIEW.c.status)
    counts = {str(status): int(count) for status, count in tx.execute(query)}

    def of(*statuses: ReviewStatus) -> int:
        return sum(counts.get(status.value, 0) for status in statuses)

    return Holds(
        waiting=of(*PENDING_REVIEWS),
        approved=of(ReviewStatus.APPROVED),
        rejected=of(ReviewStatus.REJECTED),
        expired=of(ReviewStatus.EXPIRED),
        superseded=of(ReviewStatus.SUPERSEDED),
        void=of(ReviewStatus.VOID),
    )
