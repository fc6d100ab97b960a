"""Who may decide a review: by role and amount, never who asked for it, and never twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from makegood.clock import to_rfc3339
from makegood.domain.authority import WAITING_REVIEWS, ReviewStatus
from makegood.domain.money import Money
from makegood.errors import Conflict, NotAllowed
from makegood.gates import review_limits
from makegood.store.sql import table
from makegood.store.tables.persons import Person

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.domain.actions import Action
    from makegood.domain.policy import ApprovalRule, Policies
    from makegood.gates.review_items import ReviewItem
    from makegood.gates.review_types import Decider

_VOWELS: Final = "aeiou"
PERSON = table(Person)


def require_waiting(tx: Connection, review: ReviewItem, now_us: int) -> None:
    """Raise Conflict unless a review can be decided now; it says who decided what, and when."""
    if review.status not in WAITING_REVIEWS:
        raise Conflict(f"review {review.id} {_ending(tx, review)}")
    if now_us >= review.deadline_us:
        raise Conflict(f"review {review.id} expired at {to_rfc3339(review.deadline_us)}")


def require_unclaimed(tx: Connection, review: ReviewItem, decider: Decider, now_us: int) -> None:
    """Raise Conflict while another person has taken this review to look at."""
    until_us = review.claimed_until_us
    if until_us is None or until_us <= now_us or review.claimed_by == decider.person_id:
        return
    name = name_of(tx, review.claimed_by)
    raise Conflict(f"{name} has taken review {review.id} until {to_rfc3339(until_us)}")


def require_role(review: ReviewItem, decider: Decider, policies: Policies) -> None:
    """Let a person pass who may have a say on this action by itself.

    Raises:
        NotAllowed: policy does not let this person decide it, or they asked for it.

    """
    money = review.action.money
    _rule(review.action, decider, policies, money.minor if money else None)
    require_other(review, decider)


def require(review: ReviewItem, decider: Decider, policies: Policies, beside: int) -> ApprovalRule:
    """Return the rule by which it is decided; `beside` was approved for the same already.

    Raises:
        NotAllowed: policy does not let this person decide it, or they asked for it.

    """
    action = review.action
    minor = action.money.minor if action.money else None
    if minor is not None:
        minor += beside
    rule = _rule(action, decider, policies, minor)
    require_other(review, decider)
    return rule


def require_editor(
    tx: Connection,
    review: ReviewItem,
    edited: Action,
    decider: Decider,
    policies: Policies,
    now_us: int,
) -> None:
    """Let an editor pass whose own authority covers what they make of an action.

    More money than before must be within what they could decide alone.

    Raises:
        NotAllowed: it is beyond their authority.

    """
    before, after = review.action.money, edited.money
    minor = after.minor if after else None
    if minor is not None:
        minor += review_limits.used(tx, edited, policies.approvals.limits, now_us)
    rule = _rule(edited, decider, policies, minor)
    raises = after is not None and after.minor > (before.minor if before else 0)
    if raises and rule.deciders > 1:
        raise NotAllowed(f"a {edited.kind} of {after} is more than you may decide alone")


def require_other(review: ReviewItem, decider: Decider) -> None:
    """Raise NotAllowed for those who asked for it: the proposer, last editor and delegator."""
    if decider.person_id == review.agent:
        raise NotAllowed("nobody approves their own request")
    if decider.person_id == review.edited_by:
        raise NotAllowed("you edited it, so it is your own request; another person decides it")
    if decider.person_id in review.delegators:
        raise NotAllowed("you passed it on, so another person decides it")


def name_of(tx: Connection, person_id: str) -> str:
    """Return a person's name, or their id where there is none."""
    query = select(PERSON.c.name).where(PERSON.c.id == person_id)
    return tx.execute(query).scalar_one_or_none() or person_id


def _rule(action: Action, decider: Decider, policies: Policies, minor: int | None) -> ApprovalRule:
    money = action.money
    rule = policies.approvals.rule_for(action.kind, minor, money.currency if money else "")
    counted = _counted(money, minor)
    if rule is None:
        raise NotAllowed(f"policy lets nobody decide a {action.kind} of {money}{counted}")
    if decider.roles.isdisjoint(rule.roles):
        wanted = " or ".join(f"an {x}" if x[0] in _VOWELS else f"a {x}" for x in rule.roles)
        raise NotAllowed(f"a {action.kind} of {money}{counted} is decided by {wanted}")
    return rule


def _counted(money: Money | None, minor: int | None) -> str:
    if money is None or minor is None or minor == money.minor:
        return ""
    before = Money(minor=minor - money.minor, currency=money.currency)
    return f" after {before} for the same order or customer"


def _ending(tx: Connection, review: ReviewItem) -> str:
    by = f" by {name_of(tx, review.decided_by)}" if review.decided_by else ""
    if review.status is ReviewStatus.APPROVING and review.approving_until_us is not None:
        return f"is being approved{by} until {to_rfc3339(review.approving_until_us)}"
    if review.replaced_by:
        by = f" by {review.replaced_by}"
    at = f" at {to_rfc3339(review.decided_us)}" if review.decided_us is not None else ""
    return f"was {review.status}{by}{at}"
