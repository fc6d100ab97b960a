"""Reads an outside system's JSON into a model, or says that it could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from makegood.sdk import ReadFailed, read_json

_IDS_AT_ONCE = 100


class Answer(BaseModel):
    """What we need of an answer; whatever else the system says is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


_A = TypeVar("_A", bound=Answer)


def read(system: str, path: str, model: type[_A], **params: str | float | None) -> _A:
    """Return the answer to `GET path` as a model.

    Raises:
        ReadFailed: no answer, a status other than 2xx, or an answer of another shape.

    """
    answer = read_json(system, path, **params)
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ReadFailed(f"{system} {path}: {where}: {first['msg']}") from error


def in_parts(ids: list[str]) -> Iterator[str]:
    """Yield ids joined by commas, few enough at once for an address line."""
    for start in range(0, len(ids), _IDS_AT_ONCE):
        yield ",".join(ids[start : start + _IDS_AT_ONCE])
