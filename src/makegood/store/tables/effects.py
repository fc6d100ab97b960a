"""Effects: what was set going in the outside world, and how it ended."""

from __future__ import annotations

from makegood.store.tables.columns import Record, big, key_text, text


class Effect(Record, table=True):
    """One execution of one granted action; `key` is the idempotency key the outside sees."""

    id: str = key_text()
    key: str = text(unique=True)
    grant_id: str = text(unique=True)
    action_id: str = text(unique=True)
    obligation_id: str = text()
    order_id: str = text(index=True)
    hub_id: str = text()
    adapter: str = text()
    status: str = text(index=True)
    attempts: int = big(default=0)
    intended_us: int = big()
    dispatched_us: int | None = big(default=None, nullable=True)
    ended_us: int | None = big(default=None, nullable=True)
    next_us: int | None = big(default=None, nullable=True)
    reference: str = text(default="")
    detail: str = text(default="")
    epoch: int = big(default=0)
