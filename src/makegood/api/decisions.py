"""What people do at the review desk, from the API or from the console: one way for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from makegood.api.idempotency import Once
from makegood.api.reviewed import ReviewOut, seal_under
from makegood.api.routes.listing import Out
from makegood.domain.authority import ReviewStatus
from makegood.errors import InvalidInput, Stale
from makegood.gates import reviews

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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


class BatchResultOut(Out):
    """How one hold of a batch fared."""

    review_id: str
    ok: bool
    status: ReviewStatus | None
    grant_id: str
    detail: str


class BatchOut(Out):
    """How a batch went; where `done` is false, nothing was approved."""

    done: bool
    results: tuple[BatchResultOut, ...]


def decider(who: Principal) -> reviews.Decider:
    """Return who decides, with the roles that they have now."""
    return reviews.Decider(who.id, who.roles)


def approve(
    desk: Desk, once: Once, who: Principal, review_id: str, seen: str, *, undo_us: int = 0
) -> Decided:
    """Approve what the reviewer saw, and wake the executor; the console leaves time to undo.

    Raises:
        Stale: it is no longer what they saw; the difference is kept and shown.
        Conflict: it was decided already, its deadline has passed, or somebody else has it.
        NotAllowed: policy does not let this person decide it.
        NotFound: there is no such review.

    """
    now_us = desk.clock.now_us()

    def work(tx: Connection) -> Decided:
        return Decided.of(
            reviews.approve(tx, review_id, decider(who), seen, now_us, desk.rulebook, undo_us)
        )

    return _unless_moved(once.do(Decided, work))


def reject(
    desk: Desk,
    once: Once,
    who: Principal,
    review_id: str,
    reason: reviews.Reason,
    comment: str,
    *,
    seen: str | None = None,
) -> Decided:
    """Say no, finally, with `seen` to just that; the comment is sealed under the customer's key.

    Raises:
        Stale: it is no longer what they saw; the difference is kept and shown.
        Conflict: it was decided already, its deadline has passed, or somebody else has it.
        NotAllowed: policy does not let this person decide it.
        NotFound: there is no such review.

    """
    now_us = desk.clock.now_us()

    def work(tx: Connection) -> Decided:
        words = comment.strip()
        sealed = _sealed(tx, desk.vault, review_id, "comment", words, now_us) if words else None
        by, rulebook = decider(who), desk.rulebook
        return Decided.of(
            reviews.reject(tx, review_id, by, reason, sealed, now_us, rulebook, seen=seen)
        )

    return _unless_moved(once.do(Decided, work))


def batch(
    desk: Desk,
    once: Once,
    who: Principal,
    choices: Sequence[reviews.Choice],
    *,
    fresh_only: bool = False,
    undo_us: int = 0,
) -> BatchOut:
    """Approve holds as the page showed them: all or none, or with `fresh_only` those that can be.

    Raises:
        InvalidInput: the list is empty, too long, or names a review twice.

    """
    now_us = desk.clock.now_us()

    def work(tx: Connection) -> BatchOut:
        made = reviews.batch(
            tx,
            decider(who),
            choices,
            now_us,
            desk.rulebook,
            fresh_only=fresh_only,
            undo_us=undo_us,
        )
        return BatchOut.of(made)

    return once.do(BatchOut, work)


def reject_batch(
    desk: Desk,
    once: Once,
    who: Principal,
    choices: Sequence[reviews.Choice],
    reason: reviews.Reason,
    comment: str,
    *,
    fresh_only: bool = False,
) -> BatchOut:
    """Say no to holds as the page showed them: all or none, or those that can be decided.

    The comment is sealed for each of them, under its own customer's key.

    Raises:
        InvalidInput: the list is empty, too long, or names a review twice.

    """
    now_us, no = desk.clock.now_us(), reviews.No(decider(who), reason)

    def work(tx: Connection) -> BatchOut:
        found = reviews.some(tx, [choice.review_id for choice in choices])
        sealed = _sealed_for(tx, desk.vault, found, comment.strip(), now_us)
        made = reviews.reject_batch(
            tx, no, choices, sealed, now_us, desk.rulebook, fresh_only=fresh_only
        )
        return BatchOut.of(made)

    return once.do(BatchOut, work)


def claim(desk: Desk, once: Once, who: Principal, review_id: str) -> ReviewOut:
    """Take a hold to look at, so that nobody else decides it for a while."""
    now_us = desk.clock.now_us()
    return _step(once, lambda tx: reviews.claim(tx, review_id, decider(who), now_us, desk.policies))


def release(desk: Desk, once: Once, who: Principal, review_id: str) -> ReviewOut:
    """Give a hold back that this person had taken."""
    now_us = desk.clock.now_us()
    return _step(once, lambda tx: reviews.release(tx, review_id, decider(who), now_us))


def escalate(desk: Desk, once: Once, who: Principal, review_id: str) -> ReviewOut:
    """Pass a hold one rung up, and leave its decision to another person."""
    now_us = desk.clock.now_us()
    return _step(
        once, lambda tx: reviews.escalate(tx, review_id, decider(who), now_us, desk.policies)
    )


def undo(desk: Desk, once: Once, who: Principal, review_id: str) -> ReviewOut:
    """Take one's own approval back while its time to undo lasts."""
    now_us = desk.clock.now_us()

    def work(tx: Connection) -> reviews.ReviewItem:
        reviews.undo(tx, review_id, decider(who), now_us)
        return reviews.get(tx, review_id)

    return _step(once, work)


def edit(
    desk: Desk,
    once: Once,
    who: Principal,
    review_id: str,
    seen: str,
    changes: Mapping[str, Any],
) -> ReviewOut:
    """Change what is held; the answer is the review of the action as it then is.

    Raises:
        InvalidInput: a field cannot be changed, or not to that.
        Stale: it is no longer what they saw.
        NotAllowed: the gate denies it, or it is beyond this person's own authority.
        Conflict: it was decided already, or somebody else has it.

    """
    now_us, rulebook = desk.clock.now_us(), desk.rulebook

    def work(tx: Connection) -> reviews.ReviewItem:
        by = decider(who)
        return reviews.edit(tx, rulebook, review_id, by, seen, changes, now_us, desk.policies)

    made = _step(once, work)
    if made.id == review_id:
        # Raised only now, so that the transaction keeps what has moved.
        raise Stale(f"review {review_id} is not what the page showed; look again")
    return made


def ask(desk: Desk, once: Once, who: Principal, review_id: str, question: str) -> ReviewOut:
    """Ask for more information on a hold; the words are sealed under the customer's key."""
    return _write(desk, once, who, review_id, "question", question, reviews.ask)


def answer(desk: Desk, once: Once, who: Principal, review_id: str, words: str) -> ReviewOut:
    """Answer the question that is open on a hold; the words are sealed likewise."""
    return _write(desk, once, who, review_id, "answer", words, reviews.answer)


def _unless_moved(decided: Decided) -> Decided:
    if decided.status in (ReviewStatus.STALE, ReviewStatus.VOID):
        # Raised only now, so that the transaction keeps the difference.
        raise Stale(decided.detail)
    return decided


def _step(once: Once, work: Callable[[Connection], reviews.ReviewItem]) -> ReviewOut:
    return once.do(ReviewOut, lambda tx: ReviewOut.of(work(tx)))


def _write(
    desk: Desk,
    once: Once,
    who: Principal,
    review_id: str,
    field: str,
    words: str,
    write: Callable[[Connection, str, reviews.Decider, bytes, int], reviews.ReviewItem],
) -> ReviewOut:
    now_us = desk.clock.now_us()

    def work(tx: Connection) -> reviews.ReviewItem:
        if not words.strip():
            raise InvalidInput(field, "is empty", "write something")
        sealed = _sealed(tx, desk.vault, review_id, field, words.strip(), now_us)
        return write(tx, review_id, decider(who), sealed, now_us)

    return _step(once, work)


def _sealed_for(
    tx: Connection, vault: Vault, items: Sequence[reviews.ReviewItem], words: str, now_us: int
) -> dict[str, bytes | None]:
    """Seal the same words for several reviews; a customer who was erased gets none of them."""
    if not words:
        return {}
    persons = {item.id: seal_under(item) for item in items}
    keys = vault.ensure(tx, sorted(set(persons.values())), now_us)
    return {
        review_id: key.seal(words.encode(), review_id.encode()) if key is not None else None
        for review_id, key in ((one, keys[person]) for one, person in persons.items())
    }


def _sealed(
    tx: Connection, vault: Vault, review_id: str, field: str, words: str, now_us: int
) -> bytes:
    """Seal what somebody wrote: it may speak of the customer, and must go when they are erased."""
    person = seal_under(reviews.get(tx, review_id))
    key = vault.ensure(tx, [person], now_us)[person]
    if key is None:
        raise InvalidInput(field, "the customer was erased", "leave the words out")
    return key.seal(words.encode(), review_id.encode())
