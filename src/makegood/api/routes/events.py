"""`/v1/events`: what happened outside comes in, as CloudEvents 1.0.2, one or a batch.

Structured mode only: the HTTP binding's section 3.2 (`application/cloudevents+json`) and 3.3
(`application/cloudevents-batch+json`). A batch is not all or nothing: a broken event is set
aside with its reason and the rest is kept.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated, Any, Final, cast

import orjson
from fastapi import APIRouter, Depends, Request, Response

from makegood.api.auth import Who
from makegood.api.problems import Refusal
from makegood.api.routes.listing import Out
from makegood.api.seam import House
from makegood.errors import InvalidInput
from makegood.events.model import Outcome, Raw

router = APIRouter(prefix="/v1", tags=["events"])

ONE: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
MOST: Final = 2_000
_SCHEMA: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            ONE: {"schema": {"type": "object"}},
            BATCH: {"schema": {"type": "array", "maxItems": MOST, "items": {"type": "object"}}},
        },
    }
}


class EventOutcomeOut(Out):
    """What became of one event; with a problem, `field` says where and `mend` what to do."""

    index: int
    outcome: Outcome
    source: str
    event_id: str
    seq: int | None
    field: str
    problem: str
    mend: str
    quarantine_id: str


class ReceiptOut(Out):
    """What became of a batch, event by event, in its order."""

    counts: dict[Outcome, int]
    outcomes: tuple[EventOutcomeOut, ...]


async def _body(request: Request) -> bytes:
    return await request.body()


def _batch(request: Request, body: Annotated[bytes, Depends(_body)]) -> list[Raw]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == ONE:
        return [body]
    if kind == BATCH:
        return _elements(body)
    detail = f"Events come as {ONE} or, several at once, as {BATCH}; this is {kind or 'neither'}."
    raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, "Set the Content-Type header.")


def _elements(body: bytes) -> list[Raw]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        # What strict JSON forbids in one event (NaN) must not cost the others their place.
        value = _odd(body)
    if not isinstance(value, list):
        raise InvalidInput("body", "is not a JSON array", "send the batch as [{...}, {...}]")
    elements = cast("list[object]", value)
    if len(elements) > MOST:
        problem = f"has {len(elements):,} events; the limit is {MOST:,}"
        raise InvalidInput("body", problem, "send smaller batches")
    return [
        cast("dict[str, Any]", one) if isinstance(one, dict) else json.dumps(one).encode()
        for one in elements
    ]


def _odd(body: bytes) -> object:
    try:
        return json.loads(body.decode())
    except UnicodeDecodeError as error:
        problem = f"is not valid UTF-8 at byte {error.start}"
        raise InvalidInput("body", problem, "encode the batch as UTF-8") from None
    except (ValueError, RecursionError):
        raise InvalidInput("body", "is not JSON", "send the batch as [{...}, {...}]") from None


@router.post("/events", status_code=200, openapi_extra=_SCHEMA)
def take_events(
    house: House, who: Who, batch: Annotated[list[Raw], Depends(_batch)], response: Response
) -> ReceiptOut:
    """Take events in: 200 when every one is in the log, 207 when some were set aside.

    A single event that was not taken is an error of its own: 422, or 403 for a foreign source.
    """
    receipt = house.ingest(batch, who)
    if receipt.problems:
        response.status_code = HTTPStatus.MULTI_STATUS
        _single(batch, receipt.problems[0].outcome, receipt.problems[0])
    return ReceiptOut.of(receipt)


def _single(batch: list[Raw], outcome: Outcome, found: Any) -> None:  # noqa: ANN401
    if len(batch) != 1 or not isinstance(batch[0], bytes):
        return
    if outcome is Outcome.REFUSED:
        raise Refusal(HTTPStatus.FORBIDDEN, f"{found.field} {found.problem}", found.mend)
    raise InvalidInput(found.field, found.problem, found.mend)
