"""Who may do what: actions, verdicts, obligations, reviews, grants, counters, switches."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy import text as sql

from makegood.store.tables.columns import NARROW, Record, big, blob, key_text, text


class Action(Record, table=True):
    """One proposed action; its verdict is written once and never again."""

    __table_args__ = (
        Index("action_order", "order_id"),
        Index("action_entity", "entity"),
        Index(
            "action_cancel",
            "judged_us",
            sqlite_where=sql("kind = 'cancel'"),
            postgresql_where=sql("kind = 'cancel'"),
        ),
    )

    id: str = key_text()
    position: int = big()
    proposal_id: str = text(index=True)
    run_id: str = text()
    incident_id: str = text()
    agent: str = text()
    kind: str = text()
    digest: str = text()
    body: bytes = blob()
    hub_id: str = text()
    order_id: str = text()
    customer_id: str = text()
    entity: str = text()
    cause: str = text()
    amount_minor: int | None = big(default=None, nullable=True)
    currency: str = text(default="")
    decision: int = big(default=-1)
    subject: str = text(default="")
    resource: str = text(default="", index=True)
    obligation_id: str = text(default="")
    verdict: str = text()
    rules: str = text()
    why: str = text()
    policy_digest: str = text()
    workspace_digest: str = text()
    judged_us: int = big()
    status: str = text(index=True)
    bypass_id: str = text(default="")


class Obligation(Record, table=True):
    """What an action settles; the unique key is what makes it happen once."""

    __table_args__ = (UniqueConstraint("kind", "target", "entitlement", "occurrence"),)

    id: str = key_text()
    kind: str = text()
    target: str = text()
    entitlement: str = text()
    occurrence: int = big()
    order_id: str = text()
    action_id: str = text(index=True)
    digest: str = text()
    amount_minor: int | None = big(default=None, nullable=True)
    currency: str = text(default="")
    status: str = text()
    generation: int = big(default=1)
    created_us: int = big()


class Review(Record, table=True):
    """The hold of one action; `version` is what two reviewers race on.

    `priority` is the instant by which it should be looked at: the least comes first.
    """

    __table_args__ = (
        Index("review_queue", "status", "deadline_us"),
        Index("review_priority", "status", "priority", "id"),
    )

    id: str = key_text()
    action_id: str = text(unique=True)
    run_id: str = text(index=True)
    hub_id: str = text()
    order_id: str = text(index=True)
    digest: str = text()
    policy_digest: str = text()
    fingerprint: str = text()
    facts_then: str = text()
    facts_now: str = text()
    status: str = text()
    why: str = text()
    opened_us: int = big()
    deadline_us: int = big()
    first_by: str = text(default="")
    first_roles: str = text(default="")
    decided_by: str = text(default="")
    decided_us: int | None = big(default=None, nullable=True)
    reason: str = text(default="")
    comment: bytes | None = blob(default=None, nullable=True)
    version: int = big(default=0)
    priority: int = big()
    claimed_by: str = text(default="")
    claimed_until_us: int | None = big(default=None, nullable=True)
    level: int = big(default=0)
    warned_us: int | None = big(default=None, nullable=True)
    approving_until_us: int | None = big(default=None, nullable=True)
    edited_by: str = text(default="")
    delegated_by: str = text(default="")
    asked_by: str = text(default="")
    asked_us: int | None = big(default=None, nullable=True)
    replaced_by: str = text(default="")
    note: str = text(default="")


class ReviewNote(Record, table=True):
    """A question about a hold, or the answer to one; the words are sealed."""

    id: str = key_text()
    review_id: str = text(index=True)
    kind: str = text()
    person_id: str = text()
    at_us: int = big()
    words: bytes = blob()


class Grant(Record, table=True):
    """The single-use right to run one exact action; an action has one that is not void."""

    __table_args__ = (
        Index(
            "grant_of_action",
            "action_id",
            unique=True,
            sqlite_where=sql("status IN ('unspent', 'spent')"),
            postgresql_where=sql("status IN ('unspent', 'spent')"),
        ),
    )

    id: str = key_text()
    action_id: str = text()
    obligation_id: str = text()
    digest: str = text()
    policy_digest: str = text()
    fingerprint: str = text()
    status: str = text(index=True)
    given_by: str = text()
    granted_us: int = big()
    expires_us: int = big()
    ended_us: int | None = big(default=None, nullable=True)
    detail: str = text(default="")


class Rejection(Record, table=True):
    """A person's no, final for (kind, entity, cause); `left` counts further proposals allowed."""

    kind: str = key_text()
    entity: str = key_text()
    cause: str = key_text()
    action_id: str = text()
    amount_minor: int | None = big(default=None, nullable=True)
    currency: str = text(default="")
    at_us: int = big()
    left: int = big(default=1)
    incident_id: str = text(default="")


class Counter(Record, table=True):
    """How much of a cumulative limit is reserved; never a sum over rows."""

    __table_args__ = NARROW

    key: str = key_text()
    cap: int = big()
    used: int = big()


class CounterClaim(Record, table=True):
    """What one action reserved of a counter, until its window has passed or it ends otherwise."""

    __table_args__ = NARROW

    action_id: str = key_text()
    key: str = key_text()
    amount: int = big()
    expires_us: int = big(index=True)


class OrderMoney(Record, table=True):
    """The row that is locked while money of an order is decided on or leaves."""

    order_id: str = key_text()
    committed_minor: int = big()
    confirmed_minor: int = big()


class KillSwitch(Record, table=True):
    """A person's stop: `everything`, `hub:ID`, `agent:NAME` or `kind:KIND`."""

    scope: str = key_text()
    set_by: str = text()
    set_us: int = big()
    reason: str = text()


class Ownership(Record, table=True):
    """Which process owns the work; every authority transaction checks its epoch."""

    id: str = key_text()
    owner: str = text()
    epoch: int = big()
    since_us: int = big()
