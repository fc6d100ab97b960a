"""What all adapters share: one request, and what may be concluded from how it ended.

Nothing is concluded from silence. A request that broke off, timed out or was answered 5xx may
have been acted on: that is `OutcomeUnknown`. Only a 4xx answer says that nothing was done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from makegood.sdk import EffectCall, EffectRefused, EffectStatus, Outcome, OutcomeUnknown

AT_ONCE = 500
_KEYS_AT_ONCE = 50
# The system asks to try later, so its last word is not said.
_NOT_NOW = frozenset({408, 425, 429})


class Answer(BaseModel):
    """What we need of an answer; whatever else the system says is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Item(Answer):
    key: str
    done: bool
    reference: str = ""
    problem: str = ""
    detail: str = ""


class _Items(Answer):
    outcomes: tuple[_Item, ...]


_A = TypeVar("_A", bound=Answer)


def post(
    client: httpx.Client, path: str, body: Mapping[str, Any] | None, model: type[_A], key: str = ""
) -> _A:
    """Send one change and return its answer as a model.

    Raises:
        EffectRefused: the system said no (4xx), so nothing was done.
        OutcomeUnknown: it did not say, so that it may have been done.

    """
    headers = {"Idempotency-Key": key} if key else {}
    try:
        response = client.post(path, json=body, headers=headers)
    except httpx.HTTPError as error:
        raise OutcomeUnknown(f"POST {path}: {type(error).__name__}: {error}") from error
    status = response.status_code
    if response.is_client_error and status not in _NOT_NOW:
        raise EffectRefused(f"HTTP {status}: {_detail(response)}")
    if not response.is_success:
        raise OutcomeUnknown(f"POST {path}: HTTP {status}: {_detail(response)}")
    return _parse(response, model)


def get(client: httpx.Client, path: str, model: type[_A], keys: Sequence[str]) -> _A:
    """Ask what was done under some keys.

    Raises:
        OutcomeUnknown: the system did not say.

    """
    try:
        response = client.get(path, params={"key": list(keys)})
    except httpx.HTTPError as error:
        raise OutcomeUnknown(f"GET {path}: {type(error).__name__}: {error}") from error
    if not response.is_success:
        raise OutcomeUnknown(f"GET {path}: HTTP {response.status_code}: {_detail(response)}")
    return _parse(response, model)


def each(
    calls: tuple[EffectCall, ...], perform: Callable[[EffectCall], str]
) -> tuple[Outcome, ...]:
    """Make each call by itself; `perform` returns the outside's reference.

    Raises:
        OutcomeUnknown: what came of one call is not known; the later ones were not made.

    """
    return tuple(_one(call, perform) for call in calls)


def batch(
    client: httpx.Client,
    path: str,
    calls: tuple[EffectCall, ...],
    body: Callable[[EffectCall], dict[str, Any]],
) -> tuple[Outcome, ...]:
    """Make many calls at once; `body` returns one item without its key.

    Raises:
        OutcomeUnknown: what came of them is not known.

    """
    outcomes: list[Outcome] = []
    for start in range(0, len(calls), AT_ONCE):
        part = calls[start : start + AT_ONCE]
        items = [{"key": call.key, **body(call)} for call in part]
        try:
            answer = post(client, path, {"items": items}, _Items)
        except EffectRefused as refused:
            outcomes += [failed(refused.detail)] * len(part)
            continue
        by_key = {item.key: item for item in answer.outcomes}
        if len(by_key) != len(part) or any(call.key not in by_key for call in part):
            raise OutcomeUnknown(f"POST {path}: the answer does not name every key once")
        outcomes += [_of_item(by_key[call.key]) for call in part]
    return tuple(outcomes)


def look_up(
    keys: tuple[str, ...], find: Callable[[Sequence[str]], Mapping[str, str]]
) -> tuple[Outcome | None, ...]:
    """Say what was done under each key; `find` returns references by key for a few at once."""
    found: dict[str, str] = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        found.update(find(keys[start : start + _KEYS_AT_ONCE]))
    return tuple(confirmed(found[key]) if key in found else None for key in keys)


def confirmed(reference: str) -> Outcome:
    """Return the outcome of something that was done."""
    return Outcome(status=EffectStatus.CONFIRMED, reference=reference)


def failed(detail: str) -> Outcome:
    """Return the outcome of something that was refused and not done."""
    return Outcome(status=EffectStatus.FAILED, detail=detail)


def _one(call: EffectCall, perform: Callable[[EffectCall], str]) -> Outcome:
    try:
        return confirmed(perform(call))
    except EffectRefused as refused:
        return failed(refused.detail)


def _of_item(item: _Item) -> Outcome:
    return confirmed(item.reference) if item.done else failed(f"{item.problem}: {item.detail}")


def _parse(response: httpx.Response, model: type[_A]) -> _A:
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        path = response.request.url.path
        raise OutcomeUnknown(f"{path}: the answer could not be read") from error


def _detail(response: httpx.Response) -> str:
    """Return an RFC 9457 problem's kind and detail, or the beginning of whatever was said."""
    try:
        problem = response.json()
        return f"{problem['title']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return response.text[:200]
