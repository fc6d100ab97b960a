"""What must hold however a scenario went: DESIGN's thirteen invariants, looked at from outside.

Nothing here believes the store alone. The company's own books say which money left, who was sent
where and what customers were told; what is checked is that each of it answers to one effect, one
spent grant and one yes, that nothing that was told is lost, and that the ledger shows it all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from makegood.replay import invariants_desk, invariants_effects, invariants_record
from makegood.replay.invariants_seen import Seen, Violation

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.replay.company import Company

__all__ = ["NAMES", "Report", "Violation", "check"]

NAMES: Final = {
    1: "no effect without a grant",
    2: "a grant is spent once",
    3: "an effect happens once",
    4: "a verdict is frozen",
    5: "an approval is for what the reviewer saw",
    6: "outcomes are not reported as one another",
    7: "no one approves their own request",
    8: "every bypass is on the ledger",
    9: "no event is lost",
    10: "a decision can be recomputed",
    11: "the ledger shows tampering, and holds nobody's data",
    12: "default deny",
    13: "safety above fulfilment",
}

_CHECKS: Final[tuple[tuple[int, Callable[[Seen], None]], ...]] = (
    (1, invariants_effects.granted),
    (2, invariants_effects.spent_once),
    (3, invariants_effects.happened_once),
    (4, invariants_desk.frozen),
    (5, invariants_desk.as_seen),
    (6, invariants_desk.told_apart),
    (7, invariants_desk.by_others),
    (8, invariants_desk.bypasses),
    (9, invariants_record.nothing_lost),
    (10, invariants_record.recomputable),
    (11, invariants_record.sound),
    (12, invariants_desk.default_deny),
    (13, invariants_effects.within_limits),
)


@dataclass(frozen=True, slots=True)
class Report:
    """How many things were looked at for each invariant, by its number, and what was wrong."""

    looked_at: Mapping[int, int] = field(default_factory=dict[int, int])
    violations: tuple[Violation, ...] = ()

    @property
    def checked(self) -> int:
        """How many invariants were checked."""
        return len(self.looked_at)

    @property
    def sound(self) -> bool:
        """Whether nothing was wrong."""
        return not self.violations


def check(
    tx: Connection,
    company: Company,
    told: Mapping[tuple[str, str], int],
    others: AbstractSet[str] = frozenset(),
) -> Report:
    """Check every invariant.

    `told` counts the events that the house was told, by source and id; `others` are the keys of
    payments that somebody else made, for which the house owes no grant.
    """
    seen = Seen.read(tx, company, told, others)
    looked_at: Counter[int] = Counter()
    for number, look in _CHECKS:
        seen.begin(number)
        look(seen)
        looked_at[number] = seen.count
    return Report(dict(looked_at), tuple(seen.violations))
