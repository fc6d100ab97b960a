"""Obligations: what is owed is a row of its own, and a unique key makes it owed once.

The key names what would be settled and not how much, so another amount for the same thing is
a conflict and not a second payment. An obligation whose owner ended without anything done may
be taken up again; its generation then goes into the idempotency key.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import bindparam, select

from makegood.domain.authority import ObligationStatus, Verdict
from makegood.gates import overlaps
from makegood.gates.candidates import obligation_id
from makegood.store.sql import among, bulk, table
from makegood.store.tables.authority import Obligation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from makegood.domain.money import Money
    from makegood.gates.candidates import Candidate

OBLIGATION = table(Obligation)
_LOCKED: Final = (
    select(OBLIGATION)
    .where(among(OBLIGATION.c.id, "ids"))
    .order_by(OBLIGATION.c.id)
    .with_for_update()
)
_END: Final = (
    OBLIGATION.update()
    .where(among(OBLIGATION.c.action_id, "action_ids"))
    .values(status=bindparam("to"))
)


class Owed(NamedTuple):
    """An obligation as it stands: who owns it, for how much, and how it ended if it did."""

    id: str
    action_id: str
    digest: str
    amount_minor: int | None
    currency: str
    status: ObligationStatus
    generation: int


def allocate(
    tx: Connection, judged: Sequence[Candidate], standing: Mapping[str, Owed], now_us: int
) -> None:
    """Give every candidate that may still pass its obligation, or say why it cannot have it.

    `standing` are those of their obligations that there are, as `load` locked them.
    """
    open_to = [candidate for candidate in judged if candidate.may_still_pass]
    _check_occurrences(tx, open_to)
    overlaps.check(tx, open_to)
    first: dict[str, Candidate] = {}
    for candidate in open_to:
        if candidate.may_still_pass:
            first.setdefault(candidate.obligation_id, candidate)
    owned = _create(tx, [c for c in first.values() if c.obligation_id not in standing], now_us)
    others = [c for c in open_to if c.may_still_pass and c.id not in owned]
    owed = {**standing, **_missing(tx, others, standing)}
    for candidate in others:
        one = owed[candidate.obligation_id]
        if _meet(candidate, one):
            owed[one.id] = _take_up(tx, candidate, one, now_us)


def _create(tx: Connection, wanting: Sequence[Candidate], now_us: int) -> set[str]:
    """Make obligations that were not there; return the candidates who own theirs by that."""
    went_in = bulk(tx, OBLIGATION, [_row(c, now_us) for c in wanting], "ignore")
    if went_in == len(wanting):
        return {c.id for c in wanting}
    # Another verdict, which was not there to be locked, came first with some of them.
    made = load(tx, sorted(c.obligation_id for c in wanting))
    return {c.id for c in wanting if made[c.obligation_id].action_id == c.id}


def _missing(
    tx: Connection, candidates: Sequence[Candidate], known: Mapping[str, Owed]
) -> dict[str, Owed]:
    return load(tx, sorted({c.obligation_id for c in candidates} - known.keys()))


def load(tx: Connection, ids: Sequence[str]) -> dict[str, Owed]:
    """Return obligations by id, locked until this transaction ends."""
    if not ids:
        return {}
    return {row.id: _owed(row) for row in tx.execute(_LOCKED, {"ids": list(ids)}).all()}


def _owed(row: Any) -> Owed:  # noqa: ANN401 -- a database row
    return Owed(
        row.id,
        row.action_id,
        row.digest,
        row.amount_minor,
        row.currency,
        ObligationStatus(row.status),
        row.generation,
    )


def _check_occurrences(tx: Connection, judged: Sequence[Candidate]) -> None:
    later = [c for c in judged if c.action.occurrence > 1]
    before = load(tx, sorted({c.action.follows for c in later if c.action.follows}))
    for candidate in later:
        number = candidate.action.occurrence
        named = before.get(candidate.action.follows)
        if named is None or named.id != _previous_id(candidate):
            why = f"occurrence {number} must name the obligation of occurrence {number - 1}"
            candidate.say("obligation.follows", Verdict.DENY, why)
        elif named.status is not ObligationStatus.SETTLED:
            why = f"occurrence {number - 1} is {named.status}, not settled"
            candidate.say("obligation.follows", Verdict.DENY, why)
        else:
            why = f"this would settle it for the {number}. time"
            candidate.say("obligation.second", Verdict.HOLD, why)


def _previous_id(candidate: Candidate) -> str:
    key = candidate.key
    return obligation_id(replace(key, occurrence=key.occurrence - 1))


def _meet(candidate: Candidate, owed: Owed) -> bool:
    """Say how a candidate stands to an obligation that is there; true when it may take it up."""
    money = candidate.action.money
    amount = (money.minor, money.currency) if money else None
    owed_amount = (owed.amount_minor, owed.currency) if owed.amount_minor is not None else None
    if owed.status is ObligationStatus.REJECTED:
        candidate.say("obligation.rejected", Verdict.DENY, "a person said no to exactly this")
    elif owed.status is ObligationStatus.RELEASED:
        return True
    elif candidate.digest == owed.digest or (amount is not None and amount == owed_amount):
        candidate.say("obligation.met", Verdict.MET, f"{owed.action_id} settles this already")
    elif candidate.action.facts.money_out:
        why = f"{owed.action_id} already owns this with another amount"
        candidate.say("obligation.conflict", Verdict.HOLD, why)
    else:
        why = f"{owed.action_id} already settles this in another way"
        candidate.say("obligation.taken", Verdict.DENY, why)
    return False


def _take_up(tx: Connection, candidate: Candidate, owed: Owed, now_us: int) -> Owed:
    candidate.generation = owed.generation + 1
    values = _row(candidate, now_us)
    tx.execute(OBLIGATION.update().where(OBLIGATION.c.id == owed.id).values(values))
    return owed._replace(
        action_id=candidate.id,
        digest=candidate.digest,
        amount_minor=values["amount_minor"],
        currency=values["currency"],
        status=ObligationStatus.OPEN,
        generation=candidate.generation,
    )


def take_over(tx: Connection, owed: Owed, action_id: str, digest: str, money: Money | None) -> None:
    """Hand an obligation that is locked, and that nobody is settling, to another action."""
    values = {
        "action_id": action_id,
        "digest": digest,
        "amount_minor": money.minor if money else None,
        "currency": money.currency if money else "",
        "status": ObligationStatus.OPEN,
        "generation": owed.generation + (owed.status is ObligationStatus.RELEASED),
    }
    tx.execute(OBLIGATION.update().where(OBLIGATION.c.id == owed.id).values(values))


def end(tx: Connection, action_ids: Sequence[str], status: ObligationStatus) -> None:
    """Say how the obligations that these actions own ended."""
    if action_ids:
        tx.execute(_END, {"action_ids": list(action_ids), "to": status})


def _row(candidate: Candidate, now_us: int) -> dict[str, Any]:
    money = candidate.action.money
    return {
        "id": candidate.obligation_id,
        "kind": candidate.key.kind,
        "target": candidate.key.target,
        "entitlement": candidate.key.entitlement,
        "occurrence": candidate.key.occurrence,
        "order_id": candidate.action.order_id,
        "action_id": candidate.id,
        "digest": candidate.digest,
        "amount_minor": money.minor if money else None,
        "currency": money.currency if money else "",
        "status": ObligationStatus.OPEN,
        "generation": candidate.generation,
        "created_us": now_us,
    }
