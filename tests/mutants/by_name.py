"""Which mutants the tests that bear an invariant's name kill, each of those tests by itself.

`python -m tests.mutants --named` runs these mutants with nothing but the test beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tests.mutants.catalogue import MUTANTS

if TYPE_CHECKING:
    from tests.mutants.mutant import Mutant

_ALL: Final = "tests/invariants/test_invariants.py::test_invariant_"
_DESK: Final = "tests/invariants/test_review_desk.py::test_invariant_"
_TAMPERING: Final = f"{_ALL}11_the_ledger_shows_tampering"


@dataclass(frozen=True, slots=True)
class Shown:
    """A test of an invariant's name, and a mutant of that invariant which it kills alone."""

    test: str
    mutant: str


SHOWN: Final = (
    Shown(f"{_ALL}01_no_effect_without_a_grant", "what is held gets a grant too"),
    Shown(
        f"{_ALL}02_a_grant_is_spent_once_after_a_last_look",
        "the kill switch is not looked at when a grant is spent",
    ),
    Shown(
        f"{_ALL}02_an_open_breaker_is_looked_at_again_at_the_spend",
        "open breakers are not looked at again at the spend",
    ),
    Shown(
        f"{_ALL}03_an_effect_happens_once",
        "what was captured is not looked at by the gate",
    ),
    Shown(
        f"{_ALL}04_a_verdict_is_frozen_and_a_rejection_is_final",
        "a proposal is judged anew each time it comes",
    ),
    Shown(
        f"{_ALL}05_an_approval_is_for_what_the_reviewer_saw",
        "facts that moved while it waited are not looked at",
    ),
    Shown(
        f"{_DESK}05_a_material_change_voids_and_an_edit_is_judged_again",
        "a material change only makes a hold stale",
    ),
    Shown(
        f"{_ALL}06_each_outcome_is_its_own_and_expiry_never_approves",
        "expiry is called a rejection",
    ),
    Shown(
        f"{_DESK}06_an_undo_window_survives_restarts_and_looks_again_at_its_end",
        "the undo window ends at once",
    ),
    Shown(f"{_ALL}07_no_one_approves_their_own_request", "an agent approves its own request"),
    Shown(
        f"{_DESK}07_who_asked_for_it_never_decides_and_splitting_is_no_way_past",
        "the last editor decides",
    ),
    Shown(
        f"{_ALL}08_every_bypass_is_on_the_ledger_ends_and_cannot_touch_safety",
        "a bypass never ends",
    ),
    Shown(f"{_ALL}09_no_event_is_lost", "the same id with other content is a duplicate"),
    Shown(
        f"{_ALL}10_a_decision_can_be_recomputed_from_the_ledger",
        "a decision made again is the best of each alone",
    ),
    Shown(f"{_TAMPERING}[sqlite-edit]", "an entry is what its stored hash says"),
    Shown(f"{_TAMPERING}[sqlite-edit with its hash]", "entries need not follow each other"),
    Shown(f"{_TAMPERING}[sqlite-insert a linked one]", "the head is not looked at"),
    Shown(f"{_TAMPERING}[sqlite-delete the last]", "the head is not looked at"),
    Shown(f"{_TAMPERING}[sqlite-delete and link anew]", "a missing place is not looked at"),
    Shown(
        f"{_TAMPERING}[sqlite-reorder and link anew]",
        "the columns may say otherwise than the entry",
    ),
    Shown(
        f"{_ALL}11_append_only_stores_are_only_added_to",
        "rows of append-only stores can be deleted",
    ),
    Shown(
        f"{_ALL}11_personal_data_are_nowhere_in_clear_where_nothing_is_erased",
        "personal data are not sealed",
    ),
    Shown(
        f"{_ALL}11_destroying_the_key_erases_the_person_and_the_chain_verifies",
        "a destroyed key is kept",
    ),
    Shown(
        f"{_ALL}11_not_a_byte_of_an_erased_person_is_left_in_the_database_file",
        "personal data are not sealed",
    ),
    Shown(f"{_ALL}12_what_no_policy_names_is_denied", "what no policy names is allowed"),
    Shown(f"{_ALL}13_safety_is_above_fulfilment", "the gate does not look at capacity"),
)


def alone() -> list[Mutant]:
    """Return the mutants of the table, each with the named test beside it and no other."""
    known = {mutant.name: mutant for mutant in MUTANTS}
    return [replace(known[shown.mutant], tests=(shown.test,)) for shown in SHOWN]
