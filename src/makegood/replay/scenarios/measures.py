"""What is measured of a scenario: one flat list of numbers by name, as expectations name them.

| measures | what they are |
|---|---|
| `promises.orders`, `.kept`, `.late`, `.undeliverable`, `.cancelled`, `.open` | orders |
| `promises.kept_share` | kept over all orders |
| `promises.told_share` | of late, undeliverable and open orders: told before their promise broke |
| `incidents.KIND`, `incidents.open` | incidents opened, by kind; open at the end |
| `actions.KIND.proposed`, `.done`, `.held`, `.denied`, `.waiting`, `.unknown` | actions by kind |
| `money.coupons`, `money.refunds` | paid by the house, in minor units |
| `money.stranded` | orders paid for without goods, neither ended nor paid back |
| `holds.STATUS`, `holds.total` | reviews by how they ended |
| `desk.seen`, `.approved`, `.rejected`, `.stale`, `.conflict`, `.seconded` | what people did |
| `runs.done`, `runs.failed` | runs of agents |
| `effects.confirmed`, `.failed`, `.unknown`, `.tried_again` | effects |
| `events.told`, `.told_twice`, `.parked`, `.set_aside` | events |
| `orders.after_stop` | orders that a hub took after it was told to stop |
| `house.lives`, `decisions.count`, `decisions.p95_s` | the house |
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from makegood.domain.actions import ActionKind
from makegood.domain.authority import ActionStatus, ReviewStatus, RunStatus, Verdict
from makegood.domain.effects import EffectStatus
from makegood.domain.incidents import IncidentKind, IncidentStatus
from makegood.effects.reads import ACTION, EFFECT
from makegood.events.parking import PARKED
from makegood.events.quarantine import QUARANTINE
from makegood.gates.review_items import REVIEW
from makegood.replay.company.model import FulfilmentStatus, Order, OrderStatus
from makegood.runtime.runs import INCIDENT, RUN

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.replay.scenarios.people import Desk
    from makegood.replay.stage import Stage

_KINDS: Final = "|".join(kind.value for kind in ActionKind)
_INCIDENTS: Final = "|".join(kind.value for kind in IncidentKind)
_STATUSES: Final = "|".join(status.value for status in ReviewStatus)
_NAMES: Final = re.compile(
    r"promises\.(orders|kept|late|undeliverable|cancelled|open|kept_share|told_share)"
    rf"|incidents\.({_INCIDENTS}|open)"
    rf"|actions\.({_KINDS})\.(proposed|done|held|denied|waiting|unknown)"
    r"|money\.(coupons|refunds|stranded)"
    rf"|holds\.({_STATUSES}|total)"
    r"|desk\.(seen|approved|rejected|stale|conflict|seconded|void|not_allowed)"
    r"|runs\.(done|failed)"
    r"|effects\.(confirmed|failed|unknown|tried_again)"
    r"|events\.(told|told_twice|parked|set_aside)"
    r"|orders\.after_stop|house\.lives|decisions\.(count|p95_s)"
)
_DELIVERED: Final = FulfilmentStatus.DELIVERED
_OPEN: Final = (OrderStatus.OPEN, OrderStatus.HELD)


def is_measure(name: str) -> bool:
    """Say whether there is a measure of this name."""
    return _NAMES.fullmatch(name) is not None


def measure(stage: Stage, desk: Desk) -> dict[str, float]:
    """Return every measure that is not zero, by name."""
    found: dict[str, float] = {}
    with stage.store.read() as tx:
        for name, value in (
            *_promises(stage),
            *_authority(tx),
            *_work(tx, stage),
            *((f"desk.{word}", count) for word, count in desk.counts.items()),
        ):
            found[name] = float(value)
    return dict(sorted(found.items()))


def _promises(stage: Stage) -> Iterator[tuple[str, float]]:
    score = stage.company.score()
    for name in ("orders", "kept", "late", "undeliverable", "cancelled", "open"):
        yield f"promises.{name}", getattr(score, name)
    yield "promises.kept_share", score.kept / score.orders if score.orders else 0.0
    broken = len(broken_orders(stage))
    told = broken - len(untold_orders(stage))
    yield "promises.told_share", told / broken if broken else 1.0
    yield "money.stranded", len(stranded_orders(stage))


def broken_orders(stage: Stage) -> tuple[str, ...]:
    """Return the orders whose promise broke, without those that were ended, by id."""
    orders = stage.company.records.orders.values()
    return tuple(sorted(each.id for each in orders if _is_broken(stage, each)))


def untold_orders(stage: Stage) -> tuple[str, ...]:
    """Return the orders whose promise broke and whose customer was not told before, by id."""
    orders = stage.company.records.orders
    return tuple(each for each in broken_orders(stage) if not _was_told(stage, orders[each]))


def stranded_orders(stage: Stage) -> tuple[str, ...]:
    """Return the orders that are paid for, will not come, and were not paid back, by id."""
    orders = stage.company.records.orders.values()
    return tuple(sorted(each.id for each in orders if _is_stranded(stage, each)))


def lateness(stage: Stage) -> dict[str, int]:
    """Return by how much each broken promise was missed so far, in microseconds, by order."""
    records, now_us = stage.company.records, stage.clock.now_us()
    found: dict[str, int] = {}
    for order_id in broken_orders(stage):
        order = records.orders[order_id]
        parts = [records.fulfilments[each] for each in order.fulfilment_ids]
        ends_us = [part.delivered_us or now_us for part in parts]
        found[order_id] = max(ends_us or [order.delivered_us or now_us]) - order.first_promised_us
    return found


def _is_broken(stage: Stage, order: Order) -> bool:
    if order.status is OrderStatus.CANCELLED:
        return False
    records, due_us = stage.company.records.fulfilments, order.first_promised_us
    if order.delivered_us is not None:
        return order.delivered_us > due_us
    parts = [records[each] for each in order.fulfilment_ids]
    in_time = [p.status is _DELIVERED and (p.delivered_us or 0) <= due_us for p in parts]
    return due_us <= stage.clock.now_us() and not (in_time and all(in_time))


def _was_told(stage: Stage, order: Order) -> bool:
    notices = stage.company.notifications.about(order.id)
    return any(each.at_us <= order.first_promised_us for each in notices)


def _is_stranded(stage: Stage, order: Order) -> bool:
    """Say whether a customer's money is here and nothing will ever come of it."""
    payments, records = stage.company.payments, stage.company.records.fulfilments
    parts = [records[each] for each in order.fulfilment_ids]
    hopeless = not parts or all(part.status is FulfilmentStatus.FAILED for part in parts)
    hopeless = hopeless or stage.company.oms.stock.is_hopeless(order)
    if not hopeless or order.delivered_us is not None or order.id not in payments.captures:
        return False
    left = payments.balance(order.id)
    return order.status in _OPEN or left.refunded_minor < left.captured_minor


def _authority(tx: Connection) -> Iterator[tuple[str, float]]:
    counts: Counter[str] = Counter()
    for row in tx.execute(select(ACTION.c.kind, ACTION.c.verdict, ACTION.c.status)):
        for name in _of_action(row):
            counts[f"actions.{row.kind}.{name}"] += 1
    yield from counts.items()
    for status, count in tx.execute(
        select(REVIEW.c.status, func.count()).group_by(REVIEW.c.status)
    ):
        yield f"holds.{status}", count
    yield "holds.total", tx.execute(select(func.count()).select_from(REVIEW)).scalar_one()


def _of_action(row: Any) -> Iterator[str]:  # noqa: ANN401 -- a database row
    yield "proposed"
    if row.status == ActionStatus.CONFIRMED:
        yield "done"
    if row.verdict == Verdict.HOLD:
        yield "held"
    if row.verdict == Verdict.DENY:
        yield "denied"
    if row.status == ActionStatus.HELD:
        yield "waiting"
    if row.status == ActionStatus.UNKNOWN:
        yield "unknown"


def _work(tx: Connection, stage: Stage) -> Iterator[tuple[str, float]]:
    opened: Counter[str] = Counter(tx.execute(select(INCIDENT.c.kind)).scalars())
    yield from ((f"incidents.{kind}", count) for kind, count in opened.items())
    still = select(func.count()).where(INCIDENT.c.status == IncidentStatus.OPEN)
    yield "incidents.open", tx.execute(still).scalar_one()
    for status in (RunStatus.DONE, RunStatus.FAILED):
        query = select(func.count()).where(RUN.c.status == status)
        yield f"runs.{status}", tx.execute(query).scalar_one()
    for status in (EffectStatus.CONFIRMED, EffectStatus.FAILED, EffectStatus.UNKNOWN):
        query = select(func.count()).where(EFFECT.c.status == status)
        yield f"effects.{status}", tx.execute(query).scalar_one()
    again = select(func.count()).where(EFFECT.c.attempts > 1)
    yield "effects.tried_again", tx.execute(again).scalar_one()
    yield "events.parked", tx.execute(select(func.count()).select_from(PARKED)).scalar_one()
    aside = select(func.count()).select_from(QUARANTINE)
    yield "events.set_aside", tx.execute(aside).scalar_one()
    yield "orders.after_stop", _after_stop(tx, stage)
    yield from _told(stage)


def _told(stage: Stage) -> Iterator[tuple[str, float]]:
    yield "events.told", len(stage.told)
    yield "events.told_twice", sum(times > 1 for times in stage.told.values())
    yield "house.lives", stage.lives
    took = sorted(stage.decision_s)
    yield "decisions.count", len(took)
    yield "decisions.p95_s", took[math.ceil(0.95 * len(took)) - 1] if took else 0.0
    payments = stage.company.payments
    yield "money.coupons", sum(each.paid.amount.minor for each in payments.coupons.values())
    refunds = [each for each in payments.refunds.values() if each.key not in stage.others]
    yield "money.refunds", sum(each.paid.amount.minor for each in refunds)


def _after_stop(tx: Connection, stage: Stage) -> int:
    """Count the orders that came in at a hub after the outside had confirmed its stop."""
    stopped = select(ACTION.c.hub_id, EFFECT.c.ended_us).join(
        EFFECT, EFFECT.c.action_id == ACTION.c.id
    )
    done = EFFECT.c.status == EffectStatus.CONFIRMED
    stopped = stopped.where(ACTION.c.kind == ActionKind.STOP_SERVICE, done)
    placed = [(o.hub_id, o.placed_us) for o in stage.company.records.orders.values()]
    return sum(
        hub == row.hub_id and at_us > row.ended_us
        for row in tx.execute(stopped)
        for hub, at_us in placed
    )
