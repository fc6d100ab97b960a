"""Logging in to the console: links that work once, and the sessions that a browser keeps.

All instants here are `wall_us`, the time people live in. A link's or session's secret is 256
random bits kept as SHA-256, as a token's is.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, or_, select, update

from makegood.clock import HOUR, MINUTE
from makegood.domain.roles import Role
from makegood.errors import NotAuthenticated
from makegood.gates.persons import PERSON, Principal, active, principal, record
from makegood.gates.tokens import TOKEN, secret_hash
from makegood.ledger.kinds import EntryKind
from makegood.store.sql import insert, table
from makegood.store.tables.persons import ConsoleSession, LoginLink

if TYPE_CHECKING:
    from sqlalchemy import Connection

LINK_LIFE_US: Final = 10 * MINUTE
SESSION_LIFE_US: Final = 12 * HOUR

LINK = table(LoginLink)
SESSION = table(ConsoleSession)


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is logged in; `csrf` must come back with every form it sends."""

    principal: Principal
    csrf: str


def make_link(
    tx: Connection, by: Principal | str, person_id: str, *, at_us: int, wall_us: int
) -> str:
    """Make the secret of a link that logs a person in, once, within ten minutes.

    `by` is an operator, or a word for who made it at the machine itself. `at_us` is the house's
    time, for the ledger.

    Raises:
        NotAllowed: `by` is not an operator.
        NotFound: nobody active has that id.

    """
    if isinstance(by, Principal):
        by.require(Role.OPERATOR)
    active(tx, person_id)
    secret = secrets.token_urlsafe(32)
    expires_us = wall_us + LINK_LIFE_US
    row = {"hash": secret_hash(secret), "person_id": person_id, "expires_us": expires_us}
    insert(tx, LINK, [row])
    actor = by.id if isinstance(by, Principal) else by
    body = {"person": person_id, "link": True, "expires_us": expires_us}
    record(tx, EntryKind.TOKEN_ADDED, at_us, actor, body)
    return secret


def use_link(tx: Connection, secret: str, wall_us: int) -> Principal:
    """Use a link up and return whom it logs in.

    Raises:
        NotAuthenticated: the link is unknown, used or expired, or its person has left.

    """
    hashed = secret_hash(secret)
    used = tx.execute(
        update(LINK)
        .where(LINK.c.hash == hashed, LINK.c.used_us.is_(None), LINK.c.expires_us > wall_us)
        .values(used_us=wall_us)
    )
    if used.rowcount != 1:
        raise NotAuthenticated("this link is unknown, used or expired; ask for another")
    owner = tx.execute(select(LINK.c.person_id).where(LINK.c.hash == hashed)).scalar_one()
    row = tx.execute(
        select(PERSON).where(PERSON.c.id == owner, PERSON.c.left_us.is_(None))
    ).one_or_none()
    if row is None:
        raise NotAuthenticated("this link's person has left")
    return principal(row)


def start_session(tx: Connection, who: Principal, wall_us: int) -> str:
    """Start a session and return the secret for its cookie; sessions that are over are deleted.

    A session begun with a token ends with that token.
    """
    tx.execute(delete(SESSION).where(SESSION.c.expires_us <= wall_us))
    secret = secrets.token_urlsafe(32)
    row = {
        "hash": secret_hash(secret),
        "person_id": who.id,
        "token_id": who.token_id,
        "expires_us": wall_us + SESSION_LIFE_US,
    }
    insert(tx, SESSION, [row])
    return secret


def session(tx: Connection, secret: str, wall_us: int) -> Session | None:
    """Return who a session's cookie stands for, or None when it is over or was never one."""
    row = tx.execute(
        select(PERSON, SESSION.c.token_id)
        .join(SESSION, SESSION.c.person_id == PERSON.c.id)
        .outerjoin(TOKEN, TOKEN.c.id == SESSION.c.token_id)
        .where(
            SESSION.c.hash == secret_hash(secret),
            SESSION.c.expires_us > wall_us,
            PERSON.c.left_us.is_(None),
            TOKEN.c.revoked_us.is_(None),
            or_(TOKEN.c.expires_us.is_(None), TOKEN.c.expires_us > wall_us),
        )
    ).one_or_none()
    if row is None:
        return None
    return Session(principal(row, row.token_id), csrf_of(secret))


def end_session(tx: Connection, secret: str) -> None:
    """End a session; one that is over already is no error."""
    tx.execute(delete(SESSION).where(SESSION.c.hash == secret_hash(secret)))


def csrf_of(secret: str) -> str:
    """Return the token that a session's forms carry, derived so that nothing more is stored."""
    return hmac.new(secret.encode(), b"makegood csrf", hashlib.sha256).hexdigest()
