"""Invariants 4 to 8 and 12: verdicts, approvals and bypasses, by what the store says of them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from makegood.domain.actions import FACTS, ActionKind, Floor
from makegood.domain.authority import ActionStatus, GrantStatus, ReviewStatus, Verdict
from makegood.domain.effects import EffectStatus
from makegood.gates.grants import BY_GATE
from makegood.gates.rejections import REJECTION
from makegood.ledger.entries import ENTRY, REF
from makegood.ledger.kinds import EntryKind
from makegood.replay.invariants_seen import Row, Seen

_SET_GOING: Final = frozenset(
    {
        ActionStatus.GRANTED,
        ActionStatus.INTENDED,
        ActionStatus.UNKNOWN,
        ActionStatus.CONFIRMED,
    }
)
_ENDS: Final = {
    ReviewStatus.APPROVED: EntryKind.REVIEW_APPROVED,
    ReviewStatus.REJECTED: EntryKind.REVIEW_REJECTED,
    ReviewStatus.EXPIRED: EntryKind.REVIEW_EXPIRED,
    ReviewStatus.SUPERSEDED: EntryKind.REVIEW_SUPERSEDED,
    ReviewStatus.VOID: EntryKind.REVIEW_VOID,
}
# A grant that turned void is asked about again, and approved anew later than it was given.
_VALID: Final = (GrantStatus.UNSPENT, GrantStatus.SPENT)
_SAYS_NO: Final = (ReviewStatus.REJECTED, ReviewStatus.EXPIRED, ReviewStatus.VOID)


def frozen(seen: Seen) -> None:
    """Check that what a person rejected was not done, then or later, under the same cause."""
    said = {(no.kind, no.entity, no.cause): no for no in seen.tx.execute(select(REJECTION))}
    seen.looked(len(said))
    for action in seen.actions.values() if said else ():
        no = said.get((action.kind, _entity_of(action), action.cause))
        if no is not None and action.judged_us > no.at_us and action.status in _SET_GOING:
            seen.wrong(f"it is {action.status}, and a person had said no to it", action)


def _entity_of(action: Row) -> str:
    """Return under what a rejection stands, as `gates.rejections.entity_of` has it."""
    facts = FACTS[ActionKind(action.kind)]
    return f"sales_order/{action.order_id}" if facts.money_out else action.entity


def as_seen(seen: Seen) -> None:
    """Check that each grant by a person names the action, the facts and a yes that came before."""
    reviews = {row.action_id: row for row in seen.reviews}
    for grant in seen.grants.values():
        if grant.given_by == BY_GATE or grant.status not in _VALID:
            continue
        seen.looked()
        review = reviews.get(grant.action_id)
        if review is None:
            seen.wrong("a person granted what was never held", grant)
        elif grant.digest != review.digest:
            seen.wrong("a person granted another action than the one they were shown", grant)
        elif review.decided_us is not None and review.decided_us > grant.granted_us:
            seen.wrong("it was granted before it was approved", grant)


def told_apart(seen: Seen) -> None:
    """Check that the ledger tells of each review's end by its own word, and that a no is one."""
    ended = _told_ends(seen)
    going = {e.action_id: e for e in seen.effects if e.status != EffectStatus.FAILED}
    for review in seen.reviews:
        seen.looked()
        status = ReviewStatus(review.status)
        kind = _ENDS.get(status)
        if kind is not None and (review.id, kind.value) not in ended:
            seen.wrong(f"its review is {status}, and the ledger does not say so", review)
        if status in _SAYS_NO and review.action_id in going:
            seen.wrong(f"its review is {status}, and it was carried out", review)


def _told_ends(seen: Seen) -> frozenset[tuple[str, str]]:
    joined = ENTRY.join(REF, (REF.c.part == ENTRY.c.part) & (REF.c.seq == ENTRY.c.seq))
    wanted = ENTRY.c.kind.in_([kind.value for kind in _ENDS.values()])
    query = select(REF.c.ref, ENTRY.c.kind).select_from(joined).where(wanted)
    return frozenset((row.ref, row.kind) for row in seen.tx.execute(query))


def by_others(seen: Seen) -> None:
    """Check that who approved neither asked for it, edited or delegated it, nor said it twice."""
    for review in seen.reviews:
        if review.status != ReviewStatus.APPROVED:
            continue
        seen.looked()
        action = seen.actions[review.action_id]
        agent = f"agent:{action.agent}"
        own = {agent, review.first_by, review.edited_by, *review.delegated_by.split()}
        if not review.decided_by or review.decided_by in own:
            seen.wrong(f"{review.decided_by or 'nobody'} approved what was their own", review)


def bypasses(seen: Seen) -> None:
    """Check that each action that passed a breaker by a bypass has its entry on the ledger."""
    used = [action for action in seen.actions.values() if action.bypass_id]
    joined = ENTRY.join(REF, (REF.c.part == ENTRY.c.part) & (REF.c.seq == ENTRY.c.seq))
    query = select(REF.c.ref).select_from(joined)
    told = frozenset(
        seen.tx.execute(query.where(ENTRY.c.kind == EntryKind.BYPASS_USED.value)).scalars()
        if used
        else ()
    )
    for action in used:
        seen.looked()
        if action.bypass_id not in told and action.id not in told:
            seen.wrong(f"bypass {action.bypass_id} was used, and the ledger is silent", action)


def default_deny(seen: Seen) -> None:
    """Check that all that was carried out was judged, and by a verdict that lets it."""
    carried_out = {effect.action_id for effect in seen.effects}
    for action in seen.actions.values():
        seen.looked()
        if action.verdict not in set(Verdict):
            seen.wrong(f"it was judged {action.verdict!r}, which is no verdict", action)
        if action.id in carried_out and action.verdict not in (Verdict.ALLOW, Verdict.HOLD):
            seen.wrong(f"it was judged {action.verdict} and carried out", action)
        holds = FACTS[ActionKind(action.kind)].floor is Floor.HOLDS
        if holds and action.verdict == Verdict.ALLOW:
            seen.wrong(f"a {action.kind} was allowed without a person", action)
