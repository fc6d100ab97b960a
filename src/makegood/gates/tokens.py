"""Tokens: secrets that say which person a request comes from.

A token is 256 random bits kept as SHA-256: nobody guesses it, so a slow hash (made for what
people can remember) would cost time on every request and protect nothing more.

Two clocks meet here. `at_us` is the house's time and goes on the ledger; `wall_us` is the time
people live in (the machine's), by which tokens expire even while a replay runs fast.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, select, update

from makegood.domain.roles import Role
from makegood.errors import InvalidInput, NotAuthenticated, NotFound
from makegood.gates.persons import LONGEST_NAME, PERSON, Principal, active, principal, record
from makegood.ledger.kinds import EntryKind
from makegood.store.sql import insert, table
from makegood.store.tables.persons import Token

if TYPE_CHECKING:
    from sqlalchemy import Connection

TOKEN_PREFIX: Final = "mg_"  # noqa: S105 -- how a token begins, not one

TOKEN = table(Token)


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token as listed, without its secret."""

    id: str
    person_id: str
    label: str
    added_by: str
    added_us: int
    expires_us: int | None
    revoked_us: int | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `secret` is shown this once and kept nowhere."""

    id: str
    person_id: str
    secret: str

    def __repr__(self) -> str:
        """Show which token this is, never the secret."""
        return f"NewToken({self.id!r}, {self.person_id!r})"


def secret_hash(secret: str) -> str:
    """Return the form in which a secret is kept: SHA-256 in lower-case hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def add_token(
    tx: Connection,
    by: Principal,
    person_id: str,
    label: str = "",
    *,
    at_us: int,
    expires_us: int | None = None,
) -> NewToken:
    """Make a token for a person; its secret is in the answer and nowhere else.

    Raises:
        NotAllowed: `by` is not an operator.
        NotFound: nobody active has that id.

    """
    by.require(Role.OPERATOR)
    active(tx, person_id)
    if len(label) > LONGEST_NAME or not label.isprintable():
        raise InvalidInput("label", "is too long or unprintable", "use at most 80 characters")
    made = NewToken(
        f"token_{secrets.token_hex(10)}", person_id, TOKEN_PREFIX + secrets.token_urlsafe(32)
    )
    row = {
        "id": made.id,
        "person_id": person_id,
        "hash": secret_hash(made.secret),
        "label": label,
        "added_by": by.id,
        "added_us": at_us,
        "expires_us": expires_us,
    }
    insert(tx, TOKEN, [row])
    body = {"token": made.id, "person": person_id, "expires_us": expires_us}
    record(tx, EntryKind.TOKEN_ADDED, at_us, by.id, body)
    return made


def revoke_token(tx: Connection, by: Principal, token_id: str, at_us: int) -> None:
    """End a token: an operator any, everybody their own; what it logged in ends with it.

    Raises:
        NotAllowed: it is somebody else's and `by` is not an operator.
        NotFound: there is no such token, or it has ended.

    """
    query = (
        select(TOKEN.c.person_id)
        .where(TOKEN.c.id == token_id, TOKEN.c.revoked_us.is_(None))
        .with_for_update()
    )
    owner = tx.execute(query).scalar_one_or_none()
    if owner != by.id:
        by.require(Role.OPERATOR)
    if owner is None:
        raise NotFound(f"token {token_id}")
    tx.execute(update(TOKEN).where(TOKEN.c.id == token_id).values(revoked_us=at_us))
    body = {"token": token_id, "person": owner}
    record(tx, EntryKind.TOKEN_REVOKED, at_us, by.id, body)


def authenticate(tx: Connection, secret: str, wall_us: int) -> Principal:
    """Return whom a token belongs to.

    Raises:
        NotAuthenticated: the token is unknown, revoked or expired, or its person has left.

    """
    row = tx.execute(
        select(PERSON, TOKEN.c.id.label("token_id"))
        .join(TOKEN, TOKEN.c.person_id == PERSON.c.id)
        .where(
            TOKEN.c.hash == secret_hash(secret),
            TOKEN.c.revoked_us.is_(None),
            or_(TOKEN.c.expires_us.is_(None), TOKEN.c.expires_us > wall_us),
            PERSON.c.left_us.is_(None),
        )
    ).one_or_none()
    if row is None:
        raise NotAuthenticated("the token is unknown, revoked or expired")
    return principal(row, row.token_id)


def tokens(tx: Connection, person_id: str | None = None) -> list[TokenRecord]:
    """Return the tokens of one person or of everybody, without their secrets, oldest first."""
    query = select(TOKEN).order_by(TOKEN.c.added_us, TOKEN.c.id)
    if person_id is not None:
        query = query.where(TOKEN.c.person_id == person_id)
    return [
        TokenRecord(
            row.id,
            row.person_id,
            row.label,
            row.added_by,
            row.added_us,
            row.expires_us,
            row.revoked_us,
        )
        for row in tx.execute(query)
    ]
