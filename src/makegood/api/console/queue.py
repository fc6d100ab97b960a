"""The queue: a page of the holds that wait, what there is to filter by, and what it adds up to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from makegood.api.console import holds
from makegood.api.console.filters import SORTS, STATES, Filters
from makegood.clock import MINUTE
from makegood.domain.authority import WAITING_REVIEWS
from makegood.gates import review_items
from makegood.gates.review_items import ACTION, REVIEW

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
    """How many holds of one sort wait, and their money together in minor units."""

    hub_id: str
    kind: str
    cause: str
    currency: str
    number: int
    minor: int


def listing(scene: Scene, filters: Filters, have: Mapping[str, str]) -> dict[str, Any]:
    """Return one page of the queue; rows that the browser has as they are stay where they are."""
    groups = _groups(scene)
    matched = _matched(scene, filters, groups)
    pages = max(1, -(-matched // PAGE))
    page = min(filters.page, pages)
    found = _ids(scene, filters, page)
    marks = {review_id: f"{version}.{scene.now_us // MINUTE}" for review_id, version in found}
    new = [one for one, mark in marks.items() if have.get(f"hold-{one}") != mark]
    made = {hold.id: hold for hold in holds.holds(scene, review_items.some(scene.tx, new))}
    return {
        "rows": tuple(QueueRow(one, mark, made.get(one)) for one, mark in marks.items()),
        "matched": matched,
        "total": sum(row.number for row in groups),
        "first": (page - 1) * PAGE + 1 if matched else 0,
        "last": min(page * PAGE, matched),
        "before": filters.address(page=page - 1) if page > 1 else "",
        "after": filters.address(page=page + 1) if page < pages else "",
        "money": _money(scene, groups, filters),
        "filters": filters,
    }


def _groups(scene: Scene) -> list[Group]:
    """Return how many holds wait, and of how much money, by everything that is filtered by."""
    by = (REVIEW.c.hub_id, ACTION.c.kind, ACTION.c.cause, ACTION.c.currency, REVIEW.c.status)
    waiting = REVIEW.c.status.in_(list(WAITING_REVIEWS))
    query = select(
        *by, func.count().label("number"), func.sum(ACTION.c.amount_minor).label("minor")
    )
    joined = query.join(REVIEW, REVIEW.c.action_id == ACTION.c.id)
    rows = scene.tx.execute(joined.where(waiting).group_by(*by))
    return [
        Group(
            hub_id=row.hub_id,
            kind=row.kind,
            cause=row.cause,
            currency=row.currency,
            number=row.number,
            minor=int(row.minor or 0),
        )
        for row in rows
    ]


def _matched(scene: Scene, filters: Filters, groups: Sequence[Group]) -> int:
    if not filters.is_narrow:
        return sum(row.number for row in groups)
    query = select(func.count()).select_from(REVIEW)
    joined = query.join(ACTION, ACTION.c.id == REVIEW.c.action_id)
    return scene.tx.execute(joined.where(filters.condition)).scalar_one()


def _ids(scene: Scene, filters: Filters, page: int) -> list[tuple[str, int]]:
    query = select(REVIEW.c.id, REVIEW.c.version)
    if filters.is_narrow or filters.sort == "money":
        query = query.join(ACTION, ACTION.c.id == REVIEW.c.action_id)
    query = query.where(filters.condition).order_by(*filters.order)
    rows = scene.tx.execute(query.limit(PAGE).offset((page - 1) * PAGE))
    return [(row.id, row.version) for row in rows]


def _money(scene: Scene, groups: Sequence[Group], filters: Filters) -> str:
    if filters.q or filters.state:
        return ""
    sums: Counter[str] = Counter()
    for row in groups:
        wanted = (filters.hub or row.hub_id, filters.kind or row.kind, filters.cause or row.cause)
        if row.minor and wanted == (row.hub_id, row.kind, row.cause):
            sums[row.currency] += row.minor
    amounts = [scene.show.minor(total, currency) for currency, total in sorted(sums.items())]
    return " + ".join(amounts)


def choices(scene: Scene, filters: Filters) -> dict[str, Any]:
    """Return what each filter offers, with how many holds there are of each."""
    groups, say = _groups(scene), scene.words

    def of(column: str, name: Callable[[str], str], chosen: str) -> tuple[Choice, ...]:
        numbers: Counter[str] = Counter()
        for row in groups:
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
