"""Questions about a hold and the answers to them; the words are sealed before they come here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from makegood.errors import Conflict
from makegood.gates import review_authority, review_records
from makegood.gates.review_items import ReviewItem, get, get_locked
from makegood.ledger.kinds import EntryKind
from makegood.store import tables
from makegood.store.sql import insert, table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.gates.review_types import Decider

NOTE = table(tables.authority.ReviewNote)


class NoteKind(StrEnum):
    """What somebody wrote on a hold."""

    QUESTION = "question"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Note:
    """A question or an answer: who wrote it and when, with the sealed words."""

    id: str
    review_id: str
    kind: NoteKind
    person_id: str
    at_us: int
    words: bytes


def ask(
    tx: Connection, review_id: str, decider: Decider, question_sealed: bytes, now_us: int
) -> ReviewItem:
    """Ask for more information on a hold; its deadline goes on, and it can still be decided.

    Raises:
        NotFound: there is no such review.
        Conflict: it was decided already, or another question is open.

    """
    review = get_locked(tx, review_id)
    review_authority.require_waiting(tx, review, now_us)
    if review.asked_us is not None:
        name = review_authority.name_of(tx, review.asked_by)
        raise Conflict(f"{name} has asked something already that nobody has answered")
    review_records.update(tx, review_id, {"asked_by": decider.person_id, "asked_us": now_us})
    _write(tx, review, NoteKind.QUESTION, decider, question_sealed, now_us)
    return get(tx, review_id)


def answer(
    tx: Connection, review_id: str, decider: Decider, answer_sealed: bytes, now_us: int
) -> ReviewItem:
    """Answer the question that is open on a hold.

    Raises:
        NotFound: there is no such review.
        Conflict: it was decided already, or there is no question.

    """
    review = get_locked(tx, review_id)
    review_authority.require_waiting(tx, review, now_us)
    if review.asked_us is None:
        raise Conflict(f"nobody has asked anything on review {review_id}")
    review_records.update(tx, review_id, {"asked_by": "", "asked_us": None})
    _write(tx, review, NoteKind.ANSWER, decider, answer_sealed, now_us)
    return get(tx, review_id)


def notes(tx: Connection, review_id: str) -> list[Note]:
    """Return what was asked and answered on a hold, oldest first."""
    query = select(NOTE).where(NOTE.c.review_id == review_id).order_by(NOTE.c.id)
    return [
        Note(row.id, row.review_id, NoteKind(row.kind), row.person_id, row.at_us, row.words)
        for row in tx.execute(query)
    ]


def _write(
    tx: Connection,
    review: ReviewItem,
    kind: NoteKind,
    decider: Decider,
    words: bytes,
    now_us: int,
) -> None:
    count = select(func.count()).select_from(NOTE).where(NOTE.c.review_id == review.id)
    number = tx.execute(count).scalar_one()
    row = {
        "id": f"{review.id}-{number:05}",
        "review_id": review.id,
        "kind": kind,
        "person_id": decider.person_id,
        "at_us": now_us,
        "words": words,
    }
    insert(tx, NOTE, [row])
    entry = EntryKind.REVIEW_ASKED if kind is NoteKind.QUESTION else EntryKind.REVIEW_ANSWERED
    review_records.record(tx, entry, review, decider.person_id, now_us, {"note_id": row["id"]})
