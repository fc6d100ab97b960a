"""Reviews as people see them: the queue, and one review with the action it holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import Row, Select, select

from makegood.domain.actions import Action, Cancel, read_action
from makegood.domain.authority import WAITING_REVIEWS, ReviewStatus
from makegood.errors import NotFound
from makegood.gates.candidates import Facts
from makegood.store import tables
from makegood.store.sql import among, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from makegood.domain.entities import Fact

Change = tuple[str, str, "Fact", "Fact"]
"""A fact that moved: of which entity, its name, what it was and what it is now."""
REVIEW = table(tables.authority.Review)
_FIXED: Final = frozenset(
    {
        "kind",
        "hub_id",
        "order_id",
        "customer_id",
        "cause",
        "occurrence",
        "follows",
        "fulfilment_id",
        "assignment",
        "request_id",
        "with_order",
    }
)
"""What makes an action this action: another order or cause would be another request."""
ACTION = table(tables.authority.Action)


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One review and its action.

    `seen` is what a reviewer must send back: it stands for the exact action, the facts it rests
    on and the policies. `changed` lists facts that moved since the review was opened: (entity,
    fact, before, now).

    `first_by` said yes as the first of two, in the roles `first_roles`.

    `priority` is the instant by which it should be looked at: the least comes first. A claim by
    `claimed_by` ends at `claimed_until_us`, `level` counts the rungs climbed, `approving_until_us`
    ends the undo window, `asked_us` is when a question was put that nobody has answered yet,
    `replaced_by` is the review that took its place, and `note` says why it turned void.
    """

    id: str
    action_id: str
    run_id: str
    incident_id: str
    proposal_id: str
    agent: str
    hub_id: str
    order_id: str
    customer_id: str
    action: Action
    digest: str
    fingerprint: str
    policy_digest: str
    obligation_id: str
    decision: int
    subject: str
    rules: tuple[str, ...]
    why: str
    status: ReviewStatus
    opened_us: int
    deadline_us: int
    first_by: str
    first_roles: tuple[str, ...]
    decided_by: str
    decided_us: int | None
    reason: str
    version: int
    changed: tuple[Change, ...]
    priority: int = 0
    claimed_by: str = ""
    claimed_until_us: int | None = None
    level: int = 0
    warned_us: int | None = None
    approving_until_us: int | None = None
    edited_by: str = ""
    delegated_by: str = ""
    asked_by: str = ""
    asked_us: int | None = None
    replaced_by: str = ""
    note: str = ""

    @property
    def delegators(self) -> tuple[str, ...]:
        """All who passed it on, the first of them first: none of them decides it."""
        return tuple(self.delegated_by.split())

    @property
    def editable(self) -> tuple[str, ...]:
        """The fields of the action that a person may change before it is decided."""
        return editable(self.action)

    @property
    def seen(self) -> str:
        """What a decision on this review must name."""
        return seen(self.digest, self.fingerprint, self.policy_digest)


def seen(digest: str, fingerprint: str, policy_digest: str) -> str:
    """Return the text that stands for an action, the facts it rests on and the policies."""
    return hashlib.sha256(f"{digest}.{fingerprint}.{policy_digest}".encode()).hexdigest()[:32]


def editable(action: Action) -> tuple[str, ...]:
    """Return the names of the fields of an action that a person may change."""
    # What an order is worth is so, whatever a person writes.
    fixed = _FIXED | {"amount"} if isinstance(action, Cancel) else _FIXED
    return tuple(name for name in type(action).model_fields if name not in fixed)


def queue(
    tx: Connection,
    statuses: Sequence[ReviewStatus] = WAITING_REVIEWS,
    hub: str | None = None,
    limit: int = 500,
) -> list[ReviewItem]:
    """Return reviews of some statuses, the most urgent first."""
    first = select(REVIEW.c.id).where(REVIEW.c.status.in_(list(statuses)))
    if hub is not None:
        first = first.where(REVIEW.c.hub_id == hub)
    # Sorted by ids alone: with their actions, ten thousand rows would be sorted to show fifty.
    first = first.order_by(REVIEW.c.priority, REVIEW.c.id).limit(limit)
    query = _select().where(REVIEW.c.id.in_(first)).order_by(REVIEW.c.priority, REVIEW.c.id)
    return [item(row) for row in tx.execute(query)]


def decided(tx: Connection, limit: int = 50) -> list[ReviewItem]:
    """Return the reviews that people decided last, newest first."""
    query = _select().where(REVIEW.c.decided_us.is_not(None))
    query = query.order_by(REVIEW.c.decided_us.desc(), REVIEW.c.id).limit(limit)
    return [item(row) for row in tx.execute(query)]


def some(tx: Connection, ids: Sequence[str]) -> list[ReviewItem]:
    """Return the reviews of some ids, in no order; ids that are none are left out."""
    return [item(row) for row in tx.execute(_SOME, {"ids": list(ids)}).all()] if ids else []


def of_run(tx: Connection, run_id: str) -> list[ReviewItem]:
    """Return the reviews that one run waits for or waited for."""
    query = _select().where(REVIEW.c.run_id == run_id).order_by(REVIEW.c.id)
    return [item(row) for row in tx.execute(query)]


def get(tx: Connection, review_id: str) -> ReviewItem:
    """Return one review; raise NotFound when there is none of that id."""
    return item(_row(tx, review_id, lock=False))


def get_locked(tx: Connection, review_id: str) -> ReviewItem:
    """Return one review with its row locked; raise NotFound when there is none of that id."""
    return item(_row(tx, review_id, lock=True))


def _row(tx: Connection, review_id: str, *, lock: bool) -> Row[Any]:
    query = _select().where(REVIEW.c.id == review_id)
    row = tx.execute(query.with_for_update(of=REVIEW) if lock else query).one_or_none()
    if row is None:
        raise NotFound(f"no review {review_id}")
    return row


def _select() -> Select[Any]:
    columns = (
        ACTION.c.body,
        ACTION.c.incident_id,
        ACTION.c.proposal_id,
        ACTION.c.agent,
        ACTION.c.customer_id,
        ACTION.c.obligation_id,
        ACTION.c.decision,
        ACTION.c.subject,
        ACTION.c.rules,
        ACTION.c.why.label("action_why"),
    )
    return select(REVIEW, *columns).join(ACTION, ACTION.c.id == REVIEW.c.action_id)


_SOME: Final = _select().where(among(REVIEW.c.id, "ids"))


def item(row: Row[Any]) -> ReviewItem:
    """Return the review that a joined row describes."""
    return ReviewItem(
        id=row.id,
        action_id=row.action_id,
        run_id=row.run_id,
        incident_id=row.incident_id,
        proposal_id=row.proposal_id,
        agent=row.agent,
        hub_id=row.hub_id,
        order_id=row.order_id,
        customer_id=row.customer_id,
        action=read_action(row.body),
        digest=row.digest,
        fingerprint=row.fingerprint,
        policy_digest=row.policy_digest,
        obligation_id=row.obligation_id,
        decision=row.decision,
        subject=row.subject,
        rules=tuple(row.rules.split()),
        why=row.why or row.action_why,
        status=ReviewStatus(row.status),
        opened_us=row.opened_us,
        deadline_us=row.deadline_us,
        first_by=row.first_by,
        first_roles=tuple(row.first_roles.split()),
        decided_by=row.decided_by,
        decided_us=row.decided_us,
        reason=row.reason,
        version=row.version,
        changed=_changed(row.facts_then, row.facts_now),
        priority=row.priority,
        claimed_by=row.claimed_by,
        claimed_until_us=row.claimed_until_us,
        level=row.level,
        warned_us=row.warned_us,
        approving_until_us=row.approving_until_us,
        edited_by=row.edited_by,
        delegated_by=row.delegated_by,
        asked_by=row.asked_by,
        asked_us=row.asked_us,
        replaced_by=row.replaced_by,
        note=row.note,
    )


def _changed(then: str, now: str) -> tuple[Change, ...]:
    # Mostly nothing has, and then there is nothing to read.
    return () if then == now else difference(orjson.loads(then), orjson.loads(now))


def difference(then: Facts, now: Facts) -> tuple[Change, ...]:
    """Return the facts that moved: (entity, fact, before, now)."""
    return tuple(
        (entity, fact, before, now.get(entity, {}).get(fact))
        for entity, values in sorted(then.items())
        for fact, before in sorted(values.items())
        if now.get(entity, {}).get(fact) != before
    )
