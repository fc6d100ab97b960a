"""Whom messages are told: endpoints as the settings name them, and the rest each of them takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, update

from makegood.outbox.messages import DELIVERY, ENDPOINT
from makegood.store.sql import insert_ignore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

REMOVED: Final = "the endpoint was taken out of the settings"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where messages go. Each secret (`whsec_` and base64) makes one signature.

    The second secret is the former one, so that a receiver can change over without missing any.
    """

    name: str
    url: str
    secrets: tuple[str, ...] = field(repr=False)


def sync(tx: Connection, endpoints: Sequence[Endpoint], wall_us: int) -> None:
    """Make the endpoints known that the settings name, and end what waits for any other.

    One that was closed because its receiver said that it is gone is open again.
    """
    names = [endpoint.name for endpoint in endpoints]
    begun = [{"name": name, "failures": 0, "rests_until_us": 0, "closed": ""} for name in names]
    insert_ignore(tx, ENDPOINT, begun)
    tx.execute(update(ENDPOINT).values(closed="", failures=0, rests_until_us=0))
    tx.execute(delete(ENDPOINT).where(ENDPOINT.c.name.not_in(names)))
    strangers = and_(DELIVERY.c.status == "waiting", DELIVERY.c.endpoint.not_in(names))
    tx.execute(
        update(DELIVERY).where(strangers).values(status="dead", problem=REMOVED, ended_us=wall_us)
    )


def close(tx: Connection, name: str, why: str, wall_us: int) -> None:
    """Tell an endpoint nothing more until the daemon starts again; end what waits for it."""
    tx.execute(update(ENDPOINT).where(ENDPOINT.c.name == name).values(closed=why))
    waiting = and_(DELIVERY.c.status == "waiting", DELIVERY.c.endpoint == name)
    tx.execute(update(DELIVERY).where(waiting).values(status="dead", problem=why, ended_us=wall_us))


def rest(tx: Connection, name: str, failures: int, until_us: int) -> None:
    """Leave an endpoint alone for a while; `failures` is how often it failed in a row."""
    values = {"failures": failures, "rests_until_us": until_us}
    tx.execute(update(ENDPOINT).where(ENDPOINT.c.name == name).values(values))
