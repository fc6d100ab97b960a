"""A person's no: final for (kind, entity, cause), with one further proposal of no more money.

"Entity" is the order: a refund of two of its lines is not another thing than a refund of one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, select

from makegood.domain.action_kinds import FACTS, ActionKind
from makegood.domain.authority import Verdict
from makegood.store.sql import among, table, upsert
from makegood.store.tables.authority import Rejection

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from makegood.domain.actions import Action
    from makegood.domain.money import Money
    from makegood.gates.candidates import Candidate
    from makegood.gates.review_items import ReviewItem

REJECTION = table(Rejection)
_END: Final = frozenset({ActionKind.CANCEL, ActionKind.REFUND})
About = tuple[str, str, str]
"""A kind of action, an entity and a cause."""
_NO_TO = select(REJECTION).where(among(REJECTION.c.entity, "entities"))
_SAID_OF = _NO_TO.with_for_update()


@dataclass(frozen=True, slots=True)
class Said:
    """One rejection: of what kind, how much, and how many further proposals it leaves.

    `used_by` are the kinds of the actions of the proposal in hand that are the further one.
    """

    kind: str
    entity: str
    cause: str
    amount_minor: int | None
    currency: str
    left: int
    incident_id: str = ""
    used_by: frozenset[ActionKind] = frozenset()


def entity_of(action: Action) -> str:
    """Return the entity under which a rejection of this action stands."""
    return f"sales_order/{action.order_id}" if action.facts.money_out else str(action.entity)


def record(tx: Connection, rejected: Iterable[ReviewItem], now_us: int) -> None:
    """Write down that a person rejected these."""
    # Two parts of one order are one thing that a person said no to: the last one's amount stands.
    rows = {about(review.action): _row(review, now_us) for review in rejected}
    upsert(tx, REJECTION, list(rows.values()))


def _row(review: ReviewItem, now_us: int) -> dict[str, Any]:
    action, money = review.action, review.action.money
    return {
        "kind": action.kind,
        "entity": entity_of(action),
        "cause": action.cause,
        "action_id": review.action_id,
        "amount_minor": money.minor if money else None,
        "currency": money.currency if money else "",
        "at_us": now_us,
        "left": 1,
        "incident_id": review.incident_id,
    }


def check(tx: Connection, judged: Sequence[Candidate], incident_id: str) -> None:
    """Deny what a person rejected before, and more than one other thing of at most its money.

    `judged` are the actions of one proposal, in an incident. There, whatever else pays for the
    same order waits for a person, for a cause is what the proposer says. An order's end and the
    refund that it brings are one thing: else whichever came second would be refused, and an order
    end with its money kept.
    """
    entities = sorted({entity_of(c.action) for c in judged})
    said: dict[tuple[str, str], list[Said]] = {}
    for row in tx.execute(_SAID_OF, {"entities": entities}):
        money = (row.amount_minor, row.currency)
        no = Said(row.kind, row.entity, row.cause, *money, row.left, row.incident_id)
        said.setdefault((row.entity, row.cause), []).append(no)
    for candidate in judged if said else ():
        about = (entity_of(candidate.action), candidate.action.cause)
        _ask(candidate, (no for each in said.values() for no in each), incident_id)
        if about in said:
            said[about] = _check(tx, candidate, said[about])


def _ask(candidate: Candidate, said: Iterable[Said], incident_id: str) -> None:
    """Let what pays for another cause wait where the incident has seen a no to the same order."""
    action = candidate.action
    if not action.facts.money_out or action.money is None:
        return
    for no in said:
        here = no.entity == entity_of(action) and no.cause != action.cause
        if here and incident_id and no.incident_id == incident_id:
            why = f"a person said no to a {no.kind} for this order in this incident ({no.cause})"
            candidate.say("rejection.incident", Verdict.HOLD, why)


def give_back(tx: Connection, action: Action) -> None:
    """Let what a person makes of an action use the one further proposal that the action used."""
    if action.money is None:
        return
    used = and_(
        REJECTION.c.entity == entity_of(action),
        REJECTION.c.cause == action.cause,
        REJECTION.c.left == 0,
    )
    tx.execute(REJECTION.update().where(used).values(left=1))


def standing(tx: Connection, actions: Iterable[Action]) -> frozenset[About]:
    """Return what persons have said no to, of all that may be about some actions."""
    entities = sorted({entity_of(action) for action in actions})
    rows = tx.execute(_NO_TO, {"entities": entities}) if entities else ()
    return frozenset((row.kind, row.entity, row.cause) for row in rows)


def about(action: Action) -> About:
    """Return what a no to this action is final for."""
    return action.kind, entity_of(action), action.cause


def about_row(row: Any) -> About:  # noqa: ANN401 -- a database row
    """Return the same of an action's row: its kind, order, entity and cause."""
    money_out = FACTS[ActionKind(row.kind)].money_out
    return row.kind, f"sales_order/{row.order_id}" if money_out else row.entity, row.cause


def _check(tx: Connection, candidate: Candidate, said: list[Said]) -> list[Said]:
    """Let each no have its say, and return what they still leave open."""
    kind = candidate.action.kind
    for no in said:
        _object(candidate, no)
    if candidate.action.money is None or not candidate.may_still_pass:
        return said
    for no in said:
        if not _is_with(no, kind):
            _use_up(tx, no)
    return [
        replace(no, left=no.left - (not _is_with(no, kind)), used_by=no.used_by | {kind})
        for no in said
    ]


def _object(candidate: Candidate, no: Said) -> None:
    money, kind = candidate.action.money, candidate.action.kind
    if kind == no.kind:
        candidate.say("rejection.final", Verdict.DENY, f"a person said no to this {no.kind}")
    elif money is None:
        return
    elif _is_more(money, no):
        why = f"it is more money than the {no.kind} that a person said no to"
        candidate.say("rejection.more_money", Verdict.DENY, why)
    elif no.left < 1 and not _is_with(no, kind):
        why = f"one other thing was proposed already since a person said no to the {no.kind}"
        candidate.say("rejection.used_up", Verdict.DENY, why)


def _is_more(money: Money, no: Said) -> bool:
    """Say whether it is more than a person said no to; anything is more than nothing."""
    return money.minor > (no.amount_minor or 0) or money.currency not in (no.currency, "")


def _is_with(no: Said, kind: ActionKind) -> bool:
    """Say whether this is the other half of the thing that the proposal in hand has begun."""
    return bool(no.used_by) and kind not in no.used_by and no.used_by | {kind} == _END


def _use_up(tx: Connection, no: Said) -> None:
    which = and_(
        REJECTION.c.kind == no.kind,
        REJECTION.c.entity == no.entity,
        REJECTION.c.cause == no.cause,
    )
    tx.execute(REJECTION.update().where(which).values(left=REJECTION.c.left - 1))
