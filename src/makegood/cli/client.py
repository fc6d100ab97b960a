"""The daemon's HTTP API, as the commands that change anything (and most that read) use it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast
from urllib.parse import quote

from makegood.cli.output import Refused, Unreachable
from makegood.errors import Conflict, InvalidInput, NotAllowed, NotAuthenticated, NotFound

if TYPE_CHECKING:
    import httpx

Json: TypeAlias = Any

DEFAULT_URL: Final = "http://127.0.0.1:8460"
_PATIENCE_S: Final = 30.0
_BAD_INPUT: Final = (400, 413, 415, 422)


def base_url() -> str:
    """Return the daemon's address: MAKEGOOD_URL, or the usual one on this machine."""
    return (os.environ.get("MAKEGOOD_URL") or DEFAULT_URL).rstrip("/")


def path(*parts: str) -> str:
    """Return the path of a resource under /v1; ids may hold anything."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def get(where: str, params: Mapping[str, str | int | list[str] | None] | None = None) -> Json:
    """Return what the daemon answers to GET; parameters that are None are left out."""
    given = {name: value for name, value in (params or {}).items() if value is not None}
    return _ask("GET", where, params=given)


def post(where: str, body: Json = None, *, headers: Mapping[str, str] | None = None) -> Json:
    """Return what the daemon answers to POST."""
    import secrets

    # One run of a command is one intention: should the answer get lost, nothing happens twice.
    once = {"Idempotency-Key": f"cli-{secrets.token_hex(12)}", **(headers or {})}
    return _ask("POST", where, json=body if body is not None else {}, headers=once)


def delete(where: str, body: Json = None) -> Json:
    """Return what the daemon answers to DELETE."""
    return _ask("DELETE", where, json=body)


def items(answer: Json) -> Sequence[Json]:
    """Return the rows of a listing."""
    return answer["items"]


def _ask(method: str, where: str, **more: Any) -> Json:  # noqa: ANN401 -- httpx's own arguments
    import httpx

    token = os.environ.get("MAKEGOOD_TOKEN", "")
    if not token:
        raise NotAuthenticated(
            "MAKEGOOD_TOKEN is not set; an operator makes one with `makegood token add`,"
            " the first one comes from `makegood db operator NAME`"
        )
    given: dict[str, str] = more.pop("headers", None) or {}
    headers = {"Authorization": f"Bearer {token}", **given}
    try:
        with httpx.Client(base_url=base_url(), timeout=_PATIENCE_S, trust_env=False) as client:
            answer = client.request(method, where, headers=headers, **more)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        mend = "start it with `makegood serve`, or name its address in MAKEGOOD_URL"
        raise Unreachable(f"{base_url()} ({type(error).__name__}); {mend}") from error
    if not answer.is_success:
        raise _complaint(answer)
    return answer.json() if answer.content else None


def _complaint(answer: httpx.Response) -> Exception:
    """Return the error that a problem (RFC 9457) of the daemon stands for."""
    status = answer.status_code
    said = _said(answer)
    if status in _BAD_INPUT:
        return InvalidInput(*_fields(answer, said))
    kinds = {401: NotAuthenticated, 403: NotAllowed, 404: NotFound, 409: Conflict}
    if status in kinds:
        return kinds[status](said)
    if status >= 500:  # noqa: PLR2004 -- the server's own failures, RFC 9110 section 15.6
        return Unreachable(f"{base_url()} failed with HTTP {status}: {said}")
    return Refused(f"HTTP {status}: {said}")


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        found: Any = answer.json()
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _said(answer: httpx.Response) -> str:
    problem = _problem(answer)
    return str(problem.get("detail") or problem.get("title") or answer.text[:200] or "no reason")


def _fields(answer: httpx.Response, said: str) -> tuple[str, str, str]:
    problem = _problem(answer)
    field = str(problem.get("field") or "request")
    return field, str(problem.get("problem") or said), str(problem.get("mend") or "")
