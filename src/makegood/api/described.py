"""The API's description (OpenAPI 3.1), with every refusal as what it is: a problem.

FastAPI describes all answers with the media type of a route's success, and adds the shape of its
own validation errors, which never leave here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from makegood.api.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from fastapi import FastAPI

PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {"model": Problem, "description": "A problem (RFC 9457)."},
    "5XX": {"model": Problem, "description": "A problem of the daemon's own, or it is draining."},
}
_NEVER_LEAVE: Final = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> None:
    """Let an application describe its refusals as `application/problem+json`."""
    made = app.openapi

    def described() -> dict[str, Any]:
        # FastAPI keeps what it made, and gives the same again.
        document = made()
        for operations in document["paths"].values():
            for operation in operations.values():
                _as_problems(operation["responses"])
        for name in _NEVER_LEAVE:
            document["components"]["schemas"].pop(name, None)
        return document

    app.openapi = described


def _as_problems(responses: dict[str, Any]) -> None:
    responses.pop("422", None)
    for status, response in responses.items():
        if status in PROBLEMS:
            shapes = response["content"]
            response["content"] = {MEDIA_TYPE: next(iter(shapes.values()))}
