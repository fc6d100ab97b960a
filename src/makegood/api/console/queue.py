"""The queue: a page of the holds that wait, what there is to filter by, and what it adds up to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, func, select

from makegood.api.console import holds
from makegood.api.console.filters import SORTS, STATES, Filters
from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind
from makegood.domain.authority import WAITING_REVIEWS
from makegood.gates import review_items
from makegood.gates.review_items import ACTION, REVIEW
from makegood.ledger.entries import EVENTS, HEAD, HOUSE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from makegood.api.console.holds import Hold
    from makegood.api.console.scene import Scene

PAGE: Final = 50
_MOST_HUBS: Final = 200


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One row: its mark says what it shows, and `hold` is None where the browser has it."""

    id: str
    mark: str
    hold: Hold | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter: what it is called, and how many holds have it."""

    value: str
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Group:
    """How many holds of one sort wait, and what they would pay out together, in minor units."""

    hub_id: str
    kind: str
    cause: str
    currency: str
    number: int
    minor: int


def listing(scene: Scene, filters: Filters, have: Mapping[str, str]) -> dict[str, Any]:
    """Return one page of the queue; rows that the browser has as they are stay where they are."""
    every = groups(scene)
    matched = _matched(scene, filters, every)
    pages = max(1, -(-matched // PAGE))
    page = min(filters.page, pages)
    found = _ids(scene, filters, page)
    marks = {review_id: f"{version}.{scene.now_us // MINUTE}" for review_id, version in found}
    new = [one for one, mark in marks.items() if have.get(f"hold-{one}") != mark]
    made = {hold.id: hold for hold in holds.holds(scene, review_items.some(scene.tx, new))}
    return {
        "rows": tuple(QueueRow(one, mark, made.get(one)) for one, mark in marks.items()),
        "matched": matched,
        "total": sum(row.number for row in every),
        "first": (page - 1) * PAGE + 1 if matched else 0,
        "last": min(page * PAGE, matched),
        "before": filters.address(page=page - 1) if page > 1 else "",
        "after": filters.address(page=page + 1) if page < pages else "",
        "money": _money(scene, every, filters),
        "filters": filters,
    }


def groups(scene: Scene) -> tuple[Group, ...]:
    """Return how many holds wait, and of how much money, by everything that is filtered by.

    Every step of a review is on its hub's part of the ledger, so what was counted once holds for
    everybody who looks until the head of one of them moves.
    """
    heads = select(HEAD.c.part, HEAD.c.hash).where(HEAD.c.part.not_in([EVENTS, HOUSE]))
    now = frozenset((row.part, row.hash) for row in scene.tx.execute(heads))
    heads_then, found = _MEMORY.last
    if heads_then != now:
        found = _count(scene)
        _MEMORY.last = now, found
    return found


class _Memory:
    """What was counted last; one assignment, so that no two threads need wait for each other."""

    last: tuple[frozenset[tuple[str, bytes]] | None, tuple[Group, ...]] = (None, ())


_MEMORY: Final = _Memory()


def _count(scene: Scene) -> tuple[Group, ...]:
    by = (REVIEW.c.hub_id, ACTION.c.kind, ACTION.c.cause, ACTION.c.currency)
    waiting = REVIEW.c.status.in_(list(WAITING_REVIEWS))
    # An order's end names its worth, which only a refund of its own pays back.
    paid = case((ACTION.c.kind != ActionKind.CANCEL.value, ACTION.c.amount_minor))
    query = select(*by, func.count().label("number"), func.sum(paid).label("minor")).join(
        REVIEW, REVIEW.c.action_id == ACTION.c.id
    )
    rows = scene.tx.execute(query.where(waiting).group_by(*by))
    return tuple(
        Group(
            hub_id=row.hub_id,
            kind=row.kind,
            cause=row.cause,
            currency=row.currency,
            number=row.number,
            minor=int(row.minor or 0),
        )
        for row in rows
    )


def _matched(scene: Scene, filters: Filters, every: Sequence[Group]) -> int:
    if not filters.q and not filters.state:
        return sum(one.number for one in _wanted(filters, every))
    query = select(func.count()).select_from(REVIEW)
    joined = query.join(ACTION, ACTION.c.id == REVIEW.c.action_id)
    return scene.tx.execute(joined.where(filters.condition)).scalar_one()


def _wanted(filters: Filters, every: Sequence[Group]) -> list[Group]:
    """Return the groups that the filters leave; what a group does not know is not looked at."""
    return [
        one
        for one in every
        if (filters.hub or one.hub_id, filters.kind or one.kind, filters.cause or one.cause)
        == (one.hub_id, one.kind, one.cause)
    ]


def _ids(scene: Scene, filters: Filters, page: int) -> list[tuple[str, int]]:
    query = select(REVIEW.c.id, REVIEW.c.version)
    if filters.is_narrow or filters.sort == "money":
        query = query.join(ACTION, ACTION.c.id == REVIEW.c.action_id)
    query = query.where(filters.condition).order_by(*filters.order)
    rows = scene.tx.execute(query.limit(PAGE).offset((page - 1) * PAGE))
    return [(row.id, row.version) for row in rows]


def _money(scene: Scene, every: Sequence[Group], filters: Filters) -> str:
    return "" if filters.q or filters.state else money(scene, _wanted(filters, every))


def money(scene: Scene, some: Iterable[Group]) -> str:
    """Return the money of some groups together, each currency by itself."""
    return scene.show.sum((one.minor, one.currency) for one in some if one.minor)


def choices(scene: Scene, filters: Filters) -> dict[str, Any]:
    """Return what each filter offers, with how many holds there are of each."""
    every, say = groups(scene), scene.words

    def of(column: str, name: Callable[[str], str], chosen: str) -> tuple[Choice, ...]:
        numbers: Counter[str] = Counter()
        for row in every:
            numbers[getattr(row, column)] += row.number
        if chosen:
            numbers.setdefault(chosen, 0)
        most = numbers.most_common(_MOST_HUBS)
        return tuple(Choice(one, name(one), scene.show.number(n)) for one, n in most)

    return {
        "filters": filters,
        "hubs": of("hub_id", scene.speak.hub, filters.hub),
        "kinds": of("kind", lambda one: say(f"short.{one}"), filters.kind),
        "causes": of("cause", lambda one: say(f"cause.{one}"), filters.cause),
        "states": tuple(Choice(one, say(f"state.{one}"), "") for one in STATES),
        "sorts": tuple(Choice(one, say(f"sort.{one}"), "") for one in SORTS),
    }
