"""Notifications on their way out: what there is to tell, whom, and how far each telling has come.

A message is only ever added; what changes (tries, endings, an endpoint's rest) stands beside it.
"""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy import text as sql

from makegood.store.tables.columns import Record, big, blob, key_text, serial, text

_WAITING = sql("status = 'waiting'")


class OutboxMessage(Record, table=True):
    """One thing to tell; `body` is its JSON, which holds ids and never personal data."""

    seq: int | None = serial()
    id: str = text(unique=True)
    type: str = text()
    subject: str = text()
    at_us: int = big()
    body: bytes = blob()


class OutboxEndpoint(Record, table=True):
    """Whom to tell; address and secret are settings and stand in no table."""

    name: str = key_text()
    failures: int = big(default=0)
    rests_until_us: int = big(default=0)
    closed: str = text(default="")


class OutboxDelivery(Record, table=True):
    """One message on its way to one endpoint; a subject's messages go in the order of `seq`."""

    __table_args__ = (
        Index(
            "outbox_delivery_due",
            "endpoint",
            "due_us",
            "seq",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index(
            "outbox_delivery_subject",
            "endpoint",
            "subject",
            "seq",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
    )

    endpoint: str = key_text()
    seq: int = big(primary_key=True, index=True)
    subject: str = text()
    status: str = text(default="waiting")
    tries: int = big(default=0)
    due_us: int = big(default=0)
    problem: str = text(default="")
    ended_us: int | None = big(default=None, nullable=True)
