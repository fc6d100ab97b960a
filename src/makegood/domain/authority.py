"""The words for how far an action, a review, a grant, an obligation and a run have come."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What the gate said of an action, once and for all."""

    ALLOW = "allow"
    HOLD = "hold"
    DENY = "deny"
    MET = "met"


class ActionStatus(StrEnum):
    """How far an action has come; each ending is its own word."""

    DENIED = "denied"
    MET = "met"
    HELD = "held"
    GRANTED = "granted"
    INTENDED = "intended"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    VOID = "void"


UNDER_WAY = (ActionStatus.GRANTED, ActionStatus.INTENDED, ActionStatus.UNKNOWN)
"""Actions that will end yet: by what the outside says, or a person who finds out."""


class ReviewStatus(StrEnum):
    """How far a review has come.

    Approving is a yes that can still be undone: there is no grant before its time has passed.
    Void is what it was about having changed so much that there is nothing left to decide.
    """

    OPEN = "open"
    STALE = "stale"
    APPROVING = "approving"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    VOID = "void"


WAITING_REVIEWS = (ReviewStatus.OPEN, ReviewStatus.STALE)
"""Reviews that a person may decide."""

PENDING_REVIEWS = (*WAITING_REVIEWS, ReviewStatus.APPROVING)
"""Reviews that are not decided for good."""


class GrantStatus(StrEnum):
    """A grant is spent once, or void."""

    UNSPENT = "unspent"
    SPENT = "spent"
    VOID = "void"
    EXPIRED = "expired"


class ObligationStatus(StrEnum):
    """Whether an obligation is being settled, is settled, or may be taken up again."""

    OPEN = "open"
    SETTLED = "settled"
    REJECTED = "rejected"
    RELEASED = "released"


class RunStatus(StrEnum):
    """How far a run has come; one that waits for people is never driven on by recovery."""

    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
