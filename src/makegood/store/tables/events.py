"""Events: the log, what waits for a predecessor, what was set aside, and the persons' keys."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint

from makegood.store.tables.columns import Record, big, blob, key_text, text


class EventHead(Record, table=True):
    """The number of the last event; its one row is locked while events are taken in."""

    id: str = key_text()
    seq: int = big()


class EventLog(Record, table=True):
    """One event, for good; `body` is what `digest` is over and holds no personal value."""

    __table_args__ = (
        UniqueConstraint("source", "event_id"),
        Index("event_log_entity", "entity_kind", "entity_id"),
        Index("event_log_received", "received_us"),
    )

    seq: int = big(primary_key=True, sa_column_kwargs={"autoincrement": False})
    source: str = text()
    event_id: str = text()
    type: str = text()
    entity_kind: str = text()
    entity_id: str = text()
    hub_id: str = text()
    occurred_us: int = big()
    sequence: int | None = big(default=None, nullable=True)
    received_us: int = big()
    digest: str = text()
    body: bytes = blob()
    sealed: bytes | None = blob(default=None, nullable=True)
    person_id: str | None = text(default=None, nullable=True)


class EventParked(Record, table=True):
    """An event of the log that has no effect yet; can be made anew from the log."""

    __table_args__ = (Index("event_parked_entity", "entity_kind", "entity_id"),)

    seq: int = big(primary_key=True, sa_column_kwargs={"autoincrement": False})
    entity_kind: str = text()
    entity_id: str = text()
    effective_us: int = big()
    hopeless: bool
    problem: str = text()
    deadline_us: int = big(index=True)
    quarantine_id: str = text(default="")


class EventQuarantine(Record, table=True):
    """An event that was set aside: why, and what came in, sealed under a key of its own."""

    id: str = key_text()
    reason: str = text()
    source: str = text(default="")
    event_id: str = text(default="")
    type: str = text(default="")
    entity: str = text(default="", index=True)
    event_seq: int | None = big(default=None, nullable=True)
    field: str = text()
    problem: str = text()
    mend: str = text()
    size: int = big()
    sealed: bytes | None = blob(default=None, nullable=True)
    person_id: str = text(default="", index=True)
    received_us: int = big(index=True)
    sent_by: str = text(default="")


class EventQuarantineOutcome(Record, table=True):
    """How a quarantined event ended; it has at most one end."""

    quarantine_id: str = key_text()
    outcome: str = text()
    actor: str = text()
    why: str = text(default="")
    at_us: int = big()


class PrivacyKey(Record, table=True):
    """The key under which a person's data are sealed; without its bytes they are gone."""

    person_id: str = key_text()
    secret: bytes | None = blob(default=None, nullable=True)
    created_us: int = big()
    destroyed_us: int | None = big(default=None, nullable=True)
