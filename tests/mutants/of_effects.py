"""Mutants of invariants 1 to 3: no effect without a grant, spent once, happening once."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

INVARIANT: Final = "tests/invariants/test_invariants.py::test_invariant_"
COUNTERS: Final = "tests/gates/test_counters.py::test_"
EXECUTOR: Final = "tests/effects/test_executor.py::test_"
GRANTS: Final = "tests/gates/test_grants.py::test_"
KILL: Final = "tests/gates/test_kill.py::test_"
OBLIGATIONS: Final = "tests/gates/test_obligations.py::test_"
UNKNOWN: Final = "tests/effects/test_unknown.py::test_"
ATTACK: Final = "tests/security/test_grants.py::test_"
GRANTED: Final = (f"{INVARIANT}01_no_effect_without_a_grant",)
SPENT: Final = (f"{INVARIANT}02_a_grant_is_spent_once_after_a_last_look",)
ONCE: Final = (f"{INVARIANT}03_an_effect_happens_once",)

OF_EFFECTS: Final = (
    Mutant(
        1,
        "what is held gets a grant too",
        "gates/judge.py",
        "[c for c in judged if c.verdict is Verdict.ALLOW], now_us)",
        "[c for c in judged if c.may_still_pass], now_us)",
        (*GRANTED, f"{GRANTS}an_action_that_was_not_granted_cannot_be_spent"),
    ),
    Mutant(
        1,
        "the action's digest is not looked at when it is spent",
        "gates/grants.py",
        "return terms.hold(row) and hashlib.sha256(row.body).hexdigest() == row.digest",
        "return terms.hold(row)",
        (f"{GRANTS}an_altered_action_is_not_spent", *GRANTED),
    ),
    Mutant(
        1,
        "a grant's terms are not looked at when it is spent",
        "gates/grants.py",
        "return terms.hold(row) and hashlib",
        "return hashlib",
        (f"{ATTACK}a_forged_or_mutated_grant_is_not_spent",),
    ),
    Mutant(
        1,
        "the action's digest is not looked at when it is sent",
        "effects/reconcile.py",
        "if not effect.intact:",
        "if False:",
        (f"{EXECUTOR}an_action_that_was_altered_after_its_intent_is_not_sent",),
    ),
    Mutant(
        1,
        "an action that ended otherwise runs all the same",
        "gates/grant_checks.py",
        "if row.action_status != ActionStatus.GRANTED:",
        "if False:",
        (f"{GRANTS}an_action_that_ended_otherwise_is_not_spent",),
    ),
    Mutant(
        2,
        "a grant's expiry is not looked at",
        "gates/grant_checks.py",
        "    if now_us > row.expires_us:\n",
        "    if False:\n",
        (*SPENT, f"{GRANTS}an_expired_grant_is_not_spent"),
    ),
    Mutant(
        2,
        "a grant's fingerprint is not looked at",
        "gates/grant_checks.py",
        "if row.action_id in moved:",
        "if False:",
        (f"{GRANTS}a_grant_whose_facts_moved_is_void",),
    ),
    Mutant(
        2,
        "the kill switch is not looked at when a grant is spent",
        "gates/grant_checks.py",
        "scope = switches.stops(action, row.agent)",
        "scope = None",
        (
            *SPENT,
            "tests/gates/test_kill.py::test_a_switch_that_is_set_between_grant_and_spend_stops_it",
        ),
    ),
    Mutant(
        2,
        "the kill switch is not looked at when an effect is sent",
        "effects/marking.py",
        " and not switches.stops(e.action, e.agent)]",
        "]",
        (f"{KILL}a_switch_that_is_set_just_before_an_effect_is_sent_stops_it",),
    ),
    Mutant(
        2,
        "who was taken over from may go on",
        "gates/epoch.py",
        "if current != epoch:",
        "if False:",
        (*SPENT, f"{GRANTS}who_was_taken_over_from_spends_nothing_and_writes_nothing"),
    ),
    Mutant(
        2,
        "a spent grant waits to be spent again",
        "gates/grants.py",
        "status=GrantStatus.SPENT, ended_us",
        "status=GrantStatus.UNSPENT, ended_us",
        (f"{GRANTS}a_grant_is_spent_once",),
    ),
    Mutant(
        2,
        "a cap is not looked at",
        "gates/counters.py",
        "if full is not None:",
        "if False:",
        (f"{COUNTERS}a_second_coupon_of_an_order_for_another_cause_holds",),
    ),
    Mutant(
        2,
        "what ends otherwise keeps what it had reserved",
        "gates/counters.py",
        "        _drop(tx, _OWN, mine)\n",
        "",
        (f"{COUNTERS}what_ends_otherwise_gives_back_what_it_had_reserved",),
    ),
    Mutant(
        2,
        "windows do not roll",
        "gates/counters.py",
        'CLAIM.c.expires_us <= bindparam("now_us")',
        'CLAIM.c.expires_us <= bindparam("now_us") - 10**15',
        (f"{COUNTERS}a_window_rolls_with_each_claim",),
    ),
    Mutant(
        3,
        "the same refund is owed anew each time",
        "gates/obligations.py",
        'candidate.say("obligation.met", Verdict.MET',
        'candidate.say("obligation.met", Verdict.ALLOW',
        (f"{OBLIGATIONS}two_incidents_that_owe_the_same_refund_meet_in_one_obligation", *ONCE),
    ),
    Mutant(
        3,
        "the amount is part of what is owed",
        "gates/candidates.py",
        "obligation_id=obligation_id(key),",
        'obligation_id=derive_id("obl", str(key), action.money),',
        (f"{OBLIGATIONS}another_amount_for_the_same_is_a_conflict_and_holds",),
    ),
    Mutant(
        3,
        "a second refund need not name the first",
        "gates/obligations.py",
        "if named is None or named.id != _previous_id(candidate):",
        "if False:",
        (f"{OBLIGATIONS}a_second_refund_that_names_nothing_or_nobody_is_denied",),
    ),
    Mutant(
        3,
        "a second coupon that names the first does not hold",
        "gates/obligations.py",
        'candidate.say("obligation.second", Verdict.HOLD, why)',
        'candidate.say("obligation.second", Verdict.ALLOW, why)',
        (f"{OBLIGATIONS}a_second_coupon_that_names_the_first_holds_though_policy_would_allow_it",),
    ),
    Mutant(
        3,
        "a released obligation is taken up under the old key",
        "gates/obligations.py",
        "candidate.generation = owed.generation + 1",
        "candidate.generation = owed.generation",
        (f"{OBLIGATIONS}a_released_obligation_is_taken_up_again_under_a_new_key",),
    ),
    Mutant(
        3,
        "what was captured is not looked at by the gate",
        "gates/judge.py",
        "if money.minor > left:",
        "if False:",
        ONCE,
    ),
    Mutant(
        3,
        "what was captured is not looked at when a refund is spent",
        "gates/balances.py",
        "if self.left(order_id, money.currency) < money.minor:",
        "if False:",
        (f"{GRANTS}two_approved_refunds_pay_no_more_than_was_captured",),
    ),
    Mutant(
        3,
        "another currency is as good as the order's",
        "gates/balances.py",
        "if order is None or order.currency != currency or money is None:",
        "if order is None or money is None:",
        (
            (
                "tests/gates/test_rules.py::test_a_refund_in_another_currency_than_was_captured_is"
                "_denied"
            ),
        ),
    ),
    Mutant(
        3,
        "an obligation that is being settled can be approved to another",
        "gates/sitting.py",
        "if status != ActionStatus.HELD:",
        "if False:",
        (f"{OBLIGATIONS}of_two_amounts_for_the_same_one_is_paid", *ONCE),
    ),
    Mutant(
        3,
        "a queryable tool is called again without being asked",
        "effects/reconcile.py",
        "return effect.status is EffectStatus.UNKNOWN and adapter.repeat is Repeat.QUERYABLE",
        "return False",
        ONCE,
    ),
    Mutant(
        3,
        "a queryable tool is asked while a call may be under way",
        "effects/reconcile.py",
        "return max(now_us + wait_us, sent_us + adapter.in_flight_us)",
        "return now_us + wait_us",
        (f"{UNKNOWN}a_queryable_tool_is_not_asked_while_its_last_call_may_be_under_way",),
    ),
    Mutant(
        3,
        "a tool that can do neither is to be called again",
        "effects/reconcile.py",
        "        case Repeat.NEITHER:\n            return None\n",
        "        case Repeat.NEITHER:\n            return now_us\n",
        (f"{UNKNOWN}a_person_decides_where_the_tool_can_neither_repeat_nor_look_up",),
    ),
    Mutant(
        3,
        "a tool that can do neither any more is called again",
        "effects/reconcile.py",
        'return "nobody knows whether it was done, and the tool cannot repeat or look up"',
        'return ""',
        (f"{UNKNOWN}a_tool_that_cannot_repeat_any_more_is_not_called_again",),
    ),
    Mutant(
        3,
        "a key that may be forgotten is used again",
        "effects/reconcile.py",
        "case Repeat.IDEMPOTENT if now_us >= effect.intended_us + adapter.key_lifetime_us:",
        "case Repeat.IDEMPOTENT if False:",
        (f"{UNKNOWN}a_house_that_was_closed_for_longer_than_a_key_lives_does_not_call_again",),
    ),
    Mutant(
        3,
        "a tool that broke is said to have done nothing",
        "effects/sending.py",
        'adapter=adapter.facts.name)\n        return _all_unknown(effects, f"',
        "adapter=adapter.facts.name)\n"
        "        return (Outcome(status=EffectStatus.FAILED),) * len(effects)\n"
        '        return _all_unknown(effects, f"',
        (f"{EXECUTOR}a_tool_that_raises_anything_else_leaves_the_outcome_unknown",),
    ),
    Mutant(
        3,
        "a refused repeat is said to have done nothing",
        "effects/executor.py",
        "return [(e, known.get(e.id) or o) for e, o in outcomes]",
        "return list(outcomes)",
        (f"{UNKNOWN}a_repeat_that_is_refused_says_nothing_of_the_first_call",),
    ),
    Mutant(
        3,
        "a late outcome overwrites what a person decided",
        "effects/executor.py",
        "open_ones = [(e, o) for e, o in outcomes if e.id in still]",
        "open_ones = list(outcomes)",
        (f"{UNKNOWN}what_a_person_decided_while_the_tool_was_asked_is_not_overwritten",),
    ),
    Mutant(
        3,
        "what was sent without an outcome is forgotten",
        "effects/executor.py",
        "sent = reads.of_status(tx, [EffectStatus.DISPATCHED], limit=100_000)",
        "sent = reads.of_status(tx, [])",
        ONCE,
    ),
    Mutant(
        3,
        "what was sent without an outcome is sent as if it never had been",
        "effects/records.py",
        '    values = {\n        "status": EffectStatus.DISPATCHED,\n',
        '    values = {\n        "status": EffectStatus.INTENDED,\n',
        ONCE,
    ),
    Mutant(
        3,
        "a return, an exchange or a change of articles pays back more than its lines cost",
        "proposals/sense.py",
        "_PAID_BACK = (Refund, Return, Exchange, ChangeItems)",
        "_PAID_BACK = (Refund,)",
        (
            "tests/proposals/test_sense.py::test_no_more_is_paid_back_than_what_the_lines_cost",
            "tests/proposals/test_sense.py::test_no_more_is_paid_back_than_is_left_of_what_was_captured",
        ),
    ),
)
