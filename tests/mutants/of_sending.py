"""Mutants of the last steps before a call goes out: the fence, the second look, who has left."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

AGAIN: Final = "tests/effects/test_looked_at_again.py::test_"
BREAKERS: Final = "tests/gates/test_breakers.py::test_"
BYPASS: Final = "tests/gates/test_bypass.py::test_"
COUNTERS: Final = "tests/gates/test_counters.py::test_"
FENCE: Final = "tests/effects/test_fence.py::test_"
GRANTS: Final = "tests/gates/test_grants.py::test_"
NAMES: Final = "tests/gates/test_names.py::test_"
SPLITTING: Final = "tests/gates/test_splitting.py::test_"
TAKEN_OVER: Final = "tests/security/test_taken_over.py::test_"
UNDO: Final = "tests/gates/test_undo.py::test_"
UNSENT: Final = "tests/effects/test_unsent.py::test_"
ASLEEP: Final = (f"{TAKEN_OVER}a_process_that_slept_while_another_took_over_refuses_to_dispatch",)
MEANWHILE: Final = (f"{UNSENT}what_was_refunded_by_hand_meanwhile_is_not_refunded_again",)
UNDONE: Final = (f"{AGAIN}a_cancellation_that_was_not_done_is_not_done_after_the_order_arrived",)

OF_SENDING: Final = (
    Mutant(
        2,
        "who was taken over from before it sends asks the outside all the same",
        "effects/executor.py",
        "        with self._store.read() as tx:\n            epoch.require(tx, self._epoch)\n",
        "",
        ASLEEP,
    ),
    Mutant(
        2,
        "there is no fence before each request of a tool",
        "effects/sending.py",
        "with fenced(check):",
        "with fenced(lambda: None):",
        ASLEEP,
    ),
    Mutant(
        2,
        "a tool whose requests pass no fence is not looked at",
        "effects/sending.py",
        "            check()\n",
        "",
        (f"{FENCE}a_tool_that_passes_no_fence_is_looked_at_before_it_is_called",),
    ),
    Mutant(
        2,
        "requests of the runtime's own client do not pass the fence",
        "sdk/http.py",
        "        before_request()\n",
        "",
        ("tests/sdk/test_http.py::test_each_request_of_a_tools_client_passes_the_fence",),
    ),
    Mutant(
        2,
        "who was held up on the way sends all the same",
        "effects/executor.py",
        "if late_s > adapter.in_flight_us / SECOND / 2:",
        "if False:",
        (f"{FENCE}what_was_marked_long_ago_is_not_sent_any_more",),
    ),
    Mutant(
        2,
        "calls that make requests of their own go out in one batch",
        "effects/executor.py",
        "return max(1, min(BATCH, adapter.at_once))",
        "return BATCH",
        (f"{AGAIN}a_switch_that_is_set_while_a_batch_goes_out_stops_the_rest_of_it",),
    ),
    Mutant(
        2,
        "what is about to go out is not looked at again",
        "effects/marking.py",
        "off = unsent.why_not(tx, asked, policies.detection, now_us)",
        "off: dict[str, str] = {}",
        (*MEANWHILE, *UNDONE),
    ),
    Mutant(
        2,
        "facts that moved after the spend are not looked at",
        "effects/unsent.py",
        "if effect.action_id in stale:",
        "if False:",
        ("tests/gates/test_own_plan.py::test_a_promise_of_somebody_else_calls_a_message_off",),
    ),
    Mutant(
        2,
        "what is not true any more is sent",
        "effects/unsent.py",
        "return names.trouble(effect.action, entities)",
        'return ""',
        (f"{NAMES}lines_that_an_order_has_not_by_now_are_not_refunded_after_their_intent",),
    ),
    Mutant(
        2,
        "a grant that expired before it could be sent is as good as ever",
        "effects/unsent.py",
        "if never_sent and now_us > effect.expires_us:",
        "if False:",
        (f"{AGAIN}what_waits_for_a_breaker_past_its_grant_is_called_off",),
    ),
    Mutant(
        2,
        "a breaker that opened after the spend is not looked at",
        "effects/marking.py",
        "waiting = unsent.kept_back(tx, wanted, policies.breakers, now_us)",
        "waiting = frozenset[str]()",
        (f"{AGAIN}what_was_intended_waits_while_a_breaker_over_it_is_open",),
    ),
    Mutant(
        2,
        "what the gate let pass before is a probe of a half-open breaker",
        "effects/unsent.py",
        "by_gate = effect.given_by == BY_GATE and effect.status is EffectStatus.INTENDED",
        "by_gate = False",
        (f"{AGAIN}what_the_gate_let_pass_is_no_probe_of_a_half_open_breaker",),
    ),
    Mutant(
        8,
        "what goes out past a breaker under a bypass is not marked",
        "effects/unsent.py",
        "    bypass.mark(tx, passed, now_us)\n",
        "",
        (f"{AGAIN}what_goes_out_past_a_breaker_under_a_bypass_is_marked",),
    ),
    Mutant(
        8,
        "a bypass of somebody who has left is confirmed",
        "gates/bypass.py",
        "if persons.gone(tx, [found.requested_by]):",
        "if False:",
        (f"{BYPASS}a_request_of_somebody_who_has_left_is_not_confirmed",),
    ),
    Mutant(
        3,
        "what nobody wants any more is repeated unasked",
        "effects/marking.py",
        "if e.id in unwanted or reconcile.must_look_up(e, adapter)]",
        "if reconcile.must_look_up(e, adapter)]",
        (f"{AGAIN}a_refund_that_was_paid_and_reported_is_found_and_not_repeated",),
    ),
    Mutant(
        3,
        "what may be under way yet has failed",
        "effects/marking.py",
        "if e.id in looked_up and now_us >= (e.dispatched_us or 0) + adapter.in_flight_us",
        "if e.id in looked_up",
        (f"{AGAIN}what_may_be_under_way_yet_is_not_called_undone",),
    ),
    Mutant(
        3,
        "what nobody asked about has failed",
        "effects/marking.py",
        "if e.id in looked_up and now_us",
        "if now_us",
        (
            f"{AGAIN}what_is_unwanted_since_it_was_to_be_repeated_is_asked_about_before_it_has_failed",
        ),
    ),
    Mutant(
        3,
        "a call is repeated however old it is",
        "effects/unsent.py",
        "if not never_sent and now_us > effect.intended_us + REPEATED_FOR_US:",
        "if False:",
        (f"{AGAIN}what_nobody_could_speak_of_for_two_hours_is_not_done_then",),
    ),
    Mutant(
        3,
        "what was captured is not looked at again before a refund is sent",
        "effects/unsent.py",
        "return found | _uncovered(tx, asked, found)",
        "return found",
        (f"{UNSENT}of_two_refunds_that_are_not_covered_together_the_earlier_one_is_paid",),
    ),
    Mutant(
        13,
        "a drone's limits are not looked at again before it is sent",
        "effects/unsent.py",
        "    found |= _unsafe(tx, [e for e in asked if e.id not in found], detection, now_us)\n",
        "",
        (f"{AGAIN}no_drone_is_sent_into_a_storm_that_came_meanwhile",),
    ),
    Mutant(
        13,
        "safety is called off when it is late",
        "effects/unsent.py",
        "asked = [e for e in effects if not _is_safety(e)]\n    if not asked:",
        "asked = list(effects)\n    if not asked:",
        (f"{UNSENT}safety_goes_out_however_late_it_is",),
    ),
    Mutant(
        7,
        "what a person lets pass leaves agents the whole limit beside",
        "gates/review_limits.py",
        "            for take in _takes(review, self.policies, self.now_us)\n",
        "            for take in ()\n",
        (f"{COUNTERS}what_a_person_lets_pass_uses_up_what_agents_have",),
    ),
    Mutant(
        7,
        "people cannot let pass more than a cap of policy",
        "gates/review_limits.py",
        "max(self.caps[key], self.sums[key])",
        "self.caps[key]",
        (f"{COUNTERS}what_people_let_pass_beyond_a_cap_leaves_agents_nothing",),
    ),
    Mutant(
        7,
        "who approved what a breaker counted resets it",
        "gates/breakers.py",
        "if any(_approved_by(tx, circuit, person_id) for circuit in tripped):",
        "if False:",
        (f"{BREAKERS}who_approved_what_it_counted_does_not_reset_it",),
    ),
    Mutant(
        7,
        "the first of two who approved what a breaker counted resets it",
        "gates/breakers.py",
        ', REVIEW.c.first_by == bindparam("person")),',
        "),",
        (f"{BREAKERS}the_first_of_two_who_approved_does_not_reset_it_either",),
    ),
    Mutant(
        7,
        "a first yes counts whatever the rule that the whole falls under",
        "gates/sitting.py",
        "return review.first_by if has_role and review.first_by",
        "return review.first_by if review.first_by",
        (f"{SPLITTING}a_first_yes_counts_by_the_rule_that_the_whole_falls_under",),
    ),
    Mutant(
        7,
        "the first yes of somebody who has left counts",
        "gates/sitting.py",
        "if has_role and review.first_by not in self.gone else",
        "if has_role else",
        (f"{UNDO}the_first_yes_of_somebody_who_left_is_none",),
    ),
    Mutant(
        7,
        "what somebody approved who has left is spent",
        "gates/grants.py",
        "troubles = grant_checks.left_behind(tx, approved)",
        "troubles: dict[str, str] = {}",
        (f"{GRANTS}what_was_approved_by_somebody_who_has_left_is_not_spent",),
    ),
    Mutant(
        7,
        "an agent takes another's name",
        "runtime/desk.py",
        "proposal = replace(proposal, **whose, round=run.round)",
        "proposal = replace(proposal, round=run.round)",
        ("tests/runtime/test_runs.py::test_a_proposal_is_its_own_runs_whatever_it_says",),
    ),
)
