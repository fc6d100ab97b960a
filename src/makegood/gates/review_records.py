"""What the store and the ledger say of reviews: each step of their life is written here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import bindparam

from makegood.clock import MINUTE, to_rfc3339
from makegood.domain.authority import ActionStatus, ObligationStatus, ReviewStatus
from makegood.domain.canonical import derive_id
from makegood.gates import counters, fingerprints, names, obligations
from makegood.gates.review_items import ACTION, REVIEW, ReviewItem, get
from makegood.ledger.entries import SYSTEM, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.outbox.messages import Message, MessageType, ReviewIds, put
from makegood.store.sql import among, insert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from makegood.domain.actions import Action
    from makegood.domain.policy import Policies
    from makegood.gates.candidates import Candidate, Origin
    from makegood.gates.rules import Rulebook

# What others are told: the steps of a review that a message type is named for.
_TYPES: Final = {each.value.replace(".", "_"): each for each in MessageType}
_TOLD: Final = {kind: _TYPES[kind.value] for kind in EntryKind if kind.value in _TYPES}
_ACT: Final = ACTION.update().where(among(ACTION.c.id, "ids")).values(status=bindparam("to"))


@dataclass(frozen=True, slots=True)
class Step:
    """One step in the life of a review: who took it, and what the ledger keeps of it."""

    review: ReviewItem
    actor: str
    body: dict[str, Any]


def open_for(
    tx: Connection, rulebook: Rulebook, origin: Origin, held: Sequence[Candidate], now_us: int
) -> None:
    """Open a review for each held action."""
    deadline_us = now_us + rulebook.policies.approvals.deadline.expire_minutes * MINUTE
    rows = [_new(c, origin, rulebook, now_us, deadline_us) for c in held]
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
    places = [(row["hub_id"], row["id"], row["action_id"], row["order_id"]) for row in rows]
    _tell(tx, EntryKind.REVIEW_OPENED, [_ids(place, {}) for place in places], now_us)


def _new(
    candidate: Candidate, origin: Origin, rulebook: Rulebook, now_us: int, deadline_us: int
) -> dict[str, Any]:
    facts = orjson.dumps(candidate.facts).decode()
    return {
        "id": derive_id("rev", candidate.id),
        "action_id": candidate.id,
        "run_id": origin.run_id,
        "hub_id": candidate.action.hub_id,
        "order_id": candidate.action.order_id,
        "digest": candidate.digest,
        "policy_digest": rulebook.policy_digest,
        "fingerprint": candidate.fingerprint,
        "facts_then": facts,
        "facts_now": facts,
        "status": ReviewStatus.OPEN,
        "why": candidate.why,
        "opened_us": now_us,
        "deadline_us": deadline_us,
        "priority": priority(candidate.action, deadline_us, rulebook.policies),
    }


def priority(action: Action, deadline_us: int, policies: Policies) -> int:
    """Return the instant by which a hold should be looked at: its money brings it forward."""
    return deadline_us - policies.approvals.priority.lead_of(action.money) * MINUTE


def _rules(candidate: Candidate) -> list[str]:
    # Not why: that may be in an agent's own words, and the ledger keeps nobody's.
    return sorted({r.rule for r in candidate.reasons if r.verdict is candidate.verdict})


def moved(
    tx: Connection,
    review: ReviewItem,
    now_us: int,
    policy_digest: str = "",
    entities: fingerprints.Entities | None = None,
) -> bool:
    """Say whether what a review stands on has moved; if so it turns stale and keeps what is now.

    It stands on facts (of `entities`, where they were read already) and, where `policy_digest` is
    given, on the policies in force.
    """
    footings = review.action.stands_on()
    known = fingerprints.load(tx, [footings]) if entities is None else entities
    stands_on = fingerprints.facts(known, footings)
    now = {
        "fingerprint": fingerprints.digest_facts(stands_on),
        "policy_digest": policy_digest or review.policy_digest,
    }
    if now == {"fingerprint": review.fingerprint, "policy_digest": review.policy_digest}:
        return False
    facts = orjson.dumps(stands_on).decode()
    # Who approved first approved what was true then, so they are asked again too.
    stale = {"status": ReviewStatus.STALE, "first_by": "", "facts_now": facts}
    update(tx, review.id, stale | now)
    record(tx, EntryKind.REVIEW_STALE, review, SYSTEM, now_us, now)
    return True


def void_if_material(tx: Connection, review_id: str, policies: Policies, now_us: int) -> str:
    """End a stale review for good where what moved is material; return why, or nothing.

    It is where policy says so, and where the action says of its entity what is not so any more.
    What it would have settled may be proposed again, on what is true now.
    """
    review = get(tx, review_id)
    action = review.action
    moved = policies.approvals.material(action.kind, action.money, review.changed)
    untrue = names.trouble(action, fingerprints.load(tx, [action.stands_on()]))
    if not moved and not untrue:
        return ""
    told = [f"{fact} of {ref} was {then}, is {now}" for ref, fact, then, now in moved]
    why = "; ".join([*told, untrue] if untrue else told)
    end(tx, review, ReviewStatus.VOID, now_us, note=why)
    end_action(tx, [review.action_id], ActionStatus.VOID, ObligationStatus.RELEASED)
    facts = [f"{ref}.{fact}" for ref, fact, _, _ in moved]
    body = {"material": facts, "untrue": untrue} if untrue else {"material": facts}
    record(tx, EntryKind.REVIEW_VOID, review, SYSTEM, now_us, body)
    return why


def end(
    tx: Connection,
    review: ReviewItem,
    status: ReviewStatus,
    now_us: int,
    **more: str | int | bytes | None,
) -> None:
    """Give a review a status in which nobody has it claimed, and say when and what else."""
    end_many(tx, [review.id], status, decided_us=now_us, **more)


def end_many(
    tx: Connection,
    review_ids: Sequence[str],
    status: ReviewStatus,
    **more: str | int | bytes | None,
) -> None:
    """Give reviews a status in which nobody has them claimed, and say what else is true of all."""
    over = {"claimed_by": "", "claimed_until_us": None, "approving_until_us": None}
    update_many(tx, review_ids, {"status": status, **over, **more})


def end_action(
    tx: Connection, action_ids: Sequence[str], status: ActionStatus, owed: ObligationStatus
) -> None:
    """End actions that will not be carried out, and give back what they had reserved."""
    act(tx, action_ids, status)
    obligations.end(tx, action_ids, owed)
    counters.release(tx, action_ids)


def act(tx: Connection, action_ids: Sequence[str], status: ActionStatus) -> None:
    """Say how far actions have come."""
    tx.execute(_ACT, {"ids": list(action_ids), "to": status})


def update(tx: Connection, review_id: str, values: dict[str, Any]) -> None:
    """Change a review; its version says that it moved."""
    update_many(tx, [review_id], values)


def update_many(tx: Connection, review_ids: Sequence[str], values: dict[str, Any]) -> None:
    """Change reviews alike; their versions say that they moved."""
    if not review_ids:
        return
    change = REVIEW.update().where(among(REVIEW.c.id, "b_ids"))
    given = change.values(**values, version=REVIEW.c.version + 1)
    tx.execute(given, {"b_ids": list(review_ids)})


def climb(
    tx: Connection, review: ReviewItem, rungs: int, policies: Policies, **more: str | None
) -> None:
    """Take a review up the ladder, which brings it forward in the queue."""
    lead_us = rungs * policies.approvals.priority.rung_minutes * MINUTE
    values = {"level": review.level + rungs, "priority": review.priority - lead_us}
    update(tx, review.id, values | more)


def record(
    tx: Connection,
    kind: EntryKind,
    review: ReviewItem,
    actor: str,
    now_us: int,
    body: dict[str, Any],
) -> None:
    """Write one step of a review into the ledger."""
    record_many(tx, kind, [Step(review, actor, body)], now_us)


def record_many(tx: Connection, kind: EntryKind, steps: Sequence[Step], now_us: int) -> None:
    """Write the same step of several reviews into the ledger, and tell others of them."""
    places = [(s.review.hub_id, s.review.id, s.review.action_id, s.review.order_id) for s in steps]
    told = zip(steps, places, strict=True)
    append(tx, [_draft(kind, step.actor, now_us, place, step.body) for step, place in told])
    bodies = [step.body for step in steps]
    _tell(tx, kind, list(map(_ids, places, bodies)), now_us)


def _tell(tx: Connection, kind: EntryKind, ids: Sequence[ReviewIds], now_us: int) -> None:
    """Put into the outbox what others are told of a step, if they are told of steps of its kind."""
    told = _TOLD.get(kind)
    if told is not None:
        put(tx, [Message(told, now_us, each) for each in ids])


def _ids(place: tuple[str, str, str, str], body: Mapping[str, Any]) -> ReviewIds:
    hub_id, review_id, action_id, order_id = place
    by_us = body.get("deadline_us")
    return ReviewIds(
        hub_id=hub_id,
        review_id=review_id,
        action_id=action_id,
        order_id=order_id,
        deadline=None if by_us is None else to_rfc3339(by_us),
        level=body.get("level"),
        tell=body.get("tell"),
    )


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
