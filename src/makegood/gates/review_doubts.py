"""What an agent doubted of a hold, for the hold that a person made of it.

An edit is judged anew, from what the gate itself can see. What the proposer said of its own data,
and by how little it chose, the gate cannot see again, and neither is mended by an edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from makegood.domain.authority import Verdict
from makegood.gates.candidates import DOUBT, Reason
from makegood.gates.confidence import MARGIN
from makegood.gates.review_items import ACTION
from makegood.ledger.entries import about
from makegood.ledger.kinds import EntryKind

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.gates.review_items import ReviewItem

_BETWEEN: Final = "; "
"""What stands between the reasons of a verdict where they are one text."""


def of_review(tx: Connection, review: ReviewItem) -> list[Reason]:
    """Return the reasons of a held action's verdict that nobody but its proposer could give.

    The ledger has every reason but the words of doubts; the action's own text has those as well,
    so a doubt is what the text says and the ledger does not.
    """
    if not {DOUBT, MARGIN} & {*review.rules}:
        return []
    judged = next(
        entry
        for entry in about(tx, review.action_id)
        if entry.kind is EntryKind.ACTION_JUDGED and entry.body["action_id"] == review.action_id
    )
    known = [(each["rule"], each["why"]) for each in judged.body["reasons"] if "why" in each]
    thin = [_held(rule, why) for rule, why in known if rule == MARGIN]
    said = {part for _, why in known for part in why.split(_BETWEEN)}
    text = tx.execute(select(ACTION.c.why).where(ACTION.c.id == review.action_id)).scalar_one()
    parts = dict.fromkeys(part for part in text.split(_BETWEEN) if part not in said)
    return thin + [_held(DOUBT, part) for part in parts]


def _held(rule: str, why: str) -> Reason:
    return Reason(rule=rule, verdict=Verdict.HOLD, why=why)
