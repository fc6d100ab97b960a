"""`/v1/person` and `/v1/token`: who may do something here, and by which secrets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Connection

from makegood.api.auth import Who
from makegood.api.idempotency import Repeatable
from makegood.api.routes.listing import Done, Listing, Out
from makegood.api.seam import House
from makegood.clock import DAY
from makegood.domain.frozen import Frozen
from makegood.domain.roles import Role
from makegood.gates import logins, persons, tokens

router = APIRouter(prefix="/v1", tags=["person"])


class PersonOut(Out):
    """A person; `left_us` is when they lost every right."""

    id: str
    name: str
    roles: tuple[Role, ...]
    sources: tuple[str, ...]
    added_by: str
    added_us: int
    left_us: int | None


class NewPerson(Frozen):
    """Somebody to add; `sources` belong to the role source, each exact or ending in `*`."""

    name: str
    roles: tuple[Role, ...]
    sources: tuple[str, ...] = ()


class PersonAdded(Out):
    """The person just added."""

    id: str
    name: str
    roles: tuple[Role, ...]
    sources: tuple[str, ...]


class LinkMade(Frozen):
    """A login link that works once within ten minutes; null in the answer to a repeat."""

    person_id: str
    path: str | None


class TokenOut(Out):
    """A token, without its secret."""

    id: str
    person_id: str
    label: str
    added_by: str
    added_us: int
    expires_us: int | None
    revoked_us: int | None


class NewToken(Frozen):
    """A token to make; without `expires_in_days` it works until it is revoked."""

    person_id: str
    label: str = ""
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class TokenAdded(Out):
    """A token; `secret` is shown this once, and null in the answer to a repeat."""

    id: str
    person_id: str
    secret: str | None


@router.get("/person")
def list_persons(house: House) -> Listing[PersonOut]:
    """List everybody, those who have left too."""
    with house.store.read() as tx:
        found = persons.persons(tx)
    return Listing(items=tuple(PersonOut.of(person) for person in found))


@router.post("/person", status_code=201)
def add_person(house: House, who: Who, once: Repeatable, new: NewPerson) -> PersonAdded:
    """Add a person."""
    at_us = house.clock.now_us()

    def work(tx: Connection) -> PersonAdded:
        made = persons.add_person(tx, who, new.name, new.roles, new.sources, at_us=at_us)
        return PersonAdded(
            id=made.id, name=made.name, roles=tuple(sorted(made.roles)), sources=made.sources
        )

    return once.do(PersonAdded, work)


@router.delete("/person/{person_id}")
def end_person(house: House, who: Who, person_id: str) -> Done:
    """Take every right from a person; what they did stays theirs."""
    at_us = house.clock.now_us()
    house.write(lambda tx: persons.end_person(tx, who, person_id, at_us))
    return Done()


@router.post("/person/{person_id}/link", status_code=201)
def make_link(house: House, who: Who, once: Repeatable, person_id: str) -> LinkMade:
    """Make a link that logs a person in to the console, once."""
    at_us, wall_us = house.clock.now_us(), house.wall.now_us()

    def work(tx: Connection) -> LinkMade:
        secret = logins.make_link(tx, who, person_id, at_us=at_us, wall_us=wall_us)
        return LinkMade(person_id=person_id, path=f"/login/{secret}")

    return once.do(LinkMade, work, secrets=frozenset({"path"}))


@router.get("/token", tags=["token"])
def list_tokens(house: House, person_id: str | None = None) -> Listing[TokenOut]:
    """List tokens, of one person or of everybody."""
    with house.store.read() as tx:
        found = tokens.tokens(tx, person_id)
    return Listing(items=tuple(TokenOut.of(token) for token in found))


@router.post("/token", status_code=201, tags=["token"])
def add_token(house: House, who: Who, once: Repeatable, new: NewToken) -> TokenAdded:
    """Make a token for a person; its secret is in the answer and nowhere else."""
    at_us = house.clock.now_us()
    days = new.expires_in_days
    expires_us = None if days is None else house.wall.now_us() + days * DAY

    def work(tx: Connection) -> TokenAdded:
        made = tokens.add_token(
            tx, who, new.person_id, new.label, at_us=at_us, expires_us=expires_us
        )
        return TokenAdded.of(made)

    return once.do(TokenAdded, work, secrets=frozenset({"secret"}))


@router.delete("/token/{token_id}", tags=["token"])
def revoke_token(house: House, who: Who, token_id: str) -> Done:
    """End a token: an operator any, everybody their own."""
    at_us = house.clock.now_us()
    house.write(lambda tx: tokens.revoke_token(tx, who, token_id, at_us))
    return Done()
