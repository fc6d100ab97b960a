"""Invariants 1, 2, 3 and 13: what happened outside answers to a grant, once, and within limits."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from makegood.domain.actions import ActionKind
from makegood.domain.authority import GrantStatus, ObligationStatus, ReviewStatus, Verdict
from makegood.domain.effects import EffectStatus
from makegood.domain.money import Money
from makegood.gates.balances import MONEY
from makegood.gates.counters import COUNTER
from makegood.gates.grants import BY_GATE, OBLIGATION
from makegood.ledger.entries import ENTRY, REF
from makegood.ledger.kinds import EntryKind
from makegood.replay.invariants_seen import Row, Seen

_FLEET: Final = (
    ActionKind.REASSIGN,
    ActionKind.REROUTE,
    ActionKind.UNASSIGN,
    ActionKind.RECALL,
)


@dataclass(frozen=True, slots=True)
class _Paid:
    """Money that left, as the company's books have it."""

    reference: str
    key: str
    order_id: str
    amount: Money
    is_refund: bool


def _books(seen: Seen) -> Iterator[_Paid]:
    payments = seen.company.payments
    for made, is_refund in (
        *((each, True) for each in payments.refunds.values()),
        *((each, False) for each in payments.coupons.values()),
    ):
        yield _Paid(made.id, made.key, made.paid.order_id, made.paid.amount, is_refund)


def granted(seen: Seen) -> None:
    """Check that each payment and message outside answers to one effect, its grant and its yes."""
    by_key = {row.key: row for row in seen.effects}
    reviews = {row.action_id: row for row in seen.reviews}
    for effect in seen.effects:
        seen.looked()
        _has_its_grant(seen, effect, reviews.get(effect.action_id))
    for paid in _books(seen):
        seen.looked()
        if paid.key in seen.others:
            continue
        effect = by_key.get(paid.key)
        if effect is None:
            seen.wrong(
                f"{paid.reference} was paid and no effect has its key", order_id=paid.order_id
            )
            continue
        action = seen.actions[effect.action_id]
        if (action.amount_minor, action.currency) != (paid.amount.minor, paid.amount.currency):
            seen.wrong(f"{paid.reference} paid {paid.amount}, and not what was granted", effect)
    for notice in seen.company.notifications.sent.values():
        seen.looked()
        if notice.key not in by_key:
            told = f"{notice.id} was sent and no effect has its key"
            seen.wrong(told, order_id=notice.sent.order_id)


def _has_its_grant(seen: Seen, effect: Row, review: Row) -> None:
    grant, action = seen.grants.get(effect.grant_id), seen.actions[effect.action_id]
    if grant is None or grant.action_id != effect.action_id:
        seen.wrong("an effect names no grant of its action", effect)
        return
    if hashlib.sha256(action.body).hexdigest() != grant.digest:
        seen.wrong("an effect's action is not the one that was granted", effect)
    if grant.given_by == BY_GATE and action.verdict != Verdict.ALLOW:
        seen.wrong(f"the gate granted what it judged {action.verdict}", effect)
    how = review.status if review is not None else "missing"
    is_yes = grant.given_by == BY_GATE or how == ReviewStatus.APPROVED
    if not is_yes and effect.status != EffectStatus.FAILED:
        seen.wrong(f"a person's grant was carried out, and its review is {how}", effect)


def spent_once(seen: Seen) -> None:
    """Check that spent grants and effects are one to one, and that no counter is past its cap."""
    used = Counter(effect.grant_id for effect in seen.effects)
    for effect in seen.effects:
        seen.looked()
        grant = seen.grants.get(effect.grant_id)
        if grant is not None and grant.status != GrantStatus.SPENT:
            seen.wrong(f"an effect stands on a grant that is {grant.status}", effect)
    for grant_id, times in used.items():
        if times > 1:
            seen.wrong(f"grant {grant_id} was spent {times} times")
    for grant in seen.grants.values():
        if grant.status == GrantStatus.SPENT and not used[grant.id]:
            seen.wrong("a grant was spent and there is no effect", grant)
    for action_id, times in _intents(seen).items():
        if times > 1:
            seen.wrong(f"the ledger tells {times} times that it was intended", action_id=action_id)
    _caps_hold(seen)


def _caps_hold(seen: Seen) -> None:
    for row in seen.tx.execute(select(COUNTER)):
        seen.looked()
        if row.used > row.cap:
            seen.wrong(f"counter {row.key} stands at {row.used} of {row.cap}")


def _intents(seen: Seen) -> Counter[str]:
    joined = ENTRY.join(REF, (REF.c.part == ENTRY.c.part) & (REF.c.seq == ENTRY.c.seq))
    kind = ENTRY.c.kind == EntryKind.EFFECT_INTENDED.value
    query = select(REF.c.ref, func.count()).select_from(joined).where(kind).group_by(REF.c.ref)
    told = {row[0]: row[1] for row in seen.tx.execute(query) if row[0] in seen.actions}
    for effect in seen.effects:
        if effect.action_id not in told:
            seen.wrong("the ledger does not tell that it was intended", effect)
    return Counter(told)


def happened_once(seen: Seen) -> None:
    """Check that nothing was done twice, that books and balances agree, and nothing is hidden."""
    books = list(_books(seen))
    keys = Counter([paid.key for paid in books])
    keys.update(notice.key for notice in seen.company.notifications.sent.values())
    for key, times in keys.items():
        seen.looked()
        if times > 1:
            seen.wrong(f"{key} was carried out {times} times")
    _ends_agree(seen, {paid.key for paid in books})
    refunded: Counter[str] = Counter()
    for paid in books:
        refunded[paid.order_id] += paid.amount.minor if paid.is_refund else 0
    stands = {row.order_id: row for row in seen.tx.execute(select(MONEY))}
    for order_id, minor in refunded.items():
        row, taken = stands.get(order_id), seen.company.payments.captures[order_id].amount.minor
        if minor > taken:
            seen.wrong(f"{minor} of {taken} minor units were paid back", order_id=order_id)
        if minor and (row is None or row.confirmed_minor > minor):
            seen.wrong("the balance says more was paid back than the books", order_id=order_id)


def _ends_agree(seen: Seen, paid: set[str]) -> None:
    """Check each effect's end against the outside, and its obligation against its end."""
    query = select(OBLIGATION.c.id, OBLIGATION.c.status)
    owed = {row.id: row.status for row in seen.tx.execute(query)}
    there = _outside(seen)
    for effect in seen.effects:
        seen.looked()
        is_money = seen.actions[effect.action_id].kind in (ActionKind.REFUND, ActionKind.COUPON)
        if effect.status == EffectStatus.CONFIRMED:
            if effect.key not in there:
                seen.wrong("it is confirmed, and the outside knows nothing of it", effect)
            if owed.get(effect.obligation_id) != ObligationStatus.SETTLED:
                seen.wrong(f"it is confirmed and owed: {owed.get(effect.obligation_id)}", effect)
        elif effect.status == EffectStatus.FAILED and is_money and effect.key in paid:
            seen.wrong("it is reported as failed, and the money left", effect)


def _outside(seen: Seen) -> frozenset[str]:
    """Return the keys under which the outside did something."""
    keys, company = [effect.key for effect in seen.effects], seen.company
    done = (
        *company.fleet.under(keys),
        *company.oms.under(keys),
        *company.notifications.under(keys),
        *company.payments.refunds_under(keys),
        *company.payments.coupons_under(keys),
    )
    return frozenset(each.key for each in done)


def within_limits(seen: Seen) -> None:
    """Check that nobody carries more than they can, and nothing denied for safety was done."""
    for courier in seen.company.records.couriers.values():
        seen.looked()
        if courier.load > courier.capacity:
            seen.wrong(f"{courier.id} carries {courier.load}, room is for {courier.capacity}")
    done = {effect.action_id for effect in seen.effects}
    for action in seen.actions.values():
        if action.kind in _FLEET:
            seen.looked()
            if action.verdict == Verdict.DENY and action.id in done:
                seen.wrong(f"it was denied ({action.why}) and carried out", action)
