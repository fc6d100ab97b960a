"""Mutants of the review desk: edits, undo windows, claims, batches, limits, materiality."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

INVARIANT: Final = "tests/invariants/test_review_desk.py::test_invariant_"
BATCHES: Final = "tests/gates/test_batches.py::test_"
CLAIMS: Final = "tests/gates/test_claims.py::test_"
DEADLINES: Final = "tests/gates/test_deadlines.py::test_"
EDITS: Final = "tests/gates/test_edits.py::test_"
SPLITTING: Final = "tests/gates/test_splitting.py::test_"
UNDO: Final = "tests/gates/test_undo.py::test_"
SEEN: Final = (f"{INVARIANT}05_a_material_change_voids_and_an_edit_is_judged_again",)
WINDOW: Final = (f"{INVARIANT}06_an_undo_window_survives_restarts_and_looks_again_at_its_end",)
OWN: Final = (f"{INVARIANT}07_who_asked_for_it_never_decides_and_splitting_is_no_way_past",)

OF_REVIEWS: Final = (
    Mutant(
        2,
        "a process that was taken over grants what was not undone",
        "runtime/desk_watch.py",
        "        house.executor.require_owned(tx)\n",
        "",
        ("tests/runtime/test_desk_watch.py::test_a_process_that_was_taken_over_grants_nothing",),
    ),
    Mutant(
        4,
        "a no leaves an approval of the same that can still be undone",
        "gates/review_settling.py",
        ".where(REVIEW.c.status.in_(list(PENDING_REVIEWS)))",
        ".where(REVIEW.c.status.in_([ReviewStatus.OPEN, ReviewStatus.STALE]))",
        (f"{UNDO}a_no_to_the_same_ends_an_approval_that_could_still_be_undone",),
    ),
    Mutant(
        4,
        "the one further proposal may be edited to more money",
        "gates/rejections.py",
        "money.minor > no.amount_minor",
        "False",
        (f"{EDITS}the_one_further_proposal_may_be_edited_but_never_to_more_money",),
    ),
    Mutant(
        5,
        "a material change only makes a hold stale",
        "gates/review_records.py",
        "    if not moved:\n",
        "    if True:\n",
        SEEN,
    ),
    Mutant(
        5,
        "what the gate denies may be edited into a hold",
        "gates/review_edits.py",
        "if made.verdict is not Verdict.HOLD:",
        "if False:",
        (f"{EDITS}an_edit_that_the_gate_denies_changes_nothing",),
    ),
    Mutant(
        5,
        "an editor's own authority does not matter",
        "gates/review_edits.py",
        "    review_authority.require_editor(tx, review, edited, decider, policies, now_us)\n",
        "",
        (*SEEN, f"{EDITS}an_edit_beyond_the_editors_own_authority_is_refused"),
    ),
    Mutant(
        5,
        "what the page showed does not matter to an edit",
        "gates/review_edits.py",
        "if seen != review.seen or ",
        "if ",
        (f"{EDITS}only_what_the_page_showed_is_edited",),
    ),
    Mutant(
        5,
        "an edited action passes where policy would have let it",
        "gates/judge.py",
        'edited.say("review.edited", Verdict.HOLD,',
        'edited.say("review.edited", Verdict.ALLOW,',
        (f"{EDITS}an_edited_action_holds_even_where_policy_would_let_it_pass",),
    ),
    Mutant(
        5,
        "what moves within the undo window is not looked at",
        "gates/review_undo.py",
        "    if sitting.moved(review):",
        "if False:",
        WINDOW,
    ),
    Mutant(
        5,
        "one stale hold of a batch leaves the others approved",
        "gates/desk_batch.py",
        "return any(went) if fresh_only else all(went)",
        "return any(went)",
        (f"{BATCHES}one_stale_hold_takes_the_whole_batch_back_and_keeps_its_difference",),
    ),
    Mutant(
        4,
        "a no to a batch leaves what had moved rejected unseen",
        "gates/review_rejecting.py",
        "if choice.seen != review.seen or self.sitting.moved(review):",
        "if False:",
        (f"{BATCHES}a_no_to_a_batch_with_a_stale_hold_is_none_unless_the_fresh_ones_are_wanted",),
    ),
    Mutant(
        3,
        "a batch forgets what it has granted already",
        "gates/sitting.py",
        "        self.granted.add(review.action_id)\n",
        "",
        (f"{BATCHES}of_two_holds_of_the_same_in_one_batch_one_is_approved",),
    ),
    Mutant(
        6,
        "there is a grant before the undo window has ended",
        "gates/review_approving.py",
        "return self._begin_window(review) if self.undo_us > 0 else self._grant(review)",
        "return self._grant(review)",
        (*WINDOW, f"{UNDO}within_the_undo_window_there_is_no_grant"),
    ),
    Mutant(
        6,
        "the undo window ends at once",
        "gates/review_undo.py",
        "REVIEW.c.approving_until_us <= now_us",
        "REVIEW.c.approving_until_us <= now_us + 10**9",
        WINDOW,
    ),
    Mutant(
        6,
        "what is undone is granted all the same",
        "gates/review_undo.py",
        "    review_settling.reopen(tx, review, review.why)\n",
        "",
        WINDOW,
    ),
    Mutant(
        6,
        "an approval can be undone after its time",
        "gates/review_undo.py",
        "if now_us >= until_us:",
        "if False:",
        (f"{UNDO}only_who_approved_undoes_it_and_only_in_time",),
    ),
    Mutant(
        6,
        "the yes of somebody who has left is carried out",
        "gates/review_undo.py",
        "if sitting.gone.intersection((review.decided_by, review.first_by)):",
        "if False:",
        (f"{UNDO}the_yes_of_somebody_who_left_within_the_window_is_no_yes",),
    ),
    Mutant(
        6,
        "a void hold is called superseded",
        "gates/review_records.py",
        "end(tx, review, ReviewStatus.VOID, now_us, note=why)",
        "end(tx, review, ReviewStatus.SUPERSEDED, now_us, note=why)",
        ("tests/gates/test_materiality.py",),
    ),
    Mutant(
        6,
        "a hold expires unwarned",
        "gates/desk_deadlines.py",
        "if review.warned_us is not None or review.deadline_us > by_us:",
        "if review.warned_us is None or review.deadline_us > by_us:",
        (f"{DEADLINES}a_hold_warns_climbs_the_ladder_and_expires_each_once",),
    ),
    Mutant(
        7,
        "the last editor decides",
        "gates/review_authority.py",
        "if decider.person_id == review.edited_by:",
        "if False:",
        OWN,
    ),
    Mutant(
        7,
        "who passed a hold on decides it",
        "gates/review_authority.py",
        "if decider.person_id in review.delegators:",
        "if False:",
        OWN,
    ),
    Mutant(
        7,
        "an amount in parts slips under a limit",
        "gates/review_authority.py",
        "minor += beside",
        "minor += 0",
        OWN,
    ),
    Mutant(
        7,
        "what was approved is not counted",
        "gates/review_approving.py",
        "        sitting.tally.save(sitting.tx)\n",
        "",
        OWN,
    ),
    Mutant(
        7,
        "an editor slips under their limit by parts",
        "gates/review_authority.py",
        "minor += review_limits.used(tx, edited, policies.approvals.limits, now_us)",
        "minor += 0",
        (f"{SPLITTING}an_editor_cannot_slip_under_their_limit_by_parts",),
    ),
    Mutant(
        7,
        "another order of the customer does not count",
        "gates/review_limits.py",
        "    if action.customer_id:\n",
        "    if False:\n",
        (f"{SPLITTING}another_order_of_the_same_customer_counts_with_it",),
    ),
    Mutant(
        7,
        "another person's approval can be undone",
        "gates/review_undo.py",
        "if review.decided_by != decider.person_id:",
        "if False:",
        (f"{UNDO}only_who_approved_undoes_it_and_only_in_time",),
    ),
    Mutant(
        7,
        "a claim keeps nobody from deciding",
        "gates/review_authority.py",
        "if until_us is None or until_us <= now_us or review.claimed_by == decider.person_id:",
        "if True:",
        (f"{CLAIMS}who_claims_a_hold_keeps_others_from_deciding_it",),
    ),
)
