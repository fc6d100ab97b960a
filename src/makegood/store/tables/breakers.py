"""Circuit breakers as they stand, and bypasses of them."""

from __future__ import annotations

from makegood.store.tables.columns import Record, big, key_text, text


class Breaker(Record, table=True):
    """One velocity breaker in one scope; `seen` is what it counted, as JSON."""

    key: str = key_text()
    name: str = text(index=True)
    scope: str = text()
    currency: str = text(default="")
    state: str = text()
    since_us: int = big()
    until_us: int = big()
    why: str = text()
    probes_left: int = big()
    seen: str = text()


class Bypass(Record, table=True):
    """A time without breakers in a scope, which two persons asked for."""

    id: str = key_text()
    scope: str = text()
    reason: str = text()
    minutes: int = big()
    status: str = text(index=True)
    requested_by: str = text()
    requested_us: int = big()
    confirmed_by: str = text(default="")
    confirmed_us: int | None = big(default=None, nullable=True)
    ends_us: int | None = big(default=None, nullable=True)
    ended_by: str = text(default="")
