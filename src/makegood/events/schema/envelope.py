"""The CloudEvents 1.0.2 envelope, in its JSON format.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
The `sequence` extension is CloudEvents' own, read as digits only; `hub` is Makegood's. Other
extensions are allowed, as the standard asks, and ignored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from makegood.events.schema.base import Id, Instant

_MOST_DIGITS = 15
"""So that a sequence is an integer that every JSON reader holds exactly."""


def _digits(value: Any) -> int | None:  # noqa: ANN401 -- whatever stood in the JSON
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        if len(value) <= _MOST_DIGITS:
            return int(value)
        message = f"has more than {_MOST_DIGITS} digits; count from a later start"
        raise ValueError(message)
    message = 'is not a string of digits; write it as "42"'
    raise ValueError(message)


class Envelope(BaseModel):
    """The attributes of a CloudEvent; `time` is in microseconds once read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"]
    id: Annotated[str, Field(pattern=r"^[!-~]{1,200}$")]
    source: Annotated[str, Field(pattern=r"^[!-~]{1,200}$")]
    type: Annotated[str, Field(pattern=r"^[!-~]{1,100}$")]
    subject: Id
    time: Instant
    datacontenttype: Literal["application/json"] | None = None
    dataschema: Annotated[str, Field(max_length=500)] | None = None
    sequence: Annotated[int | None, BeforeValidator(_digits)] = None
    hub: Id | None = None
    data: dict[str, Any]
