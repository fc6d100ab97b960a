"""What there is to tell, put into the outbox by the transaction that makes it true.

A message whose transaction is undone was never there, and one whose transaction is committed is
told whatever crashes afterwards. Its body holds ids and instants: who reads it asks the API, as
somebody who may, for the rest.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from sqlalchemy import func, insert, literal, select, true

from makegood.domain.frozen import Frozen
from makegood.domain.roles import Role
from makegood.store import tables
from makegood.store.sql import among, bulk, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

MESSAGE: Final = table(tables.outbox.OutboxMessage)
ENDPOINT: Final = table(tables.outbox.OutboxEndpoint)
DELIVERY: Final = table(tables.outbox.OutboxDelivery)

_OPEN: Final = select(ENDPOINT.c.name).where(ENDPOINT.c.closed == "").limit(1)
_FAN_OUT: Final = insert(DELIVERY).from_select(
    ["endpoint", "seq", "subject", "status", "tries", "due_us", "problem"],
    select(
        ENDPOINT.c.name,
        MESSAGE.c.seq,
        MESSAGE.c.subject,
        literal("waiting"),
        literal(0),
        literal(0),
        literal(""),
    )
    .select_from(MESSAGE.join(ENDPOINT, true()))
    .where(ENDPOINT.c.closed == "", among(MESSAGE.c.id, "ids")),
)


class MessageType(StrEnum):
    """What a message is about: the noun, and what became of it."""

    REVIEW_OPENED = "review.opened"
    REVIEW_WARNED = "review.warned"
    REVIEW_ESCALATED = "review.escalated"
    REVIEW_EDITED = "review.edited"
    REVIEW_ASKED = "review.asked"
    REVIEW_ANSWERED = "review.answered"
    REVIEW_STALE = "review.stale"
    REVIEW_VOID = "review.void"
    REVIEW_APPROVED = "review.approved"
    REVIEW_REJECTED = "review.rejected"
    REVIEW_EXPIRED = "review.expired"
    REVIEW_SUPERSEDED = "review.superseded"
    REVIEW_REOPENED = "review.reopened"
    EFFECT_FAILED = "effect.failed"
    EFFECT_UNKNOWN = "effect.unknown"
    BREAKER_OPENED = "breaker.opened"
    KILL_SET = "kill.set"
    KILL_CLEARED = "kill.cleared"
    BYPASS_CONFIRMED = "bypass.confirmed"


class ReviewIds(Frozen):
    """Which review a message is about. Ids only: an amount or a name is for who may read it.

    A warning and an escalation also say by when somebody has to decide (RFC 3339), and an
    escalation which rung it climbed to, and the roles that policy says to tell.
    """

    review_id: str
    action_id: str
    hub_id: str
    order_id: str
    deadline: str | None = None
    level: int | None = None
    tell: tuple[Role, ...] | None = None

    @property
    def subject(self) -> str:
        """What keeps its messages in order: the review."""
        return self.review_id


class EffectIds(Frozen):
    """Which effect on money, or on an order's end, did not come to what was granted."""

    effect_id: str
    action_id: str
    hub_id: str
    order_id: str

    @property
    def subject(self) -> str:
        """What keeps its messages in order: the effect."""
        return self.effect_id


class SafeguardIds(Frozen):
    """Which breaker, bypass (its id) or kill switch (no name) moved, and over what."""

    name: str | None = None
    scope: str

    @property
    def subject(self) -> str:
        """What keeps its messages in order: the breaker, the switch or the bypass."""
        return f"{self.name or 'kill'}/{self.scope}"


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell; messages of one `subject` are told in the order they were put."""

    type: MessageType
    at_us: int
    data: ReviewIds | EffectIds | SafeguardIds

    @property
    def subject(self) -> str:
        """What keeps its messages in order."""
        return self.data.subject


def put(tx: Connection, messages: Sequence[Message]) -> None:
    """Put messages into the outbox for every endpoint there is; without one, nothing is kept.

    Messages of one subject have to be put under a lock on it (the row of a review, an effect, a
    breaker or a bypass is locked by whatever changes it), which makes their order the order of
    what happened.
    """
    if not messages or tx.execute(_OPEN).first() is None:
        return
    rows = [
        {
            "id": f"msg_{secrets.token_hex(12)}",
            "type": message.type,
            "subject": message.subject,
            "at_us": message.at_us,
            "body": message.data.model_dump_json(exclude_none=True).encode(),
        }
        for message in messages
    ]
    bulk(tx, MESSAGE, rows)
    tx.execute(_FAN_OUT, {"ids": [row["id"] for row in rows]})


def page_of(data: Mapping[str, Any]) -> str:
    """Return the path of the console's page for what a message is about."""
    for noun in ("review", "order"):
        if thing := data.get(f"{noun}_id"):
            return f"/{noun}/{quote(thing, safe='')}"
    return "/"


def count(tx: Connection, status: str) -> int:
    """Return how many deliveries there are of one status: waiting, delivered or dead."""
    query = select(func.count()).select_from(DELIVERY).where(DELIVERY.c.status == status)
    return tx.execute(query).scalar_one()
