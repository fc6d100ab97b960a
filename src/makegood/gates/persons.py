"""Persons and their roles: who somebody is, and who may add or end whom.

That is the operator's right alone and stands on the ledger by id; names stay in the working
table, which can be erased.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import select, update

from makegood.domain.roles import Role
from makegood.errors import Conflict, InvalidInput, NotAllowed, NotFound
from makegood.ledger.entries import HOUSE, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.store.sql import among, insert_new, table
from makegood.store.tables.persons import Person

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Row

LONGEST_NAME: Final = 80
LONGEST_SOURCE: Final = 300
NOBODY: Final = "local"
"""Who added the first operator: whoever could open the database file."""

# Sources are matched as file names are (fnmatch), of whose wildcards only a last * is wanted.
_SOURCE: Final = re.compile(r"[^*?\[\]]*\*?")

PERSON = table(Person)
_GONE: Final = select(PERSON.c.id).where(among(PERSON.c.id, "ids"), PERSON.c.left_us.is_not(None))


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who has shown who they are, with what they may do."""

    id: str
    name: str
    roles: frozenset[Role]
    sources: tuple[str, ...] = ()
    token_id: str = ""

    def require(self, *roles: Role) -> None:
        """Raise NotAllowed unless this person has one of these roles."""
        if self.roles.isdisjoint(roles):
            wanted = " or ".join(sorted(roles))
            have = ", ".join(sorted(self.roles))
            raise NotAllowed(f"it takes the role {wanted}; {self.name} has {have}")


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person as listed; `left_us` is when they lost every right."""

    id: str
    name: str
    roles: tuple[Role, ...]
    sources: tuple[str, ...]
    added_by: str
    added_us: int
    left_us: int | None


def bootstrap(tx: Connection, name: str, at_us: int, roles: Iterable[Role] = ()) -> Principal:
    """Add the first operator, from the machine itself; `roles` come on top.

    Raises:
        Conflict: there is an operator already, who can add others.
        InvalidInput: the name cannot be used.

    """
    if _operators(tx):
        raise Conflict("there is an operator already; with their token, add others over the API")
    wanted = frozenset({Role.OPERATOR, *roles})
    return _add(tx, NOBODY, name, wanted, sources=(), at_us=at_us)


def add_person(
    tx: Connection,
    by: Principal,
    name: str,
    roles: Iterable[Role],
    sources: Iterable[str] = (),
    *,
    at_us: int,
) -> Principal:
    """Add a person with roles and, for the role source, the sources they speak for.

    A source is a CloudEvents `source`, or the beginning of some with `*` after it.

    Raises:
        NotAllowed: `by` is not an operator.
        InvalidInput: a name, role or source cannot be used.
        Conflict: the name is taken.

    """
    by.require(Role.OPERATOR)
    return _add(tx, by.id, name, frozenset(roles), tuple(sources), at_us)


def _add(
    tx: Connection,
    by: str,
    name: str,
    roles: frozenset[Role],
    sources: tuple[str, ...],
    at_us: int,
) -> Principal:
    _check(name, roles, sources)
    person = Principal(f"person_{secrets.token_hex(10)}", name.strip(), roles, sources)
    row = {
        "id": person.id,
        "name": person.name,
        "roles": orjson.dumps(sorted(roles)).decode(),
        "sources": orjson.dumps(sources).decode(),
        "added_by": by,
        "added_us": at_us,
    }
    if not insert_new(tx, PERSON, row):
        raise Conflict(f"somebody is called {name!r} already")
    body = {"person": person.id, "roles": sorted(roles), "sources": list(sources)}
    record(tx, EntryKind.PERSON_ADDED, at_us, by, body)
    return person


def _check(name: str, roles: frozenset[Role], sources: tuple[str, ...]) -> None:
    clean = name.strip()
    if not clean or len(clean) > LONGEST_NAME or not clean.isprintable():
        raise InvalidInput("name", "is empty, too long or unprintable", "use 1 to 80 characters")
    if not roles:
        raise InvalidInput("roles", "is empty", f"use some of {', '.join(Role)}")
    if (Role.SOURCE in roles) != bool(sources):
        mend = "name the sources, such as https://oms.example/*, exactly where the role is source"
        raise InvalidInput("sources", "does not fit the roles", mend)
    for source in sources:
        if not source or len(source) > LONGEST_SOURCE or not _SOURCE.fullmatch(source):
            mend = "name a CloudEvents source, or its beginning with one * at the end"
            raise InvalidInput("sources", f"{source[:LONGEST_SOURCE]!r} names no source", mend)


def end_person(tx: Connection, by: Principal, person_id: str, at_us: int) -> None:
    """Take every right from a person, with all their tokens, links and sessions.

    Raises:
        NotAllowed: `by` is not an operator.
        NotFound: nobody active has that id.
        Conflict: nobody would be left to operate the house.

    """
    by.require(Role.OPERATOR)
    active(tx, person_id)
    if _operators(tx) == [person_id]:
        raise Conflict("this is the last operator; add another one first")
    tx.execute(update(PERSON).where(PERSON.c.id == person_id).values(left_us=at_us))
    body = {"person": person_id, "left": True}
    record(tx, EntryKind.PERSON_CHANGED, at_us, by.id, body)


def active(tx: Connection, person_id: str) -> Principal:
    """Return a person who has not left.

    Raises:
        NotFound: there is nobody of that id, or they have left.

    """
    query = select(PERSON).where(PERSON.c.id == person_id, PERSON.c.left_us.is_(None))
    row = tx.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"person {person_id}")
    return principal(row)


def gone(tx: Connection, person_ids: Iterable[str]) -> frozenset[str]:
    """Return those of some persons who have lost every right: their yes is none any more."""
    asked = sorted({person_id for person_id in person_ids if person_id})
    return frozenset(tx.execute(_GONE, {"ids": asked}).scalars()) if asked else frozenset()


def principal(row: Row[Any], token_id: str = "") -> Principal:
    """Return a row of the person table as somebody who has shown who they are."""
    roles = frozenset(Role(role) for role in orjson.loads(row.roles))
    return Principal(row.id, row.name, roles, tuple(orjson.loads(row.sources)), token_id)


def persons(tx: Connection) -> list[PersonRecord]:
    """Return everybody, those who have left too, in the order they were added."""
    query = select(PERSON).order_by(PERSON.c.added_us, PERSON.c.id)
    return [
        PersonRecord(
            row.id,
            row.name,
            tuple(Role(role) for role in orjson.loads(row.roles)),
            tuple(orjson.loads(row.sources)),
            row.added_by,
            row.added_us,
            row.left_us,
        )
        for row in tx.execute(query)
    ]


def sources_of(tx: Connection, person_id: str) -> tuple[str, ...] | None:
    """Return the sources a person speaks for, or spoke for; None where there is no such person."""
    query = select(PERSON.c.sources).where(PERSON.c.id == person_id)
    found = tx.execute(query).scalar_one_or_none()
    return None if found is None else tuple(orjson.loads(found))


def names(tx: Connection) -> dict[str, str]:
    """Return everybody's name by id, for showing who did something."""
    return {row.id: row.name for row in tx.execute(select(PERSON.c.id, PERSON.c.name))}


def _operators(tx: Connection) -> list[str]:
    # Locked, so that two operators who end each other at once do not both succeed.
    query = select(PERSON.c.id, PERSON.c.roles).where(PERSON.c.left_us.is_(None)).with_for_update()
    return [row.id for row in tx.execute(query) if Role.OPERATOR in orjson.loads(row.roles)]


def record(tx: Connection, kind: EntryKind, at_us: int, actor: str, body: dict[str, Any]) -> None:
    """Put a change of persons or tokens on the house's own partition of the ledger."""
    refs = tuple(body[noun] for noun in ("person", "token") if noun in body)
    append(tx, [Draft(HOUSE, kind, at_us, actor, body, refs)])
