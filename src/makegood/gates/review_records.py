"""What the store and the ledger say of reviews: each step of their life is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from makegood.clock import MINUTE
from makegood.domain.authority import ActionStatus, ObligationStatus, ReviewStatus
from makegood.domain.canonical import derive_id
from makegood.gates import counters, fingerprints, obligations
from makegood.gates.review_items import ACTION, REVIEW, ReviewItem
from makegood.ledger.entries import SYSTEM, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.store.sql import insert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from makegood.gates.candidates import Candidate, Origin
    from makegood.gates.rules import Rulebook


def open_for(
    tx: Connection, rulebook: Rulebook, origin: Origin, held: Sequence[Candidate], now_us: int
) -> None:
    """Open a review for each held action."""
    deadline_us = now_us + rulebook.policies.approvals.deadline.expire_minutes * MINUTE
    rows = [_new(c, origin, rulebook.policy_digest, now_us, deadline_us) for c in held]
    insert(tx, REVIEW, rows)
    append(
        tx,
        [
            _draft(
                EntryKind.REVIEW_OPENED,
                SYSTEM,
                now_us,
                (row["hub_id"], row["id"], row["action_id"], row["order_id"]),
                {"digest": row["digest"], "rules": _rules(c), "deadline_us": deadline_us},
            )
            for row, c in zip(rows, held, strict=True)
        ],
    )


def _new(
    candidate: Candidate, origin: Origin, policy_digest: str, now_us: int, deadline_us: int
) -> dict[str, Any]:
    facts = orjson.dumps(candidate.facts).decode()
    held = [r.why for r in candidate.reasons if r.verdict is candidate.verdict]
    return {
        "id": derive_id("rev", candidate.id),
        "action_id": candidate.id,
        "run_id": origin.run_id,
        "hub_id": candidate.action.hub_id,
        "order_id": candidate.action.order_id,
        "digest": candidate.digest,
        "policy_digest": policy_digest,
        "fingerprint": candidate.fingerprint,
        "facts_then": facts,
        "facts_now": facts,
        "status": ReviewStatus.OPEN,
        "why": "; ".join(held),
        "opened_us": now_us,
        "deadline_us": deadline_us,
    }


def _rules(candidate: Candidate) -> list[str]:
    # Not why: that may be in an agent's own words, and the ledger keeps nobody's.
    return sorted({r.rule for r in candidate.reasons if r.verdict is candidate.verdict})


def moved(tx: Connection, review: ReviewItem, now_us: int, policy_digest: str = "") -> bool:
    """Say whether what a review stands on has moved; if so it turns stale and keeps what is now.

    It stands on facts and, where `policy_digest` is given, on the policies in force.
    """
    footings = review.action.stands_on()
    entities = fingerprints.load(tx, [footings])
    now = {
        "fingerprint": fingerprints.fingerprint(entities, footings),
        "policy_digest": policy_digest or review.policy_digest,
    }
    if now == {"fingerprint": review.fingerprint, "policy_digest": review.policy_digest}:
        return False
    facts = orjson.dumps(fingerprints.facts(entities, footings)).decode()
    # Who approved first approved what was true then, so they are asked again too.
    stale = {"status": ReviewStatus.STALE, "first_by": "", "facts_now": facts}
    update(tx, review.id, stale | now)
    record(tx, EntryKind.REVIEW_STALE, review, SYSTEM, now_us, now)
    return True


def end_action(
    tx: Connection, action_ids: Sequence[str], status: ActionStatus, owed: ObligationStatus
) -> None:
    """End actions that will not be carried out, and give back what they had reserved."""
    tx.execute(ACTION.update().where(ACTION.c.id.in_(list(action_ids))).values(status=status))
    obligations.end(tx, action_ids, owed)
    counters.release(tx, action_ids)


def update(tx: Connection, review_id: str, values: dict[str, Any]) -> None:
    """Change a review; its version says that it moved."""
    change = REVIEW.update().where(REVIEW.c.id == review_id)
    tx.execute(change.values(**values, version=REVIEW.c.version + 1))


def record(
    tx: Connection,
    kind: EntryKind,
    review: ReviewItem,
    actor: str,
    now_us: int,
    body: dict[str, Any],
) -> None:
    """Write one step of a review into the ledger."""
    place = (review.hub_id, review.id, review.action_id, review.order_id)
    append(tx, [_draft(kind, actor, now_us, place, body)])


def _draft(
    kind: EntryKind,
    actor: str,
    now_us: int,
    place: tuple[str, str, str, str],
    body: dict[str, Any],
) -> Draft:
    hub_id, review_id, action_id, order_id = place
    refs = [review_id, action_id, f"sales_order/{order_id}"]
    if actor != SYSTEM:
        refs.append(actor)
    named = {"review_id": review_id, "action_id": action_id, **body}
    return Draft(hub_id, kind, now_us, actor, named, tuple(refs))
