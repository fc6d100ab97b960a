"""What can be told of an event that could not be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

from makegood.errors import InvalidInput
from makegood.events.read import decode
from makegood.events.schema import CATALOGUE, SUBJECT

if TYPE_CHECKING:
    from makegood.events.model import Raw

_ID_FORM: Final = re.compile(r"[!-~]{1,200}")


def hints(raw: Raw, most_bytes: int) -> dict[str, str]:
    """Return of a broken event what there is of source, id, type, subject, entity and person.

    Only values that have the form of an id are taken over; anything else may be personal.
    """
    try:
        value = decode(raw, most_bytes)
    except InvalidInput:
        return {}
    found = {name: _as_id(value.get(name)) for name in ("source", "id", "type", "subject")}
    if found["type"] in CATALOGUE:
        kind = CATALOGUE[found["type"]]
        data = value.get("data")
        named = cast("dict[str, Any]", data).get(kind.person) if isinstance(data, dict) else None
        found["person"] = found["subject"] if kind.person == SUBJECT else _as_id(named)
        found["entity"] = f"{kind.kind}/{found['subject']}" if found["subject"] else ""
    return found


def _as_id(value: object) -> str:
    return value if isinstance(value, str) and _ID_FORM.fullmatch(value) else ""
