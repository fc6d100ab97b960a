"""Every mutant, by the invariant whose guard it takes away (see `docs/architecture.md`)."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant
from tests.mutants.of_authority import OF_AUTHORITY
from tests.mutants.of_breakers import OF_BREAKERS
from tests.mutants.of_edges import OF_EDGES
from tests.mutants.of_effects import OF_EFFECTS
from tests.mutants.of_facts import OF_FACTS
from tests.mutants.of_limits import OF_LIMITS
from tests.mutants.of_records import OF_RECORDS
from tests.mutants.of_reviews import OF_REVIEWS
from tests.mutants.of_sending import OF_SENDING

MUTANTS: Final[tuple[Mutant, ...]] = tuple(
    sorted(
        (
            *OF_AUTHORITY,
            *OF_BREAKERS,
            *OF_EDGES,
            *OF_EFFECTS,
            *OF_FACTS,
            *OF_LIMITS,
            *OF_RECORDS,
            *OF_REVIEWS,
            *OF_SENDING,
        ),
        key=lambda m: (m.invariant, m.name),
    )
)
