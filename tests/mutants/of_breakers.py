"""Mutants of breakers and bypasses: invariants 1, 2, 8 and 12."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

BREAKERS: Final = "tests/gates/test_breakers.py::test_"
BYPASS: Final = "tests/gates/test_bypass.py::test_"
CIRCUITS: Final = "tests/gates/test_circuits.py::test_"
CONDITIONS: Final = "tests/gates/test_conditions.py::test_"
COUNTERS: Final = "tests/gates/test_counters.py::test_"
CONFIDENCE: Final = "tests/gates/test_confidence.py::test_"
LOADER: Final = "tests/workspace/test_loader.py::test_"
INVARIANT: Final = "tests/invariants/test_invariants.py::test_invariant_"
LAST_LOOK: Final = (f"{INVARIANT}02_an_open_breaker_is_looked_at_again_at_the_spend",)
ON_THE_LEDGER: Final = (
    f"{INVARIANT}08_every_bypass_is_on_the_ledger_ends_and_cannot_touch_safety",
)

OF_BREAKERS: Final = (
    Mutant(
        1,
        "a tool that poses as a coupon shares the credential that pays back",
        "workspace/registry.py",
        "        self._alone_with_refunds(factory, facts)\n",
        "",
        (f"{LOADER}a_tool_that_poses_as_a_coupon_does_not_share_the_credential_that_pays_back",),
    ),
    Mutant(
        1,
        "a credential for one capability is handed to another",
        "workspace/credentials.py",
        "if bound is not None and facts.capability is not bound:",
        "if False:",
        (f"{LOADER}a_credential_that_is_for_one_capability_is_handed_to_no_other",),
    ),
    Mutant(
        1,
        "the credential that pays back is given to another system as well",
        "workspace/credentials.py",
        "if other and (other != each.system or each not in given):",
        "if False:",
        (f"{LOADER}the_credential_that_pays_back_is_given_to_no_other_system",),
    ),
    Mutant(
        1,
        "agents' own tools read with the credential that pays back",
        "workspace/credentials.py",
        "[*given, *sorted(reads, key=lambda each: each.system)]",
        "given",
        (f"{LOADER}what_tools_read_with_is_never_the_credential_that_pays_back",),
    ),
    Mutant(
        2,
        "open breakers are not looked at again at the spend",
        "gates/grants.py",
        "    troubles |= last_look.look(tx, policies.breakers, adapters, fine, now_us)\n",
        "",
        LAST_LOOK,
    ),
    Mutant(
        2,
        "what the gate granted passes an open breaker",
        "gates/last_look.py",
        "    if row.given_by == BY_GATE:\n        return stop\n",
        "    if row.given_by == BY_GATE:\n        return None\n",
        LAST_LOOK,
    ),
    Mutant(
        2,
        "what a person approved is not counted",
        "gates/last_look.py",
        "return board.probe(subject) if stop is not None else board.admit(subject)",
        "return board.probe(subject) if stop is not None else None",
        (f"{BREAKERS}an_approval_does_not_go_out_through_an_open_breaker",),
    ),
    Mutant(
        2,
        "a half-open breaker has probes without end",
        "gates/circuits.py",
        "        self.probes_left -= 1\n",
        "",
        (f"{CIRCUITS}half_open_has_so_many_probes_and_not_one_more",),
    ),
    Mutant(
        2,
        "time closes a breaker",
        "gates/circuits.py",
        "            self._turn(State.HALF_OPEN, self.until_us)",
        "            self._turn(State.CLOSED, self.until_us)",
        (f"{BREAKERS}only_a_person_closes_it_and_the_ledger_says_who",),
    ),
    Mutant(
        2,
        "a probe that fails changes nothing",
        "gates/circuits.py",
        "if self.state is State.HALF_OPEN and bad and is_probe:",
        "if False:",
        (f"{CIRCUITS}a_probe_that_goes_wrong_opens_it_again",),
    ),
    Mutant(
        2,
        "a breaker forgets what it saw",
        "gates/velocity.py",
        '        bulk(tx, BREAKER, [_row(circuit) for circuit in moved], "replace")\n',
        "",
        (f"{BREAKERS}a_breaker_stays_open_over_a_restart",),
    ),
    Mutant(
        2,
        "a window never rolls on",
        "gates/circuits.py",
        "if bucket[0] + length > now_us - window_us]",
        "if True]",
        (f"{CIRCUITS}its_window_rolls",),
    ),
    Mutant(
        2,
        "a window forgets too early",
        "gates/circuits.py",
        "if bucket[0] + length > now_us - window_us]",
        "if bucket[0] > now_us - window_us + 5 * length]",
        (f"{CIRCUITS}nothing_is_forgotten_before_it_has_left_the_window",),
    ),
    Mutant(
        2,
        "failures of tools are not counted",
        "effects/executor.py",
        "        self._count(noted, now_us)\n",
        "",
        (f"{BREAKERS}a_tool_that_fails_too_often_is_stopped",),
    ),
    Mutant(
        2,
        "a condition that has no answer lets pass",
        "gates/conditions.py",
        'candidate.hold(rule, f"the condition {condition.name} has no answer: {error}")',
        "pass",
        (f"{CONDITIONS}a_condition_that_has_no_answer_holds",),
    ),
    Mutant(
        8,
        "one person is enough for a bypass",
        "gates/bypass.py",
        "if found.requested_by == person_id:",
        "if False:",
        (*ON_THE_LEDGER, f"{BYPASS}nobody_confirms_their_own_request"),
    ),
    Mutant(
        8,
        "a bypass may be as long as anybody likes",
        "gates/bypass.py",
        "if not 1 <= minutes <= longest:",
        "if not 1 <= minutes:",
        ON_THE_LEDGER,
    ),
    Mutant(
        8,
        "a bypass never ends",
        "gates/bypass.py",
        ', BYPASS.c.ends_us > bindparam("b_now"))',
        ', BYPASS.c.ends_us > bindparam("b_now") - 10**15)',
        ON_THE_LEDGER,
    ),
    Mutant(
        8,
        "what passed under a bypass is not marked on the ledger",
        "gates/judge.py",
        "        refs += (candidate.bypass_id,)\n",
        "",
        ON_THE_LEDGER,
    ),
    Mutant(
        8,
        "what passes an open breaker under a bypass is not marked",
        "gates/last_look.py",
        "    bypass.mark(tx, passed, now_us)\n",
        "",
        (f"{BYPASS}a_bypass_lets_through_an_open_breaker_and_marks_at_the_spend",),
    ),
    Mutant(
        8,
        "what a bypass let pass is spent after its end",
        "gates/last_look.py",
        "elif row.bypass_id and row.bypass_id not in bypasses.ids:",
        "elif False:",
        (f"{BYPASS}what_a_bypass_let_pass_is_not_spent_after_its_end",),
    ),
    Mutant(
        8,
        "a bypass lifts the engine's floor",
        "gates/rules.py",
        'candidate.say("floor.always", Verdict.HOLD, ',
        'candidate.hold("floor.always", ',
        (f"{BYPASS}no_bypass_touches_the_engines_floor",),
    ),
    Mutant(
        8,
        "a bypass lifts what nobody knows",
        "gates/rules.py",
        "candidate.say(DOUBT, Verdict.HOLD, doubt)",
        "candidate.hold(DOUBT, doubt)",
        (f"{BYPASS}no_bypass_touches_what_nobody_knows",),
    ),
    Mutant(
        12,
        "a stale feed does not hold",
        "gates/confidence.py",
        "elif now_us - seen_us > limit_us:",
        "elif False:",
        (f"{CONFIDENCE}what_the_weather_is_the_cause_of_holds_while_the_feed_is_stale",),
    ),
    Mutant(
        12,
        "a thin margin does not hold",
        "gates/confidence.py",
        "if least is not None and margin is not None and margin < least:",
        "if False:",
        (f"{CONFIDENCE}a_choice_that_hardly_beats_the_next_best_holds",),
    ),
    Mutant(
        2,
        "an old call that fails again opens a half-open breaker",
        "gates/circuits.py",
        "if self.state is State.HALF_OPEN and bad and is_probe:",
        "if self.state is State.HALF_OPEN and bad:",
        (f"{BREAKERS}an_old_call_that_fails_again_does_not_open_a_half_open_breaker",),
    ),
    Mutant(
        2,
        "a counter that an action counts on is cleared away",
        "gates/counters.py",
        'among(COUNTER.c.key, "given"), COUNTER.c.used == 0, ~_IS_CLAIMED)',
        'among(COUNTER.c.key, "given"))',
        (f"{COUNTERS}counters_that_nothing_counts_on_are_cleared_away_and_the_others_are_not",),
    ),
)
