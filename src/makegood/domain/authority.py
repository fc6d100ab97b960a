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


class ReviewStatus(StrEnum):
    """How far a review has come."""

    OPEN = "open"
    STALE = "stale"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


WAITING_REVIEWS = (ReviewStatus.OPEN, ReviewStatus.STALE)


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
