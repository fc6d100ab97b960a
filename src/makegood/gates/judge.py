"""The gate: judges the actions of a proposal, once, together and in one transaction.

The order matters: what can be denied is denied first, so that it takes no obligation; what owns
an obligation then reserves its counters; what is left with nothing but allow gets a grant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from makegood.domain.actions import ActionKind, Floor
from makegood.domain.authority import ActionStatus, Verdict
from makegood.domain.money import Money
from makegood.gates import (
    balances,
    bypass,
    conditions,
    confidence,
    counters,
    fingerprints,
    grants,
    halves,
    kill,
    names,
    obligations,
    rejections,
    review_records,
    safety,
    velocity,
)
from makegood.gates.candidates import DOUBT, Candidate, Intention, Origin, Reason, candidates
from makegood.gates.rules import tool_of
from makegood.ledger.entries import Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.store.sql import insert, table
from makegood.store.tables.authority import Action

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from makegood.gates.rules import Rulebook

ACTION = table(Action)
NEVER_HELD = Floor.NEVER_HELD
_STATUS = {
    Verdict.ALLOW: ActionStatus.GRANTED,
    Verdict.HOLD: ActionStatus.HELD,
    Verdict.DENY: ActionStatus.DENIED,
    Verdict.MET: ActionStatus.MET,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """One action's frozen verdict."""

    action_id: str
    kind: ActionKind
    verdict: Verdict
    rules: tuple[str, ...]


def judge(
    tx: Connection,
    rulebook: Rulebook,
    origin: Origin,
    intentions: tuple[Intention, ...],
    now_us: int,
) -> tuple[Judged, ...]:
    """Judge every action of a proposal; a proposal judged before keeps its verdicts.

    Writes actions, obligations, counter claims, grants, reviews and one ledger entry an action.
    """
    before = verdicts(tx, origin.proposal_id)
    if before or not intentions:
        return before
    judged = candidates(origin, intentions)
    _settle(tx, rulebook, origin, judged, now_us)
    return tuple(_judged(c) for c in judged)


def judge_edited(
    tx: Connection, rulebook: Rulebook, origin: Origin, edited: Candidate, now_us: int
) -> None:
    """Judge an action that a person made of another of the same proposal; it holds at the least.

    The candidate's verdict says how it ended; an action that was judged is never judged again.
    """
    edited.say("review.edited", Verdict.HOLD, "a person changed what the agent proposed")
    _settle(tx, rulebook, origin, [edited], now_us)


def _settle(
    tx: Connection,
    rulebook: Rulebook,
    origin: Origin,
    judged: Sequence[Candidate],
    now_us: int,
) -> None:
    # Locked before the balances of orders, as by whoever spends and whoever notes what was paid.
    standing = obligations.load(tx, sorted({c.obligation_id for c in judged}))
    _check(tx, rulebook, origin, judged, now_us)
    obligations.allocate(tx, judged, standing, now_us)
    board, subjects = _watch(tx, rulebook, origin, judged, now_us)
    counters.reserve(tx, rulebook.policies.breakers.counters, judged, origin.agent, now_us)
    _count(tx, board, subjects, judged)
    insert(tx, ACTION, [_row(c, origin, rulebook, now_us) for c in judged])
    grants.give(tx, rulebook, [c for c in judged if c.verdict is Verdict.ALLOW], now_us)
    review_records.open_for(
        tx, rulebook, origin, [c for c in judged if c.verdict is Verdict.HOLD], now_us
    )
    append(tx, [_draft(c, origin, rulebook, now_us) for c in judged])
    board.save(tx)


def verdicts(tx: Connection, proposal_id: str) -> tuple[Judged, ...]:
    """Return the verdicts that a proposal was given, in its own order; none if not judged yet."""
    query = select(ACTION.c.id, ACTION.c.kind, ACTION.c.verdict, ACTION.c.rules)
    rows = tx.execute(query.where(ACTION.c.proposal_id == proposal_id).order_by(ACTION.c.position))
    return tuple(
        Judged(row.id, ActionKind(row.kind), Verdict(row.verdict), tuple(row.rules.split()))
        for row in rows
    )


def _check(
    tx: Connection,
    rulebook: Rulebook,
    origin: Origin,
    judged: Sequence[Candidate],
    now_us: int,
) -> None:
    entities = fingerprints.load(tx, [c.footings for c in judged])
    switches = kill.read_locked(tx)
    bypasses = bypass.in_force(tx, now_us)
    for candidate in judged:
        candidate.facts = fingerprints.facts(entities, candidate.footings)
        candidate.fingerprint = fingerprints.digest_facts(candidate.facts)
        candidate.bypass = bypasses.over(candidate.action, origin.agent)
        rulebook.judge(candidate)
        names.check(candidate, entities)
        scope = switches.stops(candidate.action, origin.agent)
        if scope:
            candidate.say("kill", Verdict.HOLD, f"the kill switch for {scope} is set")
    conditions.check(rulebook.policies.breakers.conditions, judged, origin.agent, now_us)
    confidence.check(tx, rulebook.policies, entities, judged, now_us)
    safety.check(tx, rulebook.policies.detection, judged, now_us)
    _check_balances(tx, judged)
    # Last, because only what may still pass uses up what a rejection leaves open.
    rejections.check(tx, judged, origin.incident_id)


def _watch(
    tx: Connection,
    rulebook: Rulebook,
    origin: Origin,
    judged: Sequence[Candidate],
    now_us: int,
) -> tuple[velocity.Board, dict[str, velocity.Subject]]:
    """Let velocity breakers that are not closed hold what they stand over.

    Their rows are locked after those of obligations and before those of counters, as in a spend,
    so that the two cannot block each other.
    """
    subjects = {
        c.id: velocity.Subject(c.action, origin.agent, tool_of(rulebook.adapters, c.action.kind))
        for c in judged
        if c.may_still_pass and c.action.facts.floor is not NEVER_HELD
    }
    rules = rulebook.policies.breakers.velocity
    board = velocity.board(tx, rules, subjects.values(), now_us)
    for candidate in judged:
        if candidate.id in subjects and (stop := board.stop(subjects[candidate.id])):
            candidate.hold(stop.rule, stop.why)
    return board, subjects


def _count(
    tx: Connection,
    board: velocity.Board,
    subjects: Mapping[str, velocity.Subject],
    judged: Sequence[Candidate],
) -> None:
    """Count what passes; what trips a breaker holds, and gives back what counters reserved."""
    held: list[str] = []
    for candidate in judged:
        subject = subjects.get(candidate.id)
        if subject is None or candidate.verdict is not Verdict.ALLOW:
            continue
        stop = board.stop(subject) or board.admit(subject)
        if stop is None or any(reason.rule == stop.rule for reason in candidate.reasons):
            continue
        candidate.hold(stop.rule, stop.why)
        if candidate.verdict is not Verdict.ALLOW:
            held.append(candidate.id)
    counters.release(tx, held)


def _check_balances(tx: Connection, judged: Sequence[Candidate]) -> None:
    paying = [(c, money) for c in judged if (money := c.action.pays_back)]
    orders = {c.action.order_id for c, _ in paying} | halves.orders_of(judged)
    balance = balances.locked(tx, orders)
    for candidate, money in paying:
        left = balance.left(candidate.action.order_id, money.currency)
        if money.minor > left:
            least = Money(minor=max(0, left), currency=money.currency)
            why = f"{money} is more than the {least} that is left of the order"
            candidate.say("balance.captured", Verdict.DENY, why)
    halves.check(tx, judged, balance)


def _row(candidate: Candidate, origin: Origin, rulebook: Rulebook, now_us: int) -> dict[str, Any]:
    action, verdict = candidate.action, candidate.verdict
    money, resource = action.money, action.resource
    return {
        "id": candidate.id,
        "position": candidate.position,
        "proposal_id": origin.proposal_id,
        "run_id": origin.run_id,
        "incident_id": origin.incident_id,
        "agent": origin.agent,
        "kind": action.kind,
        "digest": candidate.digest,
        "body": candidate.body,
        "hub_id": action.hub_id,
        "order_id": action.order_id,
        "customer_id": action.customer_id,
        "entity": str(action.entity),
        "cause": action.cause,
        "amount_minor": money.minor if money else None,
        "currency": money.currency if money else "",
        "decision": candidate.intention.decision,
        "subject": candidate.intention.subject,
        "resource": str(resource) if resource else "",
        "obligation_id": candidate.obligation_id,
        "verdict": verdict,
        "rules": " ".join(_deciding(candidate)),
        "why": candidate.why,
        "policy_digest": rulebook.policy_digest,
        "workspace_digest": rulebook.workspace_digest,
        "judged_us": now_us,
        "status": _STATUS[verdict],
        "bypass_id": candidate.bypass_id,
    }


def _deciding(candidate: Candidate) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason.rule for reason in candidate.deciding))


def _draft(candidate: Candidate, origin: Origin, rulebook: Rulebook, now_us: int) -> Draft:
    action = candidate.action
    body = {
        "action_id": candidate.id,
        "kind": action.kind,
        "digest": candidate.digest,
        "obligation": str(candidate.key),
        "obligation_id": candidate.obligation_id,
        "amount": action.money.model_dump() if action.money else None,
        "verdict": candidate.verdict,
        "reasons": [_told(r) for r in candidate.reasons],
        "proposal_id": origin.proposal_id,
        "decision": candidate.intention.decision,
        "subject": candidate.intention.subject,
        "fingerprint": candidate.fingerprint,
        "policy_digest": rulebook.policy_digest,
        "workspace_digest": rulebook.workspace_digest,
    }
    refs = (candidate.id, f"sales_order/{action.order_id}", str(action.entity))
    if candidate.bypass_id:
        body["bypass_id"] = candidate.bypass_id
        refs += (candidate.bypass_id,)
    actor = origin.editor or f"agent:{origin.agent}"
    return Draft(action.hub_id, EntryKind.ACTION_JUDGED, now_us, actor, body, refs)


def _told(reason: Reason) -> dict[str, Any]:
    """Return a reason for the ledger: what an agent wrote may repeat a customer's words."""
    told = {"rule": reason.rule, "verdict": reason.verdict}
    return told if reason.rule == DOUBT else told | {"why": reason.why}


def _judged(candidate: Candidate) -> Judged:
    return Judged(candidate.id, candidate.action.kind, candidate.verdict, _deciding(candidate))
