"""The forms of the console: what a person decides there, by the same way as over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response

from makegood.api import decisions
from makegood.api.auth import Form, Who
from makegood.api.console import edits
from makegood.api.console.render import words_of
from makegood.api.console.scene import Scene
from makegood.api.console.telling import batch_told, done, retold, undone_told
from makegood.api.idempotency import Once
from makegood.api.seam import Desk, House
from makegood.clock import SECOND, meanwhile_us
from makegood.domain.authority import ReviewStatus
from makegood.errors import Conflict, InvalidInput, NotAllowed, NotFound
from makegood.gates import reviews

if TYPE_CHECKING:
    from makegood.gates.persons import Principal

router = APIRouter(include_in_schema=False)

QUEUE: Final = "/review"
_PICK: Final = "pick-"
_UNDO: Final = "undo-"
_DEEDS: Final = ("approve", "reject")
_LONGEST_WORDS: Final = 2000
_SAID: Final = {ReviewStatus.APPROVED: "approved", ReviewStatus.APPROVING: "approving"}


@router.post("/review/batch")
def batch_form(request: Request, house: House, who: Who, form: Form) -> Response:
    """Approve what was selected, or reject it, each as the page showed it.

    Nothing is approved unless the form says so, and says nothing of a rejection besides.
    """
    picked = [
        reviews.Choice(name.removeprefix(_PICK), seen)
        for name, seen in form.items()
        if name.startswith(_PICK)
    ]
    once, then = _once(house, who), form.get("then", QUEUE)
    fresh_only = form.get("fresh") == "yes"
    if wants_rejection(form):
        reason, comment = reason_of(form), form.get("comment", "")[:_LONGEST_WORDS]
        made = decisions.reject_batch(
            house, once, who, picked, reason, comment, fresh_only=fresh_only
        )
        return batch_told(request, house, made, then, "rejected")
    undo_us = _undo_us(house)
    made = decisions.batch(house, once, who, picked, fresh_only=fresh_only, undo_us=undo_us)
    return batch_told(request, house, made, then, "approved")


@router.post("/review/undo")
def undo_all_form(request: Request, house: House, who: Who, form: Form) -> Response:
    """Take back every approval that the form names, as far as each still can be."""
    named = [name.removeprefix(_UNDO) for name in form if name.startswith(_UNDO)]
    left = [one for one in named if not _undone(house, who, one)]
    return undone_told(request, len(named) - len(left), len(left), form.get("then", QUEUE))


def _undone(house: Desk, who: Principal, review_id: str) -> bool:
    try:
        decisions.undo(house, _once(house, who), who, review_id)
    except (Conflict, NotAllowed, NotFound):
        return False
    return True


@router.post("/review/{review_id}/approve")
def approve_form(request: Request, house: House, who: Who, form: Form, review_id: str) -> Response:
    """Approve what the page showed, and leave some seconds to take that back."""
    seen, undo_us = form.get("seen", ""), _undo_us(house)
    with retold(request, house, review_id):
        decided = decisions.approve(house, _once(house, who), who, review_id, seen, undo_us=undo_us)
    said = _SAID.get(decided.status, "second")
    quiet = decided.status is ReviewStatus.APPROVING
    stays = decided.status is ReviewStatus.OPEN
    return done(request, said, form.get("then", QUEUE), quiet=quiet, stays=stays)


@router.post("/review/{review_id}/undo")
def undo_form(request: Request, house: House, who: Who, form: Form, review_id: str) -> Response:
    """Take an approval back that has not gone out."""
    with retold(request, house, review_id):
        decisions.undo(house, _once(house, who), who, review_id)
    return done(request, "undone", form.get("then", QUEUE))


@router.post("/review/{review_id}/claim")
def claim_form(request: Request, house: House, who: Who, form: Form, review_id: str) -> Response:
    """Take a hold to look at."""
    with retold(request, house, review_id):
        decisions.claim(house, _once(house, who), who, review_id)
    return done(request, "claimed", form.get("then", QUEUE))


@router.post("/review/{review_id}/release")
def release_form(request: Request, house: House, who: Who, form: Form, review_id: str) -> Response:
    """Give a hold back."""
    with retold(request, house, review_id):
        decisions.release(house, _once(house, who), who, review_id)
    return done(request, "released", form.get("then", QUEUE))


@router.post("/review/{review_id}/escalate")
def escalate_form(request: Request, house: House, who: Who, form: Form, review_id: str) -> Response:
    """Pass a hold one rung up."""
    with retold(request, house, review_id):
        decisions.escalate(house, _once(house, who), who, review_id)
    return done(request, "escalated", form.get("then", QUEUE))


@router.post("/review/{review_id}/edit")
def edit_form(request: Request, house: House, who: Who, form: Form, review_id: str) -> Response:
    """Change what is held; the hold of the changed action takes its place."""
    with house.store.read() as tx:
        item = reviews.get(tx, review_id)
        zone = Scene(tx, 0, house.policies, who, words_of(request)).zone(item.hub_id)
    changed = edits.changes(item, form, zone)
    with retold(request, house, review_id):
        made = decisions.edit(
            house, _once(house, who), who, review_id, form.get("seen", ""), changed
        )
    return done(request, "edited", f"/review/{made.id}", review=made.id)


@router.post("/review/{review_id}/ask")
def ask_form(request: Request, house: House, who: Who, form: Form, review_id: str) -> Response:
    """Ask for more information."""
    with retold(request, house, review_id):
        question = form.get("question", "")[:_LONGEST_WORDS]
        decisions.ask(house, _once(house, who), who, review_id, question)
    return done(request, "asked", form.get("then", QUEUE))


@router.post("/review/{review_id}/answer")
def answer_form(request: Request, house: House, who: Who, form: Form, review_id: str) -> Response:
    """Answer what was asked."""
    with retold(request, house, review_id):
        words = form.get("answer", "")[:_LONGEST_WORDS]
        decisions.answer(house, _once(house, who), who, review_id, words)
    return done(request, "answered", form.get("then", QUEUE))


@router.post("/review/{review_id}/reject")
def reject_form(request: Request, house: House, who: Who, form: Form, review_id: str) -> Response:
    """Reject for good."""
    reason = reason_of(form)
    comment, seen = form.get("comment", "")[:_LONGEST_WORDS], form.get("seen", "")
    with retold(request, house, review_id, "said.stale_rejected"):
        once = _once(house, who)
        decisions.reject(house, once, who, review_id, reason, comment, seen=seen)
    return done(request, "rejected", form.get("then", QUEUE))


def _once(house: Desk, who: Principal) -> Once:
    return Once(house, who.id, "", "")


def _undo_us(house: Desk) -> int:
    # Who undoes it lives in real seconds, even while a demo runs fast.
    return meanwhile_us(house.clock, house.policies.approvals.undo_seconds * SECOND)


def wants_rejection(form: dict[str, str]) -> bool:
    """Say whether a batch is rejected; raise InvalidInput for a form that is not plain about it."""
    do = form.get("do", "")
    if do not in _DEEDS:
        raise InvalidInput("do", "says neither approve nor reject", "press one of the two buttons")
    if do == "approve" and form.get("reason"):
        problem = "was chosen, but the button was that of an approval"
        raise InvalidInput("reason", problem, "press the other button, or choose no reason")
    return do == "reject"


def reason_of(form: dict[str, str]) -> reviews.Reason:
    """Return the reason that was chosen; raise InvalidInput for none of the list."""
    given = form.get("reason", "")
    if given not in tuple(reviews.Reason):
        raise InvalidInput("reason", "is not one of the list", "choose a reason")
    return reviews.Reason(given)
