"""What the checks of the invariants look at, read once, and the notebook they write in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from makegood.effects.reads import ACTION, EFFECT, GRANT
from makegood.gates.review_items import REVIEW

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.replay.company import Company

Row = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """An invariant (its number) that did not hold, and where; ids are empty where it is nowhere."""

    invariant: int
    what: str
    order_id: str = ""
    action_id: str = ""


@dataclass(slots=True)
class Seen:
    """The company, the store's authority by id, and what was found wrong so far."""

    tx: Connection
    company: Company
    told: Mapping[tuple[str, str], int]
    others: AbstractSet[str]
    actions: Mapping[str, Row]
    effects: Sequence[Row]
    grants: Mapping[str, Row]
    reviews: Sequence[Row]
    violations: list[Violation] = field(default_factory=list[Violation])
    count: int = 0
    _number: int = 0

    @classmethod
    def read(
        cls,
        tx: Connection,
        company: Company,
        told: Mapping[tuple[str, str], int],
        others: AbstractSet[str] = frozenset(),
    ) -> Seen:
        """Read everything that more than one check looks at."""
        return cls(
            tx=tx,
            company=company,
            told=told,
            others=others,
            actions={row.id: row for row in tx.execute(select(ACTION))},
            effects=tx.execute(select(EFFECT).order_by(EFFECT.c.id)).all(),
            grants={row.id: row for row in tx.execute(select(GRANT))},
            reviews=tx.execute(select(REVIEW).order_by(REVIEW.c.id)).all(),
        )

    def begin(self, number: int) -> None:
        """Turn to the page of an invariant."""
        self._number, self.count = number, 0

    def looked(self, times: int = 1) -> None:
        """Note that so many more things were looked at."""
        self.count += times

    def wrong(self, what: str, row: Row = None, *, order_id: str = "", action_id: str = "") -> None:
        """Note what is wrong; `row` is an action, or a row that names one."""
        found = Violation(
            invariant=self._number,
            what=what,
            order_id=order_id or getattr(row, "order_id", ""),
            action_id=action_id or getattr(row, "action_id", getattr(row, "id", "")),
        )
        self.violations.append(found)
