"""What each rule of the gate says, by its name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from makegood.domain.actions import (
    FACTS,
    ActionKind,
    Cause,
    ChangeItems,
    Exchange,
    Floor,
    Reschedule,
    SupplierChange,
)
from makegood.domain.authority import Verdict
from makegood.domain.effects import Capability
from makegood.domain.money import Money
from makegood.domain.policy import Autonomy
from makegood.ledger.kinds import EntryKind
from tests.gates.world import (
    ACTION,
    CLAIM,
    GRANT,
    OBLIGATION,
    REVIEW,
    Books,
    cancel,
    coupon,
    eur,
    facts_for,
    notify,
    reassign,
    recall,
    refund,
    stop_service,
)

if TYPE_CHECKING:
    from makegood.domain.actions import Action
    from tests.gates.world import World

ALLOW_ALL: Final = dict.fromkeys(ActionKind, Autonomy.ALLOW)


def change_items(minor: int | None) -> ChangeItems:
    return ChangeItems(
        hub_id="h1",
        order_id="o",
        customer_id="c-o",
        cause=Cause.OUT_OF_STOCK,
        lines=("1",),
        skus=("tea",),
        amount=None if minor is None else eur(minor),
    )


@pytest.mark.parametrize(
    ("make", "rules"),
    [(refund, ("floor.always",)), (cancel, ("floor.always", "cancel.keeps_money"))],
)
def test_money_back_and_cancellations_always_hold_whatever_policy_says(
    world: World, make: type, rules: tuple[str, ...]
) -> None:
    world.policy("autonomy", actions=ALLOW_ALL)
    world.policy("breakers", hold_kinds=())
    judged = world.one(make(world.order("o", captured=100), 100))
    assert judged.verdict is Verdict.HOLD
    assert judged.rules == rules


def test_a_supplier_change_always_holds_whatever_policy_says(world: World) -> None:
    world.order("o")
    world.policy("autonomy", actions=ALLOW_ALL)
    world.policy("breakers", hold_kinds=())
    change = SupplierChange(
        hub_id="h1",
        order_id="o",
        customer_id="c-o",
        cause=Cause.OUT_OF_STOCK,
        amount=eur(1),
        line="1",
        supplier="s",
    )
    assert world.one(change).rules == ("floor.always",)


@pytest.mark.parametrize(("minor", "held"), [(None, True), (0, False), (1, True)])
def test_a_change_holds_where_money_goes_out_or_nobody_says_that_none_does(
    world: World, minor: int | None, *, held: bool
) -> None:
    world.order("o")
    world.policy("autonomy", actions=ALLOW_ALL)
    judged = world.one(change_items(minor))
    assert judged.verdict is (Verdict.HOLD if held else Verdict.ALLOW)
    assert ("floor.money" in judged.rules) is held


def test_a_kind_that_no_policy_names_is_denied(world: World) -> None:
    actions = {k: v for k, v in world.policies.autonomy.actions.items() if k != ActionKind.COUPON}
    world.policy("autonomy", actions=actions)
    judged = world.one(coupon(world.order("o")))
    assert (judged.verdict, judged.rules) == (Verdict.DENY, ("autonomy.coupon",))


def test_a_kind_that_policy_denies_is_denied_and_takes_no_obligation(world: World) -> None:
    world.policy("autonomy", actions=ALLOW_ALL | {ActionKind.REFUND: Autonomy.DENY})
    assert world.verdict(refund(world.order("o"))) == "deny"
    assert world.rows(OBLIGATION) == []
    assert world.waiting() == []


def test_a_kind_that_policy_holds_waits_for_a_person(world: World) -> None:
    world.policy("autonomy", actions=ALLOW_ALL | {ActionKind.RESCHEDULE: Autonomy.HOLD})
    world.order("o")
    later = Reschedule(
        hub_id="h1", order_id="o", customer_id="c-o", cause=Cause.LATE, promised_us=1
    )
    assert world.one(later).rules == ("autonomy.reschedule",)
    assert [r.action for r in world.waiting()] == [later]


def test_an_action_that_no_tool_carries_out_is_denied(world: World) -> None:
    del world.books[ActionKind.COUPON]
    assert world.one(coupon(world.order("o"))).rules == ("adapter.none",)


def test_a_tool_that_can_do_something_else_does_not_carry_out_a_kind(world: World) -> None:
    facts = replace(facts_for(ActionKind.COUPON), capability=Capability.NOTIFIES)
    world.books[ActionKind.COUPON] = Books(facts)
    judged = world.one(coupon(world.order("o")))
    assert (judged.verdict, judged.rules) == (Verdict.DENY, ("adapter.capability",))


def test_a_tool_that_pays_back_does_not_get_through_under_a_harmless_name(world: World) -> None:
    facts = replace(facts_for(ActionKind.NOTIFY), capability=Capability.PAYS_BACK)
    world.books[ActionKind.NOTIFY] = Books(facts)
    assert world.verdict(notify(world.order("o"))) == "deny"


@pytest.mark.parametrize(("minor", "verdict"), [(300, "allow"), (301, "hold")])
def test_a_coupon_above_policys_amount_holds(world: World, minor: int, verdict: str) -> None:
    judged = world.one(coupon(world.order("o"), minor))
    assert judged.verdict == verdict
    assert ("breaker.coupon_amount" in judged.rules) is (verdict == "hold")


def test_a_coupon_in_a_currency_that_policy_does_not_name_holds(world: World) -> None:
    judged = world.one(coupon(world.order("o"), amount=Money(minor=1, currency="JPY")))
    assert judged.verdict is Verdict.HOLD
    assert {"breaker.coupon_currency", "counter.currency"} <= set(judged.rules)


def test_a_doubt_about_the_agents_own_data_holds(world: World) -> None:
    judged = world.one(notify(world.order("o")), doubts=("the weather feed is stale",))
    assert (judged.verdict, judged.rules) == (Verdict.HOLD, ("confidence.doubt",))
    assert world.waiting()[0].why == "the weather feed is stale"


def test_what_an_agent_writes_does_not_reach_the_ledger(world: World) -> None:
    world.one(notify(world.order("o")), doubts=("Ada Example said so",))
    told = world.told()
    assert {EntryKind.ACTION_JUDGED, EntryKind.REVIEW_OPENED} <= {entry.kind for entry in told}
    assert not any("Ada" in str(entry.body) for entry in told)


def test_an_entity_that_nobody_has_heard_of_holds(world: World) -> None:
    assert world.one(notify("nobody")).rules == ("confidence.unknown",)
    world.order("o")
    assert world.one(reassign("o", "nobody")).rules == ("confidence.unknown",)


@pytest.mark.parametrize(
    ("action", "rule"),
    [
        (notify("o", hub_id="h2"), "names.hub"),
        (coupon("o", customer_id="c-another"), "names.customer"),
        (coupon("o", customer_id=""), "names.customer"),
        (reassign("p", "k", customer_id="c-o", fulfilment_id="f-o"), "names.order"),
        (reassign("o", "k", hub_id="h2"), "names.hub"),
    ],
)
def test_an_action_that_names_another_hub_customer_or_order_is_denied(
    world: World, action: Action, rule: str
) -> None:
    world.order("o")
    world.courier("k")
    judged = world.one(action)
    assert (judged.verdict, judged.rules) == (Verdict.DENY, (rule,))


@pytest.mark.parametrize(("minor", "verdict"), [(5000, "hold"), (5001, "deny")])
def test_a_refund_of_more_than_was_captured_is_denied(
    world: World, minor: int, verdict: str
) -> None:
    judged = world.one(refund(world.order("o"), minor))
    assert judged.verdict == verdict
    assert ("balance.captured" in judged.rules) is (verdict == "deny")


def test_a_refund_in_another_currency_than_was_captured_is_denied(world: World) -> None:
    dollars = refund(world.order("o"), amount=Money(minor=1, currency="USD"))
    assert world.one(dollars).rules == ("balance.captured",)


def test_what_others_paid_back_is_not_left_to_be_paid_back_again(world: World) -> None:
    world.order("o")
    world.refund_reported("o", 3000)
    assert world.verdict(refund("o", 2001)) == "deny"
    assert world.verdict(refund("o", 2000)) == "hold"


def test_the_rules_of_a_verdict_are_those_that_made_it(world: World) -> None:
    world.stop("everything")
    judged = world.one(coupon(world.order("o"), 301), doubts=("stale",))
    assert set(judged.rules) == {"breaker.coupon_amount", "confidence.doubt", "kill"}
    assert world.row(ACTION, id=judged.action_id).rules.split() == list(judged.rules)


def test_a_proposal_that_was_judged_keeps_its_verdicts(world: World) -> None:
    world.order("o")
    first = world.propose(coupon("o"), refund("o"))
    world.proposals -= 1
    world.policy("autonomy", actions={})
    again = world.propose(coupon("o", 100), refund("o", 100), notify("o"))
    assert again == first
    assert len(world.rows(ACTION)) == 2


def test_what_keeps_people_safe_is_never_held(world: World) -> None:
    world.order("o")
    world.stop("everything")
    world.stop("kind:recall")
    caps = world.policies.breakers.counters[0].model_copy(
        update={"kinds": (ActionKind.RECALL,), "max_count": 0}
    )
    world.policy("breakers", counters=(caps, *world.policies.breakers.counters))
    judged = world.propose(recall("o"), recall("nobody"), stop_service(), doubts=("stale",))
    assert [j.verdict for j in judged] == [Verdict.ALLOW] * 3
    assert world.settle() == 3


def test_what_keeps_people_safe_is_denied_where_no_policy_names_it(world: World) -> None:
    world.policy("autonomy", actions={ActionKind.NOTIFY: Autonomy.ALLOW})
    assert world.verdict(recall(world.order("o"))) == "deny"


def test_each_floor_that_holds_money_is_of_a_kind_that_pays(world: World) -> None:
    held = {k for k, facts in FACTS.items() if facts.floor in (Floor.HOLDS, Floor.HOLDS_IF_MONEY)}
    assert held == {k for k, facts in FACTS.items() if facts.money_out} - {ActionKind.COUPON}


def test_an_exchange_is_judged_with_its_money(world: World) -> None:
    world.order("o")
    exchange = Exchange(
        hub_id="h1",
        order_id="o",
        customer_id="c-o",
        cause=Cause.RETURNED,
        lines=("1",),
        skus=("tea",),
        amount=eur(10),
    )
    assert set(world.one(exchange).rules) == {"autonomy.exchange", "floor.money"}


def test_a_denied_action_leaves_nothing_to_spend_or_to_decide(world: World) -> None:
    world.policy("autonomy", actions={})
    denied = world.one(coupon(world.order("o")))
    assert world.status(denied.action_id) == "denied"
    assert not [g for g in world.rows(GRANT) if g.action_id == denied.action_id]
    assert not [r for r in world.rows(REVIEW) if r.action_id == denied.action_id]
    assert not [c for c in world.rows(CLAIM) if c.action_id == denied.action_id]
