"""What is due to be told, and how each telling went.

All instants here are `wall_us`, the time people (and receivers) live in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import and_, bindparam, delete, exists, or_, select, update

from makegood.clock import to_rfc3339
from makegood.errors import NotFound
from makegood.outbox.messages import DELIVERY, ENDPOINT, MESSAGE, page_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

_EARLIER: Final = DELIVERY.alias("earlier")
_DUE: Final = (
    select(
        DELIVERY.c.endpoint,
        DELIVERY.c.tries,
        ENDPOINT.c.failures,
        MESSAGE.c.seq,
        MESSAGE.c.id,
        MESSAGE.c.type,
        MESSAGE.c.at_us,
        MESSAGE.c.body,
    )
    .join(ENDPOINT, ENDPOINT.c.name == DELIVERY.c.endpoint)
    .join(MESSAGE, MESSAGE.c.seq == DELIVERY.c.seq)
    .where(
        DELIVERY.c.endpoint == bindparam("name"),
        DELIVERY.c.status == "waiting",
        DELIVERY.c.due_us <= bindparam("wall_us"),
        ENDPOINT.c.rests_until_us <= bindparam("wall_us"),
        ~exists().where(
            _EARLIER.c.endpoint == DELIVERY.c.endpoint,
            _EARLIER.c.subject == DELIVERY.c.subject,
            _EARLIER.c.status == "waiting",
            _EARLIER.c.seq < DELIVERY.c.seq,
        ),
    )
    .order_by(DELIVERY.c.due_us, DELIVERY.c.seq)
    .limit(bindparam("most"))
)
_OF_MESSAGE: Final = exists().where(DELIVERY.c.seq == MESSAGE.c.seq)
_FORGET_MESSAGES: Final = delete(MESSAGE).where(
    _OF_MESSAGE,
    ~_OF_MESSAGE.where(
        or_(
            DELIVERY.c.status != "delivered",
            DELIVERY.c.ended_us >= bindparam("before_us"),
        )
    ),
)
_FORGET_DELIVERIES: Final = delete(DELIVERY).where(~exists().where(MESSAGE.c.seq == DELIVERY.c.seq))


@dataclass(frozen=True, slots=True)
class Due:
    """A message to be told now, by the `tries + 1`th try, to an endpoint that failed `failures`."""

    endpoint: str
    seq: int
    id: str
    type: str
    at_us: int
    body: bytes
    tries: int
    failures: int

    def payload(self, console_url: str) -> bytes:
        """Return what is sent: the type, when it happened, the ids, and a link to the page.

        The same bytes every time, in the shape that Standard Webhooks recommends.
        """
        data = orjson.loads(self.body)
        data["link"] = f"{console_url}{page_of(data)}"
        at = to_rfc3339(self.at_us)
        return orjson.dumps({"type": self.type, "timestamp": at, "data": data})


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far the telling of one message has come: waiting, delivered or dead."""

    message_id: str
    endpoint: str
    type: str
    subject: str
    at_us: int
    status: str
    tries: int
    due_us: int
    problem: str
    ended_us: int | None


def due(tx: Connection, name: str, wall_us: int, most: int) -> list[Due]:
    """Return what may be sent to an endpoint now, the longest due first.

    Of one subject that is only the first message that waits, so that none overtakes another.
    """
    found = tx.execute(_DUE, {"name": name, "wall_us": wall_us, "most": most})
    return [
        Due(
            endpoint=row.endpoint,
            seq=row.seq,
            id=row.id,
            type=row.type,
            at_us=row.at_us,
            body=bytes(row.body),
            tries=row.tries,
            failures=row.failures,
        )
        for row in found
    ]


def delivered(tx: Connection, sent: Due, wall_us: int) -> None:
    """Note that a message was taken; its endpoint is well."""
    _note(tx, sent, {"status": "delivered", "problem": "", "ended_us": wall_us})
    if sent.failures:
        well = {"failures": 0, "rests_until_us": 0}
        tx.execute(update(ENDPOINT).where(ENDPOINT.c.name == sent.endpoint).values(well))


def failed(tx: Connection, sent: Due, problem: str, due_us: int) -> None:
    """Note that a message was not taken, and when it is tried again."""
    _note(tx, sent, {"problem": problem, "due_us": due_us})


def given_up(tx: Connection, sent: Due, problem: str, wall_us: int) -> None:
    """Note that a message is not tried again unless somebody requeues it."""
    _note(tx, sent, {"status": "dead", "problem": problem, "ended_us": wall_us})


def _note(tx: Connection, sent: Due, values: dict[str, Any]) -> None:
    mine = and_(DELIVERY.c.endpoint == sent.endpoint, DELIVERY.c.seq == sent.seq)
    # Not one that was ended meanwhile, such as by taking its endpoint out of the settings.
    change = update(DELIVERY).where(mine, DELIVERY.c.status == "waiting")
    tx.execute(change.values(**values, tries=sent.tries + 1))


def requeue(tx: Connection, message_id: str, wall_us: int) -> int:
    """Try a message again that was given up; return at how many endpoints.

    Raises:
        NotFound: no such message was given up at an endpoint that is open.

    """
    seq = select(MESSAGE.c.seq).where(MESSAGE.c.id == message_id).scalar_subquery()
    mine = and_(
        DELIVERY.c.seq == seq,
        DELIVERY.c.status == "dead",
        # Not where the receiver said that it is gone: it is told nothing more before a new start.
        DELIVERY.c.endpoint.in_(select(ENDPOINT.c.name).where(ENDPOINT.c.closed == "")),
    )
    again = {"status": "waiting", "tries": 0, "due_us": wall_us, "ended_us": None}
    found = tx.execute(update(DELIVERY).where(mine).values(again)).rowcount
    if not found:
        raise NotFound(f"a message {message_id} that was given up at a receiver that is open")
    return found


def listed(tx: Connection, status: str | None = None, limit: int = 200) -> list[Delivery]:
    """Return deliveries, newest first; of one status where it is given."""
    query = (
        select(MESSAGE.c.id.label("message_id"), MESSAGE.c.type, MESSAGE.c.at_us, DELIVERY)
        .join(MESSAGE, MESSAGE.c.seq == DELIVERY.c.seq)
        .order_by(DELIVERY.c.seq.desc(), DELIVERY.c.endpoint)
        .limit(limit)
    )
    if status is not None:
        query = query.where(DELIVERY.c.status == status)
    return [
        Delivery(
            message_id=row.message_id,
            endpoint=row.endpoint,
            type=row.type,
            subject=row.subject,
            at_us=row.at_us,
            status=row.status,
            tries=row.tries,
            due_us=row.due_us,
            problem=row.problem,
            ended_us=row.ended_us,
        )
        for row in tx.execute(query)
    ]


def forget(tx: Connection, before_us: int) -> int:
    """Delete messages that every endpoint took before an instant, and how that went.

    A message that waits at any endpoint, or was given up there, stays: somebody may requeue it.
    """
    tx.execute(_FORGET_MESSAGES, {"before_us": before_us})
    return tx.execute(_FORGET_DELIVERIES).rowcount
