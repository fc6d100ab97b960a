"""What the routes of several parts share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

from fastapi import Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from makegood.replay.company.company import Company
from makegood.replay.company.credentials import System
from makegood.replay.company.problems import Refused

MAX_BATCH: Final = 2_000
REPLAYED: Final = "Idempotent-Replayed"

Key = Annotated[str, Header(alias="Idempotency-Key")]
Keys = Annotated[list[str], Query(alias="key", max_length=200)]
T = TypeVar("T")
Guard = Callable[..., Awaitable[None]]


class Body(BaseModel):
    """A request's body; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Answered(Body):
    """What came of one item of a batch: `reference` when done, `problem` when refused."""

    key: str
    done: bool
    reference: str = ""
    problem: str = ""
    detail: str = ""


class Answers(Body):
    """What came of a batch, one for each item in the order given."""

    outcomes: tuple[Answered, ...] = Field(max_length=MAX_BATCH)


def guard(company: Company, system: System) -> Guard:
    """Return a dependency that asks for the credential of a system."""

    async def check(authorization: Annotated[str, Header()] = "") -> None:
        company.credentials.check(system, authorization)

    return check


def answer_each(keys: tuple[str, ...], act: Callable[[int], str]) -> Answers:
    """Act on each item by its index; a refusal of one leaves the others as they are."""
    return Answers(outcomes=tuple(_answer(key, index, act) for index, key in enumerate(keys)))


def told(response: Response, done: tuple[T, bool]) -> T:
    """Return what was done, and say in a header when it is an earlier answer, repeated."""
    made, replayed = done
    if replayed:
        response.headers[REPLAYED] = "true"
    return made


def _answer(key: str, index: int, act: Callable[[int], str]) -> Answered:
    try:
        return Answered(key=key, done=True, reference=act(index))
    except Refused as refused:
        return Answered(key=key, done=False, problem=refused.kind, detail=refused.detail)
