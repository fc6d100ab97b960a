"""Routes of the message provider."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from makegood.replay.company.company import Company
from makegood.replay.company.credentials import System
from makegood.replay.company.model import Message, Notice
from makegood.replay.company.routes.common import (
    MAX_BATCH,
    Answers,
    Body,
    Key,
    Keys,
    answer_each,
    guard,
    told,
)


class MessageBody(Body):
    """What to tell an order's customer."""

    order_id: str = Field(min_length=1)
    template: str = Field(pattern=r"^[a-z_]{1,40}$")
    minutes: int | None = Field(default=None, ge=0)

    def message(self) -> Message:
        """Return the body as the provider keeps it."""
        return Message(self.order_id, self.template, self.minutes)


class KeyedMessageBody(MessageBody):
    """One item of a batch, with its own key."""

    key: str = Field(min_length=1)


class MessageBatch(Body):
    """Messages to send at once."""

    items: tuple[KeyedMessageBody, ...] = Field(max_length=MAX_BATCH)


class Notices(Body):
    """Messages found, oldest first."""

    notifications: tuple[Notice, ...]


def routes(company: Company) -> APIRouter:
    """Return the routes under `/notifications`."""
    router = APIRouter()
    provider = company.notifications
    may_notify = Depends(guard(company, System.NOTIFICATIONS))

    @router.post("/notifications", status_code=201, dependencies=[may_notify])
    async def send(body: MessageBody, response: Response, key: Key = "") -> Notice:
        return told(response, provider.send(key, body.message()))

    @router.post("/notifications:batch", dependencies=[may_notify])
    async def send_batch(body: MessageBatch) -> Answers:
        def act(index: int) -> str:
            item = body.items[index]
            return provider.send(item.key, item.message())[0].id

        return answer_each(tuple(item.key for item in body.items), act)

    @router.get("/notifications")
    async def sent(key: Keys = [], order: str = "") -> Notices:  # noqa: B006 -- a declaration
        found = provider.about(order) if order else provider.under(key)
        return Notices(notifications=found)

    return router
