"""Mutants of what is held against the facts: names, lines, overlaps, feeds, what others paid."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

CONFIDENCE: Final = "tests/gates/test_confidence.py::test_"
GRANTS: Final = "tests/gates/test_grants.py::test_"
HALVES: Final = "tests/gates/test_halves.py::test_"
NAMES: Final = "tests/gates/test_names.py::test_"
OBLIGATIONS: Final = "tests/gates/test_obligations.py::test_"
QUARANTINE: Final = "tests/api/test_events.py::test_"
REJECTIONS: Final = "tests/gates/test_rejections.py::test_"
RULES: Final = "tests/gates/test_rules.py::test_"
VALIDATE: Final = "tests/proposals/test_validate.py::test_"
LINES: Final = (f"{OBLIGATIONS}a_refund_is_for_lines_of_the_order_and_of_no_more_than_they_cost",)
BY_HAND: Final = (
    f"{GRANTS}what_staff_paid_back_is_not_taken_for_our_own_that_nobody_has_reported_yet",
)

OF_FACTS: Final = (
    Mutant(
        3,
        "nobody is told what other refund is of the same goods",
        "gates/overlaps.py",
        "if row.id != candidate.obligation_id and _overlap(",
        "if False and _overlap(",
        (f"{OBLIGATIONS}a_refund_of_what_another_is_for_says_so",),
    ),
    Mutant(
        3,
        "refunds of one proposal for the same goods do not see each other",
        "gates/overlaps.py",
        "        beside += _with(candidate, action, before[action.order_id])\n",
        "",
        (f"{OBLIGATIONS}refunds_of_one_proposal_that_are_for_the_same_say_so",),
    ),
    Mutant(
        3,
        "a refund of the whole order is of no line",
        "gates/overlaps.py",
        "return not these or not those or not these.isdisjoint(those)",
        "return not these.isdisjoint(those)",
        (f"{OBLIGATIONS}a_refund_of_what_another_is_for_says_so",),
    ),
    Mutant(
        3,
        "what came to nothing overlaps all the same",
        "gates/overlaps.py",
        "        OBLIGATION.c.status.in_(list(_SAID)),\n",
        "",
        (f"{OBLIGATIONS}refunds_of_other_orders_or_that_came_to_nothing_are_no_overlap",),
    ),
    Mutant(
        3,
        "a refund may be for lines that the order has not",
        "proposals/sense.py",
        '        yield "lines", f"the order has no line {\', \'.join(unknown)}"\n',
        "        return\n",
        LINES,
    ),
    Mutant(
        3,
        "a refund may be of more than its lines cost",
        "proposals/sense.py",
        "if action.amount.minor > most:",
        "if False:",
        LINES,
    ),
    Mutant(
        3,
        "a line that is named twice costs twice",
        "proposals/sense.py",
        "for line in set(action.lines))",
        "for line in action.lines)",
        LINES,
    ),
    Mutant(
        3,
        "the gate does not look at an action's lines",
        "gates/names.py",
        "for field, why in sense.lines(action, entity):",
        "for field, why in ():",
        LINES,
    ),
    Mutant(
        3,
        "what staff paid back is taken for the house's own",
        "gates/balances.py",
        "known = order.others_refunded_minor",
        "known = 0",
        BY_HAND,
    ),
    Mutant(
        3,
        "whoever asked, a refund that is reported is the house's own",
        "events/schema/sales_order.py",
        "others = 0 if self.key is None or self.key.startswith(OURS) else self.amount.minor",
        "others = 0",
        BY_HAND,
    ),
    Mutant(
        3,
        "a difference that is paid back takes nothing from the balance",
        "gates/grants.py",
        "if money is None or balance.take(action.order_id, money):",
        "if action.kind is not ActionKind.REFUND or balance.take(action.order_id, money):",
        (f"{NAMES}a_difference_takes_from_the_same_balance_as_a_refund",),
    ),
    Mutant(
        4,
        "another cause in the same incident is another question",
        "gates/rejections.py",
        "if here and incident_id and no.incident_id == incident_id:",
        "if False:",
        (f"{REJECTIONS}another_cause_in_the_same_incident_waits_for_a_person",),
    ),
    Mutant(
        4,
        "a no to what costs nothing leaves money to be paid",
        "gates/rejections.py",
        'return money.minor > (no.amount_minor or 0) or money.currency not in (no.currency, "")',
        "return bool(no.currency) and money.minor > (no.amount_minor or 0)",
        (f"{REJECTIONS}a_no_to_what_costs_nothing_leaves_nothing_that_pays",),
    ),
    Mutant(
        5,
        "a hold of an order that is another's by now is only stale",
        "gates/review_records.py",
        "if not moved and not untrue:",
        "if not moved:",
        (f"{NAMES}a_hold_of_an_order_that_is_anothers_by_now_is_void",),
    ),
    Mutant(
        9,
        "a broken event of a foreign source is set aside",
        "events/check.py",
        'if known.get("source") and not allowed(known["source"]):',
        "if False:",
        (f"{QUARANTINE}a_broken_event_of_a_foreign_source_is_refused_and_not_set_aside",),
    ),
    Mutant(
        9,
        "whoever tries it again, what was set aside is of any source",
        "api/seam.py",
        '("*",) if sources is None else sources',
        '("*",)',
        (f"{QUARANTINE}what_was_set_aside_is_tried_again_in_the_name_of_who_sent_it",),
    ),
    Mutant(
        9,
        "nobody knows who sent what was set aside",
        "events/quarantine.py",
        '"sent_by": sent_by,',
        '"sent_by": "",',
        (f"{QUARANTINE}what_was_set_aside_is_tried_again_in_the_name_of_who_sent_it",),
    ),
    Mutant(
        10,
        "a decision weighs as an agent likes",
        "proposals/validate.py",
        "if factor.weight != ours:",
        "if False:",
        (f"{VALIDATE}a_decision_weighs_as_policy_does",),
    ),
    Mutant(
        12,
        "weather that nobody has heard of is known",
        "gates/confidence.py",
        "        if seen_us is None:\n            why = f",
        "        if seen_us is None:\n            continue\n            why = f",
        (f"{CONFIDENCE}the_weather_is_no_cause_where_nobody_has_heard_of_it",),
    ),
    Mutant(
        12,
        "a courier may be silent for as long as they like",
        "gates/confidence.py",
        "    _silent_couriers(tx, policies, judged, now_us)\n",
        "",
        (f"{CONFIDENCE}nothing_is_given_to_a_courier_of_whom_nothing_is_heard",),
    ),
    Mutant(
        12,
        "what does not say whether money goes out passes",
        "gates/rules.py",
        "(money is None or money.minor > 0)",
        "(money is not None and money.minor > 0)",
        (f"{RULES}a_change_holds_where_money_goes_out_or_nobody_says_that_none_does",),
    ),
    Mutant(
        12,
        "an order may be ended as if it were worth a cent",
        "gates/names.py",
        "if action.amount != worth:",
        "if False:",
        (f"{NAMES}the_end_of_an_order_says_what_the_order_is_worth",),
    ),
    Mutant(
        12,
        "orders of two customers are merged",
        "gates/names.py",
        "elif other.customer_id != order.customer_id or other.id == order.id:",
        "elif False:",
        (f"{NAMES}orders_of_two_customers_are_not_merged",),
    ),
    Mutant(
        12,
        "service is stopped at a hub that there is not",
        "gates/names.py",
        "if isinstance(action, StopService) and entity is None:",
        "if False:",
        (f"{NAMES}no_service_is_stopped_at_a_hub_that_there_is_not",),
    ),
    Mutant(
        12,
        "what was not true when it was held is approved",
        "gates/sitting.py",
        "if untrue := names.trouble(review.action, self.entities):",
        'if untrue := "":',
        (f"{NAMES}a_refund_of_lines_that_an_order_has_not_by_now_is_not_approved",),
    ),
    Mutant(
        12,
        "what is not true any more is spent",
        "gates/grant_checks.py",
        "        or (why := names.trouble(actions[row.id], entities))\n",
        "",
        (f"{NAMES}lines_that_an_order_has_not_by_now_are_not_refunded_after_their_approval",),
    ),
    Mutant(
        12,
        "what is not true any more is granted at the end of its undo window",
        "gates/review_undo.py",
        "if untrue := names.trouble(review.action, sitting.entities):",
        'if untrue := "":',
        (f"{NAMES}an_undo_window_over_lines_that_an_order_has_not_by_now_asks_again",),
    ),
    Mutant(
        3,
        "an order ends without a word about its money",
        "gates/halves.py",
        "        if kept > 0:",
        "        if False:",
        (f"{HALVES}an_end_without_a_refund_says_how_much_would_be_kept",),
    ),
    Mutant(
        3,
        "a refund beside an end is not counted",
        "gates/halves.py",
        "    paid = _paid_beside(judged)",
        "    paid: dict[str, int] = defaultdict(int)",
        (f"{HALVES}an_end_with_its_refund_says_nothing",),
    ),
    Mutant(
        3,
        "money is kept though its refund is under way",
        "incidents/load_orders.py",
        "order.captured_minor > paid and order_id not in coming and not known",
        "order.captured_minor > paid and not known",
        (f"{HALVES}money_is_kept_where_the_refund_expired_and_not_while_it_waits",),
    ),
    Mutant(
        3,
        "a refund that failed beside an end is never asked for again",
        "incidents/detectors/kept.py",
        "    if not view.kept:",
        "    if True:",
        ("tests/runtime/test_kept_money.py",),
    ),
    Mutant(
        2,
        "whoever sets a kill switch is not told what is on its way",
        "gates/kill.py",
        "        EFFECT.c.status == EffectStatus.DISPATCHED,\n",
        "        EFFECT.c.status == EffectStatus.UNKNOWN,\n",
        (
            (
                "tests/gates/test_kill.py::"
                "test_who_sets_a_switch_is_told_how_many_calls_were_on_their_way"
            ),
        ),
    ),
)
