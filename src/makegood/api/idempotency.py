"""`Idempotency-Key`: a repeated request gets the first one's answer, and nothing happens twice.

The key, the work and the answer are one transaction: what failed left nothing, and of two equal
requests at once the second waits for the first (a unique row) and is given its answer. A secret
that an answer showed once is not kept: the repeat says null in its place.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from sqlalchemy import and_, delete, select, update

from makegood.api.auth import Who
from makegood.api.seam import Desk, House
from makegood.clock import DAY
from makegood.errors import Conflict
from makegood.store.sql import insert_new, table
from makegood.store.tables.persons import GivenAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Connection

KEPT_US: Final = DAY
LONGEST_KEY: Final = 255
GIVEN = table(GivenAnswer)

M = TypeVar("M", bound=BaseModel)


async def _body(request: Request) -> bytes:
    return await request.body()


@dataclass(frozen=True, slots=True)
class Once:
    """One state-changing request; `do` runs its work unless its key has an answer already."""

    desk: Desk
    person_id: str
    key: str
    request: str

    def do(
        self,
        answer: type[M],
        work: Callable[[Connection], M],
        secrets: frozenset[str] = frozenset(),
    ) -> M:
        """Run the work in one transaction and return its answer, or the answer given before.

        `secrets` are fields of the answer that are shown once and never kept.

        Raises:
            Conflict: the same key came with another request before.

        """
        if not self.key:
            return self.desk.write(work)

        def in_transaction(tx: Connection) -> M:
            given = self._claim(tx)
            if given is not None:
                return answer.model_validate_json(given)
            made = work(tx)
            kept = made.model_copy(update=dict.fromkeys(secrets)).model_dump_json().encode()
            tx.execute(update(GIVEN).where(self._mine).values(body=kept))
            return made

        return self.desk.write(in_transaction)

    @property
    def _mine(self) -> ColumnElement[bool]:
        return and_(GIVEN.c.person_id == self.person_id, GIVEN.c.key == self.key)

    def _claim(self, tx: Connection) -> bytes | None:
        now_us = self.desk.wall.now_us()
        tx.execute(delete(GIVEN).where(GIVEN.c.given_us <= now_us - KEPT_US))
        row = {
            "person_id": self.person_id,
            "key": self.key,
            "request": self.request,
            "body": b"",
            "given_us": now_us,
        }
        if insert_new(tx, GIVEN, row):
            return None
        found = tx.execute(select(GIVEN).where(self._mine)).one()
        if found.request != self.request:
            raise Conflict("this Idempotency-Key came with another request before; use a new one")
        return bytes(found.body)


def _once(
    request: Request,
    body: Annotated[bytes, Depends(_body)],
    desk: House,
    who: Who,
    idempotency_key: Annotated[str, Header(max_length=LONGEST_KEY)] = "",
) -> Once:
    said = b"\n".join((request.method.encode(), request.url.path.encode(), body))
    return Once(desk, who.id, idempotency_key, hashlib.sha256(said).hexdigest())


Repeatable = Annotated[Once, Depends(_once)]
