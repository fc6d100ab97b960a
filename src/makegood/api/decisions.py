"""A person's yes or no, from the API or from the console: one way to the gate for both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.api.idempotency import Once
from makegood.api.routes.listing import Out
from makegood.domain.authority import ReviewStatus
from makegood.errors import InvalidInput, Stale
from makegood.gates import reviews

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.api.seam import Desk
    from makegood.gates.persons import Principal
    from makegood.ledger.privacy import Vault


class Decided(Out):
    """How a decision went; an approval that waits for a second person is still open."""

    review_id: str
    status: ReviewStatus
    grant_id: str = ""
    detail: str = ""


def _decider(who: Principal) -> reviews.Decider:
    return reviews.Decider(who.id, who.roles)


def approve(desk: Desk, once: Once, who: Principal, review_id: str, seen: str) -> Decided:
    """Approve what the reviewer saw, and wake the executor.

    Raises:
        Stale: it is no longer what they saw; the difference is kept and shown.
        Conflict: it was decided already, or its deadline has passed.
        NotAllowed: policy does not let this person decide it.
        NotFound: there is no such review.

    """
    now_us = desk.clock.now_us()

    def work(tx: Connection) -> Decided:
        made = reviews.approve(tx, review_id, _decider(who), seen, now_us, desk.policies)
        return Decided.of(made)

    decided = once.do(Decided, work)
    if decided.status is ReviewStatus.STALE:
        # Raised only now, so that the transaction keeps the difference.
        raise Stale(decided.detail)
    return decided


def reject(
    desk: Desk, once: Once, who: Principal, review_id: str, reason: reviews.Reason, comment: str
) -> Decided:
    """Say no, finally; the comment is sealed under the customer's key.

    Raises:
        Conflict: it was decided already, or its deadline has passed.
        NotAllowed: policy does not let this person decide it.
        NotFound: there is no such review.

    """
    now_us = desk.clock.now_us()

    def work(tx: Connection) -> Decided:
        sealed = _sealed(tx, desk.vault, review_id, comment.strip(), now_us)
        reviews.reject(tx, review_id, _decider(who), reason, sealed, now_us, desk.policies)
        return Decided(review_id=review_id, status=ReviewStatus.REJECTED)

    return once.do(Decided, work)


def _sealed(
    tx: Connection, vault: Vault, review_id: str, comment: str, now_us: int
) -> bytes | None:
    """Seal a comment: it may speak of the customer, and must go when they are erased."""
    if not comment:
        return None
    review = reviews.get(tx, review_id)
    person = review.customer_id or review.order_id
    key = vault.ensure(tx, [person], now_us)[person]
    if key is None:
        raise InvalidInput("comment", "the customer was erased", "reject without a comment")
    return key.seal(comment.encode(), review_id.encode())
