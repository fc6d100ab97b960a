"""`/v1/stream`: a word whenever something may have changed, as Server-Sent Events.

It carries no data, only what the change was about: who hears it asks for what they show. So
nothing is sent that the route's roles would not let them read, and a slow listener misses nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import orjson
from fastapi import APIRouter
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.concurrency import run_in_threadpool

from makegood.api.seam import Desk, House
from makegood.api.topics import Told, board_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

router = APIRouter(prefix="/v1", tags=["stream"])

_APART_S: Final = 0.25
_LOOK_S: Final = 0.5
_PING_S: Final = 15


@router.get("/stream", response_class=EventSourceResponse)
async def stream(house: House) -> EventSourceResponse:
    """Send `changed` with a growing number and its topics, at most four times a second."""
    return EventSourceResponse(_words(house), ping=_PING_S)


async def _words(house: Desk) -> AsyncGenerator[ServerSentEvent]:
    loop = asyncio.get_running_loop()
    moved = asyncio.Event()

    def hear() -> None:
        loop.call_soon_threadsafe(moved.set)

    stop = house.changes.listen(hear)
    seen: int | None = None
    try:
        # A listener must not keep a daemon alive that wants to end.
        while house.ready():
            moved.clear()
            told = await _told(house, seen)
            seen = told.version
            data = {"version": told.version, "topics": sorted(told.topics)}
            yield ServerSentEvent(event="changed", data=orjson.dumps(data).decode())
            await asyncio.sleep(_APART_S)
            while house.ready() and not moved.is_set():
                await _wait(moved)
    finally:
        stop()


async def _told(house: Desk, since: int | None) -> Told:
    board, version = board_of(house.changes), house.changes.version
    return board.known(version, since) or await run_in_threadpool(board.look, house, version, since)


async def _wait(moved: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(moved.wait(), _LOOK_S)
    except TimeoutError:
        return
