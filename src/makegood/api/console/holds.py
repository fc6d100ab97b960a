"""Holds as the console shows them: what would happen, why it is held, and what weighed in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from makegood.api import explained
from makegood.api.console import before, beside
from makegood.api.console.sentences import Promise
from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind
from makegood.domain.authority import WAITING_REVIEWS, ReviewStatus
from makegood.domain.decisions import Method
from makegood.domain.money import minor_digits
from makegood.gates import reviews
from makegood.gates.review_items import REVIEW
from makegood.state import query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from makegood.api.console.scene import Scene
    from makegood.api.explained import Place, Weighed
    from makegood.domain.entities import FulfilmentOrder, SalesOrder
    from makegood.gates.reviews import ReviewItem
    from makegood.planning.explain import Contribution


_PERCENT_BP: Final = 100


@dataclass(frozen=True, slots=True)
class Bar:
    """One factor's share of a decision."""

    name: str
    value: str
    weight: str
    percent: str
    width: int
    negative: bool


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold as a card shows it. `waited` is how much of its time has passed, in percent.

    `until` is its deadline and `due` when it should be looked at, by which the queue is sorted;
    `minor` is its money in minor units, of which `digits` stand
    behind the point, and 0 where none would be paid.
    """

    id: str
    kind: str
    sentence: str
    money: str
    minor: int
    currency: str
    digits: int
    order_id: str
    hub: str
    agent: str
    cause: str
    promise: Promise
    age: str
    left: str
    until: str
    due: str
    urgent: bool
    waited: int
    why: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]
    bars: tuple[Bar, ...]
    is_amount: bool
    changed: tuple[str, ...]
    stale: bool
    notices: tuple[str, ...]
    badges: tuple[tuple[str, str], ...]
    beside: beside.Half
    seen: str


def holds(scene: Scene, items: Sequence[ReviewItem]) -> tuple[Hold, ...]:
    """Return reviews as cards."""
    orders = query.sales_orders(scene.tx, {item.order_id for item in items})
    expected = _expected(scene.tx, orders)
    behind = explained.weighed(scene.tx, [_place(item) for item in items])
    halves = beside.of(scene, items, orders)
    return tuple(
        _hold(
            scene,
            item,
            orders.get(item.order_id),
            expected,
            behind.get(_place(item)),
            halves.get(item.id, beside.NOTHING),
        )
        for item in items
    )


def _place(item: ReviewItem) -> Place:
    return (item.proposal_id, item.decision, item.subject)


def _expected(tx: Connection, orders: Iterable[str]) -> dict[str, int]:
    """Return when orders are expected, by the last of their deliveries."""
    found: dict[str, int] = {}
    records = query.FULFILMENTS
    rows = tx.execute(records.query().where(records.table.c.order_id.in_(sorted(orders))))
    for row in rows:
        delivery: FulfilmentOrder = records.entity(row)
        if delivery.expected_us is not None:
            known = found.get(delivery.order_id, 0)
            found[delivery.order_id] = max(known, delivery.expected_us)
    return found


def _hold(
    scene: Scene,
    item: ReviewItem,
    order: SalesOrder | None,
    expected: dict[str, int],
    behind: Weighed | None,
    half: beside.Half,
) -> Hold:
    show, say, zone = scene.show, scene.words, scene.zone(item.hub_id)
    left_us = item.deadline_us - scene.now_us
    whole_us = max(1, item.deadline_us - item.opened_us)
    deadline = scene.policies.approvals.deadline
    # By the instant that the queue goes by: what is marked always stands before what is not, and
    # what policy warns of is marked, however little money is at risk.
    urgent_us = (deadline.expire_minutes - deadline.warn_minutes) * MINUTE
    money = item.action.money
    currency = money.currency if money else order.currency if order else ""
    return Hold(
        id=item.id,
        kind=scene.speak.kind(item.action.kind),
        sentence=scene.speak.action(item.action, zone),
        money=show.money(money) if money else "",
        # An order's end names its worth, which only a refund of its own pays back.
        minor=money.minor if money and item.action.kind is not ActionKind.CANCEL else 0,
        currency=currency,
        digits=minor_digits(currency) if money else 0,
        order_id=item.order_id,
        hub=scene.speak.hub(item.hub_id),
        agent=item.agent,
        cause=say(f"cause.{item.action.cause}"),
        promise=scene.speak.promise(order, expected.get(item.order_id), zone),
        age=show.lasting(scene.now_us - item.opened_us),
        left=show.lasting(left_us) if left_us > 0 else "",
        until=show.time(item.deadline_us, zone),
        due=show.time(item.priority, zone) if item.priority else "",
        urgent=item.priority - scene.now_us <= urgent_us,
        waited=min(100, max(0, (scene.now_us - item.opened_us) * 100 // whole_us)),
        why=scene.speak.reasons(item.why, item.rules),
        rules=tuple((rule, scene.speak.gate.rule(rule)) for rule in item.rules),
        bars=bars(scene, behind.parts, currency) if behind else (),
        is_amount=behind is not None and behind.method is Method.LADDER,
        changed=tuple(
            scene.words("queue.changed", fact=m.fact, entity=m.entity, before=m.before, now=m.now)
            for m in before.moved(scene, item, zone)
        ),
        stale=item.status is ReviewStatus.STALE,
        notices=_notices(scene, item),
        badges=_badges(scene, item),
        beside=half,
        seen=item.seen,
    )


def _notices(scene: Scene, item: ReviewItem) -> tuple[str, ...]:
    """Return what else whoever decides should know: each in a sentence."""
    say, told = scene.words, list[str]()
    if item.first_by:
        told.append(say("queue.first", name=scene.name(item.first_by)))
    if item.edited_by:
        told.append(say("queue.edited", name=scene.name(item.edited_by)))
    if item.asked_us is not None:
        told.append(say("queue.asked", name=scene.name(item.asked_by)))
    if item.note:
        told.append(item.note)
    return tuple(told)


def _badges(scene: Scene, item: ReviewItem) -> tuple[tuple[str, str], ...]:
    """Return what a row says in a word: who is at it, and how far it was escalated."""
    say, found = scene.words, list[tuple[str, str]]()
    if item.claimed_by and (item.claimed_until_us or 0) > scene.now_us:
        found.append(("claimed", say("queue.claimed", name=scene.name(item.claimed_by))))
    if item.level:
        found.append(("escalated", say("queue.escalated", n=item.level)))
    elif item.warned_us is not None:
        found.append(("held", say("queue.warned")))
    return tuple(found)


def bars(scene: Scene, parts: Sequence[Contribution], currency: str) -> tuple[Bar, ...]:
    """Return the factors that say something, the biggest share first."""
    shown = sorted((part for part in parts if part.share_bp), key=_biggest_first)
    percents = whole_percents([part.share_bp for part in shown])
    return tuple(
        Bar(
            name=scene.words(f"factor.{part.name}"),
            value=scene.speak.quantity(part.value, part.unit, currency),
            weight=f"× {scene.show.number(part.weight)}",
            percent=scene.show.percent(percent * _PERCENT_BP),
            width=max(1, percent),
            negative=part.points < 0,
        )
        for part, percent in zip(shown, percents, strict=True)
    )


def whole_percents(shares_bp: Sequence[int]) -> list[int]:
    """Return shares in whole percent, which sum to what the shares do (largest remainder)."""
    percents = [share // _PERCENT_BP for share in shares_bp]
    left = sum(shares_bp) // _PERCENT_BP - sum(percents)
    by_rest = sorted(range(len(percents)), key=lambda i: (-(shares_bp[i] % _PERCENT_BP), i))
    for i in by_rest[:left]:
        percents[i] += 1
    return percents


def _biggest_first(part: Contribution) -> int:
    return -part.share_bp


def queue(scene: Scene, limit: int) -> tuple[Hold, ...]:
    """Return the holds with the nearest deadlines."""
    return holds(scene, reviews.queue(scene.tx, WAITING_REVIEWS, None, limit))


def waiting(scene: Scene) -> int:
    """Return how many holds wait."""
    counted = select(func.count()).where(REVIEW.c.status.in_(list(WAITING_REVIEWS)))
    return scene.tx.execute(counted).scalar_one()
