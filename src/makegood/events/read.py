"""Reading one event: from bytes to a checked `Event`, or to a problem that names the field."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import orjson
from pydantic import ValidationError

from makegood.clock import MINUTE
from makegood.domain.entities import EntityKind
from makegood.errors import InvalidInput
from makegood.events.model import Event, Limits, Raw
from makegood.events.schema import CATALOGUE, Envelope
from makegood.events.schema.problems import dotted, first_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

WHOLE = "event"
"""The field that is named when no single one is to blame."""


def read_event(raw: Raw, now_us: int, limits: Limits) -> Event:
    """Return the event in its checked form.

    Raises:
        InvalidInput: it is too big, not UTF-8, not JSON, not a CloudEvent, of an unknown type,
            too far in the future, or a field of its data is not as the catalogue says.

    """
    value = decode(raw, limits.event_bytes)
    try:
        envelope = Envelope.model_validate(value)
    except ValidationError as error:
        raise _envelope_problem(value, error) from None
    kind = CATALOGUE[envelope.type]
    if envelope.time > now_us + limits.future_us:
        minutes = limits.future_us // MINUTE
        problem = f"is more than {minutes} minutes in the future"
        raise InvalidInput("time", problem, "check the sender's clock and zone")
    hub = envelope.subject if kind.kind is EntityKind.HUB else envelope.hub
    if kind.move.creates and hub is None:
        problem = f"is missing, and {kind.name} begins an entity"
        raise InvalidInput("hub", problem, "name the hub it belongs to")
    return Event(
        kind,
        envelope.source,
        envelope.id,
        envelope.subject,
        hub or "",
        envelope.time,
        envelope.sequence,
        envelope.data,
        kind.read(envelope.data),
    )


def decode(raw: Raw, most_bytes: int) -> dict[str, Any]:
    """Return the JSON object in `raw`; raise InvalidInput when there is none."""
    size = len(raw) if isinstance(raw, bytes) else size_of(raw)
    if size > most_bytes:
        problem = f"is {size:,} bytes long; the limit is {most_bytes:,}"
        raise InvalidInput(WHOLE, problem, "send less in one event")
    value: Any = raw
    if isinstance(raw, bytes):
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError:
            value = _decode_odd(raw)
    if not isinstance(value, dict):
        raise InvalidInput(WHOLE, "is not a JSON object", "send one CloudEvent as {...}")
    return cast("dict[str, Any]", value)


def as_bytes(raw: Raw) -> bytes:
    """Return the event as JSON bytes, even where it has no strict JSON form."""
    return raw if isinstance(raw, bytes) else json.dumps(raw, default=str).encode()


def size_of(value: dict[str, Any]) -> int:
    """Return how many bytes the object is long as JSON."""
    try:
        return len(orjson.dumps(value))
    except orjson.JSONEncodeError:
        return len(as_bytes(value))


def _envelope_problem(value: dict[str, Any], error: ValidationError) -> InvalidInput:
    if "data_base64" in value and "data" not in value:
        return InvalidInput("data_base64", "is not supported", "send JSON in `data`")
    return first_problem(error)


def _decode_odd(raw: bytes) -> object:
    """Read what strict JSON forbids (NaN, half a surrogate pair), so that its field is named."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        field = _mangled_field(raw)
        problem = f"is not valid UTF-8 at byte {error.start} of the event"
        raise InvalidInput(field, problem, "encode the event as UTF-8") from None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidInput(WHOLE, f"is not JSON{where}", "send one JSON object") from None


def _mangled_field(raw: bytes) -> str:
    try:
        value = json.loads(raw.decode(errors="replace"))
    except (ValueError, RecursionError):
        return WHOLE
    path = next((path for path, text in _texts(value, ()) if "\ufffd" in text), ())
    return dotted(path) or WHOLE


def _texts(value: object, path: tuple[object, ...]) -> Iterator[tuple[tuple[object, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in cast("dict[str, object]", value).items():
            yield from _texts(inner, (*path, name))
    elif isinstance(value, list):
        for n, inner in enumerate(cast("list[object]", value)):
            yield from _texts(inner, (*path, n))
