"""Persons, their tokens, one-time links and console sessions, and answers given once.

Secrets are kept as SHA-256 only: each is 256 random bits, which nobody can guess, so a slow
hash (made for what people can remember) would cost time on every request and add nothing.
"""

from __future__ import annotations

from makegood.store.tables.columns import Record, big, blob, key_text, text


class Person(Record, table=True):
    """Someone, or some system, that may do something; `roles` and `sources` are JSON lists."""

    id: str = key_text()
    name: str = text(unique=True)
    roles: str = text()
    sources: str = text(default="[]")
    added_by: str = text()
    added_us: int = big()
    left_us: int | None = big(default=None, nullable=True)


class Token(Record, table=True):
    """One secret of one person; `hash` is the SHA-256 of the token."""

    id: str = key_text()
    person_id: str = text(index=True)
    hash: str = text(unique=True)
    label: str = text(default="")
    added_by: str = text()
    added_us: int = big()
    expires_us: int | None = big(default=None, nullable=True)
    revoked_us: int | None = big(default=None, nullable=True)


class LoginLink(Record, table=True):
    """A link that logs one person in once."""

    hash: str = key_text()
    person_id: str = text(index=True)
    expires_us: int = big()
    used_us: int | None = big(default=None, nullable=True)


class ConsoleSession(Record, table=True):
    """One browser's login; `hash` is the SHA-256 of its cookie."""

    hash: str = key_text()
    person_id: str = text(index=True)
    token_id: str = text(default="")
    expires_us: int = big()


class GivenAnswer(Record, table=True):
    """What was answered under one person's Idempotency-Key, so that a repeat gets the same."""

    person_id: str = key_text()
    key: str = key_text()
    request: str = text()
    body: bytes = blob()
    given_us: int = big(index=True)
