"""Editing what is held: the edited action is another action, judged anew, by policy and by person.

The verdict on the old one stays as it was; its review is superseded, and the new one takes its
place in the queue. The editor has then asked for it, so another person decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from sqlalchemy import func, select

from makegood.domain.actions import Action
from makegood.domain.authority import ActionStatus, ObligationStatus, ReviewStatus, Verdict
from makegood.domain.canonical import derive_id
from makegood.errors import Conflict, InvalidInput, NotAllowed
from makegood.gates import (
    rejections,
    review_authority,
    review_doubts,
    review_records,
    review_settling,
)
from makegood.gates.candidates import Candidate, Intention, Origin, candidate
from makegood.gates.judge import judge_edited
from makegood.gates.review_items import ACTION, ReviewItem, editable, get, get_locked
from makegood.ledger.kinds import EntryKind
from makegood.proposals import sense
from makegood.state import query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from makegood.domain.policy import Policies
    from makegood.gates.review_types import Decider
    from makegood.gates.rules import Rulebook


def edit(
    tx: Connection,
    rulebook: Rulebook,
    review_id: str,
    decider: Decider,
    seen: str,
    changes: Mapping[str, Any],
    now_us: int,
    policies: Policies,
) -> ReviewItem:
    """Change editable fields of a held action; return the review of the action it then is.

    Where it is no longer what the page showed, nothing is changed, and the answer is the review
    itself with what has moved (commit the transaction all the same, so that it is kept).

    Raises:
        NotFound: there is no such review.
        Conflict: it was decided already, somebody else has it, or what it would now be is
            settled by another action.
        InvalidInput: a field cannot be changed, or not to that.
        NotAllowed: the gate denies it, or it is beyond this person's own authority.

    """
    review = get_locked(tx, review_id)
    review_authority.require_waiting(tx, review, now_us)
    review_authority.require_unclaimed(tx, review, decider, now_us)
    review_authority.require_role(review, decider, policies)
    if seen != review.seen or review_records.moved(tx, review, now_us, policies.digest()):
        review_records.void_if_material(tx, review_id, policies, now_us)
        return get(tx, review_id)
    edited = changed(review.action, changes)
    # Its obligation is locked before the counters of its money, as everywhere.
    review_settling.owed_by(tx, review)
    review_authority.require_editor(tx, review, edited, decider, policies, now_us)
    made = _judged(tx, rulebook, review, edited, decider, now_us)
    return _replaced(tx, review, made, changes, decider, now_us, policies)


def changed(action: Action, changes: Mapping[str, Any]) -> Action:
    """Return an action with some fields changed, checked as any action is.

    Raises:
        InvalidInput: a field cannot be changed, or not to that.

    """
    may = editable(action)
    for name in changes:
        if name not in may:
            mend = f"change {', '.join(may)}" if may else "nothing of it can be changed; reject it"
            raise InvalidInput(f"changes.{name}", f"cannot be changed in a {action.kind}", mend)
    try:
        edited = type(action).model_validate(action.model_dump() | dict(changes))
    except ValidationError as error:
        found = error.errors()[0]
        where = ".".join(("changes", *(str(part) for part in found["loc"])))
        raise InvalidInput(where, found["msg"], "see the action's fields") from None
    before, after = action.money, edited.money
    if before is not None and after is None:
        raise InvalidInput("changes.amount", "cannot be taken away", "name another amount")
    if before is None and after is not None:
        mend = "reject it, and let it be proposed with an amount"
        raise InvalidInput("changes.amount", "there was none, so there can be none", mend)
    if before and after and before.currency != after.currency:
        raise InvalidInput("changes.amount.currency", "is another currency", before.currency)
    if edited == action:
        raise InvalidInput("changes", "change nothing", "change a field, or approve it as it is")
    return edited


def _judged(
    tx: Connection,
    rulebook: Rulebook,
    review: ReviewItem,
    edited: Action,
    decider: Decider,
    now_us: int,
) -> Candidate:
    # What the old one had is given back first: the new one takes it, or is denied.
    review_records.end_action(
        tx, [review.action_id], ActionStatus.SUPERSEDED, ObligationStatus.RELEASED
    )
    rejections.give_back(tx, review.action)
    origin = Origin(
        review.proposal_id, review.run_id, review.incident_id, review.agent, decider.person_id
    )
    last = select(func.max(ACTION.c.position)).where(ACTION.c.proposal_id == review.proposal_id)
    position = tx.execute(last).scalar_one() + 1
    made = candidate(origin, position, Intention(edited, review.decision, review.subject))
    for reason in review_doubts.of_review(tx, review):
        made.say(reason.rule, reason.verdict, reason.why)
    judge_edited(tx, rulebook, origin, made, now_us)
    whys = "; ".join(reason.why for reason in made.reasons if reason.verdict is made.verdict)
    if made.verdict is Verdict.MET:
        raise Conflict(whys)
    if made.verdict is not Verdict.HOLD:
        raise NotAllowed(f"the gate says {made.verdict}: {whys}")
    _require_sense(tx, edited)
    return made


def _require_sense(tx: Connection, edited: Action) -> None:
    """Ask of what a person makes of an action what is asked of what an agent proposes."""
    order = query.sales_orders(tx, [edited.order_id]).get(edited.order_id)
    if order is None:
        return
    for field, why in (*sense.amount(edited, order), *sense.lines(edited, order)):
        mend = "name lines of it" if field == "lines" else "name an amount that the order covers"
        raise InvalidInput(f"changes.{field}", why, mend)


def _replaced(
    tx: Connection,
    review: ReviewItem,
    made: Candidate,
    changes: Mapping[str, Any],
    decider: Decider,
    now_us: int,
    policies: Policies,
) -> ReviewItem:
    new_id = derive_id("rev", made.id)
    by = decider.person_id
    review_records.end(
        tx, review, ReviewStatus.SUPERSEDED, now_us, replaced_by=new_id, decided_by=by
    )
    values = {
        "edited_by": by,
        "delegated_by": review.delegated_by,
        "opened_us": review.opened_us,
        "deadline_us": review.deadline_us,
        "priority": review_records.priority(made.action, review.deadline_us, policies),
        "warned_us": review.warned_us,
    }
    review_records.update(tx, new_id, values)
    review_records.climb(tx, get(tx, new_id), review.level, policies)
    new = get(tx, new_id)
    body = {
        "from": review.id,
        "from_digest": review.digest,
        "digest": new.digest,
        "fields": sorted(changes),
    }
    review_records.record(tx, EntryKind.REVIEW_EDITED, new, by, now_us, body)
    gone = {"by": new_id}
    review_records.record(tx, EntryKind.REVIEW_SUPERSEDED, review, by, now_us, gone)
    return new
