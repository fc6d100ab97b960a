"""`/v1/outbox`: what others are told of holds, how far each telling has come, and trying again."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from makegood.api.routes.listing import Limit, Listing, Out
from makegood.api.seam import House
from makegood.outbox import queue

router = APIRouter(prefix="/v1", tags=["outbox"])

Status = Annotated[Literal["waiting", "delivered", "dead"] | None, Query()]


class DeliveryOut(Out):
    """One message on its way to one receiver; `dead` is given up until somebody requeues it."""

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


class Requeued(Out):
    """At how many receivers the message is tried again."""

    endpoints: int


@router.get("/outbox")
def list_outbox(house: House, status: Status = None, limit: Limit = 200) -> Listing[DeliveryOut]:
    """List messages on their way, newest first; of one status where it is given."""
    with house.store.read() as tx:
        found = queue.listed(tx, status, limit)
    return Listing(items=tuple(DeliveryOut.of(each) for each in found))


@router.post("/outbox/{message_id}/requeue")
def requeue(house: House, message_id: str) -> Requeued:
    """Try a message again that was given up, under its own id."""
    wall_us = house.wall.now_us()
    return Requeued(endpoints=house.write(lambda tx: queue.requeue(tx, message_id, wall_us)))
