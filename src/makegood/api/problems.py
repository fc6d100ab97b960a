"""Problem details (RFC 9457): every error leaves as one, and names the field where there is one.

`field`, `problem` and `mend` are extension members: which part of the input is wrong (a dotted
path), what is wrong with it, and how to put it right. `errors` lists all of them.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from starlette.responses import Response

from makegood import errors
from makegood.domain.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MEDIA_TYPE: Final = "application/problem+json"
_TYPES: Final = "urn:makegood:problem:"
_TOLD: Final = 5
"""How many mistakes of a long list stand in the detail too."""

_STATUSES: Final[dict[type[errors.MakegoodError], HTTPStatus]] = {
    errors.InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Stale: HTTPStatus.CONFLICT,
    errors.HeadMoved: HTTPStatus.CONFLICT,
    errors.Deadlocked: HTTPStatus.CONFLICT,
    errors.NotAllowed: HTTPStatus.FORBIDDEN,
    errors.Deny: HTTPStatus.FORBIDDEN,
    errors.NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Throttled: HTTPStatus.TOO_MANY_REQUESTS,
    errors.StoreUnreachable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Superseded: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Mistake(Frozen):
    """One thing wrong with the input."""

    field: str = Field(description="Dotted path of the field, such as `data.amount.minor`.")
    problem: str
    mend: str = ""


class Problem(Frozen):
    """A problem detail; members beyond `type`, `title`, `status` and `detail` are extensions."""

    type: str
    title: str
    status: int
    detail: str = ""
    field: str | None = None
    problem: str | None = None
    mend: str | None = None
    errors: tuple[Mistake, ...] | None = None


class Refusal(Exception):
    """An answer of the HTTP edge itself that belongs to no failure of the core."""

    def __init__(self, status: HTTPStatus, detail: str, mend: str = "") -> None:
        """Say the status, what is wrong, and how to mend it."""
        self.status = status
        self.detail = detail
        self.mend = mend
        super().__init__(detail)


def of_error(error: errors.MakegoodError) -> Problem:
    """Return the problem that a failure or refusal of the core stands for."""
    status = next(
        (status for kind, status in _STATUSES.items() if isinstance(error, kind)),
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )
    name = type(error).__name__
    title = (type(error).__doc__ or name).strip().splitlines()[0].rstrip(".")
    if isinstance(error, errors.InvalidInput):
        return invalid((Mistake(field=error.field, problem=error.problem, mend=error.mend),))
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return unexpected()
    return Problem(type=_type(name), title=title, status=status, detail=error.detail)


def invalid(mistakes: Sequence[Mistake]) -> Problem:
    """Return the problem for input that is not valid; the first mistake stands on its own too."""
    first = mistakes[0]
    detail = f"{first.field}: {first.problem}" + (f" ({first.mend})" if first.mend else "")
    return Problem(
        type=_type("InvalidInput"),
        title="The input is not valid",
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        detail=detail,
        field=first.field,
        problem=first.problem,
        mend=first.mend,
        errors=tuple(mistakes),
    )


def nothing_done(mistakes: Sequence[Mistake]) -> Problem:
    """Return the problem for a batch of which nothing was done, with what stopped it."""
    why = "; ".join(f"{each.field}: {each.problem}" for each in mistakes[:_TOLD])
    problem = of_error(errors.Conflict(f"nothing of the batch was done; {why}"))
    return problem.model_copy(update={"errors": tuple(mistakes)})


def of_status(status: HTTPStatus, detail: str = "", mend: str = "") -> Problem:
    """Return the problem for a plain HTTP status."""
    name = "".join(word.capitalize() for word in status.phrase.replace("-", " ").split())
    return Problem(
        type=_type(name), title=status.phrase, status=status, detail=detail, mend=mend or None
    )


def unexpected() -> Problem:
    """Return the problem for a bug; what it was stands in the log, not in the answer."""
    detail = "The daemon failed while it answered; its log says more."
    return of_status(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def of_validation(found: Sequence[Mapping[str, Any]]) -> Problem:
    """Return the problem for what pydantic found wrong with a request."""
    return invalid([_mistake(one) for one in found])


def _mistake(found: Mapping[str, Any]) -> Mistake:
    where = [str(part) for part in found["loc"]]
    # FastAPI begins with where the value came from; a reader wants the field's own path.
    if len(where) > 1 and where[0] in {"body", "query", "path", "header"}:
        where = where[1:]
    kind, message = str(found["type"]), str(found["msg"]).removeprefix("Value error, ")
    mend = {
        "missing": "add this field",
        "extra_forbidden": "leave this field out; check its spelling",
        "json_invalid": "send JSON (RFC 8259) in UTF-8",
    }.get(kind, "")
    return Mistake(field=".".join(where) or "body", problem=message, mend=mend)


def response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as the answer to a request."""
    extra = dict(headers or {})
    if problem.status == HTTPStatus.UNAUTHORIZED:
        extra["WWW-Authenticate"] = 'Bearer realm="makegood"'
    body = problem.model_dump_json(exclude_none=True)
    return Response(body, problem.status, extra, MEDIA_TYPE)


def _type(name: str) -> str:
    words = "".join(f"-{c.lower()}" if c.isupper() else c for c in name)
    return _TYPES + words.strip("-")
