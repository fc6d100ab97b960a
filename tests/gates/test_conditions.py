"""Conditions in CEL: what they see of an action, and what they hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from makegood.domain import expressions
from makegood.domain.actions import ActionKind, Cause
from makegood.domain.expressions import Circumstances
from makegood.domain.policy import Condition
from tests.gates.world import coupon, notify, reassign, refund

if TYPE_CHECKING:
    from makegood.domain.actions import Action
    from tests.gates.world import World

NOBODY = Circumstances(agent="storm", doubts=0, hour=10)


def condition(when: str, kinds: tuple[ActionKind, ...] = (ActionKind.COUPON,)) -> Condition:
    return Condition(name="mine", kinds=kinds, when=when, why="it is one of those")


def only(world: World, when: str, *kinds: ActionKind) -> None:
    world.policy("breakers", conditions=(condition(when, kinds or (ActionKind.COUPON,)),))


@pytest.mark.parametrize(
    ("when", "verdict"),
    [
        ('cause == "late" && amount > 100', "hold"),
        ('cause == "late" && amount > 200', "allow"),
        ('currency == "EUR"', "hold"),
        ('agent == "storm"', "hold"),
        ('agent == "calm"', "allow"),
        ("hour == 10", "hold"),
        ("money_out && !reversible", "hold"),
        ('customer_id.startsWith("c-")', "hold"),
        ("occurrence > 1", "allow"),
    ],
)
def test_an_action_of_which_a_condition_is_true_holds(
    world: World, when: str, verdict: str
) -> None:
    only(world, when)
    assert world.verdict(coupon(world.order("o"))) == verdict


def test_the_reviewer_reads_why_and_the_verdict_names_the_condition(world: World) -> None:
    only(world, "amount > 0")
    assert world.held(coupon(world.order("o"))).why == "it is one of those"
    assert world.waiting()[0].rules == ("condition.mine",)


def test_a_condition_is_only_about_its_kinds(world: World) -> None:
    only(world, "true", ActionKind.NOTIFY)
    world.order("o")
    assert [world.verdict(a) for a in (coupon("o"), notify("o"))] == ["allow", "hold"]


def test_a_condition_that_has_no_answer_holds(world: World) -> None:
    only(world, "10 / (amount - amount) > 1")
    held = world.held(coupon(world.order("o")))
    assert held.why == "the condition mine has no answer: INVALID_ARGUMENT: divide by zero"


def test_no_condition_lets_pass_what_the_engine_holds(world: World) -> None:
    only(world, "false", ActionKind.REFUND)
    assert "floor.always" in world.one(refund(world.order("o"))).rules


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("amout > 3", "undeclared reference to 'amout'; there are agent (string), amount (int)"),
        ('amount > "3"', "no matching overload for '_>_' applied to '(int, string)'"),
        ("amount > 3.5", "no matching overload"),
        ("to_courier == 'k'", "undeclared reference to 'to_courier'"),
        ("amount", "it is of type int"),
        ("amount >", "Syntax error"),
        ("cause == late", "undeclared reference to 'late'"),
    ],
)
def test_an_unknown_name_or_a_wrong_type_is_no_condition(when: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        expressions.condition((ActionKind.COUPON,), when)


def test_a_condition_over_several_kinds_sees_only_what_all_of_them_have() -> None:
    both = expressions.fields_of((ActionKind.COUPON, ActionKind.NOTIFY))
    assert "cause" in both
    assert not {"amount", "template"} & set(both)


@pytest.mark.parametrize("kind", list(ActionKind))
def test_every_field_of_every_kind_has_a_type_and_a_value(kind: ActionKind) -> None:
    fields = expressions.fields_of((kind,))
    parts = [
        f"size({name}) >= 0" if _counts(fields[name]) else f"{name} == {name}" for name in fields
    ]
    assert expressions.condition((kind,), " && ".join(parts)) is not None


def _counts(type_: object) -> bool:
    return type_.name() in {"STRING", "LIST<STRING>"}  # type: ignore[attr-defined] -- CEL's own


@pytest.mark.parametrize(
    ("action", "when"),
    [
        (reassign("o", "k"), 'to_courier == "k" && from_courier == "" && assignment == 0'),
        (notify("o", minutes=None), 'minutes == 0 && template == "running_late"'),
        (refund("o", lines=("1", "2")), 'size(lines) == 2 && "2" in lines && amount == 1990'),
        (coupon("o", cause=Cause.GOODWILL), 'cause == "goodwill" && kind == "coupon"'),
    ],
)
def test_a_field_that_is_not_set_is_empty_and_others_are_what_they_are(
    action: Action, when: str
) -> None:
    values = expressions.values_of(action, NOBODY)
    assert expressions.condition((action.kind,), when).holds(values)
