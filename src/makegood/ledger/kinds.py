"""What a ledger entry can be about."""

from __future__ import annotations

from enum import StrEnum


class EntryKind(StrEnum):
    """The closed list of entry kinds."""

    GENESIS = "genesis"
    STARTED = "started"
    EVENTS_RECEIVED = "events_received"
    EVENT_QUARANTINED = "event_quarantined"
    EVENT_REQUEUED = "event_requeued"
    EVENT_DISCARDED = "event_discarded"
    EVENT_RESOLVED = "event_resolved"
    INCIDENT_OPENED = "incident_opened"
    INCIDENT_CLOSED = "incident_closed"
    PROPOSAL_MADE = "proposal_made"
    ACTION_JUDGED = "action_judged"
    REVIEW_OPENED = "review_opened"
    REVIEW_APPROVED = "review_approved"
    REVIEW_REJECTED = "review_rejected"
    REVIEW_EXPIRED = "review_expired"
    REVIEW_STALE = "review_stale"
    REVIEW_SUPERSEDED = "review_superseded"
    REVIEW_VOID = "review_void"
    REVIEW_CLAIMED = "review_claimed"
    REVIEW_RELEASED = "review_released"
    REVIEW_SECONDED = "review_seconded"
    REVIEW_APPROVING = "review_approving"
    REVIEW_UNDONE = "review_undone"
    REVIEW_REOPENED = "review_reopened"
    REVIEW_EDITED = "review_edited"
    REVIEW_ASKED = "review_asked"
    REVIEW_ANSWERED = "review_answered"
    REVIEW_WARNED = "review_warned"
    REVIEW_ESCALATED = "review_escalated"
    GRANT_VOIDED = "grant_voided"
    EFFECT_INTENDED = "effect_intended"
    EFFECT_CONFIRMED = "effect_confirmed"
    EFFECT_FAILED = "effect_failed"
    EFFECT_UNKNOWN = "effect_unknown"
    EFFECT_DECIDED = "effect_decided"
    RUN_ENDED = "run_ended"
    PERSON_ADDED = "person_added"
    PERSON_CHANGED = "person_changed"
    TOKEN_ADDED = "token_added"  # noqa: S105 -- a kind, not a secret
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 -- a kind, not a secret
    KEY_DESTROYED = "key_destroyed"
    KILL_SET = "kill_set"
    KILL_CLEARED = "kill_cleared"
    POLICY_CHANGED = "policy_changed"
