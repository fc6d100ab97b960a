"""Problem details (RFC 9457), as the company answers them."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from makegood.replay.company.problems import Refused


def problem(status: int, kind: str, detail: str) -> JSONResponse:
    """Return a problem; its `type` is a reference relative to the company's address."""
    return JSONResponse(
        {"type": f"/problems/{kind}", "title": kind, "status": status, "detail": detail},
        status,
        media_type="application/problem+json",
    )


async def on_refused(_request: Request, error: Exception) -> JSONResponse:
    """Answer a refusal."""
    if not isinstance(error, Refused):
        raise error
    return problem(error.status, error.kind, error.detail)


async def on_invalid(_request: Request, error: Exception) -> JSONResponse:
    """Answer a request that does not have the form the route asks for, naming the field."""
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [
        f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors()
    ]
    return problem(422, "invalid", "; ".join(faults))
