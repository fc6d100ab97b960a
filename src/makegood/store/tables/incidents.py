"""Incidents, the runs that work on them and what the runs propose."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy import text as sql

from makegood.store.tables.columns import Record, big, blob, key_text, text


class Incident(Record, table=True):
    """One incident; at most one open incident has a key."""

    __table_args__ = (
        Index(
            "incident_open_key",
            "key",
            unique=True,
            sqlite_where=sql("status = 'open'"),
            postgresql_where=sql("status = 'open'"),
        ),
    )

    id: str = key_text()
    kind: str = text()
    key: str = text()
    hub_id: str = text(index=True)
    status: str = text(index=True)
    severity: int = big()
    opened_us: int = big()
    updated_us: int = big()
    closed_us: int | None = big(default=None, nullable=True)
    round: int = big(default=0)
    body: bytes = blob()


class Run(Record, table=True):
    """One LangGraph thread; `id` is the thread's id.

    `open_reviews` is how many reviews were open when it began to wait; `decision_us` is the real
    time from the incident's opening (or the round's start) to the last effect intended.
    """

    id: str = key_text()
    incident_id: str = text(index=True)
    hub_id: str = text()
    agent: str = text()
    round: int = big()
    status: str = text(index=True)
    interrupt_id: str = text(default="")
    proposal_id: str = text(default="")
    started_us: int = big()
    updated_us: int = big()
    decided_us: int | None = big(default=None, nullable=True)
    open_reviews: int = big(default=0)
    decision_us: int | None = big(default=None, nullable=True)
    attempts: int = big(default=0)
    detail: str = text(default="")


class Proposal(Record, table=True):
    """What a run wants done; `body` is the whole proposal as canonical JSON."""

    id: str = key_text()
    run_id: str = text(index=True)
    incident_id: str = text()
    attempt: int = big()
    digest: str = text()
    created_us: int = big()
    body: bytes = blob()
