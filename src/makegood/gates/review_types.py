"""What passes between the review desk and those who use it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from makegood.domain.authority import ReviewStatus
    from makegood.domain.roles import Role


class Reason(StrEnum):
    """Why a person says no."""

    NOT_OWED = "not_owed"
    WRONG_AMOUNT = "wrong_amount"
    ALREADY_SETTLED = "already_settled"
    OTHER_REMEDY = "other_remedy"
    SUSPECTED_FRAUD = "suspected_fraud"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Decider:
    """The person who decides, with the roles they have now."""

    person_id: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Approval:
    """How an approval went: `grant_id` is empty where there is no grant, or not yet.

    That is so where the review asks again (stale), waits for a second person (open) or for the end
    of the undo window (approving), or has nothing left to decide (void).
    """

    review_id: str
    status: ReviewStatus
    grant_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One hold of a batch: the review, and the `seen` that the page showed of it."""

    review_id: str
    seen: str


@dataclass(frozen=True, slots=True)
class BatchResult:
    """How one hold of a batch fared; `status` is empty where there is no such review."""

    review_id: str
    ok: bool
    status: ReviewStatus | None
    grant_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class Batch:
    """How a batch went: `done` says whether anything was approved at all."""

    done: bool
    results: tuple[BatchResult, ...]
