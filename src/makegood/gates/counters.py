"""Cumulative limits over rolling windows, as counters that are reserved at the verdict.

A claim says what one action reserved and until when it counts. Claims whose window has passed
are given back before anything new is reserved, so a window really rolls, and no verdict sums
over rows. With the counter rows locked, 278 coupons judged together do not each see zero.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, exists, func, or_, select

from makegood.clock import MINUTE
from makegood.domain.authority import Verdict
from makegood.domain.money import MAX_MINOR, Money
from makegood.domain.policy import Counter, CounterScope
from makegood.store import tables
from makegood.store.sql import among, bulk, insert, table, update_each

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.sql.dml import ReturningDelete

    from makegood.domain.actions import Action
    from makegood.gates.candidates import Candidate

COUNTER = table(tables.authority.Counter)
CLAIM = table(tables.authority.CounterClaim)
_COUNT: Final = "count"
_SHOWN: Final = (CounterScope.HUB, CounterScope.AGENT, CounterScope.CAUSE)

_LOCK = (
    select(COUNTER.c.key, COUNTER.c.used)
    .where(among(COUNTER.c.key, "given"))
    .order_by(COUNTER.c.key)
    .with_for_update()
)
# `used = used + x WHERE used + x <= cap`: the database itself refuses to pass the cap.
_ADD = (
    COUNTER.update()
    .where(
        COUNTER.c.key == bindparam("b_key"),
        COUNTER.c.used + bindparam("b_amount") <= bindparam("b_cap"),
    )
    .values(used=COUNTER.c.used + bindparam("b_amount"), cap=bindparam("b_cap"))
)
_IS_CLAIMED = exists().where(CLAIM.c.key == COUNTER.c.key)
_FORGET = COUNTER.delete().where(among(COUNTER.c.key, "given"), COUNTER.c.used == 0, ~_IS_CLAIMED)
_TAKE = (
    COUNTER.update()
    .where(COUNTER.c.key == bindparam("b_key"))
    .values(used=COUNTER.c.used - bindparam("b_amount"))
)
_DROP: Final = CLAIM.delete().returning(CLAIM.c.key, CLAIM.c.amount)
_EXPIRED: Final = _DROP.where(
    among(CLAIM.c.key, "given"), CLAIM.c.expires_us <= bindparam("now_us")
)
_IS_OWN: Final = among(CLAIM.c.action_id, "action_ids")
_OWN: Final = _DROP.where(_IS_OWN)
_KEYS: Final = select(CLAIM.c.key).where(_IS_OWN).distinct()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one action would take from one counter."""

    key: str
    cap: int
    amount: int
    expires_us: int
    rule: str
    currency: str = ""

    def full(self, used: int) -> str:
        """Say that there is no room left in it."""
        if not self.currency:
            return f"the limit {self.rule} is used up: {used} of {self.cap}"
        spent, cap = (Money(minor=max(0, n), currency=self.currency) for n in (used, self.cap))
        return f"the limit {self.rule} leaves no room for it: {spent} of {cap} is used"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one action takes from one counter that nothing caps, and until when it counts."""

    action_id: str
    key: str
    amount: int
    expires_us: int

    @property
    def row(self) -> dict[str, str | int]:
        """The claim, as it is stored."""
        return {
            "action_id": self.action_id,
            "key": self.key,
            "amount": self.amount,
            "expires_us": self.expires_us,
        }


@dataclass(frozen=True, slots=True)
class CounterFill:
    """How much of one cumulative limit is used now: actions, or minor units of `currency`."""

    name: str
    scope: str
    currency: str
    used: int
    cap: int


def fills(tx: Connection, counters: Iterable[Counter], now_us: int) -> tuple[CounterFill, ...]:
    """Return the limits per hub, agent and cause of which something is used, the fullest first.

    What people look at may sum over claims; verdicts never do.
    """
    shown = [counter for counter in counters if counter.per in _SHOWN]
    mine = or_(*(CLAIM.c.key.startswith(f"{counter.name}|", autoescape=True) for counter in shown))
    if not shown:
        return ()
    used = func.sum(CLAIM.c.amount).label("used")
    live = select(CLAIM.c.key, used).where(mine, CLAIM.c.expires_us > now_us)
    by_name = {counter.name: counter for counter in shown}
    found: list[CounterFill] = []
    for row in tx.execute(live.group_by(CLAIM.c.key)):
        name, rest = row.key.split("|", 1)
        scope, unit = rest.rsplit("|", 1)
        counter = by_name[name]
        currency = "" if unit == _COUNT else unit
        amounts = counter.max_amount
        cap = (amounts.of(currency) if amounts else None) if currency else counter.max_count
        if cap is not None:
            shown_scope = f"{counter.per}:{scope}"
            found.append(CounterFill(name, shown_scope, currency, int(row.used), cap))
    return tuple(sorted(found, key=lambda f: (-f.used * 10_000 // max(f.cap, 1), f.name, f.scope)))


def wanted(
    counters: Iterable[Counter], action: Action, agent: str, now_us: int
) -> tuple[list[Wanted], str]:
    """Return what an action takes from each counter, and why it must hold where none can tell.

    A currency that a counter names no cap for cannot be counted, so it holds.
    """
    takes: list[Wanted] = []
    for counter in counters:
        if action.kind not in counter.kinds:
            continue
        key = f"{counter.name}|{_scope(counter.per, action, agent)}"
        ends = now_us + counter.window_minutes * MINUTE
        if counter.max_count is not None:
            takes.append(Wanted(f"{key}|{_COUNT}", counter.max_count, 1, ends, counter.name))
        if counter.max_amount is not None and action.money is not None:
            currency = action.money.currency
            cap = counter.max_amount.of(currency)
            if cap is None:
                return [], f"{counter.name} names no cap in {currency}"
            minor, name = action.money.minor, counter.name
            takes.append(Wanted(f"{key}|{currency}", cap, minor, ends, name, currency))
    return takes, ""


def _scope(per: CounterScope, action: Action, agent: str) -> str:
    match per:
        case CounterScope.ORDER:
            return action.order_id
        case CounterScope.CUSTOMER:
            return action.customer_id or f"order {action.order_id}"
        case CounterScope.HUB:
            return action.hub_id
        case CounterScope.AGENT:
            return agent
        case CounterScope.CAUSE:
            return action.cause


def reserve(
    tx: Connection,
    counters: Sequence[Counter],
    judged: Sequence[Candidate],
    agent: str,
    now_us: int,
) -> None:
    """Reserve for every candidate that may still pass; one that finds no room holds instead."""
    plans: list[tuple[Candidate, list[Wanted]]] = []
    for candidate in judged:
        takes, trouble = wanted(counters, candidate.action, agent, now_us)
        if trouble:
            candidate.hold("counter.currency", trouble)
        if takes and candidate.verdict is Verdict.ALLOW:
            plans.append((candidate, takes))
    caps = {take.key: take.cap for _, takes in plans for take in takes}
    used = locked(tx, caps, now_us)
    taken: dict[str, int] = defaultdict(int)
    claims: list[dict[str, str | int]] = []
    for candidate, takes in plans:
        full = next((t for t in takes if used[t.key] + taken[t.key] + t.amount > t.cap), None)
        if full is not None:
            candidate.hold(f"counter.{full.rule}", full.full(used[full.key] + taken[full.key]))
            if candidate.verdict is not Verdict.ALLOW:
                continue
        for take in takes:
            taken[take.key] += take.amount
            claims.append(Taken(candidate.id, take.key, take.amount, take.expires_us).row)
    insert(tx, CLAIM, claims)
    # What passes under a bypass counts as well, past the cap.
    _add(tx, taken, {key: max(cap, used[key] + taken[key]) for key, cap in caps.items()})


def _add(tx: Connection, taken: Mapping[str, int], caps: Mapping[str, int]) -> None:
    rows = [{"b_key": key, "b_amount": amount, "b_cap": caps[key]} for key, amount in taken.items()]
    if update_each(tx, _ADD, rows) != len(rows):
        message = "counters were locked, and yet one of them moved"
        raise AssertionError(message)


def locked(tx: Connection, caps: Mapping[str, int], now_us: int) -> dict[str, int]:
    """Return what is used of counters within their windows, with their rows locked.

    `caps` are by their keys; one that nothing has counted on yet is made.
    """
    keys = sorted(caps)
    if not keys:
        return {}
    used = _used(tx, keys)
    missing = [key for key in keys if key not in used]
    new = [{"key": key, "cap": caps[key], "used": 0} for key in missing]
    made_all = bulk(tx, COUNTER, new, "ignore") == len(new)
    if _drop(tx, _EXPIRED, {"given": keys, "now_us": now_us}) or not made_all:
        return _used(tx, keys)
    return used | dict.fromkeys(missing, 0)


def _used(tx: Connection, keys: Sequence[str]) -> dict[str, int]:
    """Return what is used of counters, with their rows locked."""
    return {row.key: row.used for row in tx.execute(_LOCK, {"given": list(keys)}).all()}


def sums(tx: Connection, keys: Sequence[str], now_us: int) -> dict[str, int]:
    """Return what was noted under keys within their windows, with their rows locked."""
    return locked(tx, dict.fromkeys(keys, MAX_MINOR), now_us)


def note(tx: Connection, taken: Sequence[Taken], caps: Mapping[str, int]) -> None:
    """Note amounts under keys that `locked` locked, past no cap of these."""
    insert(tx, CLAIM, [one.row for one in taken])
    amounts: dict[str, int] = defaultdict(int)
    for one in taken:
        amounts[one.key] += one.amount
    _add(tx, amounts, caps)


def release(tx: Connection, action_ids: Sequence[str]) -> None:
    """Give back what actions reserved, because they ended without being carried out."""
    if not action_ids:
        return
    mine = {"action_ids": list(action_ids)}
    keys = tx.execute(_KEYS, mine).scalars().all()
    if keys:
        # In the order in which a verdict locks them, so that the two cannot block each other.
        _used(tx, keys)
        _drop(tx, _OWN, mine)


def prune(tx: Connection, now_us: int, most: int = 500) -> int:
    """Delete claims whose window has passed, and counters that nothing counts on; return how many.

    At most `most` counters at a time, each locked before, so that no verdict counts on one of
    them meanwhile; call it again until it returns 0.
    """
    past = select(CLAIM.c.key).where(CLAIM.c.expires_us <= now_us).distinct().limit(most)
    empty = select(COUNTER.c.key).where(COUNTER.c.used == 0, ~_IS_CLAIMED).limit(most)
    keys = sorted({*tx.execute(past).scalars(), *tx.execute(empty).scalars()})
    if not keys:
        return 0
    _used(tx, keys)
    _drop(tx, _EXPIRED, {"given": keys, "now_us": now_us})
    tx.execute(_FORGET, {"given": keys})
    return len(keys)


def _drop(tx: Connection, claims: ReturningDelete[Any, Any], which: dict[str, Any]) -> bool:
    """Delete claims and give back what they held; say whether there were any.

    Only what this statement itself deleted is given back: two that end the same claim at once
    must not give it back twice.
    """
    by_key: dict[str, int] = defaultdict(int)
    for row in tx.execute(claims, which).all():
        by_key[row.key] += row.amount
    update_each(tx, _TAKE, [{"b_key": key, "b_amount": by_key[key]} for key in sorted(by_key)])
    return bool(by_key)
