"""What of the queue is shown: kept in the address, so that a view can be sent and come back to."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlencode

from sqlalchemy import and_, or_

from makegood.domain.actions import ActionKind, Cause
from makegood.domain.authority import WAITING_REVIEWS, ReviewStatus
from makegood.gates.review_items import ACTION, REVIEW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement

SORTS: Final = ("urgent", "deadline", "money", "oldest", "newest")
STATES: Final = ("open", "stale", "second", "asked", "escalated")
_LONGEST: Final = 120
_MOST_PAGES: Final = 100_000


@dataclass(frozen=True, slots=True)
class Filters:
    """One view of the queue; an empty field filters nothing."""

    q: str = ""
    hub: str = ""
    kind: str = ""
    cause: str = ""
    state: str = ""
    sort: str = SORTS[0]
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Return the view that an address names; what it names wrongly counts as not named."""

        def one_of(name: str, known: tuple[str, ...], otherwise: str = "") -> str:
            given = query.get(name, "")
            return given if given in known else otherwise

        page = query.get("page", "")
        return cls(
            q=query.get("q", "").strip()[:_LONGEST],
            hub=query.get("hub", "")[:_LONGEST],
            kind=one_of("kind", tuple(ActionKind)),
            cause=one_of("cause", tuple(Cause)),
            state=one_of("state", STATES),
            sort=one_of("sort", SORTS, SORTS[0]),
            page=min(_MOST_PAGES, max(1, int(page))) if page.isdecimal() and len(page) < 7 else 1,  # noqa: PLR2004 -- six digits of pages
        )

    def address(self, **changes: Any) -> str:  # noqa: ANN401 -- as dataclasses.replace
        """Return the address of this view with some fields changed, without what is as usual."""
        view = replace(self, **changes)
        usual = Filters()
        said = {
            one.name: getattr(view, one.name)
            for one in fields(view)
            if getattr(view, one.name) != getattr(usual, one.name)
        }
        return "/review" + (f"?{urlencode(said)}" if said else "")

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return any((self.q, self.hub, self.kind, self.cause, self.state))

    @property
    def condition(self) -> ColumnElement[bool]:
        """What a review (joined with its action) must be like to be shown."""
        wanted: list[ColumnElement[bool]] = [self._state]
        if self.hub:
            wanted.append(REVIEW.c.hub_id == self.hub)
        if self.kind:
            wanted.append(ACTION.c.kind == self.kind)
        if self.cause:
            wanted.append(ACTION.c.cause == self.cause)
        if self.q:
            found = (REVIEW.c.order_id, ACTION.c.customer_id, REVIEW.c.id, ACTION.c.agent)
            wanted.append(or_(*(column.startswith(self.q, autoescape=True) for column in found)))
        return and_(*wanted)

    @property
    def _state(self) -> ColumnElement[bool]:
        if self.state in (ReviewStatus.OPEN, ReviewStatus.STALE):
            return REVIEW.c.status == self.state
        waiting = REVIEW.c.status.in_(list(WAITING_REVIEWS))
        narrower: dict[str, ColumnElement[bool]] = {
            "second": REVIEW.c.first_by != "",
            "asked": REVIEW.c.asked_us.is_not(None),
            "escalated": REVIEW.c.level > 0,
        }
        return and_(waiting, narrower[self.state]) if self.state in narrower else waiting

    @property
    def order(self) -> tuple[ColumnElement[Any], ...]:
        """By what the reviews are sorted."""
        columns: dict[str, tuple[ColumnElement[Any], ...]] = {
            "urgent": (REVIEW.c.priority.asc(),),
            "deadline": (REVIEW.c.deadline_us.asc(),),
            "money": (ACTION.c.amount_minor.desc().nulls_last(), REVIEW.c.deadline_us.asc()),
            "oldest": (REVIEW.c.opened_us.asc(),),
            "newest": (REVIEW.c.opened_us.desc(),),
        }
        return (*columns[self.sort], REVIEW.c.id.asc())
